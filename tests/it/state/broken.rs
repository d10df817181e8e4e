//! A live state file that cannot be written, and then can, at once and without waiting: what a full disk or a
//! lost volume does to the program. A second connection changes the tables below the first; the state must
//! be a file, not in memory.

use std::path::Path;

use cloudsync_exporter::state::{AuditFilter, HoldChange, PENDING, StateError, StateFile};
use rusqlite::Connection;

use super::audit::entry;
use super::place;

/// From now on neither reading nor writing this table works.
pub(crate) fn take_away(file: &Path, table: &str) {
    change(file, &format!("ALTER TABLE {table} RENAME TO {table}_away"));
}

/// Makes it work again, with what was in it.
pub(crate) fn bring_back(file: &Path, table: &str) {
    change(file, &format!("ALTER TABLE {table}_away RENAME TO {table}"));
}

/// From now on one kind of writing (INSERT, UPDATE or DELETE) to this table fails; the others work.
pub(crate) fn refuse(file: &Path, kind: &str, table: &str) {
    change(
        file,
        &format!(
            "CREATE TRIGGER refuse_{kind}_{table} BEFORE {kind} ON {table}
             BEGIN SELECT RAISE(ABORT, 'no space left on device'); END"
        ),
    );
}

/// Makes it work again.
pub(crate) fn allow(file: &Path, kind: &str, table: &str) {
    change(file, &format!("DROP TRIGGER refuse_{kind}_{table}"));
}

fn change(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

fn is_database<T>(result: &Result<T, StateError>) -> bool {
    matches!(result, Err(StateError::Database(_)))
}

#[test]
fn a_table_that_is_away_fails_at_once_and_comes_back_whole() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    let first = state.audit_begin(&entry()).unwrap();
    for _ in 0..2 {
        take_away(&path, "audit");
        assert!(is_database(&state.audit_begin(&entry())));
        assert!(is_database(&state.audit_complete(first, "failed", "{}")));
        assert!(is_database(&state.audit_page(&AuditFilter::default(), 9)));
        assert!(is_database(&state.audit_prune(i64::MAX, 0)));
        state.set_guard("home", "{}").unwrap();
        bring_back(&path, "audit");
        assert_eq!(state.audit_with_outcome(PENDING).unwrap(), [(first, entry().record)]);
    }
    assert_eq!(state.audit_begin(&entry()).unwrap(), first + 1, "what failed left nothing");
    state.audit_complete(first, "succeeded", "{}").unwrap();
}

#[test]
fn a_statement_that_was_prepared_before_fails_and_recovers_too() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    let put =
        |id: &str| HoldChange::Put { id: id.into(), nas: "home".into(), connection: 1, record: "{}".into() };
    state.write_holds(&[put("a"), put("b")], 1).unwrap();
    take_away(&path, "hold");
    assert!(is_database(&state.write_holds(&[put("c")], 2)));
    assert!(is_database(&state.delete_hold("a")));
    assert!(is_database(&state.holds()));
    bring_back(&path, "hold");
    state.put_hold("d", "home", 1, "{}", 3).unwrap();
    assert_eq!(state.holds().unwrap().len(), 3);
}

#[test]
fn the_end_of_an_action_can_fail_alone() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    refuse(&path, "UPDATE", "audit");
    let id = state.audit_begin(&entry()).unwrap();
    let error = state.audit_complete(id, "succeeded", "{}").unwrap_err();
    assert!(error.to_string().contains("no space left"), "{error}");
    assert_eq!(state.audit_with_outcome(PENDING).unwrap(), [(id, entry().record)]);
    allow(&path, "UPDATE", "audit");
    state.audit_complete(id, "succeeded", "{}").unwrap();
    assert!(state.audit_with_outcome(PENDING).unwrap().is_empty());
}

#[test]
fn an_entry_that_cannot_be_linked_to_its_request_is_not_written() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.idempotency_begin("ops", "k", "f", 1).unwrap();
    refuse(&path, "UPDATE", "idempotency");
    let mut entry = entry();
    entry.key = Some("k".into());
    assert!(is_database(&state.audit_begin(&entry)));
    assert!(state.audit_page(&AuditFilter::default(), 9).unwrap().is_empty());
}

#[test]
fn of_changes_to_holds_all_are_made_or_none() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.put_hold("old", "home", 1, "{}", 1).unwrap();
    refuse(&path, "DELETE", "hold");
    let new = HoldChange::Put { id: "new".into(), nas: "home".into(), connection: 2, record: "{}".into() };
    let changes = [new, HoldChange::Delete { id: "old".into() }];
    assert!(is_database(&state.write_holds(&changes, 2)));
    assert_eq!(state.holds().unwrap(), [("old".to_owned(), "{}".to_owned())]);
    allow(&path, "DELETE", "hold");
    state.write_holds(&changes, 2).unwrap();
    assert_eq!(state.holds().unwrap(), [("new".to_owned(), "{}".to_owned())]);
}

#[test]
fn a_hold_is_not_written_without_the_settings_that_it_changes() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    refuse(&path, "INSERT", "changed_setting");
    let setting = |record: Option<&str>| HoldChange::Setting {
        nas: "home".into(),
        connection: 1,
        setting: "max_upload_speed".into(),
        record: record.map(str::to_owned),
    };
    let hold = HoldChange::Put { id: "h".into(), nas: "home".into(), connection: 1, record: "{}".into() };
    assert!(is_database(&state.write_holds(&[hold.clone(), setting(Some("{}"))], 1)));
    assert!(state.holds().unwrap().is_empty());
    allow(&path, "INSERT", "changed_setting");
    state.write_holds(&[hold, setting(Some("{}"))], 1).unwrap();
    refuse(&path, "DELETE", "changed_setting");
    let end = [HoldChange::Delete { id: "h".into() }, setting(None)];
    assert!(is_database(&state.write_holds(&end, 1)));
    assert_eq!((state.holds().unwrap().len(), state.changed_settings().unwrap().len()), (1, 1));
}
