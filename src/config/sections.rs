//! The shape of the whole file, and its resolution into a [`Config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::admin::{AdminConfig, TokenConfig};
use super::automation::{AutomationConfig, AutomationMode, RuleConfig};
use super::log::LogConfig;
use super::metrics::MetricsConfig;
use super::names::{self, check_name};
use super::nas::NasSection;
use super::poll::PollConfig;
use super::problem::Problems;
use super::web::WebConfig;
use super::{Config, Place, read, write};

/// Stands for any name in [`Sections::template`].
pub(super) const ANY_NAME: &str = "*";

/// The file as it is read: every key optional, nothing checked across keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sections {
    nas: BTreeMap<String, NasSection>,
    poll: PollConfig,
    metrics: MetricsConfig,
    web: WebConfig,
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    state_file: Option<PathBuf>,
    admin: AdminConfig,
    automation: AutomationConfig,
    log: LogConfig,
}

impl Default for Sections {
    fn default() -> Self {
        Self {
            nas: BTreeMap::new(),
            poll: PollConfig::default(),
            metrics: MetricsConfig::default(),
            web: WebConfig::default(),
            state_file: Some("cloudsync-exporter.sqlite".into()),
            admin: AdminConfig::default(),
            automation: AutomationConfig::default(),
            log: LogConfig::default(),
        }
    }
}

impl Sections {
    /// The defaults with one entry, [`ANY_NAME`], in each table of names: every key that there is.
    pub(super) fn template() -> Self {
        let mut all = Self::default();
        all.nas.insert(ANY_NAME.to_owned(), NasSection::default());
        all.admin.tokens.insert(ANY_NAME.to_owned(), TokenConfig::default());
        all.automation.rules.insert(ANY_NAME.to_owned(), RuleConfig::default());
        all
    }

    /// The checked configuration; without one, `problems` has at least one entry more.
    pub(super) fn resolve(self, place: Place, problems: &mut Problems) -> Option<Config> {
        let names: Vec<String> = self.nas.keys().cloned().collect();
        let known = names::Known(names.iter().map(String::as_str).collect());
        problems.require(
            !names.is_empty(),
            "nas",
            "is missing; allowed: at least one NAS, as nas.NAME.url and so on",
        );
        self.poll.validate(problems);
        self.metrics.validate(problems);
        self.web.validate(problems);
        self.admin.validate(&known, place, problems);
        self.automation.validate(&known, problems);
        self.require_what_rules_need(problems);
        let state_file = problems.keep(
            "state_file",
            self.state_file
                .ok_or_else(|| "is empty; allowed: the path of a file that may be created".to_owned()),
        );
        let mut nas = BTreeMap::new();
        for (name, section) in self.nas {
            let key = format!("nas.{name}");
            problems.check_name(&key, check_name(&name));
            nas.extend(section.resolve(&key, place, problems).map(|resolved| (name, resolved)));
        }
        Some(Config {
            nas,
            poll: self.poll,
            metrics: self.metrics,
            web: self.web,
            state_file: state_file?,
            admin: self.admin,
            automation: self.automation,
            log: self.log,
        })
    }

    fn require_what_rules_need(&self, problems: &mut Problems) {
        problems.require(
            self.automation.mode != AutomationMode::Enforce || self.admin.enabled,
            "automation.mode",
            "enforce needs admin.enabled: alerts come in by the admin listener; allowed: observe without it",
        );
    }
}

impl From<Config> for Sections {
    fn from(config: Config) -> Self {
        let Config { nas, poll, metrics, web, state_file, admin, automation, log } = config;
        let nas = nas.into_iter().map(|(name, nas)| (name, nas.into())).collect();
        Self { nas, poll, metrics, web, state_file: Some(state_file), admin, automation, log }
    }
}
