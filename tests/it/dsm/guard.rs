//! The guard before the login: Auto Block must never hit the exporter's address (API notes §2).

use cloudsync_exporter::dsm::{GuardRecord, Reason, SecondFactor};
use serde_json::json;

use super::peer::{Peer, Step, call, info, login};
use super::{Bench, NOW, PASSWORD, assert_presentable};

fn get() -> Step {
    call(1, "get_config", &[]).data(json!({}))
}

#[tokio::test]
async fn one_attempt_in_fifteen_minutes_after_a_wrong_password() {
    let peer = Peer::start([info(), login(1).code(400)]).await;
    let bench = Bench::new(&peer.url());
    let error = bench.client.get_config().await.unwrap_err();
    assert_eq!((error.reason(), error.code()), (Reason::Auth, Some(400)));
    for _ in 0..14 {
        bench.clock.advance(60);
        let error = bench.client.get_config().await.unwrap_err();
        assert_eq!((error.reason(), error.code()), (Reason::Auth, Some(400)));
        assert_presentable(&error);
    }
    assert_eq!(
        bench.client.login().await.unwrap_err().to_string(),
        "logins are held back for another 1m after code 400 (no such account or wrong password)"
    );
    let suspension = bench.client.suspension().unwrap();
    assert_eq!((suspension.until, suspension.code, suspension.reason), (NOW + 900, 400, Reason::Auth));
    // Then once more, and half an hour.
    bench.clock.advance(60);
    assert_eq!(bench.client.suspension(), None);
    peer.then([login(1).code(400)]);
    bench.client.get_config().await.unwrap_err();
    bench.clock.advance(29 * 60);
    bench.client.get_config().await.unwrap_err();
    bench.clock.advance(60);
    peer.then([login(1), get()]);
    bench.client.get_config().await.unwrap();
    assert_eq!(bench.store.load("home").unwrap().unwrap().failures, 0);
}

#[tokio::test]
async fn each_refusal_holds_back_for_its_reason() {
    for (code, reason) in [
        (400, Reason::Auth),
        (401, Reason::Auth),
        (402, Reason::Permission),
        (403, Reason::Otp),
        (404, Reason::Otp),
        (405, Reason::Auth),
        (406, Reason::Otp),
        (407, Reason::Blocked),
        (408, Reason::Auth),
        (409, Reason::Auth),
        (410, Reason::Auth),
        (411, Reason::Auth),
        (498, Reason::Auth),
    ] {
        let peer = Peer::start([info(), login(1).code(code)]).await;
        let bench = Bench::new(&peer.url());
        for _ in 0..3 {
            let error = bench.client.get_config().await.unwrap_err();
            assert_eq!((error.reason(), error.code()), (reason, Some(code)));
            assert_presentable(&error);
        }
        assert_eq!(*bench.notes.logins.lock().unwrap(), [Err(reason)]);
    }
}

#[tokio::test]
async fn a_changed_password_is_tried_at_once() {
    let peer = Peer::start([info(), login(1).code(400)]).await;
    let bench = Bench::new(&peer.url());
    bench.client.get_config().await.unwrap_err();
    bench.client.get_config().await.unwrap_err();
    bench.set_password("changed");
    peer.then([login(1).with("passwd", "changed"), get()]);
    bench.client.get_config().await.unwrap();
    assert_eq!(bench.client.suspension(), None);
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let peer = Peer::start([info(), login(1).code(400)]).await;
    let mut bench = Bench::new(&peer.url());
    bench.client.get_config().await.unwrap_err();
    let record = serde_json::to_string(&bench.store.load("home").unwrap().unwrap()).unwrap();
    assert!(!record.contains("canary") && !record.contains("ann"), "{record}");
    bench.restart();
    assert_eq!(bench.client.suspension().unwrap().until, NOW + 900);
    for _ in 0..2 {
        assert_eq!(bench.client.get_config().await.unwrap_err().code(), Some(400));
    }
    // Changed while it was down: tried at once.
    bench.restart();
    bench.set_password("changed");
    peer.then([info(), login(1).with("passwd", "changed").code(400)]);
    bench.client.get_config().await.unwrap_err();
    assert_eq!(bench.client.suspension().unwrap().until, NOW + 900, "the count began anew");
}

#[tokio::test]
async fn a_time_far_away_is_a_jump_of_the_clock() {
    let peer = Peer::start([]).await;
    let mut bench = Bench::new(&peer.url());
    let record = GuardRecord {
        suspended_until: Some(NOW * 2),
        failures: 9,
        code: Some(407),
        ..GuardRecord::default()
    };
    bench.store.save("home", &record).unwrap();
    bench.restart();
    assert_eq!(bench.client.suspension().unwrap().until, NOW + 4 * 60 * 60);
    assert_eq!(bench.client.get_config().await.unwrap_err().reason(), Reason::Blocked);
}

#[tokio::test]
async fn whatever_goes_wrong_five_attempts_in_five_minutes() {
    let peer = Peer::start([info()]).await;
    let mut bench = Bench::new(&peer.url());
    bench.client.discover().await.unwrap();
    for _ in 0..5 {
        assert!(!bench.client.holds_logins_back());
        peer.then([login(1).code(109)]);
        bench.client.get_config().await.unwrap_err();
        bench.clock.advance(10);
    }
    for _ in 0..2 {
        let error = bench.client.get_config().await.unwrap_err();
        assert_eq!(error.reason(), Reason::Api);
        assert_presentable(&error);
        assert_eq!(bench.client.suspension(), None);
        assert!(bench.client.holds_logins_back());
        // Not by a restart either.
        bench.restart();
        peer.then([info()]);
        bench.client.discover().await.unwrap();
    }
    bench.clock.advance(250);
    peer.then([login(1), get()]);
    bench.client.get_config().await.unwrap();
}

#[tokio::test]
async fn a_nas_that_boots_is_not_held_against_anybody() {
    let peer = Peer::start([info()]).await;
    let bench = Bench::new(&peer.url());
    bench.client.discover().await.unwrap();
    peer.then([login(1).status("503 Service Unavailable", "", "")]);
    bench.client.get_config().await.unwrap_err();
    for _ in 0..10 {
        peer.then([info(), login(1).status("503 Service Unavailable", "", "")]);
        bench.client.get_config().await.unwrap_err();
    }
    peer.then([info(), login(1), get()]);
    bench.client.get_config().await.unwrap();
}

#[tokio::test]
async fn a_step_of_the_one_time_code_is_used_once() {
    let totp = SecondFactor::Totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into());
    let code = |time: i64| -> String {
        let secret = totp_rs::Secret::try_from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build_noncompliant();
        totp.generate(u64::try_from(time).unwrap()).to_string()
    };
    let peer = Peer::start([info(), login(1).with("otp_code", &code(NOW)), get()]).await;
    let mut bench = Bench::with(&peer.url(), totp, |_| {});
    bench.client.get_config().await.unwrap();
    // One second before the next step, in which the second login goes: over a restart as well.
    let to_next = 30 - NOW.rem_euclid(30);
    bench.clock.advance(to_next - 1);
    bench.restart();
    peer.then([info(), login(1).with("otp_code", &code(NOW + to_next)), get()]);
    bench.client.get_config().await.unwrap();
    let record = bench.store.load("home").unwrap().unwrap();
    assert_eq!(record.totp_step, Some((NOW + to_next) / 30));
}

#[tokio::test]
async fn a_device_stands_in_for_the_code() {
    let enrol = |code: &str| {
        login(1).with("otp_code", code).with("enable_device_token", "yes").with("device_name", "exporter")
    };
    let peer = Peer::start([
        info(),
        login(1).code(403),
        // Held back, but a code that a person types is another credential, and so is the next.
        enrol("111111").code(404),
        enrol("222222").data(json!({"sid": "sid-1", "synotoken": "token-1", "did": "canary-device"})),
        get(),
    ])
    .await;
    let mut bench = Bench::new(&peer.url());
    assert_eq!(bench.client.login().await.unwrap_err().reason(), Reason::Otp);
    let error = bench.client.enroll_device("111111".into(), "exporter").await.unwrap_err();
    assert_eq!(error.code(), Some(404));
    let error = bench.client.enroll_device("111111".into(), "exporter").await.unwrap_err();
    assert!(error.to_string().contains("held back"), "{error}");
    let id = bench.client.enroll_device("222222".into(), "exporter").await.unwrap();
    assert!(!format!("{id:?}").contains("canary"));
    bench.client.get_config().await.unwrap();
    // From now on without a code.
    let device = SecondFactor::Device { name: "exporter".into(), id };
    bench.credentials.0.lock().unwrap().second_factor = device;
    bench.restart();
    peer.then([info(), login(2).with("device_name", "exporter").with("device_id", "canary-device")]);
    bench.client.login().await.unwrap();
}

#[tokio::test]
async fn a_success_without_a_session_is_no_success() {
    let peer = Peer::start([info(), login(1).data(json!({"sid": ""}))]).await;
    let bench = Bench::new(&peer.url());
    let error = bench.client.get_config().await.unwrap_err();
    assert_eq!(error.reason(), Reason::Decode);
    assert_eq!(bench.store.load("home").unwrap().unwrap().attempts, [NOW]);
    assert!(!format!("{:?} {:?}", bench.client, bench.options).contains(PASSWORD));
}

#[tokio::test]
async fn what_another_client_of_ours_found_out_counts() {
    let peer = Peer::start([info(), login(1).code(411)]).await;
    let bench = Bench::new(&peer.url());
    bench.client.get_config().await.unwrap_err();
    bench.client.get_config().await.unwrap_err();
    // The account was unlocked, and `doctor` had success.
    let record = bench.store.load("home").unwrap().unwrap();
    bench.store.save("home", &GuardRecord { suspended_until: None, code: None, ..record }).unwrap();
    peer.then([login(1), get()]);
    bench.client.get_config().await.unwrap();
}
