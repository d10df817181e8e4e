//! What answers a request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::respond;

/// A request with its whole body, within its [`BodyLimit`]. Its extensions hold the [`Peer`].
pub type Request = hyper::Request<Bytes>;

/// A whole response.
pub type Response = hyper::Response<Full<Bytes>>;

/// A response to come.
pub type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The other end of the connection, as an extension of a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Peers that are one: an IPv6 host has a whole /64 to call from.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// How much of a request's body is read before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLimit {
    /// At most so many bytes; longer gives 413.
    Bytes(usize),
    /// Nothing: the handler sees an empty body, and a connection that brings one is closed after the answer.
    Unread,
    /// At most [`super::Limits::max_body_bytes`].
    ServerDefault,
}

/// Answers requests. Any `Fn(Request) -> impl Future<Output = Response>` is one.
pub trait Handler: Send + Sync + 'static {
    /// Starts to answer. Dropping the answer, as when the client goes away, ends the work.
    fn handle(&self, request: Request) -> Answer;

    /// How this listener says what the transport refuses by itself: 404 and 405 by a [`super::Router`], and
    /// 400, 408, 413 and 500 by the server. Default plain text.
    fn refuse(&self, status: StatusCode) -> Response {
        respond::status(status)
    }

    /// The same for a request with this head, whose body the server does not take: it is too large, broken or too slow.
    fn refuse_body(&self, head: &Parts, status: StatusCode) -> Response {
        let _ = head;
        self.refuse(status)
    }

    /// How much to read of the body of a request with this head, asked before any of it is read: so whoever
    /// will be refused for want of a token fills no memory, and one route may take more than the others.
    fn body_limit(&self, head: &Parts) -> BodyLimit {
        let _ = head;
        BodyLimit::ServerDefault
    }
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

    fn refuse(&self, status: StatusCode) -> Response {
        self.as_ref().refuse(status)
    }

    fn refuse_body(&self, head: &Parts, status: StatusCode) -> Response {
        self.as_ref().refuse_body(head, status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        self.as_ref().body_limit(head)
    }
}

/// `handler` with this limit for the bodies of its requests.
pub fn with_body_limit(limit: BodyLimit, handler: impl Handler) -> impl Handler {
    BodyLimited { limit, handler }
}

struct BodyLimited<H> {
    limit: BodyLimit,
    handler: H,
}

impl<H: Handler> Handler for BodyLimited<H> {
    fn handle(&self, request: Request) -> Answer {
        self.handler.handle(request)
    }

    fn refuse(&self, status: StatusCode) -> Response {
        self.handler.refuse(status)
    }

    fn body_limit(&self, _head: &Parts) -> BodyLimit {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Gate;

    struct Particular;

    impl Handler for Particular {
        fn handle(&self, _request: Request) -> Answer {
            Box::pin(async { respond::text(StatusCode::OK, "particular") })
        }

        fn refuse(&self, status: StatusCode) -> Response {
            respond::text(status, "no")
        }

        fn body_limit(&self, _head: &Parts) -> BodyLimit {
            BodyLimit::Bytes(7)
        }
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn wrappers_pass_on_what_the_handler_within_says() {
        let (head, ()) = hyper::Request::new(()).into_parts();
        let shared: Arc<dyn Handler> = Arc::new(Particular);
        let wrapped: [(&str, Box<dyn Handler>, BodyLimit); 3] = [
            ("shared", Box::new(shared), BodyLimit::Bytes(7)),
            ("gate", Box::new(Gate::new(1).before(Particular)), BodyLimit::Bytes(7)),
            ("limit", Box::new(with_body_limit(BodyLimit::Unread, Particular)), BodyLimit::Unread),
        ];
        for (name, handler, limit) in wrapped {
            let refusal = handler.refuse(StatusCode::NOT_FOUND);
            assert_eq!(hyper::body::Body::size_hint(refusal.body()).exact(), Some(2), "{name}");
            assert_eq!(handler.body_limit(&head), limit, "{name}");
        }
        let plain = |_: Request| async { respond::status(StatusCode::OK) };
        assert_eq!(Handler::body_limit(&plain, &head), BodyLimit::ServerDefault);
    }
}
