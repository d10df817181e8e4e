//! Prometheus' HTTP service discovery: each NAS of this instance as a target of its own.

use super::Pages;
use crate::web::{Request, Response, respond};
use hyper::StatusCode;
use hyper::header::HOST;
use serde_json::json;
use std::future::{Ready, ready};

/// One entry for each NAS; the target is the host that was asked, so it works behind any name.
pub(super) fn handler(pages: Pages) -> impl Fn(Request) -> Ready<Response> {
    move |request| {
        let authority = request.uri().authority().map(ToString::to_string);
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let Some(target) = authority.or(host).filter(|host| is_host(host)) else {
            return ready(respond::text(StatusCode::BAD_REQUEST, "the request needs a Host header\n"));
        };
        let entries: Vec<_> = pages
            .pulse
            .nases()
            .iter()
            .map(|nas| {
                json!({
                    "targets": [target],
                    "labels": { "__metrics_path__": "/probe", "__param_nas": nas.as_str() },
                })
            })
            .collect();
        ready(respond::json(StatusCode::OK, &entries))
    }
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}
