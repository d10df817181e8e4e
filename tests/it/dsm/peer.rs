//! A scripted HTTP peer: it expects one request after the other, compares each with what the script says, and
//! answers as the script says. A request that is not in the script and one that never comes both fail the test.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What a request must be.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    path: String,
    /// All of it, but for JSON texts, which are compared as JSON.
    form: BTreeMap<String, String>,
    token: Option<String>,
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Json(Value),
    /// A whole answer, head included; the connection ends after it.
    Raw(Vec<u8>),
    /// Never, while the connection lasts.
    Silence,
}

/// One exchange of a script.
#[derive(Clone, Debug)]
pub(super) struct Step {
    expected: Expected,
    reply: Reply,
}

impl Step {
    fn new(path: &str, form: &[(&str, &str)]) -> Self {
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let expected = Expected { path: format!("/webapi/{path}"), form, token: None };
        Self { expected, reply: Reply::Json(json!({"success": true})) }
    }

    pub(super) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.expected.path);
        self
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.expected.form.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn data(self, data: Value) -> Self {
        self.reply(Reply::Json(Value::from_iter([("success", true.into()), ("data", data)])))
    }

    pub(super) fn code(self, code: i64) -> Self {
        self.reply(Reply::Json(refused(code)))
    }

    pub(super) fn raw(self, answer: &str) -> Self {
        self.reply(Reply::Raw(answer.as_bytes().to_vec()))
    }

    /// A status with a body, and the end of the connection.
    pub(super) fn status(self, status: &str, headers: &str, body: &str) -> Self {
        self.raw(&format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(super) fn reply(mut self, reply: Reply) -> Self {
        self.reply = reply;
        self
    }
}

/// The names that the client asks `SYNO.API.Info` for.
pub(super) const QUERY: &str = "SYNO.API.Auth,SYNO.CloudSync,SYNO.Entry.Request";

/// The Info of a DSM 7 with everything.
pub(super) fn apis() -> Value {
    let api =
        |max: u32| json!({"path": "entry.cgi", "minVersion": 1, "maxVersion": max, "requestFormat": "JSON"});
    json!({"SYNO.API.Auth": api(7), "SYNO.CloudSync": api(1), "SYNO.Entry.Request": api(2)})
}

pub(super) fn info() -> Step {
    let form = [("api", "SYNO.API.Info"), ("method", "query"), ("version", "1"), ("query", QUERY)];
    Step::new("entry.cgi", &form).data(apis())
}

/// A login of account `ann`; grants the session `sid-N` with the token `token-N`.
pub(super) fn login(n: u32) -> Step {
    let form = [
        ("api", "SYNO.API.Auth"),
        ("method", "login"),
        ("version", "7"),
        ("account", "ann"),
        ("passwd", super::PASSWORD),
        ("session", "cloudsync-exporter"),
        ("format", "sid"),
        ("enable_syno_token", "yes"),
    ];
    Step::new("entry.cgi", &form).data(json!({"sid": format!("sid-{n}"), "synotoken": format!("token-{n}")}))
}

fn with_session(n: u32, mut step: Step) -> Step {
    step.expected.token = Some(format!("token-{n}"));
    step.with("_sid", &format!("sid-{n}"))
}

/// A call of `SYNO.CloudSync` with the session `n`.
pub(super) fn call(n: u32, method: &str, params: &[(&str, &str)]) -> Step {
    let mut form = vec![("api", "SYNO.CloudSync"), ("method", method), ("version", "1")];
    form.extend_from_slice(params);
    with_session(n, Step::new("entry.cgi", &form))
}

pub(super) fn logout(n: u32) -> Step {
    let form =
        [("api", "SYNO.API.Auth"), ("method", "logout"), ("version", "7"), ("session", "cloudsync-exporter")];
    with_session(n, Step::new("entry.cgi", &form))
}

/// A compound request with the session `n`.
pub(super) fn compound(n: u32, members: &Value) -> Step {
    let members = members.to_string();
    let form = [
        ("api", "SYNO.Entry.Request"),
        ("method", "request"),
        ("version", "1"),
        ("mode", "\"sequential\""),
        ("stop_when_error", "false"),
        ("compound", &*members),
    ];
    with_session(n, Step::new("entry.cgi", &form))
}

/// The answer of a compound request.
pub(super) fn results(results: &[Value]) -> Value {
    let has_fail = results.iter().any(|result| result["success"] == false);
    json!({"has_fail": has_fail, "result": results})
}

pub(super) fn refused(code: i64) -> Value {
    json!({"success": false, "error": {"code": code}})
}

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    faults: Vec<String>,
}

/// The peer. Dropping it checks that the whole script was played.
pub(super) struct Peer {
    address: SocketAddr,
    scheme: &'static str,
    script: Arc<Mutex<Script>>,
    accepting: JoinHandle<()>,
}

impl Peer {
    pub(super) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::listen(steps, None).await
    }

    pub(super) async fn start_tls(steps: impl IntoIterator<Item = Step>, tls: rustls::ServerConfig) -> Self {
        Self::listen(steps, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    async fn listen(steps: impl IntoIterator<Item = Step>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script { steps: steps.into_iter().collect(), faults: Vec::new() }));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let accepting = tokio::spawn({
            let script = Arc::clone(&script);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (script, tls) = (Arc::clone(&script), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, script).await,
                            Some(tls) => {
                                // Clients that do not trust us go away here.
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, script).await;
                                }
                            }
                        }
                    });
                }
            }
        });
        Self { address, scheme, script, accepting }
    }

    pub(super) fn url(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address.port())
    }

    /// Adds to the script.
    pub(super) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.check();
        self.script.lock().unwrap().steps.extend(steps);
    }

    /// The whole script was played, and nothing else happened.
    pub(super) fn check(&self) {
        let script = self.script.lock().unwrap();
        let missing: Vec<_> = script.steps.iter().map(|step| &step.expected).collect();
        assert!(script.faults.is_empty(), "{}", script.faults.join("\n"));
        assert!(missing.is_empty(), "never asked: {missing:#?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.accepting.abort();
        if !std::thread::panicking() {
            self.check();
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, script: Arc<Mutex<Script>>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await {
        let step = script.lock().unwrap().steps.pop_front();
        let reply = match step {
            Some(step) if matches(&step.expected, &asked) => step.reply,
            other => {
                let expected = other.map(|step| step.expected);
                let fault = format!("expected {expected:#?}\nbut was asked {asked:#?}");
                script.lock().unwrap().faults.push(fault);
                Reply::Raw(b"HTTP/1.1 418 Not in the script\r\ncontent-length: 0\r\n\r\n".to_vec())
            }
        };
        match reply {
            Reply::Json(json) => {
                let body = json.to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                if stream.write_all((head + &body).as_bytes()).await.is_err() {
                    return;
                }
                stream.flush().await.unwrap_or_default();
            }
            Reply::Raw(answer) => {
                // The client may have enough before the end.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Silence => std::future::pending().await,
        }
    }
}

fn matches(expected: &Expected, asked: &Expected) -> bool {
    let json = |text: &String| serde_json::from_str::<Value>(text).ok();
    expected.path == asked.path
        && expected.token == asked.token
        && expected.form.keys().eq(asked.form.keys())
        && expected.form.iter().all(|(name, value)| {
            let other = &asked.form[name];
            value == other || (name == "compound" && json(value) == json(other))
        })
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Expected> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let mut request = head[0].split(' ');
    assert_eq!(request.next(), Some("POST"), "everything is a POST");
    let path = request.next().unwrap().to_owned();
    let headers: BTreeMap<String, &str> = head[1..]
        .iter()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(n, v)| (n.to_lowercase(), v))
        .collect();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(!headers.contains_key("cookie"));
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    Some(Expected { path, form, token: headers.get("x-syno-token").map(|&token| token.to_owned()) })
}
