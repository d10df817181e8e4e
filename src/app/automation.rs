//! The automation, put together: rules of the configuration, the webhook's way to it, and its counters.

use crate::actions::Reach;
use crate::admin::{Delivery, Inbox, NotTaken, Taken};
use crate::automation::{self, Automation, Bearer, Matchers, Meter, Rejected, Rule, Select, Settings};
use crate::config::{AutomationMode, Config, RuleAction, RuleConfig, RuleSelect, TokenConfig};
use crate::metrics::ExporterMetrics;
use crate::model::NasName;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// What of the configuration the automation goes by. The matchers were read once already, when it was loaded.
pub(super) fn settings(config: &Config) -> Settings {
    let automation = &config.automation;
    Settings {
        enforces: automation.mode == AutomationMode::Enforce,
        rules: automation.rules.iter().filter_map(|(name, rule)| read(name, rule)).collect(),
        max_held_share: automation.max_held_share,
        reaches: Some(config.admin.tokens.iter().map(|(name, token)| (name.clone(), reach(token))).collect()),
        reconcile_interval: automation.reconcile_interval,
    }
}

/// Where a token may act.
pub(super) fn reach(token: &TokenConfig) -> Reach {
    Reach { nas: token.nas.clone(), connections: token.connections.clone() }
}

fn read(name: &str, config: &RuleConfig) -> Option<Rule> {
    match rule(name, config) {
        Ok(rule) => Some(rule),
        Err(error) => {
            tracing::error!(rule = name, %error, "a rule is left out");
            None
        }
    }
}

/// A rule of the configuration.
pub(super) fn rule(name: &str, config: &RuleConfig) -> Result<Rule, automation::BadMatchers> {
    let RuleConfig {
        matchers,
        action,
        select,
        set,
        lease,
        release_delay,
        max_hold,
        latch,
        cooldown,
        daily_budget,
    } = config;
    Ok(Rule {
        name: name.to_owned(),
        matchers: Matchers::parse(matchers)?,
        action: match action {
            RuleAction::Pause => automation::RuleAction::Pause,
            RuleAction::Settings => automation::RuleAction::Settings(set.clone()),
            RuleAction::Notify => automation::RuleAction::Notify,
        },
        select: select_of(select),
        lease: *lease,
        release_delay: *release_delay,
        max_hold: *max_hold,
        latch: *latch,
        cooldown: *cooldown,
        daily_budget: *daily_budget,
    })
}

fn select_of(RuleSelect { nas, connections, labels }: &RuleSelect) -> Select {
    if *labels {
        Select::Labels
    } else if nas.is_empty() {
        Select::Nothing
    } else {
        Select::Named { nas: NasName::new(nas), connections: connections.clone() }
    }
}

/// The webhook's way to the automation.
pub(super) struct AutomationInbox {
    pub(super) automation: Arc<Automation>,
    pub(super) exporter: Arc<ExporterMetrics>,
}

impl Inbox for AutomationInbox {
    fn accept(&self, delivery: Delivery) -> BoxFuture<'_, Result<Taken, NotTaken>> {
        let Delivery { body, token, peer, reach } = delivery;
        Box::pin(async move {
            match self.automation.accept(body, Bearer { token, peer, reach, ..Bearer::default() }).await {
                Ok(automation::Accepted { alerts, malformed }) => Ok(Taken { alerts, malformed }),
                Err(rejected) => Err(refusal(&rejected)),
            }
        })
    }

    fn too_large(&self) {
        self.exporter.webhook_rejected("too_large");
    }
}

fn refusal(rejected: &Rejected) -> NotTaken {
    let why = rejected.to_string();
    match rejected {
        Rejected::Payload(automation::PayloadError::TooMany(_)) => NotTaken::TooMany(why),
        Rejected::Payload(_) => NotTaken::Malformed(why),
        Rejected::Busy | Rejected::Disk(_) => NotTaken::Later(why),
    }
}

/// The automation's counters, among the program's own.
pub(super) struct Counters(pub(super) Arc<ExporterMetrics>);

impl Meter for Counters {
    fn accepted(&self, at: f64, malformed: u64, truncated: u64) {
        self.0.webhook_accepted(at, malformed, truncated);
    }

    fn rejected(&self, reason: &'static str) {
        self.0.webhook_rejected(reason);
    }
}
