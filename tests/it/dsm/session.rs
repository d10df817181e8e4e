//! One session: logged in once, replayed once, contested seldom.

use std::time::Duration;

use cloudsync_exporter::dsm::{Reason, SecondFactor};
use futures_util::future::join_all;
use serde_json::json;

use super::peer::{Peer, Reply, apis, call, info, login, logout};
use super::{Bench, pass};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn fifty_callers_share_one_login() {
    let calls = (0..50).map(|_| call(1, "get_recently_change", &[]).data(json!({})));
    let peer = Peer::start([info(), login(1)].into_iter().chain(calls)).await;
    let bench = Bench::new(&peer.url());
    let answers = join_all((0..50).map(|_| bench.client.get_recently_change())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(*bench.notes.logins.lock().unwrap(), [Ok(())]);
    assert_eq!(bench.requests().len(), 52);
}

#[tokio::test]
async fn fifty_callers_share_one_failure() {
    let peer = Peer::start([info(), login(1).code(400)]).await;
    let bench = Bench::new(&peer.url());
    let answers = join_all((0..50).map(|_| bench.client.get_recently_change())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().reason() == Reason::Auth));
    assert_eq!(*bench.notes.logins.lock().unwrap(), [Err(Reason::Auth)]);
}

#[tokio::test]
async fn a_missing_package_is_asked_once_for_all_who_wait_and_again_later() {
    let mut without = apis();
    without.as_object_mut().unwrap().remove("SYNO.CloudSync");
    let peer = Peer::start([info().data(without)]).await;
    let bench = Bench::new(&peer.url());
    let answers = join_all((0..50).map(|_| bench.client.get_recently_change())).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.reason(), Reason::PackageMissing);
        super::assert_presentable(&error);
    }
    peer.then([info(), login(1), call(1, "get_recently_change", &[]).data(json!({}))]);
    bench.client.get_recently_change().await.unwrap();
}

#[tokio::test]
async fn each_lost_session_is_replayed_once() {
    for code in [106, 107, 119, 150] {
        let get = |n| call(n, "get_recently_change", &[]);
        let peer = Peer::start([info(), login(1), get(1).code(code), login(2), get(2).data(json!({}))]).await;
        let bench = Bench::new(&peer.url());
        bench.client.get_recently_change().await.unwrap();
        // Exactly once: a second loss is the caller's to know.
        peer.then([get(2).code(code), login(3), get(3).code(code)]);
        let error = bench.client.get_recently_change().await.unwrap_err();
        assert_eq!(error.reason(), Reason::Session);
        if code != 107 {
            assert_eq!(error.code(), Some(code));
        }
        super::assert_presentable(&error);
    }
}

#[tokio::test]
async fn sessions_that_the_nas_forgot_are_counted() {
    let get = |n| call(n, "get_recently_change", &[]);
    let peer = Peer::start([info(), login(1), get(1).data(json!({}))]).await;
    let bench = Bench::new(&peer.url());
    let (client, clone) = (bench.client.clone(), bench.client.clone());
    client.get_recently_change().await.unwrap();
    assert_eq!(clone.sessions_lost(), 0, "a first login is no loss");
    for (n, code) in [(1, 106), (2, 107), (3, 119)] {
        peer.then([get(n).code(code), login(n + 1), get(n + 1).data(json!({}))]);
        client.get_recently_change().await.unwrap();
        assert_eq!(clone.sessions_lost(), u64::from(n), "code {code}");
    }
    // The NAS knows a session that it sees from another address, and one that may not do something.
    peer.then([get(4).code(150), login(5), get(5).data(json!({})), get(5).code(105), logout(5)]);
    client.get_recently_change().await.unwrap();
    client.get_recently_change().await.unwrap_err();
    client.logout().await;
    peer.then([login(6), get(6).data(json!({}))]);
    client.get_recently_change().await.unwrap();
    assert_eq!(clone.sessions_lost(), 3, "nor is a logout of our own");
}

#[tokio::test]
async fn permission_is_no_loss_of_the_session() {
    for code in [105, 160] {
        let get = || call(1, "get_config", &[]);
        let peer = Peer::start([info(), login(1), get().code(code), get().data(json!({}))]).await;
        let bench = Bench::new(&peer.url());
        let error = bench.client.get_config().await.unwrap_err();
        assert_eq!((error.reason(), error.code()), (Reason::Permission, Some(code)));
        bench.client.get_config().await.unwrap();
    }
}

#[tokio::test]
async fn a_contested_account_is_left_alone_for_a_while() {
    let get = |n| call(n, "get_config", &[]);
    let peer = Peer::start([info(), login(1), get(1).code(107), login(2), get(2).code(107)]).await;
    let bench = Bench::new(&peer.url());
    assert_eq!(bench.client.get_config().await.unwrap_err().code(), Some(107));
    peer.then([login(3), get(3).code(107)]);
    let error = bench.client.get_config().await.unwrap_err();
    assert_eq!((error.reason(), error.code()), (Reason::Session, None));
    super::assert_presentable(&error);
    // Ten minutes, in which nothing is asked; then twenty.
    pass(MINUTE * 9).await;
    assert_eq!(bench.client.get_config().await.unwrap_err().reason(), Reason::Session);
    pass(MINUTE * 2).await;
    peer.then([login(4), get(4).code(107), login(5), get(5).code(107)]);
    bench.client.get_config().await.unwrap_err();
    peer.then([login(6), get(6).code(107)]);
    bench.client.get_config().await.unwrap_err();
    pass(MINUTE * 19).await;
    bench.client.get_config().await.unwrap_err();
    pass(MINUTE * 2).await;
    peer.then([login(7), get(7).data(json!({}))]);
    bench.client.get_config().await.unwrap();
}

#[tokio::test]
async fn a_nas_that_failed_is_asked_what_it_is_before_it_sees_credentials() {
    let peer = Peer::start([
        info(),
        login(1),
        call(1, "get_config", &[]).status("502 Bad Gateway", "", "<html>booting</html>"),
    ])
    .await;
    let bench = Bench::new(&peer.url());
    let error = bench.client.get_config().await.unwrap_err();
    assert_eq!(error.reason(), Reason::Http);
    // Still booting: no credentials, and not even the session.
    peer.then([info().status("200 OK", "", "<html>booting</html>")]);
    assert_eq!(bench.client.get_config().await.unwrap_err().reason(), Reason::Decode);
    // It is back and has forgotten us.
    peer.then([
        info(),
        call(1, "get_config", &[]).code(119),
        login(2),
        call(2, "get_config", &[]).data(json!({})),
    ]);
    bench.client.get_config().await.unwrap();
}

#[tokio::test]
async fn an_unknown_call_makes_it_ask_for_the_apis_again() {
    for code in [102, 103, 104] {
        let peer = Peer::start([
            info(),
            login(1),
            call(1, "get_config", &[]).code(code),
            info(),
            call(1, "get_config", &[]).data(json!({})),
        ])
        .await;
        let bench = Bench::new(&peer.url());
        let error = bench.client.get_config().await.unwrap_err();
        assert_eq!(error.reason(), Reason::PackageMissing);
        bench.client.get_config().await.unwrap();
    }
}

#[tokio::test]
async fn older_and_other_addresses() {
    let apis = json!({
        "SYNO.API.Auth": {"path": "auth.cgi", "minVersion": 1, "maxVersion": 6},
        "SYNO.CloudSync": {"path": "entry.cgi/SYNO.CloudSync", "minVersion": 1, "maxVersion": 1},
    });
    for refusal in [
        info().at("/nas/webapi/entry.cgi").code(102),
        info().at("/nas/webapi/entry.cgi").status("404 Not Found", "", ""),
    ] {
        let peer = Peer::start([
            refusal,
            info().at("/nas/webapi/query.cgi").data(apis.clone()),
            login(1).at("/nas/webapi/auth.cgi").with("version", "6"),
            call(1, "get_config", &[]).at("/nas/webapi/entry.cgi/SYNO.CloudSync").data(json!({})),
        ])
        .await;
        let bench = Bench::new(&format!("{}/nas/", peer.url()));
        bench.client.get_config().await.unwrap();
    }
}

#[tokio::test]
async fn logout_ends_the_session_once() {
    let peer = Peer::start([info(), login(1), logout(1)]).await;
    let bench = Bench::new(&peer.url());
    bench.client.logout().await;
    bench.client.login().await.unwrap();
    bench.client.login().await.unwrap();
    bench.client.logout().await;
    bench.client.logout().await;
    assert_eq!(bench.requests(), ["query", "login", "logout"]);
}

#[tokio::test]
async fn logout_waits_for_nobody() {
    let peer = Peer::start([info(), login(1), logout(1).reply(Reply::Silence)]).await;
    let bench =
        Bench::with(&peer.url(), SecondFactor::None, |options| options.timeout = Duration::from_millis(100));
    bench.client.login().await.unwrap();
    bench.client.logout().await;
    assert_eq!(bench.notes.requests.lock().unwrap()[2], ("logout".to_owned(), Err(Reason::Timeout)));
}

#[tokio::test]
async fn discovery_needs_no_login() {
    let peer = Peer::start([info()]).await;
    let bench = Bench::new(&peer.url());
    let discovery = bench.client.discover().await.unwrap();
    assert!(discovery.has_cloud_sync() && discovery.compound.is_some());
    assert_eq!(bench.requests(), ["query"]);
}

#[tokio::test]
async fn a_nas_that_knows_none_of_its_sessions_is_not_logged_in_to_for_ever() {
    for code in [106, 119, 150] {
        let get = |n| call(n, "get_config", &[]);
        let peer = Peer::start([info(), login(1), get(1).code(code), login(2), get(2).code(code)]).await;
        let bench = Bench::new(&peer.url());
        assert_eq!(bench.client.get_config().await.unwrap_err().reason(), Reason::Session);
        assert!(bench.client.holds_logins_back());
        for _ in 0..3 {
            peer.then([get(2).code(code)]);
            let error = bench.client.get_config().await.unwrap_err();
            assert_eq!(error.reason(), Reason::Session);
            super::assert_presentable(&error);
        }
        peer.then([get(2).data(json!({}))]);
        bench.client.get_config().await.unwrap();
    }
}

#[tokio::test]
async fn a_session_that_served_may_be_replaced_during_a_hold() {
    let get = |n| call(n, "get_config", &[]);
    let peer = Peer::start([info(), login(1), get(1).code(119), login(2), get(2).code(119)]).await;
    let bench = Bench::new(&peer.url());
    bench.client.get_config().await.unwrap_err();
    peer.then([get(2).data(json!({}))]);
    bench.client.get_config().await.unwrap();
    // The NAS restarts.
    peer.then([get(2).code(119), login(3), get(3).data(json!({}))]);
    bench.client.get_config().await.unwrap();
    assert!(!bench.client.holds_logins_back());
}
