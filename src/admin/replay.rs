//! `Idempotency-Key`: a change that is asked for twice is done once.
//!
//! As in the IETF's draft: the same key and request get the answer that was given, another request with it 422, and
//! 409 while the first one runs. A change goes on to its end also when its caller goes away.

use super::call::Call;
use super::problems::{self, Refusal};
use super::route::{Effects, Outcome, Route};
use super::service::{refusal, response};
use crate::actions::{Actions, Begun, Caller, Ticket};
use crate::web::{Problem, Response, respond};
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Method, StatusCode, Uri};
use sha2::{Digest, Sha256};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// The request's header.
pub(super) const KEY: &str = "idempotency-key";
/// The header of an answer that was given before.
const REPLAYED: &str = "idempotency-replayed";
/// The longest key.
const LONGEST: usize = 255;

/// The key of a request, quoted as in the draft or bare.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(KEY).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        _ => return Err(problems::KEY_INVALID.because("it is there more than once").into()),
    };
    let refused = || {
        let detail = format!("allowed: 1 to {LONGEST} visible ASCII characters, in quotes or without");
        Refusal::from(problems::KEY_INVALID.because(detail))
    };
    let text = value.to_str().map_err(|_| refused())?.trim();
    let key = match text.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').ok_or_else(refused)?,
        None => text,
    };
    let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if key.is_empty() || key.len() > LONGEST || !is_plain { Err(refused()) } else { Ok(Some(key.to_owned())) }
}

/// What tells a request from others.
pub(super) fn fingerprint(method: &Method, uri: &Uri, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in
        [method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or_default().as_bytes(), body]
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize())
}

/// Runs a route: at once where it only looks, to its end where it changes something.
pub(super) async fn run(route: &'static Route, mut call: Call, fingerprint: String) -> Response {
    if !route.effects.changes() {
        return finished(&perform(route, call).await);
    }
    let ticket = match &call.key {
        Some(key) if !call.is_dry_run() => {
            Some(Ticket { token: call.grant.name.clone(), key: key.clone(), fingerprint })
        }
        _ => None,
    };
    let here = Arc::new(());
    call.caller = Caller::holding(&here);
    let actions = Arc::clone(&call.api.actions);
    let ended = actions.see_through(async move {
        let actions = Arc::clone(&call.api.actions);
        match AssertUnwindSafe(once(route, call, ticket.as_ref())).catch_unwind().await {
            Ok(response) => response,
            Err(_) => faulty(&actions, ticket.as_ref()).await,
        }
    });
    let response = ended.await.unwrap_or_else(|| refusal(problems::INTERNAL.problem()));
    drop(here);
    response
}

/// Runs the route. What the last poll still had and the NAS has no more is not refused but unknown.
async fn perform(route: &'static Route, call: Call) -> Outcome {
    let named = call.named();
    match (route.run)(call).await {
        Err(refusal) if refusal.may_be_gone => match named.gone(route).await {
            Some(unknown) => Err(unknown),
            None => Err(refusal),
        },
        outcome => outcome,
    }
}

/// The answer after a panic, also to a repeat: it must not do again what may have been done.
async fn faulty(actions: &Actions, ticket: Option<&Ticket>) -> Response {
    let problem = problems::INTERNAL.because("what became of the request is not known; look at the NAS");
    if let Some(ticket) = ticket {
        let text = serde_json::to_string(&problem).unwrap_or_default();
        actions.answer_request(ticket, problem.status().as_u16(), text).await;
    }
    refusal(problem)
}

async fn once(route: &'static Route, call: Call, ticket: Option<&Ticket>) -> Response {
    let Some(ticket) = ticket else { return finished(&perform(route, call).await) };
    let actions = Arc::clone(&call.api.actions);
    match actions.begin_request(ticket).await {
        Ok(Begun::New) => {}
        Ok(begun) => return repeated(begun),
        // What must go on whatever the disk does goes on without its key.
        Err(_) if route.effects == Effects::ChangesRegardless => {
            return finished(&perform(route, call).await);
        }
        Err(error) => {
            return refusal(
                problems::AUDIT.because(format!("the key cannot be written, so nothing was done: {error}")),
            );
        }
    }
    let outcome = perform(route, call).await;
    match &outcome {
        Ok(reply) => actions.answer_request(ticket, reply.status.as_u16(), reply.body.to_string()).await,
        Err(Refusal { problem, is_final: true, .. }) => {
            let text = serde_json::to_string(problem).unwrap_or_default();
            actions.answer_request(ticket, problem.status().as_u16(), text).await;
        }
        Err(Refusal { is_final: false, .. }) => actions.forget_request(ticket).await,
    }
    finished(&outcome)
}

fn finished(outcome: &Outcome) -> Response {
    match outcome {
        Ok(reply) => response(reply),
        Err(Refusal { problem, .. }) => refusal(problem.clone()),
    }
}

/// The answer to a request that was there before.
fn repeated(begun: Begun) -> Response {
    let refused = |problem: Problem| refusal(problem);
    match begun {
        Begun::Stored { status, answer } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let is_problem = status.is_client_error() || status.is_server_error();
            let content_type = if is_problem { "application/problem+json" } else { "application/json" };
            let mut response = respond::content(status, content_type, answer);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response
        }
        Begun::OtherRequest => refused(problems::KEY_MISMATCH.because("use a new key for a new request")),
        Begun::Interrupted { audit } => {
            let detail = "this program ended in the middle of it; look at the NAS, then use a new key";
            let problem = problems::KEY_INTERRUPTED.because(detail);
            refused(match audit {
                Some(audit) => problem.with("audit_id", audit),
                None => problem,
            })
        }
        Begun::New | Begun::Running => refused(problems::KEY_IN_PROGRESS.because("ask again in a moment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Option<String>, ()> {
        let headers = values.iter().map(|value| {
            (hyper::header::HeaderName::from_static(KEY), HeaderValue::from_str(value).unwrap())
        });
        key(&headers.collect()).map_err(|_| ())
    }

    #[test]
    fn keys_are_quoted_or_bare() {
        assert_eq!(of(&[]), Ok(None));
        for (given, expected) in [("\"abc\"", "abc"), ("abc", "abc"), (" 8e03978e-40d5 ", "8e03978e-40d5")] {
            assert_eq!(of(&[given]), Ok(Some(expected.to_owned())), "{given}");
        }
        let long = "x".repeat(256);
        for bad in ["", "\"\"", "\"abc", "abc\"", "a b", "\"a\\\"b\"", long.as_str()] {
            assert_eq!(of(&[bad]), Err(()), "{bad}");
        }
        assert_eq!(of(&["a", "a"]), Err(()));
    }

    #[test]
    fn requests_differ_by_every_part() {
        let uri = |text: &'static str| Uri::from_static(text);
        let base = fingerprint(&Method::POST, &uri("/a?b"), b"c");
        for other in [
            fingerprint(&Method::PUT, &uri("/a?b"), b"c"),
            fingerprint(&Method::POST, &uri("/a"), b"bc"),
            fingerprint(&Method::POST, &uri("/a?b"), b""),
            fingerprint(&Method::POST, &uri("/ab?"), b"c"),
        ] {
            assert_ne!(base, other);
        }
        assert_eq!(base, fingerprint(&Method::POST, &uri("/a?b"), b"c"));
    }
}
