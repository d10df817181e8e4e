//! The state file over restarts, damage and places where it cannot be.

mod aside;
mod audit;
pub(crate) mod broken;
mod holds_and_flags;
mod idempotency;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use cloudsync_exporter::state::{StateError, StateFile};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("state.sqlite");
    (dir, path)
}

/// The names in the directory that say that a file was set aside.
fn set_aside(dir: &TempDir) -> Vec<String> {
    let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).filter(|name| name.contains(".corrupt-")).collect()
}

#[test]
fn a_record_outlives_the_process() {
    let (dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.guard("home").unwrap(), None);
    state.set_guard("home", r#"{"failures":1}"#).unwrap();
    state.set_guard("home", r#"{"failures":2}"#).unwrap();
    state.set_guard("office", "{}").unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.guard("home").unwrap().as_deref(), Some(r#"{"failures":2}"#));
    assert_eq!(state.guard("office").unwrap().as_deref(), Some("{}"));
    assert!(set_aside(&dir).is_empty());
}

#[test]
fn what_is_in_memory_works_the_same() {
    let state = StateFile::in_memory().unwrap();
    state.set_guard("home", "{}").unwrap();
    assert_eq!(state.guard("home").unwrap().as_deref(), Some("{}"));
}

#[test]
fn only_the_owner_reads_it() {
    let (dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.set_guard("home", "{}").unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            entry.path().display()
        );
    }
}

#[test]
fn an_empty_file_is_a_new_one() {
    let (dir, path) = place();
    std::fs::write(&path, "").unwrap();
    StateFile::open(&path).unwrap().set_guard("home", "{}").unwrap();
    assert!(set_aside(&dir).is_empty());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_with_the_path() {
    let (dir, path) = place();
    // A directory with something in it is somebody's.
    std::fs::write(dir.path().join("report.txt"), "mine").unwrap();
    for path in [path.join("below"), dir.path().to_owned(), "/proc/state.sqlite".into()] {
        let error = StateFile::open(&path).unwrap_err();
        assert!(matches!(error, StateError::Unwritable { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn the_file_of_a_later_version_is_left_alone() {
    let (dir, path) = place();
    drop(StateFile::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = StateFile::open(&path).unwrap_err();
    assert!(matches!(error, StateError::TooNew { found: 99, .. }), "{error}");
    assert!(set_aside(&dir).is_empty());
}

#[test]
fn the_file_of_the_first_version_is_brought_up_to_date() {
    let (dir, path) = place();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE login_guard (nas TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL,
                updated INTEGER NOT NULL) STRICT, WITHOUT ROWID;
             INSERT INTO login_guard VALUES ('home', '{\"failures\":3}', 1700000000);
             PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    for round in 1..=2 {
        let state = StateFile::open(&path).unwrap();
        assert_eq!(state.guard("home").unwrap().as_deref(), Some(r#"{"failures":3}"#));
        assert_eq!(state.audit_begin(&audit::entry()).unwrap(), round);
        state.idempotency_begin("ops", "k", "f", 1).unwrap();
        state.put_hold("h", "home", 1, "{}", 1).unwrap();
        state.set_flag("frozen", Some("1")).unwrap();
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
    assert!(set_aside(&dir).is_empty());
}

#[test]
fn threads_and_processes_take_turns() {
    let (_dir, path) = place();
    let one = Arc::new(StateFile::open(&path).unwrap());
    let other = Arc::new(StateFile::open(&path).unwrap());
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let state = if n % 2 == 0 { one.clone() } else { other.clone() };
            std::thread::spawn(move || {
                for _ in 0..10 {
                    state.set_guard(&format!("nas_{n}"), "{}").unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    assert!((0..8).all(|n| one.guard(&format!("nas_{n}")).unwrap().is_some()));
}
