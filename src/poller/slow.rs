//! The slow part: settings, quotas, filters and the package, in one request. What is new on the NAS
//! is asked about at once; what is refused is absent until the next slow round; what failed in
//! passing is tried again soon, and less and less soon while it keeps failing.

use super::cycle::{Memory, Poller, unix_seconds};
use super::reduce::{self, Reduced};
use super::trouble::{Section, Troubles};
use crate::dsm::cloud_sync::read;
use crate::dsm::cloud_sync::wire;
use crate::dsm::{Answers, Batch, Slot};
use crate::model::{
    ConnectionId, ConnectionSettings, Data, Package, Quota, TaskFilters, TaskId, TaskSettings,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// What the slow part knew last.
#[derive(Debug, Default)]
pub(super) struct Slow {
    due: Option<Instant>,
    /// How often in a row it failed in passing.
    failures: u32,
    /// When a slow request was last answered.
    answered: Option<Instant>,
    /// When the last of them that asked about everything began.
    asked: Option<Timestamp>,
    package: Option<Package>,
    settings: BTreeMap<ConnectionId, ConnectionSettings>,
    quotas: BTreeMap<ConnectionId, Quota>,
    task_settings: BTreeMap<TaskId, TaskSettings>,
    task_filters: BTreeMap<TaskId, TaskFilters>,
    asked_connections: BTreeSet<ConnectionId>,
    asked_tasks: BTreeSet<TaskId>,
}

impl Slow {
    /// Puts what is known into `data`, unless it is older than `max_age`.
    pub(super) fn fill(&self, data: &mut Data, max_age: Duration) {
        if self.answered.is_none_or(|at| at.elapsed() > max_age) {
            return;
        }
        data.package.clone_from(&self.package);
        data.settings_asked = self.asked.map(unix_seconds);
        data.settings.clone_from(&self.settings);
        data.quotas.clone_from(&self.quotas);
        data.task_settings.clone_from(&self.task_settings);
        data.task_filters.clone_from(&self.task_filters);
    }

    /// Lets the next cycle be a whole one.
    pub(super) fn make_due(&mut self) {
        self.due = None;
    }

    /// Plans the next round. A little early, so that a cycle that comes with jitter is not put off by one.
    fn plan(&mut self, failed: bool, interval: Duration, slow_interval: Duration) {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        let wait = match self.failures {
            0 => slow_interval,
            n => interval.saturating_mul(1 << (n - 1).min(16)).min(slow_interval),
        };
        self.due = Some(Instant::now() + wait - interval / 2);
    }

    pub(super) fn retain(
        &mut self,
        is_connection: impl Fn(ConnectionId) -> bool,
        is_task: impl Fn(TaskId) -> bool,
    ) {
        self.settings.retain(|id, _| is_connection(*id));
        self.quotas.retain(|id, _| is_connection(*id));
        self.asked_connections.retain(|id| is_connection(*id));
        self.task_settings.retain(|id, _| is_task(*id));
        self.task_filters.retain(|id, _| is_task(*id));
        self.asked_tasks.retain(|id| is_task(*id));
    }
}

/// The questions of one slow request.
#[derive(Default)]
struct Asked {
    package: Option<Slot<wire::Config>>,
    connections: Vec<(ConnectionId, Slot<wire::ConnectionSetting>, Slot<wire::Property>)>,
    tasks: Vec<(TaskId, Slot<wire::SessionSetting>, Slot<wire::SelectiveSyncConfig>)>,
}

/// Takes answers one by one and keeps account of what went wrong.
struct Taker<'a> {
    poller: &'a Poller,
    troubles: &'a mut Troubles,
    malformed: BTreeMap<Section, u64>,
    /// Whether something failed that may work in the next cycle.
    again: bool,
}

impl Taker<'_> {
    fn take<W: DeserializeOwned, T>(
        &mut self,
        answers: &mut Answers,
        slot: Slot<W>,
        section: Section,
        id: Option<i64>,
        reduce: fn(&W) -> Reduced<T>,
    ) -> Option<T> {
        match answers.take(slot) {
            Ok(answer) => {
                self.troubles.section_up(&self.poller.nas, section, id);
                let reduced = reduce(&answer);
                *self.malformed.entry(section).or_default() += reduced.malformed;
                Some(reduced.value)
            }
            Err(error) => {
                self.poller.section_down(self.troubles, section, id, &error);
                self.again |= error.is_transient();
                None
            }
        }
    }
}

/// Stores an answer, or withdraws what was known when there is none.
fn store<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

impl Poller {
    /// Asks what is due; whether anything was asked.
    pub(super) async fn slow(&self, memory: &mut Memory) -> bool {
        let is_due = memory.slow.due.is_none_or(|due| due <= Instant::now());
        // While the NAS is not up to it, what is new waits as well.
        if !is_due && memory.slow.failures > 0 {
            return false;
        }
        let (batch, asked) = ask(memory, is_due);
        if batch.is_empty() {
            return false;
        }
        let began = Timestamp::now();
        let failed = match self.client.run(batch).await {
            Ok(answers) => {
                if is_due {
                    memory.slow.asked = Some(began);
                }
                self.take_slow(memory, answers, asked, is_due)
            }
            // What is known stays until it is too old.
            Err(error) => {
                self.section_down(&mut memory.troubles, Section::Package, None, &error);
                true
            }
        };
        if is_due || failed {
            memory.slow.plan(failed, self.options.interval, self.options.slow_interval);
        }
        true
    }

    /// Takes the answers; whether something failed that may work soon.
    fn take_slow(&self, memory: &mut Memory, mut answers: Answers, asked: Asked, is_due: bool) -> bool {
        let slow = &mut memory.slow;
        let mut taker =
            Taker { poller: self, troubles: &mut memory.troubles, malformed: BTreeMap::new(), again: false };
        if let Some(slot) = asked.package {
            slow.package = taker.take(&mut answers, slot, Section::Package, None, reduce::package);
        }
        for (id, settings, property) in asked.connections {
            let number = Some(id.0);
            let settings = taker.take(&mut answers, settings, Section::Settings, number, reduce::settings);
            store(&mut slow.settings, id, settings);
            let quota = taker.take(&mut answers, property, Section::Quota, number, reduce::quota);
            store(&mut slow.quotas, id, quota);
            slow.asked_connections.insert(id);
        }
        for (id, settings, filters) in asked.tasks {
            let number = Some(id.0);
            let settings =
                taker.take(&mut answers, settings, Section::TaskSettings, number, reduce::task_settings);
            store(&mut slow.task_settings, id, settings);
            let filters =
                taker.take(&mut answers, filters, Section::TaskFilters, number, reduce::task_filters);
            store(&mut slow.task_filters, id, filters);
            slow.asked_tasks.insert(id);
        }
        let Taker { malformed, again, .. } = taker;
        for section in
            [Section::Package, Section::Settings, Section::Quota, Section::TaskSettings, Section::TaskFilters]
        {
            let values = malformed.get(&section).copied().unwrap_or(0);
            // Questions about what is new say nothing of what the whole round found.
            if is_due || values > 0 {
                self.malformed(&mut memory.troubles, section, values);
            }
        }
        if is_due {
            memory.slow.answered = Some(Instant::now());
        }
        again
    }
}

fn ask(memory: &Memory, is_due: bool) -> (Batch, Asked) {
    let mut batch = Batch::new();
    let mut asked = Asked::default();
    if is_due {
        asked.package = Some(batch.add(read::get_config()));
    }
    for id in memory.fast.connections.keys() {
        if is_due || !memory.slow.asked_connections.contains(id) {
            let settings = batch.add(read::get_connection_setting(id.0));
            asked.connections.push((*id, settings, batch.add(read::get_property(id.0))));
        }
    }
    for id in memory.fast.tasks.keys() {
        if is_due || !memory.slow.asked_tasks.contains(id) {
            let settings = batch.add(read::get_session_setting(id.0));
            asked.tasks.push((*id, settings, batch.add(read::get_selective_sync_config(id.0))));
        }
    }
    (batch, asked)
}
