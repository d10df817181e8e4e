//! Whole responses.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::handler;

/// A response with this body and content type.
pub fn content(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> handler::Response {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Plain text.
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> handler::Response {
    content(status, "text/plain; charset=utf-8", body)
}

/// A page.
pub fn html(status: StatusCode, body: impl Into<Bytes>) -> handler::Response {
    content(status, "text/html; charset=utf-8", body)
}

/// `value` as JSON; a value that has no JSON, such as a map with keys that are no text, is a 500.
pub fn json(status: StatusCode, value: &impl Serialize) -> handler::Response {
    json_as(status, "application/json", value)
}

/// `value` as JSON of a more particular type.
pub(super) fn json_as(
    status: StatusCode,
    content_type: &'static str,
    value: &impl Serialize,
) -> handler::Response {
    match serde_json::to_vec(value) {
        Ok(body) => content(status, content_type, body),
        Err(error) => {
            tracing::error!(%error, "an answer has no JSON form");
            self::status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Only a status, with its name as the body.
pub fn status(status: StatusCode) -> handler::Response {
    let name = status.canonical_reason().unwrap_or("unknown status");
    text(status, format!("{} {name}\n", status.as_u16()))
}
