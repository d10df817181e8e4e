//! Addresses, encodings, headers.

use std::{sync::Arc, time::Duration};

use cloudsync_exporter::sim::{SimOptions, Simulator, World};
use serde_json::json;

use super::{Raw, documented, start};

#[tokio::test]
async fn every_form_of_a_call() {
    let (_nas, control, raw) = documented().await;
    let sid = raw.sid.clone().unwrap();
    control.take_requests();
    // All in the query.
    let reply = raw
        .get(&format!(
            "/webapi/entry.cgi?api=SYNO.CloudSync&method=list_sess&version=1&connection_id=3&_sid={sid}"
        ))
        .await
        .unwrap();
    assert_eq!(reply.json()["data"]["total"], 1);
    assert_eq!(reply.headers["content-type"], "application/json; charset=\"UTF-8\"");
    assert_eq!(reply.headers["keep-alive"], "timeout=20");
    // The API in the address.
    let form = [("method", "list_sess"), ("version", "1"), ("connection_id", "3"), ("_sid", &*sid)];
    let reply = raw.post("entry.cgi/SYNO.CloudSync", &form).await.unwrap();
    assert_eq!(reply.json()["data"]["total"], 1);
    // The API in the query, the rest in the body; a name given twice has its last value.
    let reply = raw.post("entry.cgi?api=SYNO.CloudSync&connection_id=99", &form).await.unwrap();
    assert_eq!(reply.json()["data"]["total"], 1);
    let seen = control.requests();
    assert_eq!(
        seen.iter().map(|request| request.has_query_secrets).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(seen[1].path, "/webapi/entry.cgi/SYNO.CloudSync");
    assert_eq!(
        (&*seen[1].api, &*seen[1].method, &*seen[1].params["connection_id"]),
        ("SYNO.CloudSync", "list_sess", "3")
    );
    assert_eq!(
        (&*seen[2].http_method, &*seen[2].headers["content-type"]),
        ("POST", "application/x-www-form-urlencoded")
    );
    // Plus and percent.
    let reply = raw
        .get(&format!(
            "/webapi/entry.cgi?api=SYNO.CloudSync&method=get_log&version=1&keyword=ocr+JAPANESE%20ext&_sid={sid}"
        ))
        .await
        .unwrap();
    assert_eq!(reply.json()["data"]["total"], 2);
}

#[tokio::test]
async fn older_addresses_serve_their_api_only() {
    let (_nas, _, raw) = start(SimOptions { dsm_version: 6, ..SimOptions::default() }).await;
    let reply = raw.get("/webapi/query.cgi?api=SYNO.API.Info&method=query&version=1").await.unwrap();
    assert_eq!(reply.json()["success"], true);
    assert_eq!(reply.headers["content-type"], "text/plain; charset=\"UTF-8\"");
    let reply = raw.get("/webapi/query.cgi?api=SYNO.CloudSync&method=list_conn&version=1").await.unwrap();
    assert_eq!(reply.json()["error"]["code"], 102);
    let reply = raw.get("/webapi/auth.cgi?api=SYNO.API.Auth&method=logout&version=6").await.unwrap();
    assert_eq!(reply.text, r#"{"success":true}"#);
}

#[tokio::test]
async fn other_addresses_are_nginxs() {
    let (nas, _, raw) = start(SimOptions { path_prefix: "/nas".into(), ..SimOptions::default() }).await;
    assert!(nas.base_url().ends_with("/nas"));
    assert_eq!(raw.get("/").await.unwrap().status, 200);
    for path in ["/webapi/encryption.cgi", "/webapi/", "/webapi/entry.cgi/a/b", "/index.html"] {
        let reply = raw.get(path).await.unwrap();
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text.contains("<center>nginx</center>"));
    }
    let bare = Raw::new(nas.base_url().trim_end_matches("/nas"));
    assert_eq!(bare.get("/webapi/entry.cgi").await.unwrap().status, 404);
    let put = raw.http.put(format!("{}/webapi/entry.cgi", raw.base)).send().await.unwrap();
    assert_eq!(put.status(), 405);
    let empty = raw.get("/webapi/entry.cgi").await.unwrap().json();
    assert_eq!(empty, json!({"success": false, "error": {"code": 101}}));
}

#[tokio::test]
async fn gzip_when_asked_for() {
    use std::io::Read as _;
    let (nas, _, _) = start(SimOptions::default()).await;
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    let url = format!("{}/webapi/entry.cgi?api=SYNO.API.Info&method=query&version=1", nas.base_url());
    let reply = http.get(url).header("accept-encoding", "br, gzip").send().await.unwrap();
    assert_eq!(reply.headers()["content-encoding"], "gzip");
    assert_eq!(reply.headers()["transfer-encoding"], "chunked");
    let bytes = reply.bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    assert!(text.contains("SYNO.CloudSync"));
}

#[tokio::test]
async fn https() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let issued = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    let (nas, _, raw) = start(SimOptions { tls: Some(Arc::new(config)), ..SimOptions::default() }).await;
    assert!(nas.base_url().starts_with("https://127.0.0.1:"));
    assert!(raw.get("/").await.is_err());
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    assert_eq!(http.get(nas.base_url()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn only_the_newest_requests_are_remembered() {
    let options = SimOptions { remembered_requests: 2, world: World::empty(), ..SimOptions::default() };
    let (_nas, control, mut raw) = start(options).await;
    for _ in 0..3 {
        raw.sid = raw.login(&[]).await["data"]["sid"].as_str().map(str::to_owned);
    }
    assert_eq!(raw.data("list_conn", &[]).await["conn"], json!([]));
    let methods: Vec<String> = control.take_requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["login", "list_conn"]);
    assert_eq!((control.request_count(), control.login_attempts()), (4, 3));
    assert!(control.requests().is_empty());
}

/// As nginx does: a pooled connection that was idle for longer is dead.
#[tokio::test]
async fn idle_connections_are_closed() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let options = SimOptions { keep_alive: Duration::from_millis(50), ..SimOptions::default() };
    let (nas, _, _) = start(options).await;
    let mut stream = tokio::net::TcpStream::connect(nas.local_addr()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: nas\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
}

#[tokio::test]
async fn a_wildcard_address_is_reached_over_loopback() {
    let nas = Simulator::bind("0.0.0.0:0".parse().unwrap(), SimOptions::default()).await.unwrap();
    assert_eq!(nas.base_url(), format!("http://127.0.0.1:{}", nas.local_addr().port()));
}
