//! Which crates there are: their licences, versions and sources, by the lists that cargo-deny goes by as well, and the
//! oldest Rust that they promise to be built with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use config::{Config, File, FileFormat};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The packages of the lock file beside this manifest, ours included.
fn packages(manifest: &str) -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--manifest-path"])
        .arg(root().join(manifest))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

/// cargo-deny's configuration.
fn rules() -> Value {
    let text = std::fs::read_to_string(root().join("tests/deny.toml")).unwrap();
    let file = Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build().unwrap();
    file.try_deserialize().unwrap()
}

fn text<'a>(package: &'a Value, name: &str) -> &'a str {
    package[name].as_str().unwrap_or_default()
}

fn shown(package: &Value) -> String {
    format!("{} {}", text(package, "name"), text(package, "version"))
}

/// Whether an SPDX expression can be fulfilled with these licences alone. `/` is how `OR` was written once.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (holds, rest) = either(&words, allowed);
    assert!(rest.is_empty(), "{expression} is no expression");
    holds
}

fn either<'w>(words: &'w [&'w str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'w str]) {
    let (mut holds, mut rest) = both(words, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        let (other, after) = both(after, allowed);
        (holds, rest) = (holds || other, after);
    }
    (holds, rest)
}

fn both<'w>(words: &'w [&'w str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'w str]) {
    let (mut holds, mut rest) = licence(words, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(word, after)| (*word, after)) {
        let (other, after) = licence(after, allowed);
        (holds, rest) = (holds && other, after);
    }
    (holds, rest)
}

fn licence<'w>(words: &'w [&'w str], allowed: &BTreeSet<&str>) -> (bool, &'w [&'w str]) {
    match words {
        ["(", rest @ ..] => {
            let (holds, rest) = either(rest, allowed);
            (holds, rest.strip_prefix(&[")"]).unwrap_or(rest))
        }
        [name, "WITH", exception, rest @ ..] => {
            (allowed.contains(format!("{name} WITH {exception}").as_str()), rest)
        }
        [name, rest @ ..] => (allowed.contains(name), rest),
        [] => (false, words),
    }
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]);
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only/MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND Zlib", true),
        ("(MIT AND GPL-3.0-only) OR Zlib", true),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", false),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn every_crate_has_a_licence_that_goes_with_ours() {
    let rules = rules();
    let allowed: BTreeSet<&str> =
        rules["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let packages = packages("Cargo.toml");
    assert!(packages.len() > 100, "the lock file's packages were not found");
    let others: Vec<String> = packages
        .iter()
        .filter(|package| !is_allowed(text(package, "license"), &allowed))
        .map(|package| format!("{}: {}", shown(package), text(package, "license")))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn every_crate_is_from_the_registry_and_none_is_banned() {
    let rules = rules();
    let banned: BTreeSet<&str> =
        rules["bans"]["deny"].as_array().unwrap().iter().map(|ban| text(ban, "crate")).collect();
    assert!(!banned.is_empty());
    let registry = rules["sources"]["allow-registry"][0].as_str().unwrap();
    let ours = "cloudsync-exporter";
    for package in packages("Cargo.toml") {
        assert!(!banned.contains(text(&package, "name")), "{} is banned", shown(&package));
        let source = text(&package, "source").strip_prefix("registry+").unwrap_or_default();
        assert!(
            source == registry || text(&package, "name") == ours,
            "{} is from elsewhere",
            shown(&package)
        );
    }
}

#[test]
fn two_versions_of_a_crate_are_told_why() {
    let rules = rules();
    let mut skipped: BTreeSet<&str> =
        rules["bans"]["skip"].as_array().unwrap().iter().map(|skip| text(skip, "crate")).collect();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages("Cargo.toml") {
        versions
            .entry(text(&package, "name").to_owned())
            .or_default()
            .insert(text(&package, "version").to_owned());
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let mut untold = 0;
        for version in versions {
            let told = skipped.iter().copied().find(|told| {
                told.strip_prefix(name).and_then(|rest| rest.strip_prefix('@')).is_some_and(|prefix| {
                    version.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
            });
            untold += usize::from(!told.is_some_and(|told| skipped.remove(told)));
        }
        assert!(untold == 1, "{name} is there as {versions:?}; all but one have to be in tests/deny.toml");
    }
    assert!(skipped.is_empty(), "not there twice any more: {skipped:?}");
}

/// Major and minor of a version of Rust.
fn minor(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap_or(0))
}

#[test]
fn no_crate_needs_a_newer_rust_than_we_say() {
    let packages = packages("Cargo.toml");
    let ours = packages.iter().find(|package| text(package, "name") == "cloudsync-exporter").unwrap();
    let ours = minor(text(ours, "rust_version"));
    let newer: Vec<String> = packages
        .iter()
        .filter(|package| package["rust_version"].as_str().is_some_and(|version| minor(version) > ours))
        .map(|package| format!("{}: {}", shown(package), text(package, "rust_version")))
        .collect();
    assert!(newer.is_empty(), "{newer:#?}");
}

#[test]
fn the_fuzzer_is_built_with_the_same_crates() {
    let locked = |manifest| -> BTreeMap<String, BTreeSet<String>> {
        let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for package in packages(manifest) {
            let version = text(&package, "version").to_owned();
            versions.entry(text(&package, "name").to_owned()).or_default().insert(version);
        }
        versions
    };
    let (ours, fuzzers) = (locked("Cargo.toml"), locked("tests/fuzz/Cargo.toml"));
    for (name, versions) in &fuzzers {
        let Some(known) = ours.get(name) else { continue };
        assert!(
            versions.is_subset(known),
            "{name}: {versions:?} is not {known:?}; copy Cargo.lock to tests/fuzz and run \
             `cargo update --workspace --manifest-path tests/fuzz/Cargo.toml`"
        );
    }
}
