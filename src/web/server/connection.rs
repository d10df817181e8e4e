//! One connection: TLS, the version of HTTP, and for how long.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::Server;
use super::activity::Activity;
use super::patience::{Patience, Times};
use super::service::Service;
use super::streams::Streams;
use crate::web::host::Scheme;
use crate::web::linger::{Leftover, Linger};
use crate::web::live::Live;
use crate::web::stall::StallGuard;
use crate::web::tls::H2;

/// hyper takes no smaller buffer for a connection.
const LEAST_BUFFER: usize = 8192;
/// Requests of one HTTP/2 connection at once.
const MOST_STREAMS: u32 = 8;
/// The first byte of a TLS connection: that of a handshake record (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// For those who come without TLS where there is TLS.
const NO_TLS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
Content-Length: 47\r\n\r\nThis listener answers by TLS alone: use https.\n";

type Plain = Linger<StallGuard<TcpStream>>;

/// What a connection is served with.
pub(super) struct Connection {
    pub(super) server: Server,
    pub(super) peer: SocketAddr,
    pub(super) activity: Arc<Activity>,
}

impl Connection {
    /// Serves until the client or the server has had enough.
    pub(super) async fn serve(self, stream: TcpStream) {
        // Responses go out whole; waiting to fill a packet would only delay their ends.
        let _ = stream.set_nodelay(true);
        let start = Instant::now();
        let leftover = Leftover::default();
        let ended = if let Some(live) = self.server.live.as_ref().filter(|live| live.has_tls()) {
            self.tls(live, stream, leftover, start).await
        } else {
            let stream = self.guarded(stream, &leftover);
            self.http1(stream, leftover, Scheme::Http, start).await
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %self.peer, error, "connection ended");
        }
    }

    fn guarded(&self, stream: TcpStream, leftover: &Leftover) -> Plain {
        let limits = &self.server.limits;
        Linger::new(StallGuard::new(stream, limits.write_stall), leftover.clone(), limits.linger)
    }

    async fn tls(
        &self,
        live: &Arc<Live>,
        stream: TcpStream,
        leftover: Leftover,
        start: Instant,
    ) -> Result<(), String> {
        let deadline = start + self.server.limits.header_timeout;
        let shake = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 0 {
                return Ok(None);
            }
            if first != [HANDSHAKE] {
                let mut stream = self.guarded(stream, &leftover);
                // What it sends is not read, and it should see the answer.
                leftover.left();
                stream.write_all(NO_TLS).await?;
                stream.shutdown().await?;
                return Err(io::Error::other("the client speaks no TLS"));
            }
            live.refresh(Duration::ZERO).await;
            let Some(config) = live.current().tls.clone() else { return Ok(None) };
            TlsAcceptor::from(config).accept(self.guarded(stream, &leftover)).await.map(Some)
        };
        let shaken = tokio::select! {
            shaken = timeout_at(deadline, shake) => shaken,
            () = self.server.shutdown.cancelled() => return Ok(()),
        };
        let stream = match shaken {
            Ok(Ok(Some(stream))) => stream,
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("the client is slow to shake hands".to_owned()),
        };
        if stream.get_ref().1.alpn_protocol() == Some(H2) {
            self.http2(stream, leftover, start).await
        } else {
            self.http1(stream, leftover, Scheme::Https, start).await
        }
    }

    async fn http1(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        leftover: Leftover,
        scheme: Scheme,
        start: Instant,
    ) -> Result<(), String> {
        let limits = &self.server.limits;
        let service = Arc::new(self.service(leftover, scheme));
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(service.send(request).await) }
        });
        let connection = http1::Builder::new()
            // Our patience knows more, and sets fewer timers.
            .header_read_timeout(None)
            .max_headers(limits.max_headers)
            .max_header_size(limits.max_head_bytes)
            // The size of the head is checked when it is complete; until then this is the bound.
            .max_buf_size(limits.max_head_bytes.max(LEAST_BUFFER))
            .serve_connection(self.patient(stream, true, start), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.server.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        ended.map_err(|error| causes(&error))
    }

    async fn http2(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        leftover: Leftover,
        start: Instant,
    ) -> Result<(), String> {
        let limits = &self.server.limits;
        let service = Arc::new(self.service(leftover, Scheme::Https));
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, Infallible>(service.send(request).await) }
        });
        let streams = Streams::default();
        let _ended = streams.cut_when_dropped();
        let connection = http2::Builder::new(streams.clone())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX))
            .serve_connection(self.patient(stream, false, start), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.server.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        streams.end().await;
        ended.map_err(|error| causes(&error))
    }

    fn service(&self, leftover: Leftover, scheme: Scheme) -> Service {
        Service {
            handler: Arc::clone(&self.server.handler),
            limits: self.server.limits,
            peer: self.peer,
            scheme,
            leftover,
            activity: Arc::clone(&self.activity),
        }
    }

    fn patient<S>(&self, stream: S, bytes_begin_heads: bool, start: Instant) -> TokioIo<Patience<S>> {
        let limits = &self.server.limits;
        let times =
            Times { head: limits.header_timeout, idle: limits.idle_timeout, stall: limits.write_stall };
        TokioIo::new(Patience::new(stream, times, Arc::clone(&self.activity), bytes_begin_heads, start))
    }
}

/// hyper's errors say the least; what caused them says why.
fn causes(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
