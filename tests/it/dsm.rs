//! The client, against a peer that plays a script and, as a last word, against the simulated NAS.

mod against_sim;
mod compound;
mod document;
mod guard;
mod methods;
mod peer;
mod session;
mod tls;
mod transport;
mod wire;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudsync_exporter::dsm::{
    Client, ClientOptions, Clock, CredentialError, CredentialSource, Credentials, GuardStore,
    MemoryGuardStore, Observer, Reason, SecondFactor,
};

/// The password that tests plant and look for where it must not be.
const PASSWORD: &str = "canary-password";

/// A moment in the middle of a step of 30 seconds.
const NOW: i64 = 1_700_000_010;

/// A clock that tests move.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn unix_now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl TestClock {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// Credentials that tests change.
struct Changing(Mutex<Credentials>);

impl CredentialSource for Changing {
    fn load(&self) -> Result<Credentials, CredentialError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

fn ann(second_factor: SecondFactor) -> Credentials {
    Credentials { account: "ann".into(), password: PASSWORD.into(), second_factor }
}

/// Notes what it is told.
#[derive(Default)]
struct Notes {
    requests: Mutex<Vec<(String, Result<(), Reason>)>>,
    logins: Mutex<Vec<Result<(), Reason>>>,
}

impl Observer for Notes {
    fn request(&self, method: &str, outcome: Result<(), Reason>, _: Duration, sent: u64, _: u64) {
        assert!(sent > 0);
        self.requests.lock().unwrap().push((method.to_owned(), outcome));
    }

    fn login(&self, outcome: Result<(), Reason>) {
        self.logins.lock().unwrap().push(outcome);
    }
}

/// A client with everything that a test wants to reach.
struct Bench {
    client: Client,
    options: ClientOptions,
    clock: Arc<TestClock>,
    credentials: Arc<Changing>,
    store: Arc<dyn GuardStore>,
    notes: Arc<Notes>,
}

impl Bench {
    fn new(url: &str) -> Self {
        Self::with(url, SecondFactor::None, |_| {})
    }

    fn with(url: &str, second_factor: SecondFactor, change: impl FnOnce(&mut ClientOptions)) -> Self {
        let mut options = ClientOptions::new("home", url.parse().unwrap());
        // Without TLS the machine's roots do not matter; with it each test says whom to trust.
        options.timeout = Duration::from_secs(20);
        change(&mut options);
        let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
        let credentials = Arc::new(Changing(Mutex::new(ann(second_factor))));
        let store: Arc<dyn GuardStore> = Arc::new(MemoryGuardStore::default());
        let notes = Arc::new(Notes::default());
        let client = build(&options, &credentials, &store, &notes, &clock);
        Self { client, options, clock, credentials, store, notes }
    }

    /// A new client that finds what the old one left in the store.
    fn restart(&mut self) {
        self.client = build(&self.options, &self.credentials, &self.store, &self.notes, &self.clock);
    }

    fn set_password(&self, password: &str) {
        self.credentials.0.lock().unwrap().password = password.to_owned().into();
    }

    /// The names of the requests so far.
    fn requests(&self) -> Vec<String> {
        self.notes.requests.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }
}

fn build(
    options: &ClientOptions,
    credentials: &Arc<Changing>,
    store: &Arc<dyn GuardStore>,
    notes: &Arc<Notes>,
    clock: &Arc<TestClock>,
) -> Client {
    let credentials = Arc::clone(credentials);
    Client::with_clock(
        options.clone(),
        credentials,
        Arc::clone(store),
        Arc::clone(notes) as _,
        Arc::clone(clock) as _,
    )
    .unwrap()
}

/// Moves tokio's clock without letting it run away while sockets are waited for.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// No message of a failure gives secrets away, and each says something.
fn assert_presentable(error: &cloudsync_exporter::dsm::Error) {
    let text = format!("{error} {error:?} {} {}", error.advice(), error.reason());
    for secret in ["canary", "sid-", "token-", "passwd", "_sid"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(error.advice().ends_with('.'), "{}", error.advice());
}
