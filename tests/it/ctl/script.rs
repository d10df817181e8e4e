//! A scripted daemon: it expects one request after the other, compares each with what the script says, and
//! answers as the script says. A request that is not in the script and one that never comes both fail the test.

use std::collections::VecDeque;
use std::process::Output;
use std::sync::{Arc, Mutex};

use cloudsync_exporter::web::{Bound, Limits, ListenAddr, Request, Response, respond};
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{TOKEN, ctl};

/// One request and its answer.
#[derive(Debug, Clone)]
pub(super) struct Step {
    method: &'static str,
    /// Path and query.
    target: String,
    body: Option<Value>,
    /// Whether it changes something, and so carries a key.
    changing: bool,
    status: u16,
    answer: Vec<u8>,
    content_type: &'static str,
}

/// A request below `/api/v1`, answered with 200 and `{}` unless said otherwise.
pub(super) fn step(method: &'static str, target: &str) -> Step {
    let changing = !matches!(method, "GET");
    Step {
        method,
        target: format!("/api/v1{target}"),
        body: None,
        changing,
        status: 200,
        answer: b"{}".to_vec(),
        content_type: "application/json",
    }
}

pub(super) fn get(target: &str, answer: &Value) -> Step {
    step("GET", target).answer(200, answer)
}

impl Step {
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) fn answer(mut self, status: u16, answer: &Value) -> Self {
        (self.status, self.answer) = (status, answer.to_string().into_bytes());
        self
    }

    pub(super) fn raw(mut self, status: u16, content_type: &'static str, answer: &str) -> Self {
        (self.status, self.content_type, self.answer) = (status, content_type, answer.into());
        self
    }

    pub(super) fn problem(self, status: u16, problem: &Value) -> Self {
        self.raw(status, "application/problem+json", &problem.to_string())
    }

    /// The same request as a dry run.
    pub(super) fn dry(mut self) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str("dry_run=true");
        self
    }

    /// A POST that changes nothing.
    pub(super) fn without_key(mut self) -> Self {
        self.changing = false;
        self
    }

    pub(super) fn at(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// What is wrong with a request.
    fn faults(&self, request: &Request) -> Vec<String> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let body = match request.body().as_ref() {
            [] => None,
            body => Some(serde_json::from_slice::<Value>(body).unwrap()),
        };
        let content_type = self.body.is_some().then(|| "application/json".to_owned());
        let asked = (request.method().as_str(), request.uri().to_string());
        let mut faults = Vec::new();
        let mut check = |what: &str, right: bool, seen: String| {
            if !right {
                faults.push(format!("{what} was {seen}, expected {self:?}"));
            }
        };
        check("the request", asked == (self.method, self.target.clone()), format!("{asked:?}"));
        check("the body", body == self.body, format!("{body:?}"));
        let authorization = header("authorization");
        check("the token", authorization == Some(format!("Bearer {TOKEN}")), format!("{authorization:?}"));
        let key = header("idempotency-key");
        check("the key", key.is_some() == self.changing, format!("{key:?}"));
        check(
            "the content type",
            header("content-type") == content_type,
            format!("{:?}", header("content-type")),
        );
        faults
    }
}

/// A daemon on loopback with its script.
pub(super) struct Script {
    runtime: Runtime,
    pub(super) url: String,
    shutdown: CancellationToken,
    left: Arc<Mutex<VecDeque<Step>>>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(super) fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let left = Arc::new(Mutex::new(steps.into_iter().collect::<VecDeque<_>>()));
        let faults = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let (steps, found) = (left.clone(), faults.clone());
        let answer = move |request: Request| {
            let response = take(&steps, &found, &request);
            async move { response }
        };
        let address = ListenAddr { host: Some("127.0.0.1".to_owned()), port: 0 };
        let bound = runtime.block_on(Bound::bind(&[address])).unwrap();
        let url = format!("http://{}", bound.local_addrs()[0]);
        let serving = shutdown.clone();
        runtime.spawn(async move { bound.serve(Arc::new(answer), Limits::default(), serving).await });
        Self { runtime, url, shutdown, left, faults }
    }

    /// All of the script happened, and nothing else.
    pub(super) fn finish(self) {
        self.shutdown.cancel();
        self.runtime.shutdown_background();
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
        let left = self.left.lock().unwrap();
        assert!(left.is_empty(), "never asked for: {left:#?}");
    }
}

fn take(steps: &Mutex<VecDeque<Step>>, found: &Mutex<Vec<String>>, request: &Request) -> Response {
    let Some(step) = steps.lock().unwrap().pop_front() else {
        found.lock().unwrap().push(format!("not in the script: {} {}", request.method(), request.uri()));
        return respond::status(StatusCode::IM_A_TEAPOT);
    };
    found.lock().unwrap().extend(step.faults(request));
    respond::content(StatusCode::from_u16(step.status).unwrap(), step.content_type, step.answer)
}

/// Runs a command against a script, for people to read.
pub(super) fn play(args: &[&str], steps: impl IntoIterator<Item = Step>) -> Output {
    let script = Script::start(steps);
    let output = ctl(&script.url, args).output().unwrap();
    script.finish();
    output
}

/// A NAS and its two connections; what most commands ask for first.
pub(super) fn home() -> Step {
    get("/nas", &json!({"nas": [nas("home")]}))
}

pub(super) fn nas(name: &str) -> Value {
    json!({
        "name": name, "up": true, "reason": null, "trouble": null, "last_success": "2026-03-01T10:00:00Z",
        "login_suspended": false, "connections": 2, "paused": false, "holds": 1,
    })
}

pub(super) fn connections() -> Value {
    let connection = |id: u32, name: &str, kind: &str, status: &str| {
        json!({
            "id": id, "task_name": name, "task_display_name": name, "type": kind, "type_id": 1, "status": status,
            "link_status": 1, "unfinished_files": 7, "user_id": 1026, "user_name": "ann",
        })
    };
    json!({
        "conn": [connection(1, "Photos", "az", "syncing"), connection(2, "My Drive", "gd", "pause")],
        "is_admin_mode": true, "is_pause": false, "tray_status": "syncing", "total": 2,
    })
}

pub(super) fn hold() -> Value {
    json!({
        "id": 12, "nas": "home", "connection_id": 2, "connection": "My Drive", "kind": "alert",
        "action": "pause", "rule": "wan_saturated", "reason": "WanSaturated", "author": null, "created": "2026-03-01T09:00:00Z",
        "until": "2026-03-01T14:00:00Z", "latch": false, "was_paused": false, "phase": "held",
    })
}

/// Whether alerts act, which a person who asks for the status wants to know as well.
pub(super) fn automation(frozen: bool) -> Step {
    get(
        "/automation/decisions?limit=1",
        &json!({"mode": "enforce", "frozen": frozen, "decisions": [], "next_before": 7}),
    )
}

/// The connections of `home`, asked for to find one by its name.
pub(super) fn lookup() -> Step {
    get("/nas/home/connections", &connections())
}
