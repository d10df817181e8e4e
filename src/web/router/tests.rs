//! Which handler a request finds, and what is said when there is none.

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
    ask_of(&router(), method, uri).await
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

/// A handler that says which one it is and what the path said.
fn named(name: &'static str, params: &'static [&'static str]) -> impl Handler {
    move |request: Request| {
        let given: &PathParams = request.extensions().get().unwrap();
        let values: Vec<_> = params.iter().map(|name| given.get(name).unwrap_or("(none)")).collect();
        std::future::ready(respond::text(StatusCode::OK, format!("{name} {}", values.join(" "))))
    }
}

fn templates() -> Router {
    Router::new()
        .get("/nas", named("all", &["nas"]))
        .get("/nas/{nas}/connections/{id}", named("connection", &["nas", "id"]))
        .route(Method::DELETE, "/nas/{nas}/connections/{id}", named("delete", &["id"]))
        .route(Method::POST, "/nas/{nas}/connections/{id}/pause", named("pause", &["nas", "id"]))
        .route(Method::POST, "/nas/{nas}/connections/validate", named("validate", &["nas"]))
        .get(&literal("/metrics{a}"), named("literal", &[]))
}

async fn ask_of(router: &Router, method: &str, uri: &str) -> (u16, Response, String) {
    let request = hyper::Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap();
    let (head, body) = router.handle(request).await.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (head.status.as_u16(), Response::from_parts(head, Full::default()), text)
}

#[tokio::test]
async fn names_in_a_path_reach_the_handler_decoded() {
    let router = templates();
    router.check().unwrap();
    for (method, uri, status, body, matched) in [
        ("GET", "/nas", 200, "all (none)", "/nas"),
        ("GET", "/nas/home/connections/2", 200, "connection home 2", "/nas/{nas}/connections/{id}"),
        ("DELETE", "/nas/home/connections/2?confirm=x", 200, "delete 2", "/nas/{nas}/connections/{id}"),
        ("POST", "/nas/a/connections/2/pause", 200, "pause a 2", "/nas/{nas}/connections/{id}/pause"),
        ("POST", "/nas/a/connections/validate", 200, "validate a", "/nas/{nas}/connections/validate"),
        // What stands there goes before a name, and the method does not change that.
        (
            "GET",
            "/nas/a/connections/validate",
            405,
            "405 Method Not Allowed\n",
            "/nas/{nas}/connections/validate",
        ),
        (
            "GET",
            "/nas/%C3%A4%2F/connections/a%20b+c",
            200,
            "connection ä/ a b+c",
            "/nas/{nas}/connections/{id}",
        ),
        ("GET", "/nas/%ff/connections/%", 200, "connection \u{fffd} %", "/nas/{nas}/connections/{id}"),
        ("GET", "/metrics{a}", 200, "literal ", "/metrics{a}"),
        ("POST", "/nas/a/connections/2", 405, "405 Method Not Allowed\n", "/nas/{nas}/connections/{id}"),
        ("GET", "/metricsb", 404, "404 Not Found\n", ""),
        ("GET", "/nas//connections/2", 404, "404 Not Found\n", ""),
        ("GET", "/nas/a/connections/", 404, "404 Not Found\n", ""),
        ("GET", "/nas/a/b/connections/2", 404, "404 Not Found\n", ""),
        ("POST", "/nas/a/connections/2/pause/", 404, "404 Not Found\n", ""),
        ("OPTIONS", "*", 404, "404 Not Found\n", ""),
        ("CONNECT", "nas:1", 404, "404 Not Found\n", ""),
    ] {
        let (given, response, text) = ask_of(&router, method, uri).await;
        assert_eq!((given, text.as_str()), (status, body), "{method} {uri}");
        let route = response.extensions().get::<Matched>().map(|Matched(path)| &**path);
        assert_eq!(route.unwrap_or_default(), matched, "{method} {uri}");
    }
}

#[test]
fn conflicting_routes_are_found_before_anything_is_served() {
    use std::error::Error;

    let ok = |_: Request| std::future::ready(respond::status(StatusCode::OK));
    let both = |first: &str, second: &str| Router::new().get(first, ok).get(second, ok).check();
    for (first, second, message) in [
        ("/a", "/a", "GET /a has two handlers"),
        ("/a/{b}", "/a/{c}", "the path /a/{c} cannot be routed"),
        ("/a/{b}", "/{c", "the path /{c cannot be routed"),
        ("/a", "/{b}-{c}", "the path /{b}-{c} cannot be routed"),
        ("/a", "/{*b}/c", "the path /{*b}/c cannot be routed"),
    ] {
        let conflict = both(first, second).unwrap_err();
        assert_eq!(conflict.to_string(), message);
        assert_eq!(conflict.source().is_some(), matches!(conflict, RouteConflict::Path { .. }), "{message}");
    }
    for (first, second) in
        [("/a/{b}", "/a/b"), ("/a/{b}/c", "/a/{d}/e"), ("/{a}", "/{{a}}"), ("/a", "/a/"), ("/", "/{a}")]
    {
        both(first, second).unwrap();
    }
    // The first conflict is told, and the first handler stays.
    let router = Router::new().get("/a", ok).get("/a", ok).get("/{b", ok);
    assert_eq!(router.check().unwrap_err().to_string(), "GET /a has two handlers");
}

#[tokio::test]
async fn refusals_are_said_in_the_router_s_own_form() {
    let router = templates().refusing(|status| respond::text(status, format!("no: {}", status.as_u16())));
    let (status, _, text) = ask_of(&router, "GET", "/none").await;
    assert_eq!((status, text.as_str()), (404, "no: 404"));
    let (status, response, text) = ask_of(&router, "PUT", "/nas/a/connections/1").await;
    assert_eq!((status, text.as_str()), (405, "no: 405"));
    assert_eq!(response.headers()[ALLOW], "GET, HEAD, DELETE");
    let refusal = router.refuse(StatusCode::PAYLOAD_TOO_LARGE).into_body().collect().await.unwrap();
    assert_eq!(refusal.to_bytes(), "no: 413");
}

#[test]
fn a_body_is_read_as_far_as_the_route_wants_it() {
    use crate::web::with_body_limit;

    let ok = |_: Request| std::future::ready(respond::status(StatusCode::OK));
    let router = Router::new()
        .route(Method::POST, "/plain/{a}", ok)
        .route(Method::POST, "/large/{a}", with_body_limit(BodyLimit::Bytes(16), ok))
        .get("/large/{a}", with_body_limit(BodyLimit::Unread, ok));
    for (method, uri, limit) in [
        ("POST", "/plain/1", BodyLimit::ServerDefault),
        ("POST", "/large/1", BodyLimit::Bytes(16)),
        ("GET", "/large/1", BodyLimit::Unread),
        ("HEAD", "/large/1", BodyLimit::Unread),
        ("PUT", "/large/1", BodyLimit::Unread),
        ("POST", "/none", BodyLimit::Unread),
    ] {
        let (head, ()) = hyper::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        assert_eq!(router.body_limit(&head), limit, "{method} {uri}");
    }
}
