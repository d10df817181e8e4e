//! Paths and methods to handlers.

use std::collections::BTreeMap;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{ALLOW, CONTENT_LENGTH, HeaderValue};
use hyper::{Method, StatusCode};

use super::handler::{Answer, Handler, Request, Response};
use super::respond;

/// The route that answered, as an extension of a [`Response`]: for counting by handler. Absent on a 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched(pub Arc<str>);

/// A table of exact paths. An unknown path is 404, an unknown method 405 with `Allow`, and HEAD is answered
/// by the handler of GET, without the body.
#[derive(Default)]
pub struct Router {
    routes: BTreeMap<Arc<str>, Route>,
}

/// The handlers of one path, in the order they were given.
type Route = Vec<(Method, Arc<dyn Handler>)>;

impl Router {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers GET and HEAD of `path` with `handler`.
    #[must_use]
    pub fn get(self, path: &str, handler: impl Handler) -> Self {
        self.route(Method::GET, path, handler)
    }

    /// Answers `method` of `path` with `handler`, and no longer with an earlier one.
    #[must_use]
    pub fn route(mut self, method: Method, path: &str, handler: impl Handler) -> Self {
        let route = self.routes.entry(path.into()).or_default();
        route.retain(|(known, _)| *known != method);
        route.push((method, Arc::new(handler)));
        self
    }
}

impl Handler for Router {
    fn handle(&self, request: Request) -> Answer {
        let Some((path, route)) = self.routes.get_key_value(request.uri().path()) else {
            return ready(respond::status(StatusCode::NOT_FOUND));
        };
        let matched = Matched(path.clone());
        let head = request.method() == Method::HEAD;
        let wanted = if head { &Method::GET } else { request.method() };
        let Some((_, handler)) = route.iter().find(|(method, _)| method == wanted) else {
            let mut response = not_allowed(route);
            response.extensions_mut().insert(matched);
            return ready(response);
        };
        let answer = handler.handle(request);
        Box::pin(async move {
            let mut response = answer.await;
            response.extensions_mut().insert(matched);
            if head { without_body(response) } else { response }
        })
    }
}

fn ready(response: Response) -> Answer {
    Box::pin(std::future::ready(response))
}

fn not_allowed(route: &Route) -> Response {
    let mut allowed = Vec::new();
    for (method, _) in route {
        allowed.push(method.as_str());
        if method == Method::GET {
            allowed.push("HEAD");
        }
    }
    let mut response = respond::status(StatusCode::METHOD_NOT_ALLOWED);
    if let Ok(allowed) = HeaderValue::try_from(allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
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
mod tests {
    use http_body_util::BodyExt;
    use hyper::body::Bytes;

    use super::*;

    fn router() -> Router {
        let say = |word: &'static str| move |_| std::future::ready(respond::text(StatusCode::OK, word));
        Router::new()
            .get("/", say("root"))
            .get("/both", say("got"))
            .route(Method::POST, "/both", say("posted"))
            .route(Method::POST, "/post", say("posted"))
    }

    async fn ask(method: &str, uri: &str) -> (u16, Response, String) {
        let request = hyper::Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap();
        let (head, body) = router().handle(request).await.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (head.status.as_u16(), Response::from_parts(head, Full::default()), text)
    }

    #[tokio::test]
    async fn paths_and_methods_find_their_handler() {
        for (method, uri, status, body) in [
            ("GET", "/", 200, "root"),
            ("GET", "/?a=b", 200, "root"),
            ("GET", "/both", 200, "got"),
            ("POST", "/both", 200, "posted"),
            ("GET", "/none", 404, "404 Not Found\n"),
            ("GET", "/both/", 404, "404 Not Found\n"),
            ("POST", "/none", 404, "404 Not Found\n"),
        ] {
            let (given, _, text) = ask(method, uri).await;
            assert_eq!((given, text.as_str()), (status, body), "{method} {uri}");
        }
    }

    #[tokio::test]
    async fn other_methods_are_told_which_there_are() {
        for (method, uri, allow) in [
            ("POST", "/", "GET, HEAD"),
            ("OPTIONS", "/", "GET, HEAD"),
            ("DELETE", "/both", "GET, HEAD, POST"),
            ("GET", "/post", "POST"),
            ("HEAD", "/post", "POST"),
            ("BREW", "/", "GET, HEAD"),
        ] {
            let (status, response, _) = ask(method, uri).await;
            assert_eq!((status, response.headers()[ALLOW].to_str().unwrap()), (405, allow), "{method} {uri}");
        }
    }

    #[tokio::test]
    async fn head_is_get_without_the_body() {
        let (status, response, text) = ask("HEAD", "/both").await;
        assert_eq!((status, text.as_str()), (200, ""));
        assert_eq!(response.headers()[CONTENT_LENGTH], "3");
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    }

    #[tokio::test]
    async fn a_response_says_which_route_gave_it() {
        let (_, response, _) = ask("GET", "/both").await;
        assert_eq!(response.extensions().get(), Some(&Matched("/both".into())));
        let (_, response, _) = ask("GET", "/none").await;
        assert_eq!(response.extensions().get::<Matched>(), None);
    }
}
