//! The login guard with its store, its clock and the slow parts of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::dsm::clock::Clock;
use crate::dsm::credentials::Digested;
use crate::dsm::error::{Error, HttpFault, Reason};
use crate::dsm::guard::{Comparison, Guard, GuardStore, StoreError, Suspension};

pub(super) struct Keeper {
    nas: String,
    store: Arc<dyn GuardStore>,
    clock: Arc<dyn Clock>,
    guard: Mutex<Guard>,
    /// Held while a record is written, so that an older one never overwrites a newer one.
    writing: Mutex<()>,
    store_failed: AtomicBool,
    limit_told: AtomicBool,
    refreshed: AtomicBool,
}

impl Keeper {
    pub(super) fn new(nas: String, store: Arc<dyn GuardStore>, clock: Arc<dyn Clock>) -> Self {
        let loaded = store.load(&nas);
        let keeper = Self {
            nas,
            store,
            clock,
            guard: Mutex::default(),
            writing: Mutex::default(),
            store_failed: AtomicBool::new(false),
            limit_told: AtomicBool::new(false),
            refreshed: AtomicBool::new(false),
        };
        match loaded {
            Ok(record) => *keeper.guard() = Guard::new(record.unwrap_or_default()),
            Err(error) => keeper.complain(&error),
        }
        keeper
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.unix_now()
    }

    pub(super) fn suspension(&self) -> Option<Suspension> {
        self.guard().suspension(self.now())
    }

    /// Whether these credentials may be tried now. `last` is why the last login failed.
    pub(super) async fn admit(
        self: &Arc<Self>,
        credentials: &Digested,
        last: Option<Error>,
    ) -> Result<(), Error> {
        self.refresh().await;
        if self.guard().record().code.is_some() && self.are_changed(credentials).await {
            tracing::info!(nas = self.nas, "credentials changed, logins are no longer held back");
            self.guard().lift();
            self.save().await;
        }
        if self.guard().is_other_than_tried(credentials) {
            self.guard().allow_another();
        }
        let now = self.now();
        let mut guard = self.guard();
        if let Some(Suspension { until, code, .. }) = guard.suspension(now) {
            let remaining = Duration::from_secs(u64::try_from(until - now).unwrap_or(0));
            return Err(Error::Suspended { code, remaining });
        }
        let Some(remaining) = guard.limited(now) else {
            self.limit_told.store(false, Ordering::Relaxed);
            return Ok(());
        };
        if !self.limit_told.swap(true, Ordering::Relaxed) {
            let seconds = remaining.as_secs();
            tracing::warn!(nas = self.nas, seconds, "several logins in vain, further ones are held back");
        }
        let reason = last.as_ref().map_or_else(|| guard.last_reason(), Error::reason);
        Err(Error::LoginLimit { remaining, last: last.map(Box::new), reason })
    }

    /// Whether a login would be held back now.
    pub(super) fn holds_back(&self) -> bool {
        let now = self.now();
        let mut guard = self.guard();
        guard.suspension(now).is_some() || guard.limited(now).is_some()
    }

    /// A login failed in another way than by a refusal.
    pub(super) async fn failed(self: &Arc<Self>, error: &Error, credentials: Digested) {
        self.guard().failed(error.reason(), was_judged(error), credentials);
        self.save().await;
    }

    /// Takes the stored record before the first login, since another client of ours may just have been refused, and
    /// while logins are suspended, since a person may have had success with `doctor`.
    async fn refresh(self: &Arc<Self>) {
        let is_first = !self.refreshed.swap(true, Ordering::Relaxed);
        if !is_first && self.suspension().is_none() {
            return;
        }
        let keeper = Arc::clone(self);
        let loaded = blocking(move || keeper.store.load(&keeper.nas)).await;
        // What cannot be read tells nothing, and what could not be written is old.
        if let Some(Ok(Some(record))) = loaded
            && !self.store_failed.load(Ordering::Relaxed)
            && (is_first || record.code.is_none())
        {
            *self.guard() = Guard::new(record);
        }
    }

    async fn are_changed(self: &Arc<Self>, credentials: &Digested) -> bool {
        let comparison = self.guard().compare(credentials);
        match comparison {
            Comparison::Refused => false,
            Comparison::Changed => true,
            Comparison::Ask(fingerprint) => {
                let asked = credentials.clone();
                let same = blocking(move || asked.matches(&fingerprint)).await.unwrap_or(true);
                if same {
                    self.guard().recognise(credentials.clone());
                }
                !same
            }
        }
    }

    /// Waits until a one-time code may be made, and returns the step that it is for.
    pub(super) async fn totp_step(&self) -> i64 {
        let (wait, step) = self.guard().next_totp_step(self.now());
        if !wait.is_zero() {
            let seconds = wait.as_secs();
            tracing::info!(
                nas = self.nas,
                seconds,
                "this step's one-time code is used, waiting for the next"
            );
        }
        tokio::time::sleep(wait).await;
        step
    }

    /// A login is about to be sent. On return that is written down.
    pub(super) async fn attempt(self: &Arc<Self>, totp_step: Option<i64>) {
        self.guard().attempt(self.now(), totp_step);
        self.save().await;
    }

    pub(super) async fn succeeded(self: &Arc<Self>) {
        self.guard().succeeded();
        self.save().await;
    }

    /// A login was refused in a way that holds back the next.
    pub(super) async fn refused(self: &Arc<Self>, code: i64, credentials: Digested) {
        let now = self.now();
        // First what matters, then what takes time, in case nobody waits for the end of this.
        self.guard().refused(now, code, credentials.clone());
        self.save().await;
        let fingerprint = blocking(move || credentials.fingerprint()).await.flatten();
        self.guard().fingerprinted(fingerprint);
        self.save().await;
        let seconds = self.suspension().map_or(0, |suspension| suspension.until - now);
        tracing::warn!(nas = self.nas, code, seconds, "login refused, further logins are held back");
    }

    async fn save(self: &Arc<Self>) {
        let keeper = Arc::clone(self);
        let saved = blocking(move || {
            let _writing = keeper.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let record = keeper.guard().record().clone();
            keeper.store.save(&keeper.nas, &record)
        });
        match saved.await {
            Some(Ok(())) => self.store_failed.store(false, Ordering::Relaxed),
            Some(Err(error)) => self.complain(&error),
            None => self.complain(&StoreError("the store panicked".to_owned())),
        }
    }

    /// Once until it works again.
    fn complain(&self, error: &StoreError) {
        if !self.store_failed.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                nas = self.nas,
                %error,
                "login guard cannot be kept: a restart forgets that logins are held back"
            );
        }
    }
}

/// Whether the NAS may have judged the credentials. It has not when they never arrived, or when a proxy or a booting
/// NAS turned them away.
fn was_judged(error: &Error) -> bool {
    let unheard = matches!(error.reason(), Reason::Dns | Reason::Connect);
    // Not 502 and 504: there a proxy may have passed the login on, and lost the answer.
    let by_status = matches!(
        error,
        Error::Http { fault: HttpFault::Status(400..=499 | 503) | HttpFault::Redirect { .. }, .. }
    );
    !unheard && !by_status
}

/// Runs what blocks beside the runtime; nothing if it panicked.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
