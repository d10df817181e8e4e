//! What answers a request.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;

/// A request with its whole body, within [`super::Limits::max_body_bytes`]. Its extensions hold the [`Peer`].
pub type Request = hyper::Request<Bytes>;

/// A whole response.
pub type Response = hyper::Response<Full<Bytes>>;

/// A response to come.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The other end of the connection, as an extension of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Answers requests. Any `Fn(Request) -> impl Future<Output = Response>` is one.
pub trait Handler: Send + Sync + 'static {
    /// Starts to answer. Dropping the answer, as when the client goes away, ends the work.
    fn handle(&self, request: Request) -> Answer;
}

impl<F, A> Handler for F
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Response> + Send + 'static,
{
    fn handle(&self, request: Request) -> Answer {
        Box::pin(self(request))
    }
}

impl Handler for Arc<dyn Handler> {
    fn handle(&self, request: Request) -> Answer {
        self.as_ref().handle(request)
    }
}
