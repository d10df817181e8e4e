//! Holds and flags over restarts.

use cloudsync_exporter::state::{ChangedSetting, HoldChange, StateFile};

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

fn set(connection: i64, setting: &str, record: Option<&str>) -> HoldChange {
    let record = record.map(str::to_owned);
    HoldChange::Setting { nas: "home".into(), connection, setting: setting.into(), record }
}

fn settings(state: &StateFile) -> String {
    let short =
        |one: ChangedSetting| format!("{} {} {}={}", one.nas, one.connection, one.setting, one.record);
    state.changed_settings().unwrap().into_iter().map(short).collect::<Vec<_>>().join(", ")
}

#[test]
fn changed_settings_outlive_the_process_and_change_with_the_holds() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    assert_eq!(settings(&state), "");
    let changes =
        [put("a", "1"), set(3, "speed", Some("1")), set(3, "period", Some("2")), set(5, "speed", Some("3"))];
    state.write_holds(&changes, 1).unwrap();
    state.write_holds(&[set(3, "speed", Some("4")), set(9, "speed", None)], 1).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(settings(&state), "home 3 period=2, home 3 speed=4, home 5 speed=3");
    state.write_holds(&[delete("a"), set(3, "period", None), set(5, "speed", None)], 1).unwrap();
    assert_eq!((holds(&state), settings(&state)), (String::new(), "home 3 speed=4".to_owned()));
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
