//! Paths and methods to handlers.

mod params;

use std::borrow::Cow;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{ALLOW, CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use matchit::{InsertError, Params};

use super::handler::{Answer, BodyLimit, Handler, Request, Response};
use super::respond;
pub use params::PathParams;

/// The route that answered, as an extension of a [`Response`]: for counting by handler. It is the path as the
/// route was given, with names and no values. Absent on a 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched(pub Arc<str>);

/// Routes of which one would never, or not always, answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteConflict {
    /// Two handlers for the same.
    #[error("{method} {path} has two handlers")]
    Twice {
        /// The method of both.
        method: Method,
        /// The path of both.
        path: Arc<str>,
    },
    /// A path that is no template, or one that another template would answer as well.
    #[error("the path {path} cannot be routed")]
    Path {
        /// The path.
        path: Arc<str>,
        /// Why not.
        #[source]
        cause: InsertError,
    },
}

/// A table of path templates. An unknown path is 404, an unknown method 405 with `Allow`, and HEAD is answered
/// by the handler of GET, without the body.
///
/// In a template `{name}` stands for one part of the path that is not empty, and reaches the handler in
/// [`PathParams`]; [`literal`] text goes before it. A body that no handler will see is not read.
pub struct Router {
    /// Templates to indices of `routes`.
    paths: matchit::Router<usize>,
    routes: Vec<Route>,
    conflict: Option<RouteConflict>,
    refusal: fn(StatusCode) -> Response,
}

/// One template.
struct Route {
    template: Box<str>,
    matched: Matched,
    /// In the order they were given.
    handlers: Vec<(Method, Arc<dyn Handler>)>,
}

impl Default for Router {
    fn default() -> Self {
        Self { paths: matchit::Router::new(), routes: Vec::new(), conflict: None, refusal: respond::status }
    }
}

impl Router {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says its own 404 and 405, and what the server refuses for it, in this form.
    #[must_use]
    pub fn refusing(mut self, refusal: fn(StatusCode) -> Response) -> Self {
        self.refusal = refusal;
        self
    }

    /// Answers GET and HEAD of the template `path` with `handler`.
    #[must_use]
    pub fn get(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::GET, path, handler)
    }

    /// Answers `method` of the template `path` with `handler`. A route that conflicts with an earlier one is
    /// left out, and [`check`](Self::check) says so.
    #[must_use]
    pub fn route(mut self, method: Method, path: &str, handler: impl Handler) -> Self {
        if let Err(conflict) = self.add(method, path, Arc::new(handler)) {
            self.conflict.get_or_insert(conflict);
        }
        self
    }

    /// An error if a route was left out: for the start, before anything is served.
    pub fn check(&self) -> Result<(), RouteConflict> {
        self.conflict.clone().map_or(Ok(()), Err)
    }

    fn add(&mut self, method: Method, path: &str, handler: Arc<dyn Handler>) -> Result<(), RouteConflict> {
        let matched = Matched(path.replace("{{", "{").replace("}}", "}").into());
        if let Some(route) = self.routes.iter_mut().find(|route| *route.template == *path) {
            if route.handlers.iter().any(|(known, _)| *known == method) {
                return Err(RouteConflict::Twice { method, path: matched.0 });
            }
            route.handlers.push((method, handler));
            return Ok(());
        }
        self.paths
            .insert(path, self.routes.len())
            .map_err(|cause| RouteConflict::Path { path: matched.0.clone(), cause })?;
        self.routes.push(Route { template: path.into(), matched, handlers: vec![(method, handler)] });
        Ok(())
    }

    /// The route of `path` and the values in it.
    fn find<'p>(&self, path: &'p str) -> Option<(&Route, Params<'_, 'p>)> {
        let found = self.paths.at(path).ok()?;
        Some((self.routes.get(*found.value)?, found.params))
    }
}

impl Route {
    /// The handler of `method`; for HEAD that of GET.
    fn handler(&self, method: &Method) -> Option<&Arc<dyn Handler>> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        self.handlers.iter().find(|(known, _)| known == wanted).map(|(_, handler)| handler)
    }

    /// The methods that have a handler, for `Allow`.
    fn allowed(&self) -> Option<HeaderValue> {
        let mut allowed = Vec::new();
        for (method, _) in &self.handlers {
            allowed.push(method.as_str());
            if method == Method::GET {
                allowed.push("HEAD");
            }
        }
        HeaderValue::try_from(allowed.join(", ")).ok()
    }
}

impl Handler for Router {
    fn handle(&self, mut request: Request) -> Answer {
        let Some((route, params)) = self.find(request.uri().path()) else {
            return ready(self.refuse(StatusCode::NOT_FOUND));
        };
        let Some(handler) = route.handler(request.method()) else {
            let mut response = self.refuse(StatusCode::METHOD_NOT_ALLOWED);
            if let Some(allowed) = route.allowed() {
                response.headers_mut().insert(ALLOW, allowed);
            }
            response.extensions_mut().insert(route.matched.clone());
            return ready(response);
        };
        let params = PathParams::decoded(&params);
        request.extensions_mut().insert(params);
        let (matched, head) = (route.matched.clone(), request.method() == Method::HEAD);
        let answer = handler.handle(request);
        Box::pin(async move {
            let mut response = answer.await;
            response.extensions_mut().insert(matched);
            if head { without_body(response) } else { response }
        })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        (self.refusal)(status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        let handler = self.find(head.uri.path()).and_then(|(route, _)| route.handler(&head.method));
        handler.map_or(BodyLimit::Unread, |handler| handler.body_limit(head))
    }
}

/// The template for exactly `path`, whatever braces it has.
pub fn literal(path: &str) -> Cow<'_, str> {
    if path.contains(['{', '}']) { path.replace('{', "{{").replace('}', "}}").into() } else { path.into() }
}

fn ready(response: Response) -> Answer {
    Box::pin(std::future::ready(response))
}

/// The response to HEAD: all of that to GET but the body, whose length it still says.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(head, Full::default())
}

#[cfg(test)]
mod tests;
