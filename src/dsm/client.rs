//! One NAS: its calls, its session.

use std::sync::Arc;

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::call::{Answers, Batch, Call};
use super::certificate::PeerCertificate;
use super::clock::{Clock, SystemClock};
use super::credentials::CredentialSource;
use super::discovery::Discovery;
use super::error::{BuildError, Error};
use super::guard::{GuardStore, Suspension};
use super::observer::Observer;
use super::options::ClientOptions;

/// A client of one NAS. Clones are cheap and share everything, above all the session.
#[derive(Clone)]
pub struct Client {
    _inner: Arc<()>,
}

impl Client {
    /// A client that has not spoken to its NAS yet.
    pub fn new(
        options: ClientOptions,
        credentials: Arc<dyn CredentialSource>,
        store: Arc<dyn GuardStore>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, BuildError> {
        Self::with_clock(options, credentials, store, observer, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(
        _options: ClientOptions,
        _credentials: Arc<dyn CredentialSource>,
        _store: Arc<dyn GuardStore>,
        _observer: Arc<dyn Observer>,
        _clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        todo!()
    }

    /// Makes one call in a request of its own.
    pub async fn call<T: DeserializeOwned>(&self, _call: Call<T>) -> Result<T, Error> {
        todo!()
    }

    /// Makes many calls in one request. An error means that the request as a whole failed; what became of each call
    /// is in the answers.
    pub async fn run(&self, _batch: Batch) -> Result<Answers, Error> {
        todo!()
    }

    /// Asks which APIs the NAS has. Needs no login.
    pub async fn discover(&self) -> Result<Discovery, Error> {
        todo!()
    }

    /// Logs in unless there is a session.
    pub async fn login(&self) -> Result<(), Error> {
        todo!()
    }

    /// Ends the session, if there is one, as well as it goes within a short time.
    pub async fn logout(&self) {
        todo!()
    }

    /// The certificate of the last TLS handshake, whether it was trusted or not.
    pub fn certificate(&self) -> Option<PeerCertificate> {
        todo!()
    }

    /// Whether the guard holds back logins.
    pub fn suspension(&self) -> Option<Suspension> {
        todo!()
    }

    /// Logs in with a one-time code and enrols this client as a device: the id takes the code's place in later
    /// logins with the same device name.
    pub async fn enroll_device(
        &self,
        _otp_code: SecretString,
        _device_name: &str,
    ) -> Result<SecretString, Error> {
        todo!()
    }
}
