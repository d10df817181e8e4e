//! Holds and flags over restarts.

use cloudsync_exporter::state::{HoldChange, StateFile};

use super::place;

fn put(id: &str, record: &str) -> HoldChange {
    HoldChange::Put { id: id.into(), nas: "home".into(), connection: 3, record: record.into() }
}

fn delete(id: &str) -> HoldChange {
    HoldChange::Delete { id: id.into() }
}

fn holds(state: &StateFile) -> String {
    let holds = state.holds().unwrap();
    holds.into_iter().map(|(id, record)| format!("{id}={record}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn holds_outlive_the_process() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    assert_eq!(holds(&state), "");
    state.put_hold("b", "home", 3, "held", 1).unwrap();
    state.put_hold("a", "office", 3, "pausing", 2).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(holds(&state), "a=pausing b=held");
    state.put_hold("a", "office", 3, "held", 3).unwrap();
    state.delete_hold("b").unwrap();
    state.delete_hold("never seen").unwrap();
    drop(state);
    assert_eq!(holds(&StateFile::open(&path).unwrap()), "a=held");
}

#[test]
fn a_hold_is_replaced_with_all_its_columns() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.put_hold("a", "home", 3, "1", 10).unwrap();
    state.write_holds(&[put("b", "1"), put("a", "2")], 20).unwrap();
    state.put_hold("b", "office", 4, "2", 30).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let row = |id: &str| {
        let columns =
            "SELECT format('%s %d %s %d', nas, connection, record, updated) FROM hold WHERE id = ?1";
        connection.query_row(columns, [id], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(row("a"), "home 3 2 20");
    assert_eq!(row("b"), "office 4 2 30");
}

#[test]
fn several_changes_are_made_in_their_order() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.write_holds(&[], 1).unwrap();
    let changes = [put("a", "1"), put("b", "1"), delete("a"), put("b", "2"), delete("c"), put("c", "1")];
    state.write_holds(&changes, 1).unwrap();
    drop(state);
    assert_eq!(holds(&StateFile::open(&path).unwrap()), "b=2 c=1");
}

#[test]
fn a_flag_stays_until_it_is_taken_away() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.flag("frozen").unwrap(), None);
    state.set_flag("frozen", Some("ops")).unwrap();
    state.set_flag("frozen", Some("")).unwrap();
    state.set_flag("other", Some("1")).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.flag("frozen").unwrap().as_deref(), Some(""));
    state.set_flag("frozen", None).unwrap();
    state.set_flag("frozen", None).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.flag("frozen").unwrap(), None);
    assert_eq!(state.flag("other").unwrap().as_deref(), Some("1"));
}
