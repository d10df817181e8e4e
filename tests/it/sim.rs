//! The simulated NAS, spoken to in raw HTTP: no type of ours on either side.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod cloud_sync;
mod compound;
mod examples;
mod faults;
mod login;
mod new_task;
mod remote;
mod setters;
mod transport;
mod world;

use std::{net::SocketAddr, time::Duration};

use cloudsync_exporter::sim::{Control, SimOptions, Simulator, World};
use serde_json::{Value, json};
use url::form_urlencoded;

/// Any port of the loopback.
fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A raw client: it keeps what it was told to send along and nothing else.
#[derive(Clone)]
pub(crate) struct Raw {
    http: reqwest::Client,
    base: String,
    sid: Option<String>,
    token: Option<String>,
}

/// What came back.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Raw {
    fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self { http, base: base.into(), sid: None, token: None }
    }

    /// POST of a form to a path below `/webapi/`.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, reqwest::Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self
            .http
            .post(format!("{}/webapi/{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some(token) = &self.token {
            request = request.header("x-syno-token", token);
        }
        reply(request).await
    }

    async fn get(&self, path_and_query: &str) -> Result<Reply, reqwest::Error> {
        reply(self.http.get(format!("{}{path_and_query}", self.base))).await
    }

    /// A call by POST, with the session; the whole answer.
    async fn call(&self, api: &str, method: &str, version: &str, params: &[(&str, &str)]) -> Value {
        let mut form = vec![("api", api), ("method", method), ("version", version)];
        form.extend_from_slice(params);
        if let Some(sid) = &self.sid {
            form.push(("_sid", sid));
        }
        self.post("entry.cgi", &form).await.unwrap().json()
    }

    async fn login(&self, params: &[(&str, &str)]) -> Value {
        let mut form = vec![("account", "demo"), ("passwd", "demo"), ("session", "test"), ("format", "sid")];
        form.extend_from_slice(params);
        Self { sid: None, ..self.clone() }.call("SYNO.API.Auth", "login", "6", &form).await
    }

    /// A method of `SYNO.CloudSync`; the whole answer.
    async fn cloud_sync(&self, method: &str, params: &[(&str, &str)]) -> Value {
        self.call("SYNO.CloudSync", method, "1", params).await
    }

    /// The `data` of a method that must succeed.
    pub(crate) async fn data(&self, method: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.cloud_sync(method, params).await;
        assert_eq!(answer["success"], true, "{method} {params:?}: {answer}");
        answer["data"].clone()
    }

    /// A method that must succeed without data.
    async fn done(&self, method: &str, params: &[(&str, &str)]) {
        assert_eq!(self.cloud_sync(method, params).await, json!({"success": true}), "{method} {params:?}");
    }

    /// The `error` of a method that must fail.
    async fn refused(&self, method: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.cloud_sync(method, params).await;
        assert_eq!(answer["success"], false, "{method} {params:?}: {answer}");
        answer["error"].clone()
    }

    /// A compound in sequential order; its whole answer.
    async fn compound(&self, members: &Value) -> Value {
        let members = members.to_string();
        let params = [("mode", "\"sequential\""), ("compound", &*members)];
        self.call("SYNO.Entry.Request", "request", "1", &params).await
    }
}

async fn reply(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    Ok(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}

async fn start(options: SimOptions) -> (Simulator, Control, Raw) {
    let simulator = Simulator::bind(loopback(), options).await.unwrap();
    let raw = Raw::new(&simulator.base_url());
    let control = simulator.control();
    (simulator, control, raw)
}

/// A simulator with the source document's world, and a client that is logged in.
pub(crate) async fn documented() -> (Simulator, Control, Raw) {
    let (simulator, control, mut raw) =
        start(SimOptions { world: World::documented(), ..SimOptions::default() }).await;
    raw.sid = raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned);
    (simulator, control, raw)
}

/// `{"code":120,"errors":{…}}`.
fn bad(name: &str, reason: &str) -> Value {
    json!({"code": 120, "errors": {"name": name, "reason": reason}})
}

/// An error that is a code alone.
fn code(code: i64) -> Value {
    json!({"code": code})
}
