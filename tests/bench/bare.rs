//! A server that does nothing: it fetches an exposition once, plain and gzipped, and answers every request with those
//! bytes under those headers, by the same hyper with the same settings as the daemon's. What serving costs beyond it is
//! the daemon's own doing.
//!
//! `bare URL` prints where it listens, and ends when it is killed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of the benchmarks, which fails by panicking"
)]

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use cloudsync_exporter::web::Limits;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, DATE, HeaderMap, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    async fn fetch(client: &reqwest::Client, url: &str, coding: &'static str) -> Self {
        let response = client.get(url).header(ACCEPT_ENCODING, coding).send().await.unwrap();
        assert_eq!(response.status(), 200, "{url}");
        let mut headers = response.headers().clone();
        for own in [CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING] {
            headers.remove(own);
        }
        Self { headers, body: response.bytes().await.unwrap() }
    }

    fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}

struct Answers {
    plain: Answer,
    gzip: Answer,
}

async fn serve(stream: TcpStream, answers: Arc<Answers>, limits: Limits) {
    stream.set_nodelay(true).unwrap();
    let answer = service_fn(|request: Request<Incoming>| {
        let zipped = request.headers().get(ACCEPT_ENCODING).is_some_and(|coding| coding == "gzip");
        let answer = if zipped { &answers.gzip } else { &answers.plain };
        std::future::ready(Ok::<_, Infallible>(answer.response()))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.max_headers)
        .max_header_size(limits.max_head_bytes)
        .max_buf_size(limits.max_head_bytes)
        .serve_connection(TokioIo::new(stream), answer);
    // How a connection ends is the client's affair.
    let _ = connection.await;
}

#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).unwrap();
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let plain = Answer::fetch(&client, &url, "identity").await;
    let gzip = Answer::fetch(&client, &url, "gzip").await;
    let answers = Arc::new(Answers { plain, gzip });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    println!("listening {}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, Arc::clone(&answers), Limits::default()));
    }
}
