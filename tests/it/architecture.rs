//! Which room of src/ may use which, and the shape of its files.

mod paths;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use paths::rooms_used;

/// The longest file.
const MOST_LINES: usize = 400;

/// Each room and what it may use of ours; the composition root, which may use everything, has no list.
const ROOMS: &[(&str, Option<&[&str]>)] = &[
    ("main", None),
    ("cli", None),
    ("app", None),
    ("config", Some(&[])),
    ("dsm", Some(&[])),
    ("model", Some(&[])),
    ("state", Some(&[])),
    ("web", Some(&[])),
    ("poller", Some(&["dsm", "model"])),
    ("metrics", Some(&["model"])),
    ("sim", Some(&["web"])),
    ("telemetry", Some(&["config"])),
    ("ctl", Some(&["cli"])),
    ("actions", Some(&["model", "state"])),
    ("admin", Some(&["web", "model", "actions"])),
    ("automation", Some(&["web", "model", "state", "actions"])),
];

/// A source file: its path below src/ and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The room: the first part of the path, without the ending.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep the file is: 1 for the room's own.
    fn depth(&self) -> usize {
        self.path.split('/').count()
    }
}

/// Everything that is wrong with these files, one line each.
fn faults(sources: &[Source]) -> Vec<String> {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut faults = Vec::new();
    for source in sources {
        let path = &source.path;
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{path} has {lines} lines; allowed: {MOST_LINES}"));
        }
        if !source.text.starts_with("//! ") {
            faults.push(format!("{path} does not begin with its contract, //! …"));
        }
        if path.ends_with("mod.rs") {
            faults.push(format!("{path} should be a file beside its directory"));
        }
        let room = source.room();
        if room == "lib" {
            continue;
        }
        let Some(allowed) = rooms.get(room) else {
            faults.push(format!("{path} is in a room that the table does not have"));
            continue;
        };
        for (line, used) in rooms_used(&source.text, source.depth(), |name| rooms.contains_key(name)) {
            if used == room {
                continue;
            }
            match allowed {
                _ if !rooms.contains_key(used.as_str()) => {
                    faults.push(format!("{path}:{line} uses {used}, which is no room"));
                }
                Some(allowed) if !allowed.contains(&used.as_str()) => {
                    faults.push(format!("{path}:{line}: {room} may not use {used}; allowed: {allowed:?}"));
                }
                _ => {}
            }
        }
    }
    faults
}

/// Every Rust file below src/.
fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut directories: Vec<PathBuf> = vec![src.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

#[test]
fn the_rooms_keep_to_the_table() {
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == "lib.rs"), "no sources were found");
    let faults = faults(&sources);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_kind_of_fault_is_found() {
    let bad = |path: &str, text: &str| {
        let sources = [Source { path: path.to_owned(), text: text.to_owned() }];
        faults(&sources).join("\n")
    };
    let contract = "//! A contract.\n";
    let with = |line: &str| format!("{contract}{line}\n");
    for (path, text, part) in [
        ("dsm.rs", "use std::fmt;".to_owned(), "dsm.rs does not begin with its contract"),
        ("dsm/mod.rs", contract.to_owned(), "should be a file beside"),
        ("dsm.rs", contract.to_owned() + &"\n".repeat(400), "dsm.rs has 401 lines; allowed: 400"),
        ("cellar.rs", contract.to_owned(), "a room that the table does not have"),
        ("sim.rs", with("use crate::dsm::Client;"), "sim.rs:2: sim may not use dsm; allowed: [\"web\"]"),
        ("sim/world.rs", with("fn f(x: crate::model::Id) {}"), "sim may not use model"),
        (
            "model.rs",
            with("use crate::{\n    web,\n    model::{Id, config},\n};"),
            "model.rs:2: model may not use web",
        ),
        ("model/a.rs", with("use super::super::config::Config;"), "model may not use config"),
        ("web.rs", with("use super::config::Config;"), "web may not use config"),
        ("web.rs", with("use crate::cellar::Wine;"), "uses cellar, which is no room"),
        ("poller.rs", with("use crate::dsm; use crate::metrics;"), "poller may not use metrics"),
    ] {
        let found = bad(path, &text);
        assert!(found.contains(part), "{path} must give {part}, gave {found:?}");
    }
    for (path, text) in [
        ("lib.rs", with("pub mod dsm;")),
        ("app/run.rs", with("use crate::{config, dsm::Client, sim};")),
        (
            "poller/cycle.rs",
            with("use crate::dsm::{Client, config};\nuse super::super::model;\nuse super::web;"),
        ),
        ("web.rs", with("// crate::config has the addresses\nmod tests { use super::*; }")),
        ("config/web.rs", with("use super::log; use crate::config::listen;")),
    ] {
        assert_eq!(bad(path, &text), "", "{path}");
    }
}
