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
use std::sync::Arc;
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
}

impl poller::Sink for ExpositionSink {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        self.exposition.publish(snapshot, &self.counters, self.options);
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
