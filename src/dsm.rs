//! The typed client of a NAS's DSM Web API.
//!
//! [`Client`] speaks to one NAS: it finds the paths of the APIs, keeps one session, logs in when it must and only
//! when it may, and turns many calls into one request. Each method of `SYNO.CloudSync` is an async function of it,
//! with typed parameters and answers; [`cloud_sync`] has the same as values, for a [`Batch`].
//!
//! - [`error`]: each failure with its [`Reason`], the NAS's code and advice.
//! - [`field`]: fields and lists that are read leniently and never fail a whole answer.
//! - [`document()`]: an answer as JSON with the NAS's own names.
//! - Secrets travel in bodies and headers alone, and appear in no message, Debug output or address.
//!
//! The room uses nothing of ours; its facts about the API are cited as "API notes §n".

mod call;
mod certificate;
mod client;
mod clock;
pub mod cloud_sync;
mod codes;
mod credentials;
mod discovery;
mod document;
mod envelope;
pub mod error;
pub mod field;
mod guard;
mod observer;
mod options;
mod totp;
mod transport;

pub use call::{Answers, Batch, Call, Slot};
pub use certificate::PeerCertificate;
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use credentials::{CredentialError, CredentialSource, Credentials, SecondFactor};
pub use discovery::{ApiInfo, Discovery};
pub use document::document;
pub use error::{Error, Reason};
pub use field::{Field, List};
pub use guard::{GuardRecord, GuardStore, MemoryGuardStore, StoreError, Suspension};
pub use observer::{NoObserver, Observer};
pub use options::{BuildError, ClientOptions, Pin, PinError, TlsOptions};
