//! Clients that send too much, too slowly, or take nothing.

use super::*;

#[tokio::test]
async fn a_head_that_does_not_come_is_cut_off() {
    let server =
        Server::start(Limits { header_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    let mut silent = server.connect().await;
    read_all(&mut silent).await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    read_all(&mut slow).await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let server = Server::start(Limits { body_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    let answer = server.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhi").await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused() {
    let server = Server::start(Limits { max_body_bytes: 4, ..Limits::default() }).await;
    let told = server.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n12345").await;
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456\r\n0\r\n\r\n";
    let untold = server.exchange(chunked).await;
    assert!(untold.starts_with("HTTP/1.1 413 "), "{untold}");
    server.stop().await;
}

#[tokio::test]
async fn long_heads_and_garbage_are_refused() {
    let server = Server::start(Limits::default()).await;
    let many = "x: 1\r\n".repeat(65);
    let answer = server.exchange(&format!("GET /hello HTTP/1.1\r\n{many}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let long = "x".repeat(40_000);
    let answer = server.exchange(&format!("GET /hello HTTP/1.1\r\nx: {long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer = server.exchange("nonsense\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(server.exchange(&get("/hello")).await.ends_with("hello"));
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_frees_its_place() {
    let limits = Limits { max_connections: 1, write_stall: Duration::from_millis(50), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut stalled = server.connect().await;
    stalled.write_all(get("/large").as_bytes()).await.unwrap();
    // The only place is taken until the stalled client is cut off.
    assert!(server.exchange(&get("/hello")).await.ends_with("hello"));
    drop(stalled);
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_most_wait_their_turn() {
    let server = Server::start(Limits { max_connections: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.write_all(get("/wait").as_bytes()).await.unwrap();
    server.arrived.notified().await;
    let mut second = server.connect().await;
    second.write_all(get("/hello").as_bytes()).await.unwrap();
    server.go_on.notify_one();
    assert!(read_all(&mut first).await.ends_with("waited"));
    assert!(read_all(&mut second).await.ends_with("hello"));
    server.stop().await;
}
