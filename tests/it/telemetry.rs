//! Signals, sent for real: to this process, and to a child that must die of the second one.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use cloudsync_exporter::telemetry::signals::{Hangups, Termination};
use tokio_util::sync::CancellationToken;

fn kill(signal: &str, process: u32) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -s {signal} {process}")).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn each_hangup_is_told() {
    let mut hangups = Hangups::listen().unwrap();
    for _ in 0..2 {
        kill("HUP", std::process::id());
        hangups.next().await.unwrap();
    }
}

/// Not a test of its own: what the child below runs. It waits for ever, so it is ignored otherwise.
#[tokio::test]
#[ignore = "run as a child by the tests of termination"]
#[expect(clippy::print_stderr, reason = "this is how the child reports to its parent")]
async fn child_that_waits_for_signals() {
    let termination = Termination::listen().unwrap();
    let shutdown = CancellationToken::new();
    let watch = tokio::spawn(termination.watch(shutdown.clone()));
    eprintln!("ready");
    shutdown.cancelled().await;
    eprintln!("draining");
    watch.await.unwrap();
}

/// Starts the child and waits until it has said `ready`.
fn start() -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "telemetry::child_that_waits_for_signals"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.filter(|line| ["ready", "draining"].contains(&line.as_str()));
    assert_eq!(lines.next().as_deref(), Some("ready"));
    (child, lines)
}

#[test]
fn the_first_signal_drains_and_the_second_ends_at_once() {
    for (first, second, code) in [("TERM", "TERM", 143), ("INT", "INT", 130), ("INT", "TERM", 143)] {
        let (mut child, mut lines) = start();
        kill(first, child.id());
        assert_eq!(lines.next().as_deref(), Some("draining"));
        assert!(child.try_wait().unwrap().is_none(), "the first signal must not end it");
        kill(second, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}
