//! The life of a request with a key.

use std::sync::{Arc, Barrier};

use cloudsync_exporter::state::{Begun, StateError, StateFile};

use super::place;

fn stored(status: u16, answer: &str) -> Begun {
    Begun::Stored { status, answer: answer.into() }
}

#[test]
fn a_request_runs_once_and_its_answer_is_kept() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.idempotency_begin("ops", "k", "pause 3", 1).unwrap(), Begun::New);
    assert_eq!(state.idempotency_begin("ops", "k", "pause 3", 2).unwrap(), Begun::Running);
    assert_eq!(state.idempotency_begin("ops", "k", "pause 4", 3).unwrap(), Begun::OtherRequest);
    assert_eq!(state.idempotency_begin("ci", "k", "pause 4", 4).unwrap(), Begun::New, "another token's");
    assert_eq!(state.idempotency_begin("ops", "k2", "pause 3", 5).unwrap(), Begun::New, "another key");
    state.idempotency_finish("ops", "k", 502, r#"{"nas_code":105}"#).unwrap();
    assert_eq!(
        state.idempotency_begin("ops", "k", "pause 3", 6).unwrap(),
        stored(502, r#"{"nas_code":105}"#)
    );
    assert_eq!(state.idempotency_begin("ci", "k", "pause 4", 7).unwrap(), Begun::Running);
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(
        state.idempotency_begin("ops", "k", "pause 3", 8).unwrap(),
        stored(502, r#"{"nas_code":105}"#)
    );
    assert_eq!(state.idempotency_begin("ops", "k", "pause 4", 9).unwrap(), Begun::OtherRequest);
}

#[test]
fn what_ran_when_the_process_ended_is_interrupted() {
    let (_dir, path) = place();
    let state = StateFile::open(&path).unwrap();
    state.idempotency_begin("ops", "done", "f", 1).unwrap();
    state.idempotency_finish("ops", "done", 200, "{}").unwrap();
    state.idempotency_begin("ops", "lost", "f", 1).unwrap();
    drop(state);
    let state = StateFile::open(&path).unwrap();
    assert_eq!(state.idempotency_mark_interrupted().unwrap(), 1);
    assert_eq!(state.idempotency_mark_interrupted().unwrap(), 0, "said once");
    let lost = |fingerprint| state.idempotency_begin("ops", "lost", fingerprint, 2).unwrap();
    assert_eq!(lost("f"), Begun::Interrupted { audit: None });
    assert_eq!(lost("f"), Begun::Interrupted { audit: None }, "however often it is asked");
    assert_eq!(lost("g"), Begun::OtherRequest);
    assert_eq!(state.idempotency_begin("ops", "done", "f", 2).unwrap(), stored(200, "{}"));
    assert_eq!(state.idempotency_begin("ops", "new", "f", 2).unwrap(), Begun::New);
    assert_eq!(state.idempotency_begin("ops", "new", "f", 2).unwrap(), Begun::Running);
}

#[test]
fn a_request_that_did_nothing_frees_its_key() {
    let state = StateFile::in_memory().unwrap();
    state.idempotency_begin("ops", "k", "f", 1).unwrap();
    state.idempotency_begin("ci", "k", "f", 1).unwrap();
    state.idempotency_forget("ops", "k").unwrap();
    state.idempotency_forget("ops", "never seen").unwrap();
    assert_eq!(state.idempotency_begin("ops", "k", "other", 2).unwrap(), Begun::New);
    assert_eq!(state.idempotency_begin("ci", "k", "f", 2).unwrap(), Begun::Running);
    state.idempotency_finish("ops", "k", 200, "{}").unwrap();
    state.idempotency_forget("ops", "k").unwrap();
    assert_eq!(
        state.idempotency_begin("ops", "k", "other", 3).unwrap(),
        stored(200, "{}"),
        "an answer stays"
    );
}

#[test]
fn only_a_request_without_an_answer_is_finished() {
    let state = StateFile::in_memory().unwrap();
    let missing = |error: StateError| matches!(error, StateError::Missing(_));
    assert!(missing(state.idempotency_finish("ops", "k", 200, "{}").unwrap_err()));
    state.idempotency_begin("ops", "k", "f", 1).unwrap();
    // Another process started meanwhile and took it for dead; its answer is known all the same.
    state.idempotency_mark_interrupted().unwrap();
    state.idempotency_finish("ops", "k", 200, "first").unwrap();
    assert!(missing(state.idempotency_finish("ops", "k", 500, "second").unwrap_err()));
    assert_eq!(state.idempotency_begin("ops", "k", "f", 2).unwrap(), stored(200, "first"));
}

#[test]
fn pruning_spares_what_is_young_and_what_runs() {
    let state = StateFile::in_memory().unwrap();
    state.idempotency_begin("ops", "interrupted", "f", 10).unwrap();
    state.idempotency_mark_interrupted().unwrap();
    for (key, started) in [("old", 10), ("young", 20)] {
        state.idempotency_begin("ops", key, "f", started).unwrap();
        state.idempotency_finish("ops", key, 200, "{}").unwrap();
    }
    state.idempotency_begin("ops", "running", "f", 10).unwrap();
    assert_eq!(state.idempotency_prune(10).unwrap(), 0);
    assert_eq!(state.idempotency_prune(20).unwrap(), 2);
    let begun = |key| state.idempotency_begin("ops", key, "f", 30).unwrap();
    assert_eq!(begun("interrupted"), Begun::New);
    assert_eq!(begun("old"), Begun::New);
    assert_eq!(begun("young"), stored(200, "{}"));
    assert_eq!(begun("running"), Begun::Running);
}

#[test]
fn of_requests_at_the_same_time_one_is_new() {
    let (_dir, path) = place();
    let one = Arc::new(StateFile::open(&path).unwrap());
    let other = Arc::new(StateFile::open(&path).unwrap());
    let start = Arc::new(Barrier::new(6));
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let state = if n % 2 == 0 { one.clone() } else { other.clone() };
            let start = start.clone();
            std::thread::spawn(move || {
                start.wait();
                state.idempotency_begin("ops", "k", "f", n).unwrap()
            })
        })
        .collect();
    let begun: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::New).count(), 1, "{begun:?}");
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::Running).count(), 5, "{begun:?}");
}
