//! Every check of the fuzzer over its committed seeds, and the parser of expositions that the checks rely on.

#[path = "../fuzz/checks/all.rs"]
mod checks;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use checks::TARGETS;

/// What all seeds together may take, in bytes.
const MOST_SEEDS: u64 = 1 << 20;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds")
}

fn seeds(target: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory().join(target)).unwrap();
    let mut seeds: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    seeds
}

/// Runs one check over its seeds; which of them break it is told together.
fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let broken: Vec<_> = seeds
        .iter()
        .filter(|seed| {
            let data = fs::read(seed).unwrap();
            catch_unwind(AssertUnwindSafe(|| (target.check)(&data))).is_err()
        })
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A test for each target, so that they run side by side.
macro_rules! targets {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })+

        #[test]
        fn every_target_has_seeds_and_a_test_and_nothing_else_has() {
            let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(BTreeSet::from([$(stringify!($name)),+]), names);
            let entries = fs::read_dir(directory()).unwrap();
            let directories: BTreeSet<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            assert!(directories.iter().map(String::as_str).eq(names));
            let sizes = TARGETS.iter().flat_map(|target| seeds(target.name));
            let sum: u64 = sizes.map(|seed| fs::metadata(seed).unwrap().len()).sum();
            assert!(sum <= MOST_SEEDS, "seeds have {sum} bytes");
        }
    };
}

targets! {
    admin, alerts, answers, compound, config, exposition, headers, host, json, matchers, notification, poll, snapshot,
    texts, web_config,
}
