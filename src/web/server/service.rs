//! One request: its body, its handler, its response.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{StatusCode, Version};
use tokio::time::timeout;

use super::activity::Activity;
use super::sending::Sending;
use crate::web::handler::{BodyLimit, Handler, Peer, Request, Response};
use crate::web::host::Scheme;
use crate::web::limits::Limits;
use crate::web::linger::Leftover;
use crate::web::respond;

/// What the requests of one connection need.
pub(super) struct Service {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) limits: Limits,
    pub(super) peer: SocketAddr,
    pub(super) scheme: Scheme,
    pub(super) leftover: Leftover,
    pub(super) activity: Arc<Activity>,
}

impl Service {
    /// The response, at whose sending the connection is at work.
    pub(super) async fn send(&self, request: hyper::Request<Incoming>) -> hyper::Response<Sending> {
        self.answer(request).await.map(|body| Sending::new(body, Arc::clone(&self.activity)))
    }

    /// The response, whatever becomes of the handler.
    async fn answer(&self, request: hyper::Request<Incoming>) -> Response {
        let _busy = self.activity.begin();
        let (mut head, body) = request.into_parts();
        head.extensions.insert(Peer(self.peer));
        head.extensions.insert(self.scheme);
        if head.headers.len() > self.limits.max_headers {
            return self.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        let uri = head.uri.clone();
        let answer = AssertUnwindSafe(self.respond(head, body));
        answer.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(path = uri.path(), "a handler panicked");
            self.refuse(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    /// Reads as much of the body as the handler allows, and answers.
    async fn respond(&self, head: Parts, body: Incoming) -> Response {
        let version = head.version;
        let limit = match self.handler.body_limit(&head) {
            BodyLimit::Bytes(limit) => limit,
            BodyLimit::ServerDefault => self.limits.max_body_bytes,
            BodyLimit::Unread => {
                let left = !body.is_end_stream();
                drop(body);
                let response = self.handler.handle(Request::from_parts(head, Bytes::new())).await;
                return if left { self.closing(response, version) } else { response };
            }
        };
        match self.read(body, limit).await {
            Ok(body) => self.handler.handle(Request::from_parts(head, body)).await,
            Err(status) => {
                let refuse = AssertUnwindSafe(|| self.handler.refuse_body(&head, status));
                let response = std::panic::catch_unwind(refuse).unwrap_or_else(|_| respond::status(status));
                self.closing(response, version)
            }
        }
    }

    /// Reads the body, or says with which status to refuse it.
    async fn read(&self, body: Incoming, limit: usize) -> Result<Bytes, StatusCode> {
        // Most requests have none: no timer for these.
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        // A length that is told need not be waited for.
        if body.size_hint().lower() > limit as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        match timeout(self.limits.body_timeout, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }

    /// The handler's refusal, or ours should it panic.
    fn refuse(&self, status: StatusCode) -> Response {
        std::panic::catch_unwind(AssertUnwindSafe(|| self.handler.refuse(status)))
            .unwrap_or_else(|_| respond::status(status))
    }

    /// `response` as the last of its connection: what is left of the body is not worth reading. With HTTP/2 only the
    /// stream ends, which needs no saying.
    fn closing(&self, mut response: Response, version: Version) -> Response {
        if version < Version::HTTP_2 {
            self.leftover.left();
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
