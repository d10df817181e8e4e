//! Answering on bound ports: accept, one task a connection, drain.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::handler::{Handler, Peer, Request, Response};
use super::limits::Limits;
use super::listener::Bound;
use super::respond;
use super::stall::StallGuard;

/// After an accept error, such as too many open files: at once would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// hyper takes no smaller buffer for a connection.
const LEAST_BUFFER: usize = 8192;

impl Bound {
    /// Answers with `handler` until `shutdown`, then lets the responses under way end within
    /// [`Limits::drain`] and cuts off the rest. The handle ends when no task is left.
    pub fn serve(
        self,
        handler: Arc<dyn Handler>,
        limits: Limits,
        shutdown: CancellationToken,
    ) -> JoinHandle<()> {
        let connections = Arc::new(Semaphore::new(limits.max_connections));
        let server = Server { handler, limits, shutdown, connections };
        tokio::spawn(async move {
            let mut accepting = JoinSet::new();
            for listener in self.listeners {
                accepting.spawn(server.clone().accept(listener));
            }
            while accepting.join_next().await.is_some() {}
        })
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    handler: Arc<dyn Handler>,
    limits: Limits,
    shutdown: CancellationToken,
    connections: Arc<Semaphore>,
}

impl Server {
    /// Accepts until shutdown, then drains the connections it accepted.
    async fn accept(self, listener: TcpListener) {
        let mut tasks = JoinSet::new();
        loop {
            // Ended tasks are taken away as they end, so that the set does not grow.
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => break,
                Some(_) = tasks.join_next() => {}
                accepted = self.accept_one(&listener) => match accepted {
                    Ok((stream, peer, permit)) => {
                        tasks.spawn(self.clone().connection(stream, peer, permit));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        let drained = async { while tasks.join_next().await.is_some() {} };
        if timeout(self.limits.drain, drained).await.is_err() {
            tasks.shutdown().await;
        }
    }

    /// The next connection, once there is room for it.
    async fn accept_one(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = self.connections.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, permit))
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr, _permit: OwnedSemaphorePermit) {
        // Responses go out whole; waiting to fill a packet would only delay their ends.
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(StallGuard::new(stream, self.limits.write_stall));
        let answer = service_fn(|request| self.answer(request, peer));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_headers(self.limits.max_headers)
            .max_header_size(self.limits.max_head_bytes)
            // The size of the head is checked when it is complete; until then this is the bound.
            .max_buf_size(self.limits.max_head_bytes.max(LEAST_BUFFER))
            .serve_connection(io, answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended");
        }
    }

    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response, Infallible> {
        let mut request = match self.read(request).await {
            Ok(request) => request,
            Err(status) => {
                // What is left of the body is not worth reading, so the connection cannot be kept.
                let mut response = respond::status(status);
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                return Ok(response);
            }
        };
        request.extensions_mut().insert(Peer(peer));
        let path = request.uri().path().to_owned();
        let answer = AssertUnwindSafe(async { self.handler.handle(request).await });
        Ok(answer.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(path, "a handler panicked");
            respond::status(StatusCode::INTERNAL_SERVER_ERROR)
        }))
    }

    /// Reads the body, or says with which status to refuse it.
    async fn read(&self, request: hyper::Request<Incoming>) -> Result<Request, StatusCode> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, self.limits.max_body_bytes).collect();
        match timeout(self.limits.body_timeout, body).await {
            Ok(Ok(body)) => Ok(Request::from_parts(head, body.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }
}
