//! The controls over HTTP, on a listener of their own, for tests in other languages.
//!
//! | request | does |
//! |---|---|
//! | `GET /requests` | the recorded HTTP requests, oldest first |
//! | `DELETE /requests` | the same, and forgets them |
//! | `POST /faults` | adds a fault, or a list of them: `{"matcher": {"api": "SYNO.CloudSync", "method": "list_sess", "params": {"connection_id": 3}}, "kind": {"code": 105}, "times": 1}`; without `matcher` it meets every HTTP request. Kinds: `{"code": 105}`, `{"code_with_errors": [120, {"name": "x", "reason": "type"}]}`, `{"raw_data": {}}`, `{"latency": 0.5}`, `"hang"`, `{"status": [502, "<html>"]}`, `"html200"`, `{"cut_body": 20}`, `"reset"`, `{"huge_body": 1000000}`, `{"drip_feed": 0.1}`, `{"raw_body": "text"}`, `{"redirect": "http://…"}` |
//! | `DELETE /faults` | ends every fault |
//! | `POST /sessions/drop`, `/sessions/expire`, `/sessions/steal` | later calls of every session get 119, 106, 107 |
//! | `POST /restart` | the NAS forgets every session and every pause, and is never away |
//! | `POST /session` | opens a session without a login and answers `{"sid", "synotoken"}`. The published client encrypts its login over plain HTTP in a way that the simulator does not speak |
//! | `POST /nas` | changes the NAS itself, only what is named: `{"password": "new", "login_refusal": 402, "blocked": true, "package_installed": false, "ignores_pause": true}`; `login_refusal` 0 ends the refusal, `ignores_pause` has pause and resume answer success and do nothing |
//! | `POST /connection` | `{"id": 1, "unfinished_files": 5000, "status": "error", "error": -7, "link_status": 2, "quota_total": 100, "quota_used": 99}`: only what is named changes, and nothing else follows from it; `error` 0 ends the error |
//! | `POST /task` | `{"id": 3, "error": -25, "status": "error", "link_status": 1}`, likewise; an error sets the status too |
//! | `POST /log` | `{"task": 3, "action": 0, "log_level": 2, "error_code": -21, "count": 200}`: so many rows of now, each of another file |
//! | `POST /transfer` | `{"task": 3, "path": "/a/b", "status": "uploading", "total_size": 9, "current_size": 5, "stalled": true}`: changes the file in flight, or adds it |
//! | `POST /volume` | `{"mount_point": "/volume1", "size_free": 5}` |
//! | `GET /world` | the world without secrets and logs |
//! | `POST /moving` | `{"moving": false}`: the world stands still; true: it moves by itself |
//! | `POST /advance` | `{"seconds": 60}` moves the clock and the world |
//! | `POST /clock` | `{"epoch": 1700000000}` stops the clock at a time, `{"advance": 30}` moves the clock alone |
//!
//! Answers are JSON; a request that is none of these gets 404, a body that does not fit 400 with `{"error": …}`.

mod edit;

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http_body_util::{BodyExt as _, Limited};
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use edit::{ConnectionEdit, LogEdit, TaskEdit, TransferEdit, VolumeEdit};

use super::{
    Control, Fault,
    cloud_sync::lists::overview,
    respond::{self, Aborted, Body},
    server::Server,
    state::Shared,
};

/// The largest body that is read.
const MAX_BODY: usize = 1024 * 1024;

const KEEP_ALIVE: Duration = Duration::from_secs(60);

impl Control {
    /// Offers these controls over HTTP until the simulator ends, and says at which address (port 0 = any). There is
    /// no authentication: give it a loopback address.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn serve(&self, addr: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let address = listener.local_addr()?;
        let server = Server { listener, tls: None, keep_alive: KEEP_ALIVE };
        self.shared.tasks.spawn(server.run(Arc::clone(&self.shared), handle));
        Ok(address)
    }
}

#[derive(Deserialize)]
struct Seconds {
    seconds: f64,
}

#[derive(Deserialize)]
struct Moving {
    moving: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NasChange {
    password: Option<String>,
    login_refusal: Option<i64>,
    blocked: Option<bool>,
    package_installed: Option<bool>,
    ignores_pause: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClockChange {
    Epoch(u64),
    Advance(f64),
}

async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    _: SocketAddr,
) -> Result<Response<Body>, Aborted> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.map_err(|_| Aborted)?.to_bytes();
    let answer = answer(&Control::new(shared), &parts.method, parts.uri.path(), &body);
    Ok(match answer {
        Ok(Some(value)) => respond::plain_json(StatusCode::OK, &value),
        Ok(None) => respond::nginx(StatusCode::NOT_FOUND),
        Err(error) => respond::plain_json(StatusCode::BAD_REQUEST, &json!({"error": error})),
    })
}

/// `None` when there is no such request; an error when its body does not fit.
fn answer(control: &Control, method: &Method, path: &str, body: &[u8]) -> Result<Option<Value>, String> {
    match (method, path) {
        (&Method::GET, "/requests") => return Ok(Some(json!(control.requests()))),
        (&Method::DELETE, "/requests") => return Ok(Some(json!(control.take_requests()))),
        (&Method::GET, "/world") => return Ok(Some(control.world(|world| overview(world)))),
        (&Method::POST, "/session") => {
            let session = control.open_session("webui");
            return Ok(Some(json!({"sid": session.sid, "synotoken": session.token})));
        }
        (&Method::POST, "/faults") => {
            let faults: Vec<Fault> = match read(body)? {
                list @ Value::Array(_) => from_value(list)?,
                one => vec![from_value(one)?],
            };
            for fault in faults {
                control.add_fault(fault);
            }
        }
        (&Method::DELETE, "/faults") => control.clear_faults(),
        (&Method::POST, "/sessions/drop") => control.drop_sessions(),
        (&Method::POST, "/sessions/expire") => control.expire_sessions(),
        (&Method::POST, "/sessions/steal") => control.steal_session(),
        (&Method::POST, "/restart") => control.restart(),
        (&Method::POST, "/nas") => change(control, read(body)?),
        (&Method::POST, "/connection") => {
            let edit: ConnectionEdit = read(body)?;
            control.world(|world| edit.apply(world))?;
        }
        (&Method::POST, "/task") => {
            let edit: TaskEdit = read(body)?;
            control.world(|world| edit.apply(world))?;
        }
        (&Method::POST, "/volume") => {
            let edit: VolumeEdit = read(body)?;
            control.world(|world| edit.apply(world))?;
        }
        (&Method::POST, "/transfer") => {
            let edit: TransferEdit = read(body)?;
            control.world(|world| edit.apply(world));
        }
        (&Method::POST, "/log") => {
            let edit: LogEdit = read(body)?;
            let now = control.epoch();
            control.world(|world| edit.apply(world, now))?;
        }
        (&Method::POST, "/moving") => {
            let Moving { moving } = read(body)?;
            control.set_moving(moving);
        }
        (&Method::POST, "/advance") => {
            let Seconds { seconds } = read(body)?;
            control.advance_world(duration(seconds)?);
        }
        (&Method::POST, "/clock") => match read(body)? {
            ClockChange::Epoch(seconds) => {
                let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
                control.set_clock(time.ok_or("epoch is too large")?);
            }
            ClockChange::Advance(seconds) => control.advance(duration(seconds)?),
        },
        _ => return Ok(None),
    }
    Ok(Some(json!({})))
}

fn change(control: &Control, change: NasChange) {
    let NasChange { password, login_refusal, blocked, package_installed, ignores_pause } = change;
    if let Some(password) = password {
        control.set_password(&password);
    }
    if let Some(code) = login_refusal {
        control.set_login_refusal(Some(code).filter(|code| *code != 0));
    }
    if let Some(blocked) = blocked {
        control.block_ip(blocked);
    }
    if let Some(installed) = package_installed {
        control.set_package_installed(installed);
    }
    if let Some(ignores) = ignores_pause {
        control.world(|world| world.ignores_pause = ignores);
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn duration(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
