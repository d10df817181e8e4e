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
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::handler::{BodyLimit, Handler, Peer, Request, Response};
use super::limits::Limits;
use super::linger::{Leftover, Linger};
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
        let leftover = Leftover::default();
        let guarded = StallGuard::new(stream, self.limits.write_stall);
        let io = TokioIo::new(Linger::new(guarded, leftover.clone(), self.limits.linger));
        let answer = service_fn(|request| self.answer(request, peer, &leftover));
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
        leftover: &Leftover,
    ) -> Result<Response, Infallible> {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(Peer(peer));
        let uri = head.uri.clone();
        let answer = AssertUnwindSafe(self.respond(head, body, leftover));
        Ok(answer.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(path = uri.path(), "a handler panicked");
            self.refuse(StatusCode::INTERNAL_SERVER_ERROR)
        }))
    }

    /// Reads as much of the body as the handler allows, and answers.
    async fn respond(&self, head: Parts, body: Incoming, leftover: &Leftover) -> Response {
        let limit = match self.handler.body_limit(&head) {
            BodyLimit::Bytes(limit) => limit,
            BodyLimit::ServerDefault => self.limits.max_body_bytes,
            BodyLimit::Unread => {
                let left = !body.is_end_stream();
                drop(body);
                let response = self.handler.handle(Request::from_parts(head, Bytes::new())).await;
                return if left { closing(response, leftover) } else { response };
            }
        };
        match self.read(body, limit).await {
            Ok(body) => self.handler.handle(Request::from_parts(head, body)).await,
            Err(status) => {
                let refuse = AssertUnwindSafe(|| self.handler.refuse_body(&head, status));
                let response = std::panic::catch_unwind(refuse).unwrap_or_else(|_| respond::status(status));
                closing(response, leftover)
            }
        }
    }

    /// Reads the body, or says with which status to refuse it.
    async fn read(&self, body: Incoming, limit: usize) -> Result<Bytes, StatusCode> {
        // Most requests have none: no timer for these.
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        // A length that is told need not be waited for.
        if body.size_hint().lower() > limit as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        match timeout(self.limits.body_timeout, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }

    /// The handler's refusal, or ours should it panic.
    fn refuse(&self, status: StatusCode) -> Response {
        std::panic::catch_unwind(AssertUnwindSafe(|| self.handler.refuse(status)))
            .unwrap_or_else(|_| respond::status(status))
    }
}

/// `response` as the last of its connection: what is left of the body is not worth reading.
fn closing(mut response: Response, leftover: &Leftover) -> Response {
    leftover.left();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
