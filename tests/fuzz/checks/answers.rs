//! An HTTP body as the answer to each call of a NAS's API.

use cloudsync_exporter::dsm::cloud_sync::{read, wire};
use cloudsync_exporter::dsm::{Call, Error, document};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// In place of every text of a body, so that it shows where one is repeated.
const CANARY: &str = "canary-canary-canary";

/// The most bytes of an error's text: words of ours, and two places that are cut.
const MOST_ERROR: usize = 1_500;

/// Reads `data` as every answer there is.
pub(crate) fn check(data: &[u8]) {
    each(data, false);
    if let Ok(mut body) = serde_json::from_slice::<Value>(data) {
        plant(&mut body);
        each(body.to_string().as_bytes(), true);
    }
}

fn each(body: &[u8], planted: bool) {
    let page = read::LogQuery::default();
    documented(&read::get_config(), body, planted);
    documented(&read::list_conn(read::GroupBy::User), body, planted);
    documented(&read::get_connection_setting(1), body, planted);
    documented(&read::get_property(1), body, planted);
    documented(&read::get_log(Some(1), &page), body, planted);
    documented(&read::list_sess(1), body, planted);
    documented(&read::get_session_setting(1), body, planted);
    documented(&read::get_selective_sync_config(1), body, planted);
    documented(&read::get_selective_folder_list(1, "", "/"), body, planted);
    documented(&read::get_recently_change(), body, planted);
    let done: Call<wire::Done> = Call::act("SYNO.CloudSync", "pause", 1);
    bounded(done.read_answer(body), planted);
    let access = bounded(read::get_conn_auth_info(1).read_answer(body), planted);
    if let Some(access) = access {
        secret(&access, planted);
    }
}

/// What was read says the same when it is read again from its own document.
fn documented<T: DeserializeOwned + Serialize>(call: &Call<T>, body: &[u8], planted: bool) {
    let Some(answer) = bounded(call.read_answer(body), planted) else { return };
    let first = document(&answer);
    let again = json!({"success": true, "data": first}).to_string();
    match call.read_answer(again.as_bytes()) {
        Ok(again) => {
            let again = document(&again);
            assert!(is_same(&json!(again), &json!(first)), "{}: {again:?}, not {first:?}", call.method());
        }
        // A list of which nothing could be read, null included, is empty in a document; where that would mean that there
        // is nothing, an answer is refused.
        Err(error) => {
            let told = error.to_string();
            let is_empty = told.contains("missing field") || told.contains("is empty but total is");
            assert!(is_empty, "{told} in {first:?}");
        }
    }
}

/// Whether two documents say the same. The last bits of a fraction are lost on the way through text.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
        }
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap_or(0.0), other.as_f64().unwrap_or(0.0));
            (one - other).abs() <= one.abs() * 1e-12
        }
        (one, other) => one == other,
    }
}

/// The answer, if there is one; what is said of it otherwise is short, one line and no secret.
pub(super) fn bounded<T>(answer: Result<T, Error>, planted: bool) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            for told in [error.to_string(), error.advice().to_string(), format!("{error:?}")] {
                assert!(told.len() <= MOST_ERROR, "{} bytes: {told}", told.len());
                assert!(!told.chars().any(char::is_control), "{told:?}");
                assert!(!planted || !told.contains(CANARY), "{told}");
            }
            None
        }
    }
}

/// Access to a cloud shows names, and values only of those fields that are no secrets.
fn secret(access: &wire::AuthInfo, planted: bool) {
    let shown = format!("{access:?}");
    assert!(!planted || !shown.contains(CANARY), "{shown}");
    for (name, value) in access.fields() {
        let is_secret =
            ["token", "secret", "key", "pass", "cookie", "session"].iter().any(|part| name.contains(part));
        assert!(!is_secret || !matches!(value, wire::Shown::Value(_)), "{name} is shown");
    }
    let redacted = access.redacted();
    assert_eq!(redacted.len(), access.fields().count());
}

/// Puts the canary in place of every text.
pub(super) fn plant(value: &mut Value) {
    match value {
        Value::String(text) => CANARY.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(plant),
        Value::Object(members) => members.values_mut().for_each(plant),
        _ => {}
    }
}
