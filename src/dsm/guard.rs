//! The guard before the login: it keeps the NAS's Auto Block from blocking our whole address (API notes §2).
//!
//! - A login that was refused holds back the next: 15 minutes, doubling with each refusal, at most 4 hours. A
//!   changed credential lifts that at once, a success ends it.
//! - Whatever the outcome, at most five logins without success in any five minutes.
//! - No step of a one-time code is used twice.
//!
//! The record outlives the process, or a crash loop would do what the retry loop must not. Everything here is told
//! the time, and does no input or output.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::codes;
use super::credentials::Digested;
use super::error::Reason;

/// The first suspension, in seconds.
const FIRST: i64 = 15 * 60;
/// The longest suspension, in seconds.
const CAP: i64 = 4 * 60 * 60;
/// Logins without success within [`WINDOW`].
const MAX_ATTEMPTS: usize = 5;
/// The window of [`MAX_ATTEMPTS`], in seconds.
const WINDOW: i64 = 5 * 60;
/// Seconds of a one-time code's step (RFC 6238).
pub(super) const TOTP_STEP: i64 = 30;

/// What the guard remembers of a NAS. It holds no secret: the credentials only as a bcrypt hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuardRecord {
    /// No login before this time, in seconds since 1970.
    pub suspended_until: Option<i64>,
    /// Refused logins in a row.
    pub failures: u32,
    /// The code of the last refusal.
    pub code: Option<i64>,
    /// bcrypt over the credentials that were refused.
    pub fingerprint: Option<String>,
    /// The last step whose one-time code was used: seconds since 1970 divided by 30.
    pub totp_step: Option<i64>,
    /// When the recent logins without success were tried, in seconds since 1970.
    pub attempts: Vec<i64>,
    /// The reason of the last of them, as its label.
    pub last_reason: Option<String>,
}

/// Where records outlive the process. Called seldom: when a client is built and around logins; it may block shortly.
pub trait GuardStore: Send + Sync {
    /// The record of a NAS, if there is one.
    fn load(&self, nas: &str) -> Result<Option<GuardRecord>, StoreError>;
    /// Replaces the record of a NAS; on return it is safe.
    fn save(&self, nas: &str, record: &GuardRecord) -> Result<(), StoreError>;
}

/// Why a record could not be read or written. The client goes on without, and says so in the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Keeps records as long as the process lives.
#[derive(Debug, Default)]
pub struct MemoryGuardStore {
    records: Mutex<BTreeMap<String, GuardRecord>>,
}

impl GuardStore for MemoryGuardStore {
    fn load(&self, nas: &str) -> Result<Option<GuardRecord>, StoreError> {
        Ok(self.records.lock().unwrap_or_else(PoisonError::into_inner).get(nas).cloned())
    }

    fn save(&self, nas: &str, record: &GuardRecord) -> Result<(), StoreError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.insert(nas.to_owned(), record.clone());
        Ok(())
    }
}

/// Logins are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Until then, in seconds since 1970.
    pub until: i64,
    /// The code of the refusal.
    pub code: i64,
    /// Its reason.
    pub reason: Reason,
}

/// The guard of one NAS.
#[derive(Default)]
pub(super) struct Guard {
    record: GuardRecord,
    /// The refused credentials, once they were seen in this process.
    refused: Option<Digested>,
    /// The credentials of the last login without success in this process.
    tried: Option<Digested>,
}

impl Guard {
    pub(super) fn new(record: GuardRecord) -> Self {
        Self { record, refused: None, tried: None }
    }

    pub(super) fn record(&self) -> &GuardRecord {
        &self.record
    }

    /// Whether logins are held back now.
    pub(super) fn suspension(&mut self, now: i64) -> Option<Suspension> {
        let (until, code) = (self.record.suspended_until?, self.record.code?);
        // A clock that jumped back must not hold us for years. The clamp is kept, or the end would move along.
        let until = until.min(now + CAP);
        self.record.suspended_until = Some(until);
        (until > now).then(|| Suspension { until, code, reason: codes::login_reason(code) })
    }

    /// What is known of these credentials, when logins are held back.
    pub(super) fn compare(&self, credentials: &Digested) -> Comparison {
        match (&self.refused, &self.record.fingerprint) {
            (Some(refused), _) if refused == credentials => Comparison::Refused,
            (Some(_), _) => Comparison::Changed,
            (None, Some(fingerprint)) => Comparison::Ask(fingerprint.clone()),
            // Hashing failed when the record was written: better to wait for nothing than to be blocked.
            (None, None) => Comparison::Refused,
        }
    }

    /// Remembers that these are the refused credentials, so that bcrypt need not be asked again.
    pub(super) fn recognise(&mut self, credentials: Digested) {
        self.refused = Some(credentials);
    }

    /// The credentials changed: nothing is held against the new ones.
    pub(super) fn lift(&mut self) {
        self.refused = None;
        self.tried = None;
        let GuardRecord { totp_step, attempts, .. } = std::mem::take(&mut self.record);
        self.record = GuardRecord { totp_step, attempts, ..GuardRecord::default() };
    }

    /// How long to wait when too many logins were in vain lately.
    pub(super) fn limited(&mut self, now: i64) -> Option<Duration> {
        for attempt in &mut self.record.attempts {
            // Attempts in the future were made before a jump of the clock, perhaps just now.
            *attempt = (*attempt).min(now);
        }
        self.record.attempts.retain(|attempt| now - *attempt < WINDOW);
        let oldest = self.record.attempts.len().checked_sub(MAX_ATTEMPTS).map(|i| self.record.attempts[i])?;
        Some(seconds(oldest + WINDOW - now))
    }

    /// Whether the last login without success was made with other credentials.
    pub(super) fn is_other_than_tried(&self, credentials: &Digested) -> bool {
        self.tried.as_ref().is_some_and(|tried| tried != credentials)
    }

    /// Other credentials than those that were tried get an attempt now. Only one: the NAS counts attempts by
    /// address, whatever they were made with.
    pub(super) fn allow_another(&mut self) {
        self.tried = None;
        if self.record.attempts.len() >= MAX_ATTEMPTS {
            self.record.attempts.remove(0);
        }
    }

    /// A login failed, and not by a refusal. One whose credentials the NAS cannot have judged does not count.
    pub(super) fn failed(&mut self, reason: Reason, was_judged: bool, credentials: Digested) {
        if !was_judged {
            self.record.attempts.pop();
        }
        self.record.last_reason = Some(reason.as_str().to_owned());
        self.tried = Some(credentials);
    }

    /// The reason of the last login without success, as far as it is known.
    pub(super) fn last_reason(&self) -> Reason {
        self.record.last_reason.as_deref().and_then(Reason::from_label).unwrap_or(Reason::Session)
    }

    /// How long to wait until a one-time code may be made, and for which step it is then.
    pub(super) fn next_totp_step(&self, now: i64) -> (Duration, i64) {
        let step = now.div_euclid(TOTP_STEP);
        // Of a last step in the future, after a jump of the clock, it is only known that the NAS would not have
        // accepted it much too early.
        if self.record.totp_step.is_some_and(|last| last >= step) {
            (seconds((step + 1) * TOTP_STEP - now), step + 1)
        } else {
            (Duration::ZERO, step)
        }
    }

    /// Before a login is sent: whatever becomes of it, even if nobody waits for its end, it counts.
    pub(super) fn attempt(&mut self, now: i64, totp_step: Option<i64>) {
        self.record.attempts.push(now);
        if totp_step.is_some() {
            self.record.totp_step = totp_step;
        }
    }

    /// The login succeeded.
    pub(super) fn succeeded(&mut self) {
        self.lift();
        self.record.attempts.pop();
    }

    /// The login was refused with a code that must not be repeated on a timer.
    pub(super) fn refused(&mut self, now: i64, code: i64, credentials: Digested) {
        let record = &mut self.record;
        let doubled = FIRST.saturating_mul(1 << record.failures.min(10));
        record.failures = record.failures.saturating_add(1);
        record.suspended_until = Some(now + doubled.min(CAP));
        record.code = Some(code);
        record.last_reason = Some(codes::login_reason(code).as_str().to_owned());
        record.fingerprint = None;
        self.tried = Some(credentials.clone());
        self.refused = Some(credentials);
    }

    /// The fingerprint of the refused credentials, which takes a while to compute.
    pub(super) fn fingerprinted(&mut self, fingerprint: Option<String>) {
        self.record.fingerprint = fingerprint;
    }
}

/// Whether credentials are the refused ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// They are.
    Refused,
    /// They are others.
    Changed,
    /// It takes bcrypt over this fingerprint to know.
    Ask(String),
}

/// A wait of whole seconds; none for what is over.
fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsm::credentials::{Credentials, SecondFactor};

    const NOW: i64 = 1_700_000_000;

    fn digested(password: &str) -> Digested {
        let second_factor = SecondFactor::None;
        Digested::new(&Credentials { account: "ann".into(), password: password.into(), second_factor }, None)
    }

    #[test]
    fn suspensions_double_up_to_the_cap() {
        let mut guard = Guard::default();
        let mut now = NOW;
        for minutes in [15, 30, 60, 120, 240, 240] {
            guard.refused(now, 400, digested("x"));
            let suspension = guard.suspension(now).unwrap();
            assert_eq!((suspension.until - now) / 60, minutes);
            assert_eq!(suspension.reason, Reason::Auth);
            now = suspension.until;
            assert_eq!(guard.suspension(now), None);
        }
        guard.succeeded();
        guard.refused(now, 407, digested("x"));
        assert_eq!(guard.suspension(now).unwrap().until, now + FIRST);
    }

    #[test]
    fn a_time_beyond_the_cap_is_clamped_and_comes_to_an_end() {
        let record = GuardRecord {
            suspended_until: Some(NOW * 2),
            failures: 1,
            code: Some(400),
            ..GuardRecord::default()
        };
        let mut guard = Guard::new(record);
        assert_eq!(guard.suspension(NOW).unwrap().until, NOW + CAP);
        assert_eq!(guard.suspension(NOW + CAP), None);
    }

    #[test]
    fn credentials_are_compared_by_value_and_after_a_restart_by_fingerprint() {
        let mut guard = Guard::default();
        guard.refused(NOW, 400, digested("x"));
        guard.fingerprinted(Some("hash".into()));
        assert_eq!(guard.compare(&digested("x")), Comparison::Refused);
        assert_eq!(guard.compare(&digested("y")), Comparison::Changed);
        let mut guard = Guard::new(guard.record().clone());
        assert_eq!(guard.compare(&digested("x")), Comparison::Ask("hash".into()));
        guard.recognise(digested("x"));
        assert_eq!(guard.compare(&digested("x")), Comparison::Refused);
        guard.lift();
        assert_eq!(guard.suspension(NOW), None);
    }

    #[test]
    fn at_most_five_attempts_without_success_in_five_minutes() {
        let mut guard = Guard::default();
        for i in 0..5 {
            assert_eq!(guard.limited(NOW + i), None);
            guard.attempt(NOW + i, None);
        }
        assert_eq!(guard.limited(NOW + 10), Some(Duration::from_secs(290)));
        guard.lift();
        assert_eq!(
            guard.limited(NOW + 299),
            Some(Duration::from_secs(1)),
            "changed credentials do not lift it"
        );
        assert_eq!(guard.limited(NOW + 300), None);
        guard.attempt(NOW + 300, None);
        guard.succeeded();
        assert_eq!(guard.record().attempts.len(), 4, "a success does not count");
        assert_eq!(guard.limited(NOW - 9999), None);
        guard.attempt(NOW - 9999, None);
        assert_eq!(guard.limited(NOW - 9999), Some(Duration::from_secs(300)), "a jump back forgets nothing");
    }

    #[test]
    fn a_step_is_used_once() {
        let mut guard = Guard::default();
        let step = NOW / TOTP_STEP;
        assert_eq!(guard.next_totp_step(NOW), (Duration::ZERO, step));
        guard.attempt(NOW, Some(step));
        let wait = u64::try_from((step + 1) * TOTP_STEP - NOW).unwrap();
        assert_eq!(guard.next_totp_step(NOW), (Duration::from_secs(wait), step + 1));
        guard.succeeded();
        assert_eq!(guard.record().totp_step, Some(step), "a success does not forget the step");
        let before = NOW - 100_000;
        assert!(
            guard.next_totp_step(before).0 <= Duration::from_secs(30),
            "a jump back waits one step at most"
        );
    }
}
