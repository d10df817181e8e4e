//! The API without a socket: over scripted NASes, with a token for each kind of caller.

use crate::actions::desk::Desk;
use cloudsync_exporter::actions::Reach;
use cloudsync_exporter::admin::{
    Admin, Delivery, Grant, Inbox, NotTaken, Scope, Settings, Taken, Token, Tokens,
};
use cloudsync_exporter::web::host::HostPolicy;
use cloudsync_exporter::web::{Answer, Handler, ListenAddr, Peer, Request};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::http::request::Builder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// An answer as a client has it.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Got {
    /// The last part of a problem's type; the empty text of an answer that is none.
    pub(crate) fn problem(&self) -> &str {
        let uri = self.body["type"].as_str().unwrap_or_default();
        if !uri.is_empty() {
            assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
            assert_eq!(self.body["status"], self.status, "{self:?}");
        }
        uri.strip_prefix("urn:cloudsync-exporter:problem:").unwrap_or_default()
    }

    /// The status and the problem: `409 hold-conflict`.
    pub(crate) fn short(&self) -> String {
        format!("{} {}", self.status, self.problem()).trim().to_owned()
    }
}

/// The API, what it counted, and whether its next reload works.
pub(crate) struct Api {
    pub(crate) desk: Desk,
    pub(crate) admin: Admin,
    pub(crate) counted: Arc<Mutex<Vec<(&'static str, u16)>>>,
    pub(crate) reload: Arc<Mutex<Result<(), Vec<String>>>>,
    pub(crate) inbox: Arc<Letters>,
}

/// An inbox that says what the test wants, and keeps what came.
pub(crate) struct Letters {
    pub(crate) verdict: Mutex<Result<Taken, NotTaken>>,
    pub(crate) kept: Mutex<Vec<Delivery>>,
    pub(crate) too_large: Mutex<usize>,
}

impl Inbox for Letters {
    fn accept(&self, delivery: Delivery) -> BoxFuture<'_, Result<Taken, NotTaken>> {
        self.kept.lock().unwrap().push(delivery);
        let verdict = self.verdict.lock().unwrap().clone();
        Box::pin(async move { verdict })
    }

    fn too_large(&self) {
        *self.too_large.lock().unwrap() += 1;
    }
}

const READ: &[Scope] = &[Scope::Read];

/// A token: its name, which is also its secret, and what it may do where.
type Bearer = (&'static str, &'static [Scope], &'static [&'static str], &'static [&'static str]);

const TOKENS: [Bearer; 8] = [
    ("root", &Scope::ALL, &["*"], &["*"]),
    ("reader", READ, &["*"], &["*"]),
    ("holder", &[Scope::Hold], &["*"], &["*"]),
    ("setter", &[Scope::Settings], &["*"], &["*"]),
    ("at_office", &Scope::ALL, &["office"], &["*"]),
    ("on_dropbox", &Scope::ALL, &["*"], &["Dropbox"]),
    ("on_five", &Scope::ALL, &["home"], &["5"]),
    ("at_both", &Scope::ALL, &["home", "office"], &["*"]),
];

pub(crate) fn settings() -> Settings {
    let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let tokens = TOKENS.map(|(name, scopes, nas, connections)| {
        let hash: [u8; 32] = Sha256::digest(name).into();
        let grant = Grant {
            name: name.to_owned(),
            scopes: scopes.iter().copied().collect(),
            reach: Reach { nas: words(nas), connections: words(connections) },
        };
        Token { grant: Arc::new(grant), hash: Arc::new(move || Some(hash)) }
    });
    let listen = ListenAddr { host: Some("127.0.0.1".to_owned()), port: 9843 };
    Settings {
        tokens: Tokens(tokens.to_vec()),
        hosts: HostPolicy::new(&listen, &[]).unwrap(),
        automation_mode: "observe",
    }
}

/// A request as far as its head; without a name, without a token.
pub(crate) fn head(token: &str, method: &str, path: &str) -> Builder {
    let builder = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:9843")
        .extension(Peer(SocketAddr::from(([192, 0, 2, 1], 9))));
    match token {
        "" => builder,
        token => builder.header("authorization", format!("Bearer {token}")),
    }
}

pub(crate) fn with_body(builder: Builder, body: &Value) -> Request {
    match body {
        Value::Null => builder.body(Bytes::new()).unwrap(),
        body => builder.header("content-type", "application/json").body(body.to_string().into()).unwrap(),
    }
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::over(Desk::new())
    }

    pub(crate) fn over(desk: Desk) -> Self {
        let counted: Arc<Mutex<Vec<(&'static str, u16)>>> = Arc::default();
        let reload: Arc<Mutex<Result<(), Vec<String>>>> = Arc::new(Mutex::new(Ok(())));
        let (counting, reloading) = (Arc::clone(&counted), Arc::clone(&reload));
        let inbox = Arc::new(Letters {
            verdict: Mutex::new(Ok(Taken { alerts: 2, malformed: 1 })),
            kept: Mutex::default(),
            too_large: Mutex::default(),
        });
        let admin = Admin::new(
            Arc::clone(&desk.actions),
            settings(),
            Arc::new(move || {
                let outcome = reloading.lock().unwrap().clone();
                Box::pin(async move { outcome })
            }),
            Some(Arc::clone(&inbox) as _),
            Arc::new(move |handler, status| counting.lock().unwrap().push((handler, status))),
        );
        let admin = admin.unwrap_or_else(|error| panic!("{error}"));
        Self { desk, admin, counted, reload, inbox }
    }

    /// Starts to answer.
    pub(crate) fn start(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.admin.handle(with_body(head(token, method, path), body))
    }

    pub(crate) async fn send(&self, request: Request) -> Got {
        got(self.admin.handle(request)).await
    }

    pub(crate) async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> Got {
        got(self.start(token, method, path, &body)).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Got {
        self.call(token, "GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Got {
        self.call(token, "POST", path, body).await
    }

    /// What was counted since the last call.
    pub(crate) fn has_counted(&self) -> Vec<(&'static str, u16)> {
        std::mem::take(&mut self.counted.lock().unwrap())
    }
}

pub(crate) async fn got(answer: Answer) -> Got {
    let (head, body) = answer.await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Got { status: head.status.as_u16(), headers: head.headers, body }
}
