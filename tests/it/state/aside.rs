//! What cannot be read is set aside and a new file begun; what is not damaged is left alone.

use std::collections::BTreeMap;
use std::path::Path;

use cloudsync_exporter::state::{StateError, StateFile};
use rusqlite::Connection;

use super::{place, set_aside};

/// Many pages of our own, with a page cache that is all on disk.
fn filled(path: &Path) -> Vec<u8> {
    let state = StateFile::open(path).unwrap();
    for n in 0..200 {
        state.set_guard(&format!("nas_{n}"), &"x".repeat(500)).unwrap();
    }
    drop(state);
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.len() > 20 * 4096);
    bytes
}

/// Each kind of damage, made from the bytes of a whole file.
fn damages(whole: &[u8]) -> BTreeMap<&'static str, Vec<u8>> {
    let with = |range: std::ops::Range<usize>, byte: u8| {
        let mut bytes = whole.to_vec();
        bytes[range].fill(byte);
        bytes
    };
    let half = whole.len() / 2;
    BTreeMap::from([
        ("text", b"not a database, but long enough to have a header of one hundred bytes".repeat(9)),
        ("a few bytes", b"SQLite".to_vec()),
        ("zeros", vec![0; 8 * 4096]),
        ("cut within the header", whole[..60].to_vec()),
        ("cut within a page", whole[..half + 100].to_vec()),
        ("cut between pages", whole[..half - half % 4096].to_vec()),
        ("the header overwritten", with(0..100, 0xff)),
        ("the first page but for its header", with(100..4096, 0xff)),
        ("pages of ones", with(2 * 4096..4 * 4096, 0xff)),
        ("pages of zeros", with(2 * 4096..4 * 4096, 0)),
    ])
}

#[test]
fn each_kind_of_damage_is_set_aside_byte_for_byte() {
    let (sample, at) = place();
    let whole = filled(&at);
    drop(sample);
    for (name, bytes) in damages(&whole) {
        let (dir, path) = place();
        std::fs::write(&path, &bytes).unwrap();
        let state = StateFile::open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(state.guard("nas_1").unwrap(), None, "{name}");
        state.set_guard("home", "{}").unwrap();
        let aside = set_aside(&dir);
        assert_eq!(aside.len(), 1, "{name}: {aside:?}");
        assert!(aside[0].starts_with("state.sqlite.corrupt-"), "{name}: {aside:?}");
        assert!(
            std::fs::read(dir.path().join(&aside[0])).unwrap() == bytes,
            "{name}: not the bytes of before"
        );
        drop(state);
        let again = StateFile::open(&path).unwrap();
        assert_eq!(again.guard("home").unwrap().as_deref(), Some("{}"), "{name}: the new file lasts");
        assert_eq!(set_aside(&dir).len(), 1, "{name}");
    }
}

#[test]
fn damage_within_the_same_second_overwrites_nothing() {
    let (dir, path) = place();
    for round in 0..20 {
        std::fs::write(&path, format!("garbage of round {round}, {}", "x".repeat(200))).unwrap();
        drop(StateFile::open(&path).unwrap());
    }
    let kept: std::collections::BTreeSet<_> =
        set_aside(&dir).iter().map(|name| std::fs::read_to_string(dir.path().join(name)).unwrap()).collect();
    assert_eq!(kept.len(), 20);
}

#[test]
fn an_empty_directory_in_its_place_is_set_aside() {
    let (dir, path) = place();
    std::fs::create_dir(&path).unwrap();
    StateFile::open(&path).unwrap().set_guard("home", "{}").unwrap();
    let aside = set_aside(&dir);
    assert_eq!(aside.len(), 1);
    assert!(dir.path().join(&aside[0]).is_dir());
    assert!(path.is_file());
}

#[test]
fn a_directory_of_somebody_is_left_alone() {
    let (dir, path) = place();
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("letter.txt"), "mine").unwrap();
    let error = StateFile::open(&path).unwrap_err();
    assert!(matches!(error, StateError::Unwritable { .. }), "{error}");
    assert!(path.join("letter.txt").is_file() && set_aside(&dir).is_empty());
}

/// Not damaged, so not ours to move: its program may have it open.
#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    for version in [0, 2] {
        let (dir, path) = place();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE dashboard (id INTEGER); INSERT INTO dashboard VALUES (7)").unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        let error = StateFile::open(&path).unwrap_err();
        assert!(matches!(error, StateError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(std::fs::read(&path).unwrap() == before, "not a byte of it changes");
        assert!(set_aside(&dir).is_empty());
    }
}

/// Held by another process for longer than anyone waits.
#[test]
fn a_locked_file_is_not_damaged() {
    let (dir, path) = place();
    drop(StateFile::open(&path).unwrap());
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    StateFile::open(&path).unwrap_err();
    assert!(set_aside(&dir).is_empty());
    holder.execute_batch("ROLLBACK").unwrap();
}
