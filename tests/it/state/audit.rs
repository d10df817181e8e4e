//! The audit: what is read from it, and what is pruned.

use cloudsync_exporter::state::{AuditEntry, AuditFilter, Begun, PENDING, StateError, StateFile};

use super::place;

/// An entry of an action that has begun.
pub(super) fn entry() -> AuditEntry {
    AuditEntry {
        time: 1_000,
        nas: Some("home".into()),
        connection: Some(3),
        token: "ops".into(),
        key: None,
        action: "pause".into(),
        outcome: PENDING.into(),
        record: r#"{"reason":"wan"}"#.into(),
    }
}

/// Writes an ended entry with these bytes of record.
fn ended(state: &StateFile, time: i64, record: &str) -> i64 {
    state
        .audit_begin(&AuditEntry { time, outcome: "succeeded".into(), record: record.into(), ..entry() })
        .unwrap()
}

fn ids(state: &StateFile, filter: &AuditFilter) -> Vec<i64> {
    state.audit_page(filter, 100).unwrap().into_iter().map(|(id, _)| id).collect()
}

fn all(state: &StateFile) -> Vec<i64> {
    ids(state, &AuditFilter::default())
}

#[test]
fn an_action_that_the_process_did_not_survive_is_found_at_the_next_start() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    let done = state.audit_begin(&entry()).unwrap();
    let lost = state.audit_begin(&entry()).unwrap();
    let lost_too = state.audit_begin(&AuditEntry { record: "{}".into(), ..entry() }).unwrap();
    state.audit_complete(done, "succeeded", r#"{"after":1}"#).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    let pending = state.audit_with_outcome(PENDING).unwrap();
    assert_eq!(pending, [(lost, entry().record), (lost_too, "{}".into())]);
    for (id, _) in pending {
        state.audit_complete(id, "unknown", r#"{"rewritten":true}"#).unwrap();
    }
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert!(state.audit_with_outcome(PENDING).unwrap().is_empty());
    assert_eq!(
        state.audit_page(&AuditFilter::default(), 2).unwrap(),
        [(lost_too, r#"{"rewritten":true}"#.into()), (lost, r#"{"rewritten":true}"#.into())]
    );
    assert_eq!(state.audit_with_outcome("succeeded").unwrap(), [(done, r#"{"after":1}"#.into())]);
}

#[test]
fn what_was_never_begun_cannot_be_completed() {
    let state = StateFile::in_memory().unwrap();
    let error = state.audit_complete(7, "succeeded", "{}").unwrap_err();
    assert!(matches!(error, StateError::Missing(_)), "{error}");
    assert_eq!(error.to_string(), "the state file has no audit entry 7");
}

#[test]
fn pages_follow_each_other_without_gaps() {
    let state = StateFile::in_memory().unwrap();
    let written: Vec<_> = (0..7).map(|n| ended(&state, n, &n.to_string())).collect();
    let mut read = Vec::new();
    let mut filter = AuditFilter::default();
    let mut sizes = Vec::new();
    loop {
        let page = state.audit_page(&filter, 3).unwrap();
        let Some((last, _)) = page.last() else { break };
        filter.before = Some(*last);
        sizes.push(page.len());
        read.extend(page);
        // What is written meanwhile is newer, and moves nothing.
        ended(&state, 99, "later");
    }
    assert_eq!(sizes, [3, 3, 1]);
    let expected: Vec<_> = written.iter().zip(0..7).map(|(id, n)| (*id, n.to_string())).rev().collect();
    assert_eq!(read, expected);
    assert!(state.audit_page(&AuditFilter::default(), 0).unwrap().is_empty());
}

#[test]
fn each_filter_takes_what_it_says() {
    let state = StateFile::in_memory().unwrap();
    let write = |entry: AuditEntry| state.audit_begin(&entry).unwrap();
    let one = write(entry());
    let two = write(AuditEntry { nas: Some("office".into()), time: 2_000, ..entry() });
    let three = write(AuditEntry { connection: Some(4), time: 3_000, ..entry() });
    let four = write(AuditEntry { token: "ci".into(), outcome: "failed".into(), time: 4_000, ..entry() });
    let five =
        write(AuditEntry { nas: None, connection: None, action: "freeze".into(), time: 5_000, ..entry() });
    let six = write(AuditEntry { nas: Some("attic".into()), connection: None, time: 6_000, ..entry() });
    let none = AuditFilter::default;
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let cases = [
        (none(), vec![six, five, four, three, two, one]),
        (AuditFilter { nas: names(&["home"]), ..none() }, vec![four, three, one]),
        (AuditFilter { nas: names(&["attic", "office", "nowhere"]), ..none() }, vec![six, two]),
        (AuditFilter { nas: names(&[]), ..none() }, vec![]),
        (AuditFilter { nas: names(&["' OR 1 --"]), ..none() }, vec![]),
        (AuditFilter { connection: Some(3), ..none() }, vec![four, two, one]),
        (AuditFilter { token: Some("ci".into()), ..none() }, vec![four]),
        (AuditFilter { action: Some("freeze".into()), ..none() }, vec![five]),
        (AuditFilter { outcome: Some("failed".into()), ..none() }, vec![four]),
        (AuditFilter { from: Some(4_000), ..none() }, vec![six, five, four]),
        (AuditFilter { to: Some(4_000), ..none() }, vec![three, two, one]),
        (AuditFilter { from: Some(2_000), to: Some(2_001), ..none() }, vec![two]),
        (AuditFilter { before: Some(three), ..none() }, vec![two, one]),
        (
            AuditFilter {
                nas: names(&["home", "office"]),
                connection: Some(3),
                token: Some("ops".into()),
                action: Some("pause".into()),
                outcome: Some(PENDING.into()),
                from: Some(1_000),
                to: Some(3_000),
                before: Some(six),
            },
            vec![two, one],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&state, &filter), expected, "{filter:?}");
    }
}

#[test]
fn pruning_by_age_leaves_what_is_young_or_pending() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    let _old = ended(&state, 10, "{}");
    let pending = state.audit_begin(&AuditEntry { time: 11, ..entry() }).unwrap();
    let young = ended(&state, 20, "{}");
    // The clock was set back: what counts is the time and not the order.
    let _late_but_old = ended(&state, 19, "{}");
    assert_eq!(state.audit_prune(20, u64::MAX).unwrap(), 2);
    assert_eq!(state.audit_prune(20, u64::MAX).unwrap(), 0);
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(all(&state), [young, pending]);
    state.audit_complete(pending, "unknown", "{}").unwrap();
    assert_eq!(state.audit_prune(20, u64::MAX).unwrap(), 1);
    assert_eq!(all(&state), [young]);
}

#[test]
fn pruning_by_size_takes_the_oldest_until_the_rest_fits() {
    let state = StateFile::in_memory().unwrap();
    let ten = "0123456789";
    let kept: Vec<_> = (0..5).map(|n| ended(&state, n, ten)).collect();
    assert_eq!(state.audit_prune(0, 50).unwrap(), 0, "exactly as much as is allowed");
    assert_eq!(state.audit_prune(0, 49).unwrap(), 1);
    assert_eq!(all(&state), [kept[4], kept[3], kept[2], kept[1]]);
    assert_eq!(state.audit_prune(0, 25).unwrap(), 2);
    assert_eq!(all(&state), [kept[4], kept[3]]);
    // The size is that of the record as it is now, in bytes.
    state.audit_complete(kept[4], "succeeded", "ääääää").unwrap();
    assert_eq!(state.audit_prune(0, 22).unwrap(), 0);
    assert_eq!(state.audit_prune(0, 21).unwrap(), 1);
    assert_eq!(all(&state), [kept[4]]);
    assert_eq!(state.audit_prune(0, 0).unwrap(), 1);
    assert_eq!(state.audit_prune(0, 0).unwrap(), 0);
    assert!(ended(&state, 9, ten) > kept[4], "an id is never given again");
}

#[test]
fn pruning_by_size_passes_over_what_is_pending() {
    let state = StateFile::in_memory().unwrap();
    let record = "0123456789";
    let pending = state.audit_begin(&AuditEntry { record: record.into(), ..entry() }).unwrap();
    ended(&state, 1, record);
    let young = ended(&state, 1, record);
    assert_eq!(state.audit_prune(0, 20).unwrap(), 1);
    assert_eq!(all(&state), [young, pending]);
    assert_eq!(state.audit_prune(0, 5).unwrap(), 1, "the pending one alone is too much, and stays");
    assert_eq!(all(&state), [pending]);
}

#[test]
fn both_limits_hold_at_once() {
    let state = StateFile::in_memory().unwrap();
    let written: Vec<_> = (0..4).map(|n| ended(&state, n, "0123456789")).collect();
    // Age takes one; of the thirty bytes left, ten more must go.
    assert_eq!(state.audit_prune(1, 20).unwrap(), 2);
    assert_eq!(all(&state), [written[3], written[2]]);
}

#[test]
fn the_first_entry_of_a_request_is_what_an_interruption_names() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    for key in ["k", "other"] {
        assert_eq!(state.idempotency_begin("ops", key, "f", 1).unwrap(), Begun::New);
    }
    let with_key = AuditEntry { key: Some("k".into()), ..entry() };
    // Another token's key is another key; without a key nothing is linked.
    state.audit_begin(&AuditEntry { token: "ci".into(), ..with_key.clone() }).unwrap();
    state.audit_begin(&entry()).unwrap();
    let first = state.audit_begin(&with_key).unwrap();
    state.audit_begin(&with_key).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    state.idempotency_mark_interrupted().unwrap();
    let begun = |key| state.idempotency_begin("ops", key, "f", 2).unwrap();
    assert_eq!(begun("k"), Begun::Interrupted { audit: Some(first) });
    assert_eq!(begun("other"), Begun::Interrupted { audit: None });
}
