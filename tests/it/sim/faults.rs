//! What can be made to go wrong.

use std::time::{Duration, Instant};

use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions};
use serde_json::json;

use super::{code, documented, start};

#[tokio::test]
async fn codes_errors_and_data_of_a_call() {
    let (_nas, control, raw) = documented().await;
    control.add_fault(Fault::cloud_sync("get_config", FaultKind::Code(105)).times(2));
    assert_eq!(raw.refused("get_config", &[]).await, code(105));
    raw.data("list_conn", &[]).await;
    assert_eq!(raw.refused("get_config", &[]).await, code(105));
    raw.data("get_config", &[]).await;

    control.add_fault(Fault::api("SYNO.CloudSync", FaultKind::CodeWithErrors(500, json!(["a"]))));
    assert_eq!(raw.refused("list_conn", &[]).await, json!({"code": 500, "errors": ["a"]}));
    assert_eq!(raw.login(&[]).await["success"], true);
    control.clear_faults();

    control.add_fault(Fault::cloud_sync("list_conn", FaultKind::RawData(json!([1, 2]))));
    assert_eq!(raw.data("list_conn", &[]).await, json!([1, 2]));
    control.drop_sessions();
    assert_eq!(raw.refused("list_conn", &[]).await, code(119));
}

#[tokio::test]
async fn answers_that_are_no_answers() {
    let (_nas, control, raw) = start(SimOptions::default()).await;
    let ask = || raw.get("/webapi/entry.cgi?api=SYNO.API.Info&method=query&version=1");
    let fault = |kind| control.add_fault(Fault::everywhere(kind).times(1));

    fault(FaultKind::Status(503, "<html>busy</html>".into()));
    let reply = ask().await.unwrap();
    assert_eq!((reply.status, &*reply.text), (503, "<html>busy</html>"));
    fault(FaultKind::Html200);
    let reply = ask().await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.text.starts_with("<!DOCTYPE html>") && reply.headers["content-type"] == "text/html");
    fault(FaultKind::RawBody("{\"success\":tr".into()));
    assert_eq!(ask().await.unwrap().text, "{\"success\":tr");
    fault(FaultKind::Redirect("http://127.0.0.1:1/".into()));
    let reply = ask().await.unwrap();
    assert_eq!((reply.status, &reply.headers["location"]), (302, &"http://127.0.0.1:1/".parse().unwrap()));
    fault(FaultKind::HugeBody(3_000_000));
    let reply = ask().await.unwrap();
    assert!(reply.text.len() > 3_000_000 && reply.json()["success"] == true);
    fault(FaultKind::Reset);
    assert!(ask().await.is_err());
    fault(FaultKind::CutBody(10));
    assert!(ask().await.is_err());
    assert_eq!(ask().await.unwrap().json()["success"], true);
    assert_eq!(control.request_count(), 8);
}

/// The bytes before a cut arrive, and nothing says that they are all.
#[tokio::test]
async fn a_cut_body_arrives_up_to_the_cut() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (nas, control, _) = start(SimOptions::default()).await;
    control.add_fault(Fault::everywhere(FaultKind::CutBody(10)));
    let mut stream = tokio::net::TcpStream::connect(nas.local_addr()).await.unwrap();
    stream
        .write_all(
            b"GET /webapi/query.cgi?api=SYNO.API.Info&method=query&version=1 HTTP/1.1\r\nHost: nas\r\n\r\n",
        )
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(body.starts_with("A\r\n{\""), "{text}");
    assert_eq!(body.len(), "A\r\n0123456789\r\n".len(), "{text}");
}

#[tokio::test]
async fn slow_answers_come_in_the_end() {
    let (_nas, control, raw) = documented().await;
    let begin = Instant::now();
    control.add_fault(Fault::cloud_sync("list_conn", FaultKind::Latency(Duration::from_millis(30))));
    control.add_fault(Fault::everywhere(FaultKind::Latency(Duration::from_millis(20))));
    control.add_fault(Fault::cloud_sync("pause", FaultKind::DripFeed(Duration::from_millis(1))));
    raw.data("list_conn", &[]).await;
    assert!(begin.elapsed() >= Duration::from_millis(50));
    raw.done("pause", &[]).await;
}

/// A request that hangs ends with the simulator, and with it every task.
#[tokio::test]
async fn shutdown_does_not_wait_for_what_hangs() {
    let (nas, control, raw) = start(SimOptions { moving: true, ..SimOptions::default() }).await;
    for kind in [FaultKind::Hang, FaultKind::Latency(Duration::from_secs(3600))] {
        control.add_fault(Fault::everywhere(kind).times(1));
        let raw = raw.clone();
        tokio::spawn(async move { raw.get("/").await.is_err() });
    }
    while control.request_count() < 2 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_secs(10), nas.shutdown()).await.unwrap();
    assert!(raw.get("/").await.is_err());
}
