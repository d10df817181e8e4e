//! A daemon that is not there, goes away, or is reached another way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::script::{Script, get};
use super::{TOKEN, ctl, err, out, program};

/// An address at which every connection is refused, for as long as the socket lives.
fn nobody() -> (Socket, String) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, format!("http://{address}"))
}

#[test]
fn a_daemon_that_is_not_there() {
    let (_socket, url) = nobody();
    let output = ctl(&url, &["freeze"]).output().unwrap();
    let shown = err(&output);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(3), ""), "{shown}");
    assert!(
        shown.starts_with(&format!("cloudsync-exporter: cannot reach {url}/: Connection refused")),
        "{shown}"
    );
    assert!(shown.contains("admin.enabled is true") && shown.contains("--url"), "{shown}");
    // It was never sent, so there is no doubt.
    assert!(!shown.contains("not known"), "{shown}");
    let output = program().args(["--url", &url, "freeze"]).output().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&err(&output)).unwrap()["title"], "not reached");
}

/// Accepts so many connections, reads a request on each, and hangs up on all but those that get an answer. Gives
/// the key of each request.
fn fickle(answers: Vec<Option<Value>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        answers.iter().map(|answer| serve(&listener.accept().unwrap().0, answer.as_ref())).collect()
    });
    (url, serving)
}

fn serve(mut stream: &TcpStream, answer: Option<&Value>) -> String {
    let mut reader = BufReader::new(stream);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some(("idempotency-key", value)) => value.clone_into(&mut key),
            Some(("content-length", value)) => length = value.parse().unwrap(),
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    if let Some(answer) = answer {
        let body = answer.to_string();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
    key
}

#[test]
fn a_broken_connection_is_tried_again_once_with_the_same_key() {
    let (url, serving) = fickle(vec![None, Some(json!({"frozen": true}))]);
    let output = ctl(&url, &["freeze"]).output().unwrap();
    assert_eq!(out(&output), "automation is frozen\n", "{}", err(&output));
    let keys = serving.join().unwrap();
    assert!(keys[0] == keys[1] && keys[0].len() > 16, "{keys:?}");
}

#[test]
fn a_change_in_doubt_is_said_with_its_key() {
    let (url, serving) = fickle(vec![None, None]);
    let output = ctl(&url, &["freeze"]).output().unwrap();
    let keys = serving.join().unwrap();
    let shown = err(&output);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(
        shown.contains("not known") && shown.contains(&format!("--idempotency-key {}", keys[0])),
        "{shown}"
    );
    // The same key again, as a person would.
    let (url, serving) = fickle(vec![Some(json!({"frozen": true}))]);
    assert!(ctl(&url, &["freeze", "--idempotency-key", &keys[0]]).output().unwrap().status.success());
    assert_eq!(serving.join().unwrap(), keys[..1]);
    // What only looks, or only would do, leaves no doubt.
    for args in [vec!["decisions"], vec!["freeze", "--dry-run"]] {
        let (url, serving) = fickle(vec![None, None]);
        let shown = err(&ctl(&url, &args).output().unwrap());
        serving.join().unwrap();
        assert!(shown.contains("cannot reach") && !shown.contains("not known"), "{args:?}: {shown}");
    }
}

#[test]
fn each_call_has_a_key_of_its_own() {
    let keys: Vec<_> = (0..2)
        .map(|_| {
            let (url, serving) = fickle(vec![Some(json!({}))]);
            ctl(&url, &["freeze"]).output().unwrap();
            serving.join().unwrap().remove(0)
        })
        .collect();
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn the_address_and_the_token_come_from_flags_files_and_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\r\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let answer = || [get("/holds", &json!({"holds": []}))];
    for (flags, environment) in [
        (vec!["--token-file", path], vec![]),
        (vec![], vec![("CLOUDSYNC_CTL_TOKEN_FILE", path)]),
        (vec![], vec![("CLOUDSYNC_CTL_TOKEN", TOKEN)]),
        // The file is the more deliberate of the two.
        (vec!["--token-file", path], vec![("CLOUDSYNC_CTL_TOKEN", "another")]),
    ] {
        let script = Script::start(answer());
        let mut command = program();
        command.args(["--output=table", "holds"]).args(&flags).envs(environment.clone());
        let output = command.env("CLOUDSYNC_CTL_URL", &script.url).output().unwrap();
        script.finish();
        assert_eq!(out(&output), "no holds\n", "{flags:?} {environment:?}: {}", err(&output));
    }
    for (token, part) in [("", "is empty"), ("planted token", "no header"), ("planted\u{e9}", "no header")] {
        std::fs::write(file.path(), token).unwrap();
        let output = program().args(["--output=table", "--token-file", path, "holds"]).output().unwrap();
        let shown = err(&output);
        assert_eq!(output.status.code(), Some(2));
        assert!(shown.contains(part) && !shown.contains("planted"), "{shown}");
    }
}

#[test]
fn a_path_before_the_api_is_kept() {
    for suffix in ["/nas/admin", "/nas/admin/"] {
        let script = Script::start([get("", &json!({"holds": []})).at("/nas/admin/api/v1/holds")]);
        let output = ctl(&format!("{}{suffix}", script.url), &["holds"]).output().unwrap();
        script.finish();
        assert_eq!(out(&output), "no holds\n");
    }
}

#[test]
fn proxies_of_the_environment_get_nothing() {
    let script = Script::start([get("/holds", &json!({"holds": []}))]);
    let (_socket, nobody) = nobody();
    let mut command = ctl(&script.url, &["holds"]);
    let output = command.env("http_proxy", &nobody).env("ALL_PROXY", &nobody).output().unwrap();
    script.finish();
    assert_eq!(out(&output), "no holds\n", "{}", err(&output));
}

#[test]
fn a_token_that_leaves_the_host_bare_is_warned_about() {
    // A name that is never resolved: the warning comes before.
    let output = ctl("http://admin.invalid:9843", &["holds"]).output().unwrap();
    let shown = err(&output);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        shown.starts_with("warning: the token goes to http://admin.invalid:9843/ unencrypted\n"),
        "{shown}"
    );
    let output = program().args(["--url", "http://admin.invalid", "holds"]).output().unwrap();
    assert!(!err(&output).contains("warning"));
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let holds = vec![super::script::hold(); 20_000];
    let script = Script::start([get("/holds", &json!({"holds": holds}))]);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cloudsync-exporter"))
        .args(["ctl", "--url", &script.url, "--output=table", "holds"])
        .env_clear()
        .env("CLOUDSYNC_CTL_TOKEN", TOKEN)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    script.finish();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}
