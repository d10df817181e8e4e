//! One NAS of the configuration, put together: client, counters, poller.

use super::adapter::{ConfiguredCredentials, ExpositionSink, RequestObserver};
use crate::config::{Config, NasConfig};
use crate::dsm::{BuildError, Client, ClientOptions, GuardStore, Observer, Pin, TlsOptions};
use crate::metrics::{CollectOptions, Exposition, NasCounters};
use crate::model::NasName;
use crate::poller::{Heartbeat, PollOptions, Poller};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Why a NAS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupError {
    /// The CA file cannot be read.
    #[error("nas.{nas}.tls.ca_file: cannot read {}", file.display())]
    Ca {
        /// The NAS.
        nas: String,
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The client cannot be built.
    #[error("nas.{nas}")]
    Client {
        /// The NAS.
        nas: String,
        /// Why.
        source: BuildError,
    },
}

/// What of the configuration makes a poller; when it differs after a reload, the poller is replaced.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) nas: NasConfig,
    pub(super) poll: crate::config::PollConfig,
    pub(super) collect: CollectOptions,
    /// The text of the CA file, so that a new one is noticed.
    ca_pem: Option<Vec<u8>>,
}

impl Plan {
    /// The plan for a NAS of the configuration. Reads its CA file.
    pub(super) fn new(name: &str, nas: &NasConfig, config: &Config) -> Result<Self, SetupError> {
        let ca_pem = match &nas.tls.ca_file {
            Some(file) => Some(std::fs::read(file).map_err(|source| SetupError::Ca {
                nas: name.to_owned(),
                file: file.clone(),
                source,
            })?),
            None => None,
        };
        let collect = CollectOptions {
            per_file: config.metrics.per_file,
            max_files: config.metrics.max_files,
            max_series: config.metrics.max_series,
        };
        Ok(Self { nas: nas.clone(), poll: config.poll.clone(), collect, ca_pem })
    }

    /// A client of the NAS.
    pub(super) fn client(
        &self,
        name: &str,
        store: Arc<dyn GuardStore>,
        observer: Arc<dyn Observer>,
    ) -> Result<Client, SetupError> {
        let tls = &self.nas.tls;
        let mut options = ClientOptions::new(name, self.nas.url.clone());
        options.timeout = self.poll.timeout;
        options.max_response_bytes = self.poll.max_response_bytes;
        options.tls = TlsOptions {
            ca_pem: self.ca_pem.clone(),
            pin_sha256: tls.pin_sha256.map(|pin| Pin::from(pin.0)),
            insecure_skip_verify: tls.insecure_skip_verify,
        };
        let credentials = Arc::new(ConfiguredCredentials(self.nas.clone()));
        Client::new(options, credentials, store, observer)
            .map_err(|source| SetupError::Client { nas: name.to_owned(), source })
    }

    /// Whether a client of this plan serves another plan as well, session included.
    pub(super) fn has_client_of(&self, other: &Self) -> bool {
        let of = |plan: &Self| {
            (plan.nas.clone(), plan.ca_pem.clone(), plan.poll.timeout, plan.poll.max_response_bytes)
        };
        of(self) == of(other)
    }

    /// A client of the NAS that is counted.
    pub(super) fn counted_client(
        &self,
        name: &NasName,
        store: Arc<dyn GuardStore>,
        counters: &Arc<NasCounters>,
        heartbeat: &Arc<Heartbeat>,
    ) -> Result<Client, SetupError> {
        let observer = RequestObserver { counters: Arc::clone(counters), heartbeat: Arc::clone(heartbeat) };
        self.client(name.as_str(), store, Arc::new(observer))
    }

    /// A poller of the NAS that publishes into `exposition`.
    pub(super) fn poller(
        &self,
        name: &NasName,
        client: Client,
        exposition: &Arc<Exposition>,
        counters: &Arc<NasCounters>,
    ) -> Poller {
        let sink = ExpositionSink {
            exposition: Arc::clone(exposition),
            counters: Arc::clone(counters),
            options: self.collect,
            left_out: Mutex::default(),
        };
        let options = PollOptions {
            interval: self.poll.interval,
            slow_interval: self.poll.slow_interval,
            stale_after: self.poll.stale_after,
            timezone: self.nas.timezone.clone(),
        };
        Poller::new(name.clone(), client, options, Arc::new(sink))
    }
}
