//! The way of a request: host and origin, route, token, scope, address, body, key, and only then the route itself.

use super::api::Api;
use super::call::Call;
use super::misplaced;
use super::problems::{self, Refusal};
use super::replay;
use super::route::{Reply, Route};
use super::routes;
use super::tokens::{Grant, presented};
use crate::actions::schema::{Document, Fault, Schema};
use crate::actions::{Caller, Reach};
use crate::model::NasName;
use crate::web::host::{Scheme, Stranger};
use crate::web::{
    Answer, BodyLimit, Handler, Matched, PathParams, Peer, Problem, Query, Request, Response, json, respond,
};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{StatusCode, header};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The longest body.
const MOST_BYTES: usize = 1 << 20;

/// Keeps browsers' tricks out, counts, and says what the transport refuses in the API's way.
pub(super) struct Guarded<H> {
    pub(super) api: Arc<Api>,
    pub(super) inner: H,
    /// The name of a route's path and method in the metrics.
    pub(super) name: fn(&str, &hyper::Method) -> &'static str,
}

impl<H: Handler> Handler for Guarded<H> {
    fn handle(&self, request: Request) -> Answer {
        let api = Arc::clone(&self.api);
        let (head, body) = request.into_parts();
        if let Some(problem) = trick(&api, &head) {
            return Box::pin(std::future::ready(self.refused(problem)));
        }
        let method = head.method.clone();
        let name = self.name;
        let answer = self.inner.handle(Request::from_parts(head, body));
        Box::pin(async move {
            let mut response = answer.await;
            let handler = response
                .extensions()
                .get::<Matched>()
                .map_or("not_found", |Matched(path)| name(path, &method));
            (api.count)(handler, response.status().as_u16());
            for_the_caller_alone(&mut response);
            response
        })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        self.refused(problems::of_status(status))
    }

    fn refuse_body(&self, head: &Parts, status: StatusCode) -> Response {
        let is_taken_raw = routes::all().any(|route| route.raw.is_some() && route.path == head.uri.path());
        if let Some(inbox) = self.api.inbox.as_ref().filter(|_| is_taken_raw)
            && status == StatusCode::PAYLOAD_TOO_LARGE
        {
            inbox.too_large();
        }
        self.refuse(status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        if trick(&self.api, head).is_some() {
            return BodyLimit::Unread;
        }
        self.inner.body_limit(head)
    }
}

impl<H> Guarded<H> {
    /// A refusal before any route, counted.
    fn refused(&self, problem: Problem) -> Response {
        (self.api.count)("refused", problem.status().as_u16());
        let mut response = problem.into_response();
        for_the_caller_alone(&mut response);
        response
    }
}

/// Answers are about now, and nobody else's to keep or to guess the type of.
fn for_the_caller_alone(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// What is wrong with where a request comes from or goes to.
fn trick(api: &Api, head: &Parts) -> Option<Problem> {
    let scheme = head.extensions.get().copied().unwrap_or(Scheme::Http);
    match api.settings().hosts.check(head, scheme) {
        Ok(()) => None,
        Err(Stranger::Host) => {
            Some(problems::HOST.because("name this host in admin.allowed_hosts if it is meant"))
        }
        Err(Stranger::Origin) => Some(problems::ORIGIN.problem()),
    }
}

/// One route of the table.
pub(super) struct Endpoint {
    pub(super) api: Arc<Api>,
    pub(super) route: &'static Route,
}

/// Where a request comes from.
fn peer(head: &Parts) -> IpAddr {
    head.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(peer)| peer.ip())
}

impl Handler for Endpoint {
    fn handle(&self, request: Request) -> Answer {
        let (api, route) = (Arc::clone(&self.api), self.route);
        Box::pin(async move {
            match answer(api, route, request).await {
                Ok(response) => response,
                // Alertmanager gives up on a 429, and comes again after a 503.
                Err(Refusal { problem, .. })
                    if route.raw.is_some() && problem.status() == StatusCode::TOO_MANY_REQUESTS =>
                {
                    refusal(problems::NOT_KEPT.because("others failed from this address; come again"))
                }
                Err(Refusal { problem, .. }) => refusal(problem),
            }
        })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        problems::of_status(status).into_response()
    }

    /// Nothing is read for who will be refused anyway; nor for who has to wait until their token is judged, since
    /// reading would tell how.
    fn body_limit(&self, head: &Parts) -> BodyLimit {
        let Some(token) = presented(&head.headers).filter(|_| self.route.has_body()) else {
            return BodyLimit::Unread;
        };
        if !self.api.throttle.is_free(peer(head), &token) {
            return BodyLimit::Unread;
        }
        match self.api.settings().tokens.authenticate(&token) {
            Some(grant) if self.route.admits(&grant) && !is_too_large(self.route, head) => {
                BodyLimit::Bytes(self.route.raw.unwrap_or(MOST_BYTES))
            }
            _ => BodyLimit::Unread,
        }
    }
}

/// Whether a body that is taken as it comes says itself that it is too large.
fn is_too_large(route: &Route, head: &Parts) -> bool {
    let length =
        head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    route.raw.zip(length).is_some_and(|(most, length): (usize, usize)| length > most)
}

/// Who calls, once their token may be judged.
async fn authenticate(api: &Api, route: &Route, head: &Parts) -> Result<Arc<Grant>, Problem> {
    let Some(token) = presented(&head.headers) else {
        return Err(problems::UNAUTHORIZED.because("send Authorization: Bearer TOKEN"));
    };
    let peer = peer(head);
    let was_free = api.throttle.is_free(peer, &token);
    let Some(turn) = api.throttle.turn(peer, &token).await else {
        return Err(problems::TOO_MANY_FAILURES.problem());
    };
    let Some(grant) = api.settings().tokens.authenticate(&token) else {
        tracing::warn!(%peer, "a token that is not known");
        return Err(problems::UNAUTHORIZED.because("the token is not known"));
    };
    turn.succeed(token);
    if was_free || !route.has_body() {
        return Ok(grant);
    }
    // Its body was not read. From now on the token is known to be good.
    Err(problems::TOO_MANY_FAILURES
        .because("others failed from this address; ask again, it will not wait again"))
}

/// A problem as a response, with what belongs to its status.
pub(super) fn refusal(problem: Problem) -> Response {
    let status = problem.status();
    let mut response = problem.into_response();
    match status {
        StatusCode::UNAUTHORIZED => {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        _ => {}
    }
    response
}

/// The reply as a response.
pub(super) fn response(reply: &Reply) -> Response {
    respond::json(reply.status, &reply.body)
}

async fn answer(api: Arc<Api>, route: &'static Route, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let grant = match route.scope {
        None => Arc::new(nobody()),
        Some(scope) => {
            let grant = authenticate(&api, route, &head).await?;
            if !route.admits(&grant) {
                let detail = format!("token {} has not the scope {}", grant.name, scope.as_str());
                return Err(problems::FORBIDDEN.because(detail).into());
            }
            // Before anything of the request is repeated or kept.
            let judged: &[u8] = if route.raw.is_some() { &[] } else { &body };
            if let Some(problem) = misplaced::token(&head, judged) {
                tracing::warn!(token = grant.name, "a token was in a place where it does not belong");
                return Err(problem.into());
            }
            grant
        }
    };
    let path = head.extensions.get::<PathParams>().cloned().unwrap_or_default();
    if let Some(nas) = path.get("nas") {
        let nas = NasName::new(nas);
        if !grant.may_on(&nas) {
            let detail = format!("token {} may not be used on this NAS", grant.name);
            return Err(problems::FORBIDDEN.because(detail).into());
        }
        api.actions.nas(&nas)?;
    }
    let query = query(route, &head.uri)?;
    let key = if route.effects.changes() { replay::key(&head.headers)? } else { None };
    let document = match route.body {
        Some(schema) => document(schema, &head.headers, &body)?,
        None => Document::new(),
    };
    if is_too_large(route, &head) {
        if let Some(inbox) = &api.inbox {
            inbox.too_large();
        }
        return Err(problems::TOO_LARGE.problem().into());
    }
    let call = Call {
        peer: head.extensions.get::<Peer>().map(|Peer(peer)| peer.to_string()).unwrap_or_default(),
        route: format!("{} {}", head.method, head.uri.path()),
        path,
        query,
        body: document,
        raw: if route.raw.is_some() { body.clone() } else { Bytes::new() },
        key,
        caller: Caller::default(),
        grant,
        api,
    };
    let fingerprint = replay::fingerprint(&head.method, &head.uri, &body);
    Ok(replay::run(route, call, fingerprint).await)
}

/// Who needs no token.
fn nobody() -> Grant {
    Grant { name: String::new(), scopes: BTreeSet::new(), reach: Reach::default() }
}

/// The parameters of the address, checked.
fn query(route: &Route, uri: &hyper::Uri) -> Result<Document, Refusal> {
    if !Query::is_text(uri) {
        return Err(problems::PARAMETER.because("has bytes that are no UTF-8").into());
    }
    let schema = Schema { name: "", fields: route.query, at_least: 0 };
    let query = Query::of(uri);
    let mut document = Document::new();
    let mut faults = Vec::new();
    for (name, text) in query.iter() {
        let value = match schema.field(name) {
            Some(field) => field.kind.of_text(text),
            None => Value::Null,
        };
        if document.insert(name.to_owned(), value).is_some() {
            faults.push(Fault::at(name, "is there more than once"));
        }
    }
    match schema.check(Value::Object(document)) {
        Ok(document) if faults.is_empty() => Ok(document),
        Ok(_) => Err(problems::of_query(&faults).into()),
        Err(more) => {
            faults.extend(more);
            Err(problems::of_query(&faults).into())
        }
    }
}

/// The body, checked. No body is an object without fields.
fn document(schema: &Schema, headers: &HeaderMap, body: &[u8]) -> Result<Document, Refusal> {
    if body.is_empty() {
        return schema
            .check(Value::Object(Document::new()))
            .map_err(|faults| problems::of_body(&faults).into());
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().is_ok_and(json::is_json_media_type),
        _ => false,
    };
    if !is_json {
        return Err(problems::MEDIA_TYPE.problem().into());
    }
    let value = json::parse(body).map_err(|fault| problems::MALFORMED.because(fault.to_string()))?;
    schema.check(value).map_err(|faults| problems::of_body(&faults).into())
}
