//! The way of one HTTP request: read, record, meet its faults, be answered.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
    http::request::Parts,
};
use serde_json::Value;

use super::{
    Recorded,
    api::{self, Call, Caller},
    auth::Cookies,
    fault::{FaultKind, Target},
    params::{Answer, Failure, Params},
    request::{self, Form, Route},
    respond::{self, Aborted, Body, Delivery},
    state::{Shared, State},
};

/// The largest request body that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Answers one request to the NAS.
pub(super) async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<Body>, Aborted> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(respond::nginx(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let body = body.to_bytes();
    let form = request::form(&parts, &body);
    let (route, (latency, fault)) = {
        let mut state = shared.lock();
        let route = Route::of(parts.uri.path(), &state.options.path_prefix);
        let record = request::record(&parts, &form, &route, body.len());
        let faults = faults(&mut state, &record);
        state.record(record);
        (route, faults)
    };
    wait(&shared, latency).await?;
    let delivery = match fault {
        Some(FaultKind::Hang) => {
            shared.stop.cancelled().await;
            return Err(Aborted);
        }
        Some(FaultKind::Reset) => return Err(Aborted),
        Some(FaultKind::Status(status, page)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return Ok(respond::html(status, page));
        }
        Some(FaultKind::Html200) => return Ok(respond::page()),
        Some(FaultKind::HugeBody(bytes)) => return Ok(respond::huge(bytes)),
        Some(FaultKind::Redirect(location)) => return Ok(respond::redirect(&location)),
        Some(FaultKind::RawBody(content)) => {
            let version = shared.lock().options.dsm_version;
            return Ok(respond::text(&content, version, wants_gzip(&parts), Delivery::Whole));
        }
        Some(FaultKind::CutBody(after)) => Delivery::Cut(after),
        Some(FaultKind::DripFeed(pause)) => Delivery::Drip(pause),
        _ => Delivery::Whole,
    };
    let response = match route {
        Route::NotFound => respond::nginx(StatusCode::NOT_FOUND),
        _ if !matches!(parts.method, Method::GET | Method::POST) => {
            respond::nginx(StatusCode::METHOD_NOT_ALLOWED)
        }
        Route::Page => respond::page(),
        Route::Cgi { only, path_api } => {
            let caller = request::caller(&parts, &form, peer.ip());
            let mut cookies = Cookies::new();
            let (content, version) = {
                let mut state = shared.lock();
                let answer = call(&mut state, &form, only, path_api.as_deref(), &caller, &mut cookies);
                (respond::envelope(answer).to_string(), state.options.dsm_version)
            };
            let mut response = respond::text(&content, version, wants_gzip(&parts), delivery);
            for cookie in cookies {
                if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
            }
            response
        }
    };
    Ok(response)
}

fn call(
    state: &mut State,
    form: &Form,
    only: Option<&str>,
    path_api: Option<&str>,
    caller: &Caller,
    cookies: &mut Cookies,
) -> Answer {
    let call = Call::from_form(form, path_api)?;
    if only.is_some_and(|api| api != call.api) {
        return Err(Failure::code(102));
    }
    api::dispatch(state, &call, caller, false, cookies)
}

/// What happens to the request as a whole: the faults of the call itself and of a compound's members.
fn faults(state: &mut State, record: &Recorded) -> (Duration, Option<FaultKind>) {
    let params = Params::from_form(&record.params);
    let own = |name: &str| params.value(name);
    let of_members: Vec<_> =
        record.members.iter().map(|member| |name: &str| member.params.get(name).cloned()).collect();
    let mut calls = Vec::new();
    if !record.api.is_empty() {
        calls.push(Target { api: &record.api, method: &record.method, param: &own });
    }
    for (member, param) in record.members.iter().zip(&of_members) {
        let param: &dyn Fn(&str) -> Option<Value> = param;
        calls.push(Target { api: &member.api, method: &member.method, param });
    }
    state.faults.of_request(&calls)
}

async fn wait(shared: &Shared, latency: Duration) -> Result<(), Aborted> {
    if latency.is_zero() {
        return Ok(());
    }
    tokio::select! {
        () = tokio::time::sleep(latency) => Ok(()),
        () = shared.stop.cancelled() => Err(Aborted),
    }
}

fn wants_gzip(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")))
}
