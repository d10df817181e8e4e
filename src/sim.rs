//! The simulated NAS: a DSM Web API server with login, discovery, compound requests and every Cloud Sync method,
//! for `simulate`, for `demo` and for tests.
//!
//! It is written from the API notes alone and shares no type with our client: if both spoke through the same
//! structs, a misspelt field would round-trip unseen. It is strict where DSM is strict (each parameter of a JSON API
//! is parsed and checked by type), and where the notes say "unknown" it picks one behaviour and says so.
//!
//! - [`Simulator`] is the running server, [`SimOptions`] what it is made of.
//! - [`Control`] is everything a test does to it: edit the [`World`], add a [`Fault`], end sessions, read what was
//!   asked, move the clock. [`Control::serve`] offers the same over HTTP, for tests in other languages.
//! - [`World`] is the state behind the answers. It stands still unless told, or unless [`SimOptions::moving`] is set.

mod api;
mod auth;
mod clock;
mod cloud_sync;
mod compound;
mod control;
mod fault;
mod handle;
mod info;
mod options;
mod params;
mod quirks;
mod record;
mod remote;
mod request;
mod respond;
mod server;
mod session;
mod state;
pub mod world;

pub use cloud_sync::{TASK_REFUSED, UNKNOWN_ID};
pub use control::Control;
pub use fault::{Fault, FaultKind, Matcher};
pub use options::{AutoBlock, Quirks, SecondFactor, SimOptions};
pub use record::{Member, Recorded};
pub use server::Simulator;
pub use session::SessionInfo;
pub use world::World;
