//! Login, sessions, tokens, second factors, Auto Block, and what Info says.

use std::time::{Duration, UNIX_EPOCH};

use cloudsync_exporter::sim::{AutoBlock, SecondFactor, SimOptions};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{Raw, code, documented, start};

const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const NOW: u64 = 1_800_000_000;

fn error(answer: &Value) -> Value {
    assert_eq!(answer["success"], false, "{answer}");
    answer["error"].clone()
}

fn otp(at: u64) -> String {
    Builder::new()
        .with_secret(Secret::try_from_base32(SECRET).unwrap())
        .build()
        .unwrap()
        .generate(at)
        .to_string()
}

#[tokio::test]
async fn info_needs_no_login_and_knows_the_version() {
    let (_nas, control, raw) = start(SimOptions::default()).await;
    let all = raw.call("SYNO.API.Info", "query", "1", &[("query", "all")]).await;
    assert_eq!(
        all["data"],
        json!({
            "SYNO.API.Auth": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 7},
            "SYNO.API.Info": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 1},
            "SYNO.CloudSync": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 1, "requestFormat": "JSON"},
            "SYNO.Entry.Request": {"path": "entry.cgi", "minVersion": 1, "maxVersion": 2, "requestFormat": "JSON"},
        })
    );
    let some = raw.call("SYNO.API.Info", "query", "1", &[("query", "SYNO.CloudSync,SYNO.Nothing")]).await;
    assert_eq!(some["data"].as_object().unwrap().len(), 1);
    control.set_package_installed(false);
    let all = raw.call("SYNO.API.Info", "query", "1", &[("query", "all")]).await;
    assert!(all["data"].get("SYNO.CloudSync").is_none());

    let (_old, _, raw) = start(SimOptions { dsm_version: 6, compound: false, ..SimOptions::default() }).await;
    let all = raw.call("SYNO.API.Info", "query", "1", &[("query", "all")]).await;
    assert_eq!(all["data"]["SYNO.API.Auth"], json!({"path": "auth.cgi", "minVersion": 1, "maxVersion": 6}));
    assert!(all["data"].get("SYNO.Entry.Request").is_none());
}

#[tokio::test]
async fn calls_that_nobody_knows() {
    let (_nas, control, raw) = documented().await;
    for (api, method, version, expected) in [
        ("SYNO.Nothing", "query", "1", 102),
        ("SYNO.CloudSync", "list_connections", "1", 103),
        ("SYNO.CloudSync", "list_conn", "2", 104),
        ("SYNO.CloudSync", "list_conn", "one", 104),
        ("SYNO.API.Auth", "login", "8", 104),
        ("", "list_conn", "1", 101),
        ("SYNO.CloudSync", "", "1", 101),
        ("SYNO.CloudSync", "list_conn", "", 101),
    ] {
        let answer = raw.call(api, method, version, &[]).await;
        assert_eq!(error(&answer), code(expected), "{api} {method} {version}");
    }
    control.set_package_installed(false);
    assert_eq!(raw.refused("list_conn", &[]).await, code(102));
}

#[tokio::test]
async fn sessions_and_their_ends() {
    let (_nas, control, mut raw) = start(SimOptions::default()).await;
    assert_eq!(raw.refused("list_conn", &[]).await, code(119));
    let login = |raw: &Raw| {
        let raw = raw.clone();
        async move { raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned) }
    };
    for (end, expected) in [
        (&(|| control.drop_sessions()) as &dyn Fn(), 119),
        (&|| control.expire_sessions(), 106),
        (&|| control.steal_session(), 107),
        (&|| control.change_client_ip(), 150),
        (&|| control.advance(Duration::from_secs(901)), 106),
    ] {
        raw.sid = login(&raw).await;
        raw.data("list_conn", &[]).await;
        end();
        assert_eq!(raw.refused("list_conn", &[]).await, code(expected));
        assert_eq!(raw.refused("list_conn", &[]).await, code(expected));
    }
    // Use keeps a session alive; logout with its name ends it.
    raw.sid = login(&raw).await;
    for _ in 0..3 {
        control.advance(Duration::from_secs(600));
        raw.data("list_conn", &[]).await;
    }
    raw.call("SYNO.API.Auth", "logout", "6", &[("session", "another")]).await;
    assert_eq!(control.sessions().len(), 1);
    raw.call("SYNO.API.Auth", "logout", "6", &[("session", "test")]).await;
    assert_eq!(control.sessions(), []);
    assert_eq!(raw.refused("list_conn", &[]).await, code(119));
    assert_eq!(control.login_attempts(), 6);
}

#[tokio::test]
async fn one_session_of_a_name_at_a_time() {
    let (_nas, control, mut raw) = start(SimOptions { single_session: true, ..SimOptions::default() }).await;
    raw.sid = raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned);
    raw.login(&[("session", "another")]).await;
    raw.data("list_conn", &[]).await;
    raw.login(&[]).await;
    assert_eq!(raw.refused("list_conn", &[]).await, code(107));
    assert_eq!(control.sessions().len(), 2);
}

#[tokio::test]
async fn a_token_once_asked_for_must_come_along() {
    let (_nas, _, mut raw) = start(SimOptions::default()).await;
    let login = raw.login(&[("enable_syno_token", "yes")]).await;
    raw.sid = login["data"]["sid"].as_str().map(str::to_owned);
    assert_eq!(raw.refused("list_conn", &[]).await, code(119));
    raw.token = Some("wrong".into());
    assert_eq!(raw.refused("list_conn", &[]).await, code(119));
    raw.token = login["data"]["synotoken"].as_str().map(str::to_owned);
    raw.data("list_conn", &[]).await;
    let token = raw.token.take().unwrap();
    raw.data("list_conn", &[("SynoToken", &token)]).await;
}

#[tokio::test]
async fn cookies_carry_sessions_too() {
    let (_nas, _, raw) = start(SimOptions::default()).await;
    let form = [
        ("api", "SYNO.API.Auth"),
        ("method", "login"),
        ("version", "6"),
        ("account", "demo"),
        ("passwd", "demo"),
    ];
    let reply = raw.post("auth.cgi", &form).await.unwrap();
    let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(cookie, format!("id={}", reply.json()["data"]["sid"].as_str().unwrap()));
    let url = format!("{}/webapi/entry.cgi?api=SYNO.CloudSync&method=list_conn&version=1", raw.base);
    let answer = raw.http.get(url).header("cookie", format!("a=b; {cookie}")).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("\"success\":true"));
}

#[tokio::test]
async fn wrong_passwords_block_the_address() {
    let auto_block = Some(AutoBlock { attempts: 3, within: Duration::from_secs(300) });
    let (_nas, control, raw) = start(SimOptions { auto_block, ..SimOptions::default() }).await;
    let wrong = || {
        let raw = raw.clone();
        async move { error(&raw.login(&[("passwd", "wrong")]).await) }
    };
    assert_eq!(wrong().await, code(400));
    assert_eq!(error(&raw.login(&[("account", "nobody")]).await), code(400));
    control.advance(Duration::from_secs(301));
    assert_eq!(wrong().await, code(400));
    assert_eq!(wrong().await, code(400));
    assert_eq!(wrong().await, code(400));
    assert_eq!(wrong().await, code(407));
    assert_eq!(error(&raw.login(&[]).await), code(407));
    control.advance(Duration::from_secs(86_400));
    assert_eq!(error(&raw.login(&[]).await), code(407));
    control.block_ip(false);
    assert_eq!(raw.login(&[]).await["success"], true);
    control.block_ip(true);
    assert_eq!(error(&raw.login(&[]).await), code(407));
    control.block_ip(false);
    control.set_password("new");
    assert_eq!(error(&raw.login(&[]).await), code(400));
    assert_eq!(raw.login(&[("passwd", "new")]).await["success"], true);
    for refusal in [401, 402, 408, 409, 410, 411] {
        control.set_login_refusal(Some(refusal));
        assert_eq!(error(&raw.login(&[("passwd", "new")]).await), code(refusal));
    }
}

#[tokio::test]
async fn codes_are_asked_for_checked_and_used_once() {
    let second_factor = SecondFactor::Totp { secret_base32: SECRET.into(), required: true };
    let (_nas, control, raw) = start(SimOptions { second_factor, ..SimOptions::default() }).await;
    control.set_clock(UNIX_EPOCH + Duration::from_secs(NOW));
    let with = |code: String| {
        let raw = raw.clone();
        async move { raw.login(&[("otp_code", &code)]).await }
    };
    assert_eq!(error(&raw.login(&[]).await), code(403));
    assert_eq!(error(&raw.login(&[("passwd", "x"), ("otp_code", &otp(NOW))]).await), code(400));
    assert_eq!(error(&with("000000".into()).await), code(404));
    assert_eq!(error(&with(otp(NOW - 90)).await), code(404));
    assert_eq!(with(otp(NOW)).await["success"], true);
    assert_eq!(error(&with(otp(NOW)).await), code(404));
    control.advance(Duration::from_secs(30));
    assert_eq!(with(otp(NOW + 30)).await["success"], true);

    let (_nas, _, raw) =
        start(SimOptions { second_factor: SecondFactor::EnforcedNotSetUp, ..SimOptions::default() }).await;
    assert_eq!(error(&raw.login(&[]).await), code(406));
    assert_eq!(error(&raw.login(&[("passwd", "x")]).await), code(400));
}

#[tokio::test]
async fn a_known_device_needs_no_code() {
    let second_factor = SecondFactor::Totp { secret_base32: SECRET.into(), required: true };
    let (_nas, control, raw) = start(SimOptions { second_factor, ..SimOptions::default() }).await;
    control.set_clock(UNIX_EPOCH + Duration::from_secs(NOW));
    let first = raw
        .login(&[("otp_code", &otp(NOW)), ("enable_device_token", "yes"), ("device_name", "exporter")])
        .await;
    let device = first["data"]["did"].as_str().unwrap().to_owned();
    let again = |name: &'static str, id: String| {
        let raw = raw.clone();
        async move { raw.login(&[("device_name", name), ("device_id", &id)]).await }
    };
    assert_eq!(again("exporter", device.clone()).await["success"], true);
    assert_eq!(error(&again("another", device.clone()).await), code(403));
    assert_eq!(error(&again("exporter", "unknown".into()).await), code(403));
    // Version 7 calls it device_id.
    let params = [
        ("account", "demo"),
        ("passwd", "demo"),
        ("device_name", "exporter"),
        ("device_id", &device),
        ("enable_device_token", "yes"),
    ];
    let answer = raw.call("SYNO.API.Auth", "login", "7", &params).await;
    assert!(answer["data"]["device_id"].is_string(), "{answer}");
}

#[tokio::test]
async fn a_secret_that_is_not_base32_is_an_error() {
    let second_factor = SecondFactor::Totp { secret_base32: "not base32!".into(), required: true };
    let options = SimOptions { second_factor, ..SimOptions::default() };
    let error = cloudsync_exporter::sim::Simulator::bind(super::loopback(), options).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}
