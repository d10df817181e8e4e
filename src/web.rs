//! HTTP for our listeners, and nothing of what they serve.
//!
//! [`Bound::bind`] takes the ports, before anything else starts; [`Bound::serve`] answers on them through a
//! [`Handler`], usually a [`Router`], until it is told to drain. A handler takes a [`Request`] whose body has
//! been read and gives a whole [`Response`], so tests call it without a socket. [`Limits`] bound what a
//! client can cost: connections, header and body size, and time.
//!
//! What the room promises of every listener: a panic in a handler is that request's 500 and no more; HEAD is
//! answered wherever GET is; an unknown path is 404 and an unknown method 405 with `Allow`; a stalled client
//! is cut off; no task outlives the handle that `serve` returns.

pub mod host;
pub mod html;
pub mod json;
pub mod negotiate;
pub mod respond;

mod gate;
mod handler;
mod limits;
mod listener;
mod problem;
mod query;
mod router;
mod server;
mod stall;

pub use gate::Gate;
pub use handler::{Answer, Handler, Peer, Request, Response};
pub use limits::Limits;
pub use listener::{Bound, ListenAddr};
pub use problem::Problem;
pub use query::Query;
pub use router::{Matched, Router};
