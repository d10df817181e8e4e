//! Many calls in one request, and what becomes of each (API notes §3).

use std::time::Duration;

use cloudsync_exporter::dsm::cloud_sync::{act, read, wire};
use cloudsync_exporter::dsm::{Batch, Error, Reason, Slot};
use serde_json::{Value, json};

use super::peer::{Peer, Step, apis, call, compound, info, login, refused, results};
use super::{Bench, assert_presentable, pass};

fn member(connection: i64) -> Value {
    json!({"api": "SYNO.CloudSync", "method": "list_sess", "version": 1, "connection_id": connection})
}

fn members(connections: impl IntoIterator<Item = i64>) -> Value {
    connections.into_iter().map(member).collect()
}

/// Told by its one task.
fn answered(connection: i64) -> Value {
    let data = json!({"sess": [{"conn_id": connection}], "total": 1});
    json!({"api": "SYNO.CloudSync", "method": "list_sess", "version": 1, "success": true, "data": data})
}

fn single(connection: i64) -> Step {
    call(1, "list_sess", &[("connection_id", &connection.to_string())])
}

fn ok(step: Step, connection: i64) -> Step {
    step.data(answered(connection)["data"].clone())
}

fn batch(connections: impl IntoIterator<Item = i64>) -> (Batch, Vec<Slot<wire::ListSess>>) {
    let mut batch = Batch::new();
    let slots = connections.into_iter().map(|id| batch.add(read::list_sess(id))).collect();
    (batch, slots)
}

/// The connection that each call's answer is of.
async fn run(bench: &Bench, connections: impl IntoIterator<Item = i64>) -> Vec<Result<i64, Error>> {
    let (batch, slots) = batch(connections);
    let mut answers = bench.client.run(batch).await.unwrap();
    slots
        .into_iter()
        .map(|slot| answers.take(slot).map(|list| list.sess.items[0].conn_id.copied().unwrap()))
        .collect()
}

fn is_ok(outcomes: &[Result<i64, Error>], connections: impl IntoIterator<Item = i64>) -> bool {
    outcomes.iter().map(|outcome| outcome.as_ref().ok().copied()).eq(connections.into_iter().map(Some))
}

#[tokio::test]
async fn one_request_for_many_calls() {
    let all = || compound(1, &members(1..=150)).data(results(&(1..=150).map(answered).collect::<Vec<_>>()));
    let peer = Peer::start([info(), login(1), all(), all()]).await;
    let bench = Bench::new(&peer.url());
    for _ in 0..2 {
        assert!(is_ok(&run(&bench, 1..=150).await, 1..=150));
    }
    assert_eq!(bench.requests(), ["query", "login", "compound", "compound"]);
    assert!(run(&bench, []).await.is_empty(), "nothing to ask, nothing asked");
}

#[tokio::test]
async fn more_than_a_thousand_are_split_evenly() {
    let part = |from: i64, to: i64| {
        compound(1, &members(from..=to)).data(results(&(from..=to).map(answered).collect::<Vec<_>>()))
    };
    let peer = Peer::start([info(), login(1), part(1, 601), part(602, 1201)]).await;
    let bench = Bench::new(&peer.url());
    assert!(is_ok(&run(&bench, 1..=1201).await, 1..=1201));
}

#[tokio::test]
async fn a_member_fails_alone() {
    let mut other = answered(4);
    other["method"] = "get_log".into();
    let answer = results(&[
        answered(1),
        json!({"success": false, "error": {"code": 120, "errors": {"name": "connection_id", "reason": "condition"}}}),
        json!("nonsense"),
        other,
        json!({"success": true, "data": {"total": 1}}),
        answered(6),
    ]);
    let peer = Peer::start([info(), login(1), compound(1, &members(1..=7)).data(answer)]).await;
    let bench = Bench::new(&peer.url());
    let outcomes = run(&bench, 1..=7).await;
    let reasons: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().map_err(Error::reason)).collect();
    let decode = Err(Reason::Decode);
    assert_eq!(reasons, [Ok(&1), Err(Reason::Api), decode, decode, decode, Ok(&6), decode]);
    let texts: Vec<_> = outcomes.iter().filter_map(|o| o.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "SYNO.CloudSync list_sess was refused with code 120 (bad parameter): parameter connection_id, condition",
            "list_sess: the answer is not an object",
            "list_sess: the answer is of another call",
            "list_sess: missing field `sess`",
            "list_sess: the answer leaves this call out",
        ]
    );
}

#[tokio::test]
async fn only_members_that_lost_the_session_are_replayed() {
    for code in [106, 107, 119, 150] {
        let first = results(&[answered(1), refused(code), refused(105), refused(code)]);
        let second = results(&[answered(2), answered(4)]);
        let peer = Peer::start([
            info(),
            login(1),
            compound(1, &members(1..=4)).data(first),
            login(2),
            compound(2, &members([2, 4])).data(second),
        ])
        .await;
        let bench = Bench::new(&peer.url());
        let outcomes = run(&bench, 1..=4).await;
        assert_eq!(outcomes[2].as_ref().unwrap_err().reason(), Reason::Permission);
        assert!(is_ok(&outcomes[..2], [1, 2]) && is_ok(&outcomes[3..], [4]));
    }
}

#[tokio::test]
async fn a_whole_request_that_lost_the_session_is_replayed_once() {
    let peer = Peer::start([
        info(),
        login(1),
        compound(1, &members([1])).code(106),
        login(2),
        compound(2, &members([1])).data(results(&[answered(1)])),
    ])
    .await;
    let bench = Bench::new(&peer.url());
    assert!(is_ok(&run(&bench, [1]).await, [1]));
    peer.then([compound(2, &members([1])).code(119), login(3), compound(3, &members([1])).code(119)]);
    let error = bench.client.run(batch([1]).0).await.unwrap_err();
    assert_eq!((error.reason(), error.code()), (Reason::Session, Some(119)));
}

#[tokio::test]
async fn a_login_that_fails_in_between_costs_the_replayed_members_alone() {
    let first = results(&[answered(1), refused(119)]);
    let peer =
        Peer::start([info(), login(1), compound(1, &members([1, 2])).data(first), login(2).code(400)]).await;
    let bench = Bench::new(&peer.url());
    let outcomes = run(&bench, [1, 2]).await;
    assert!(is_ok(&outcomes[..1], [1]));
    assert_eq!(outcomes[1].as_ref().unwrap_err().reason(), Reason::Auth);
}

#[tokio::test]
async fn single_calls_for_an_hour_where_compounds_are_refused() {
    for code in [101, 102, 103, 104, 114] {
        let peer = Peer::start([
            info(),
            login(1),
            compound(1, &members([1, 2])).code(code),
            ok(single(1), 1),
            single(2).code(402),
        ])
        .await;
        let bench = Bench::new(&peer.url());
        let outcomes = run(&bench, [1, 2]).await;
        assert!(is_ok(&outcomes[..1], [1]));
        assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some(402));
        pass(Duration::from_secs(59 * 60)).await;
        peer.then([ok(single(1), 1)]);
        assert!(is_ok(&run(&bench, [1]).await, [1]));
        pass(Duration::from_secs(2 * 60)).await;
        peer.then([compound(1, &members([1])).data(results(&[answered(1)]))]);
        assert!(is_ok(&run(&bench, [1]).await, [1]));
    }
}

#[tokio::test]
async fn other_refusals_are_refusals() {
    for (code, reason) in [(105, Reason::Permission), (100, Reason::Api), (120, Reason::Api)] {
        let peer = Peer::start([info(), login(1), compound(1, &members([1])).code(code)]).await;
        let bench = Bench::new(&peer.url());
        let error = bench.client.run(batch([1]).0).await.unwrap_err();
        assert_eq!((error.reason(), error.code()), (reason, Some(code)));
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_compound_that_knows_none_of_the_calls_is_refused_as_well() {
    let none = results(&[refused(102), refused(103)]);
    let all = || compound(1, &members([1, 2])).data(none.clone());
    let peer = Peer::start([info(), login(1), all(), ok(single(1), 1), ok(single(2), 2)]).await;
    let bench = Bench::new(&peer.url());
    assert!(is_ok(&run(&bench, [1, 2]).await, [1, 2]));
    peer.then([ok(single(1), 1), ok(single(2), 2)]);
    assert!(is_ok(&run(&bench, [1, 2]).await, [1, 2]));
}

#[tokio::test]
async fn where_single_calls_are_unknown_too_it_is_not_the_compound() {
    let one = || compound(1, &members([1])).data(results(&[refused(103)]));
    let peer = Peer::start([info(), login(1), one(), single(1).code(103)]).await;
    let bench = Bench::new(&peer.url());
    assert_eq!(run(&bench, [1]).await[0].as_ref().unwrap_err().reason(), Reason::PackageMissing);
    // The APIs are asked for again, and compounds are not given up.
    peer.then([info(), one(), single(1).code(103)]);
    run(&bench, [1]).await[0].as_ref().unwrap_err();
}

#[tokio::test]
async fn without_the_api_there_are_single_calls() {
    let mut without = apis();
    without.as_object_mut().unwrap().remove("SYNO.Entry.Request");
    let peer = Peer::start([info().data(without), login(1), ok(single(1), 1), ok(single(2), 2)]).await;
    let bench = Bench::new(&peer.url());
    assert!(is_ok(&run(&bench, [1, 2]).await, [1, 2]));
    // What one call suffers the next would suffer too: it is not asked.
    peer.then([ok(single(1), 1), single(2).status("502 Bad Gateway", "", "")]);
    let outcomes = run(&bench, 1..=4).await;
    let reasons: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().map_err(Error::reason)).collect();
    assert_eq!(reasons, [Ok(&1), Err(Reason::Http), Err(Reason::Http), Err(Reason::Http)]);
}

#[tokio::test]
async fn an_answer_that_is_not_a_compounds_means_single_calls() {
    let odd = compound(1, &members([1])).data(json!({"has_fail": false}));
    let peer = Peer::start([info(), login(1), odd, ok(single(1), 1), ok(single(1), 1)]).await;
    let bench = Bench::new(&peer.url());
    for _ in 0..2 {
        assert!(is_ok(&run(&bench, [1]).await, [1]));
    }
}

#[tokio::test]
async fn a_member_that_is_always_told_of_a_lost_session_costs_no_login() {
    // A later member was answered: the session is alive.
    let odd = || compound(1, &members([1, 2, 3])).data(results(&[answered(1), refused(119), answered(3)]));
    let peer = Peer::start([info(), login(1), odd(), odd(), odd()]).await;
    let bench = Bench::new(&peer.url());
    for _ in 0..3 {
        let outcomes = run(&bench, [1, 2, 3]).await;
        assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
        assert_eq!(outcomes[1].as_ref().unwrap_err().code(), Some(119));
    }
    // The last one: a new session is tried once, and then not again for a while.
    let odd = |session| compound(session, &members([1, 2])).data(results(&[answered(1), refused(119)]));
    let again = compound(2, &members([2])).data(results(&[refused(119)]));
    peer.then([odd(1), login(2), again, odd(2), odd(2)]);
    for _ in 0..3 {
        let outcomes = run(&bench, [1, 2]).await;
        assert!(outcomes[0].is_ok() && outcomes[1].is_err());
    }
}

#[tokio::test]
async fn what_stops_at_an_error_goes_on_there_after_a_new_login() {
    let stopping = |n, members: &Value| compound(n, members).with("stop_when_error", "true");
    let peer = Peer::start([
        info(),
        login(1),
        stopping(1, &members(1..=3)).data(results(&[answered(1), refused(106)])),
        login(2),
        stopping(2, &members([2, 3])).data(results(&[answered(2), answered(3)])),
    ])
    .await;
    let bench = Bench::new(&peer.url());
    let mut batch = Batch::stopping_on_error();
    let slots: Vec<_> = (1..=3).map(|id| batch.add(read::list_sess(id))).collect();
    let mut answers = bench.client.run(batch).await.unwrap();
    for slot in slots {
        answers.take(slot).unwrap();
    }
}

#[tokio::test]
async fn what_changes_something_is_never_made_twice() {
    let pause = json!({"api": "SYNO.CloudSync", "method": "pause", "version": 1, "connection_id": 3});
    let stopping = |n, members: &Value| compound(n, members).with("stop_when_error", "true");
    for (answer, replayed, code) in [
        // A NAS that did not stop, and whose answer about the second nobody understands.
        (json!("nonsense"), json!([member(1)]), None),
        // One that names the calls that it did not make.
        (refused(100), json!([member(1), pause]), Some(402)),
    ] {
        let second = results(&[answered(1), refused(402)]);
        let peer = Peer::start([
            info(),
            login(1),
            stopping(1, &json!([member(1), pause])).data(results(&[refused(119), answer])),
            login(2),
            stopping(2, &replayed).data(second),
        ])
        .await;
        let bench = Bench::new(&peer.url());
        let mut batch = Batch::stopping_on_error();
        let (list, pause) = (batch.add(read::list_sess(1)), batch.add(act::pause(3)));
        let mut answers = bench.client.run(batch).await.unwrap();
        answers.take(list).unwrap();
        let error = answers.take(pause).unwrap_err();
        assert_eq!((error.method(), error.code()), (Some("pause"), code));
        assert_eq!(error.outcome_is_open(), code.is_none());
    }
    // Together with others, and with an answer that is none.
    let members = json!([member(1), pause]);
    let odd = compound(1, &members).data(json!({"has_fail": false}));
    let peer = Peer::start([info(), login(1), odd]).await;
    let bench = Bench::new(&peer.url());
    let mut batch = Batch::new();
    let _list = batch.add(read::list_sess(1));
    let _pause = batch.add(act::pause(3));
    let error = bench.client.run(batch).await.unwrap_err();
    assert_eq!((error.method(), error.outcome_is_open()), (Some("request"), true));
}
