//! HTTP for our listeners, and nothing of what they serve.
//!
//! [`Bound::bind`] takes the ports, before anything else starts; [`Bound::serve`] answers on them through a
//! [`Handler`], usually a [`Router`] of path templates, until it is told to drain. A handler takes a
//! [`Request`] whose body has been read and gives a whole [`Response`], so tests call it without a socket.
//! Before the body is read the handler says how much of it may be, with a [`BodyLimit`]. [`Limits`] bound what
//! else a client can cost: connections, header size, and time.
//!
//! What the room promises of every listener: a panic in a handler is that request's 500 and no more; HEAD is
//! answered wherever GET is; an unknown path is 404 and an unknown method 405 with `Allow`; what is refused
//! here is said as the handler wants it said, but for heads that cannot be read; a stalled client is cut off;
//! no task outlives the handle that `serve` returns.
//!
//! A listener can be given exporter-toolkit's web configuration, [`config`]: [`Live`] holds the one that is in force,
//! `serve` takes TLS from it, and a [`Shield`] before the handler its users, headers and rate limit.
//!
//! For those who answer in JSON there are strict bodies ([`json`]) and [`Problem`]s, and [`host`] tells
//! requests that a browser was talked into.

pub mod host;
pub mod html;
pub mod json;
pub mod negotiate;
pub mod respond;

pub mod config;

mod gate;
mod handler;
mod limits;
mod linger;
mod listener;
mod live;
mod problem;
mod query;
mod rate;
mod router;
mod server;
mod shield;
mod stall;
mod tls;
mod users;

pub use gate::Gate;
pub use handler::{Answer, BodyLimit, Handler, Peer, Request, Response, network, with_body_limit};
pub use limits::Limits;
pub use listener::{Bound, ListenAddr};
pub use live::{Accounts, Content, Live, Report};
pub use problem::Problem;
pub use query::Query;
pub use router::{Matched, PathParams, RouteConflict, Router, literal};
pub use shield::{OnRefusal, Shield};
pub use users::{Credentials, Users};
