//! One NAS: its calls, its session, and what is known about it.

mod contest;
mod discover;
mod flight;
mod keeper;
mod login;
mod many;
mod single;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::call::{Answers, Batch, Call};
use super::certificate::PeerCertificate;
use super::clock::{Clock, SystemClock};
use super::credentials::CredentialSource;
use super::discovery::Discovery;
use super::envelope;
use super::error::Error;
use super::guard::{GuardStore, Suspension};
use super::observer::Observer;
use super::options::{BuildError, ClientOptions};
use super::transport::Transport;
use contest::{Contest, Futility};
use flight::SingleFlight;
use keeper::Keeper;
use login::Session;

/// A client of one NAS. Clones are cheap and share everything, above all the session.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    /// Our name of the NAS.
    name: String,
    session_name: String,
    transport: Transport,
    credentials: Arc<dyn CredentialSource>,
    keeper: Arc<Keeper>,
    observer: Arc<dyn Observer>,
    known: Mutex<Known>,
    /// Sessions in use that the NAS turned out to have forgotten.
    lost: AtomicU64,
    logins: SingleFlight,
    queries: SingleFlight,
}

/// What is known about the NAS, until it turns out otherwise.
#[derive(Default)]
struct Known {
    session: Option<Arc<Session>>,
    /// Only of a NAS that has the package.
    discovery: Option<Arc<Discovery>>,
    contest: Contest,
    futility: Futility,
    /// No compound requests before this time.
    singles_until: Option<Instant>,
    last_login_failure: Option<Error>,
}

impl Client {
    /// A client that has not spoken to its NAS yet. Reads the guard's record.
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
        options: ClientOptions,
        credentials: Arc<dyn CredentialSource>,
        store: Arc<dyn GuardStore>,
        observer: Arc<dyn Observer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let transport = Transport::new(&options, Arc::clone(&observer))?;
        let ClientOptions { name, session_name, .. } = options;
        let keeper = Arc::new(Keeper::new(name.clone(), store, clock));
        let inner = Inner {
            name,
            session_name,
            transport,
            credentials,
            keeper,
            observer,
            known: Mutex::default(),
            lost: AtomicU64::new(0),
            logins: SingleFlight::default(),
            queries: SingleFlight::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes one call in a request of its own.
    pub async fn call<T: DeserializeOwned>(&self, call: Call<T>) -> Result<T, Error> {
        let method = call.request.method;
        envelope::read_as(method, self.inner.single(&call.request).await?)
    }

    /// Makes many calls in one request. An error means that the request as a whole failed; what became of each call
    /// is in the answers.
    pub async fn run(&self, batch: Batch) -> Result<Answers, Error> {
        self.inner.many(&batch).await
    }

    /// Asks which APIs the NAS has. Needs no login.
    pub async fn discover(&self) -> Result<Discovery, Error> {
        self.inner.query().await.map(Arc::unwrap_or_clone)
    }

    /// Logs in unless there is a session. Unlike calls, it does not ask for the package first.
    pub async fn login(&self) -> Result<(), Error> {
        self.inner.session().await.map(|_| ())
    }

    /// Ends the session, if there is one, as well as it goes within a short time.
    pub async fn logout(&self) {
        self.inner.log_out().await;
    }

    /// Logs in with a one-time code and enrols this client as a device: with the returned id and the same device
    /// name, later logins need no code (API notes §2).
    pub async fn enroll_device(
        &self,
        otp_code: SecretString,
        device_name: &str,
    ) -> Result<SecretString, Error> {
        self.inner.enroll(otp_code, device_name).await
    }

    /// How many sessions the NAS turned out to have forgotten since this client was made (codes 106, 107 and 119), as
    /// it does when it restarts; those that we ended ourselves are not among them. It counts before the call that finds
    /// the loss is answered, and before there is another session.
    pub fn sessions_lost(&self) -> u64 {
        self.inner.lost.load(Ordering::Relaxed)
    }

    /// The certificate of the last full TLS handshake, whether it was trusted or not.
    pub fn certificate(&self) -> Option<PeerCertificate> {
        self.inner.transport.certificate()
    }

    /// Whether the guard holds back logins.
    pub fn suspension(&self) -> Option<Suspension> {
        self.inner.keeper.suspension()
    }
}

impl Client {
    /// Whether logins are held back, for whatever reason.
    pub fn holds_logins_back(&self) -> bool {
        let now = Instant::now();
        let known = self.inner.known();
        let held = known.contest.remaining(now).or_else(|| known.futility.remaining(now));
        drop(known);
        held.is_some() || self.inner.keeper.holds_back()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
