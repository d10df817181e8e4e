//! The whole way: a NAS that answers anything, the client, the poller, the model, and what is exposed of it.
//!
//! The input is an object: for each method the answer's envelope, or a list of envelopes for its first, second and later
//! calls, the last of them for all others. `query`, `login` and `request` (the compound one) are whole bodies; a text is
//! a body as it is. What the input leaves out is answered as a NAS with nothing to say does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudsync_exporter::dsm::{
    Client, ClientOptions, Credentials, MemoryGuardStore, Observer, Reason, SecondFactor,
};
use cloudsync_exporter::metrics::{CollectOptions, ExporterMetrics, Exposition, NasCounters, Selection};
use cloudsync_exporter::model::{DownReason, NasName, Snapshot};
use cloudsync_exporter::poller::{Memory, PollOptions, Poller, Sink, down_reason, sections};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::promises;

/// What must not show anywhere.
const PASSWORD: &str = "correct-horse-battery";

/// Answers as `data` says for three polls, of which the second finds the NAS known.
pub(crate) fn check(data: &[u8]) {
    let Ok(Value::Object(script)) = serde_json::from_slice(data) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://127.0.0.1:{}", listener.local_addr().expect("bound").port());
        let script = Arc::new(Script { answers: script, asked: Mutex::default() });
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(serve(stream, Arc::clone(&script)));
            }
        });
        poll(&url).await;
        serving.abort();
    });
}

async fn poll(url: &str) {
    let name = NasName::new("home");
    let counters = Arc::new(NasCounters::new(&name, sections()));
    let exporter = Arc::new(ExporterMetrics::new("0", "0", "0", 0.0));
    let exposition = Arc::new(Exposition::new(exporter));
    let client = Client::new(
        ClientOptions {
            timeout: Duration::from_secs(60),
            ..ClientOptions::new("home", url.parse().expect("a URL"))
        },
        Arc::new(Credentials {
            account: "ann".to_owned(),
            password: PASSWORD.into(),
            second_factor: SecondFactor::None,
        }),
        Arc::new(MemoryGuardStore::default()),
        Arc::new(Requests(Arc::clone(&counters))),
    );
    let options = PollOptions {
        interval: Duration::from_secs(15),
        slow_interval: Duration::from_secs(300),
        stale_after: Duration::from_secs(60),
        timezone: TimeZone::UTC,
    };
    let reports = Reports { exposition: Arc::clone(&exposition), counters };
    let poller = Poller::new(name.clone(), client.expect("a client"), options, Arc::new(reports));
    let mut memory = Memory::default();
    let mut before: Option<Arc<Snapshot>> = None;
    for _ in 0..3 {
        let failure = poller.cycle(&mut memory).await;
        let snapshot = poller.snapshot();
        assert_eq!(snapshot.up, Some(failure.is_none()));
        promises::kept(&snapshot);
        if let Some(before) = before.and_then(|before| before.data.clone()) {
            never_less(&before, &snapshot);
        }
        let text = promises::exposed(&exposition, &snapshot, &Selection::Nas(name.clone()));
        for told in [&text, snapshot.trouble.as_deref().unwrap_or_default()] {
            assert!(!told.contains(PASSWORD), "the password shows");
        }
        before = Some(snapshot);
    }
    poller.log_out().await;
}

/// Counters of what is still there only go up.
fn never_less(before: &cloudsync_exporter::model::Data, snapshot: &Snapshot) {
    let Some(data) = snapshot.data.as_deref() else { return };
    for (id, counts) in &before.logs {
        let Some(now) = data.logs.get(id) else { continue };
        assert!(now.missed >= counts.missed);
        assert!(counts.events.iter().all(|(event, rows)| now.events.get(event) >= Some(rows)));
        assert!(counts.errors.iter().all(|(error, rows)| now.errors.get(error) >= Some(rows)));
    }
    for total in &before.transferred {
        let same = data.transferred.iter().find(|now| {
            (now.connection, now.task, now.direction) == (total.connection, total.task, total.direction)
        });
        assert!(same.is_none_or(|now| now.bytes >= total.bytes));
    }
}

struct Reports {
    exposition: Arc<Exposition>,
    counters: Arc<NasCounters>,
}

impl Sink for Reports {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        let options = CollectOptions { per_file: true, max_files: 50, max_series: usize::MAX };
        self.exposition.publish(snapshot, &self.counters, options);
    }

    fn polled(&self, _: &NasName, took: Duration, failure: Option<DownReason>) {
        self.counters.poll(took, failure);
    }

    fn panicked(&self, _: &NasName) {
        unreachable!("nobody catches panics here");
    }

    fn section_failed(&self, _: &NasName, section: &'static str) {
        self.counters.section_failed(section);
    }

    fn malformed(&self, _: &NasName, section: &'static str, values: u64) {
        self.counters.malformed(section, values);
    }
}

struct Requests(Arc<NasCounters>);

impl Observer for Requests {
    fn request(&self, method: &str, outcome: Result<(), Reason>, took: Duration, _: u64, _: u64) {
        self.0.request(method, took, outcome.err().map(down_reason));
    }

    fn login(&self, outcome: Result<(), Reason>) {
        self.0.login(outcome.err().map(down_reason));
    }
}

/// What is answered.
struct Script {
    answers: Map<String, Value>,
    /// How often each method was asked.
    asked: Mutex<BTreeMap<String, usize>>,
}

impl Script {
    fn answer(&self, form: &HashMap<String, String>) -> Vec<u8> {
        let method = form.get("method").map_or("", String::as_str);
        let body = match (method, self.next(method)) {
            (_, Some(answer)) => answer,
            ("query", None) => {
                let api = json!({"path": "entry.cgi", "minVersion": 1, "maxVersion": 7});
                let apis = json!({"SYNO.API.Auth": api, "SYNO.CloudSync": api, "SYNO.Entry.Request": api});
                json!({"success": true, "data": apis})
            }
            ("login", None) => json!({"success": true, "data": {"sid": "s", "synotoken": "t"}}),
            ("request", None) => {
                let asked = form.get("compound").and_then(|asked| serde_json::from_str(asked).ok());
                let members = asked.as_ref().and_then(Value::as_array).into_iter().flatten();
                let results: Vec<Value> = members.map(|member| self.member(member)).collect();
                json!({"success": true, "data": {"has_fail": false, "result": results}})
            }
            (_, None) => json!({"success": true, "data": {"conn": [], "sess": [], "items": []}}),
        };
        match body {
            Value::String(raw) => raw.into_bytes(),
            body => body.to_string().into_bytes(),
        }
    }

    fn member(&self, member: &Value) -> Value {
        let method = member["method"].as_str().unwrap_or_default();
        let nothing = json!({"success": true, "data": {"conn": [], "sess": [], "items": []}});
        let mut answer = self.next(method).unwrap_or(nothing);
        if let Some(envelope) = answer.as_object_mut() {
            for name in ["api", "method", "version"] {
                envelope.entry(name).or_insert_with(|| member[name].clone());
            }
        }
        answer
    }

    /// The next answer to a method.
    fn next(&self, method: &str) -> Option<Value> {
        let given = self.answers.get(method)?;
        let Value::Array(list) = given else { return Some(given.clone()) };
        let mut asked = self.asked.lock().expect("nobody panics with it");
        let times = asked.entry(method.to_owned()).or_default();
        let answer = list.get(*times).or(list.last());
        *times += 1;
        answer.cloned()
    }
}

/// HTTP/1.1 as far as our client speaks it.
async fn serve(mut stream: TcpStream, script: Arc<Script>) {
    let mut received = Vec::new();
    loop {
        let end = received.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let length = end.and_then(|end| {
            let head = std::str::from_utf8(&received[..end]).expect("a head");
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned)
            });
            length.expect("every request has a body").trim().parse::<usize>().ok()
        });
        if let (Some(end), Some(length)) = (end, length)
            && received.len() >= end + length
        {
            let form = url::form_urlencoded::parse(&received[end..end + length]).into_owned().collect();
            received.drain(..end + length);
            let body = script.answer(&form);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let answer = [head.into_bytes(), body].concat();
            if stream.write_all(&answer).await.is_err() {
                return;
            }
            continue;
        }
        match stream.read_buf(&mut received).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
