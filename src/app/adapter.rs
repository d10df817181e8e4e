//! Where rooms that do not know each other meet: the client's view of configuration, state file and
//! metrics, and the poller's view of the exposition.

use crate::config::{self, NasConfig};
use crate::dsm::{
    CredentialError, CredentialSource, Credentials, GuardRecord, GuardStore, Observer, Reason, SecondFactor,
    StoreError,
};
use crate::metrics::{CollectOptions, Exposition, NasCounters};
use crate::model::{DownReason, NasName, Snapshot};
use crate::poller::{self, Heartbeat};
use crate::state::StateFile;
use data_encoding::BASE32;
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Credentials of the configuration, read afresh at each login.
pub(super) struct ConfiguredCredentials(pub(super) NasConfig);

impl CredentialSource for ConfiguredCredentials {
    fn load(&self) -> Result<Credentials, CredentialError> {
        let credentials = self.0.credentials().map_err(|error| CredentialError(error.to_string()))?;
        let second_factor = match credentials.second_factor {
            None => SecondFactor::None,
            Some(config::SecondFactorCredential::Totp(secret)) => {
                SecondFactor::Totp(BASE32.encode(secret.expose_secret()).into())
            }
            Some(config::SecondFactorCredential::Device { id, name }) => SecondFactor::Device { name, id },
        };
        Ok(Credentials { account: credentials.username, password: credentials.password, second_factor })
    }
}

/// The login guard's memory in the state file.
pub(super) struct StoredGuard(pub(super) Arc<StateFile>);

impl GuardStore for StoredGuard {
    fn load(&self, nas: &str) -> Result<Option<GuardRecord>, StoreError> {
        let text = self.0.guard(nas).map_err(|error| StoreError(error.to_string()))?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| StoreError(error.to_string())))
            .transpose()
    }

    fn save(&self, nas: &str, record: &GuardRecord) -> Result<(), StoreError> {
        let text = serde_json::to_string(record).map_err(|error| StoreError(error.to_string()))?;
        self.0.set_guard(nas, &text).map_err(|error| StoreError(error.to_string()))
    }
}

/// The reason of a failed request in the metrics' vocabulary.
fn failure(outcome: Result<(), Reason>) -> Option<DownReason> {
    outcome.err().map(poller::down_reason)
}

/// Counts what the client does, and shows that its poller is alive.
pub(super) struct RequestObserver {
    pub(super) counters: Arc<NasCounters>,
    pub(super) heartbeat: Arc<Heartbeat>,
}

impl Observer for RequestObserver {
    fn request(&self, method: &str, outcome: Result<(), Reason>, took: Duration, _: u64, _: u64) {
        self.heartbeat.beat();
        self.counters.request(method, took, failure(outcome));
    }

    fn login(&self, outcome: Result<(), Reason>) {
        self.counters.login(failure(outcome));
    }
}

/// Takes what the poller of one NAS reports into the metrics.
pub(super) struct ExpositionSink {
    pub(super) exposition: Arc<Exposition>,
    pub(super) counters: Arc<NasCounters>,
    pub(super) options: CollectOptions,
    /// The families that were left out last, so that a change is said once.
    pub(super) left_out: Mutex<Vec<&'static str>>,
}

impl poller::Sink for ExpositionSink {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        let nas = snapshot.nas.clone();
        let left_out = self.exposition.publish(snapshot, &self.counters, self.options);
        let mut before = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != left_out {
            let (families, limit) = (left_out.join(", "), self.options.max_series);
            if left_out.is_empty() {
                tracing::info!(%nas, "no family is left out any more");
            } else {
                tracing::warn!(%nas, families, limit, "more series than metrics.max_series: families are left out");
            }
            *before = left_out;
        }
    }

    fn polled(&self, _: &NasName, took: Duration, failure: Option<DownReason>) {
        self.counters.poll(took, failure);
    }

    fn panicked(&self, _: &NasName) {
        self.counters.panicked();
    }

    fn section_failed(&self, _: &NasName, section: &'static str) {
        self.counters.section_failed(section);
    }

    fn malformed(&self, _: &NasName, section: &'static str, values: u64) {
        self.counters.malformed(section, values);
    }
}
