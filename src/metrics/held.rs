//! The holds in force on one NAS, as whoever keeps them shows them.

use super::catalogue as metric;
use super::sample::{Label, Sample, Sink, Value, Write};
use crate::model::{ConnectionId, HeldConnection, HoldKind, NasName};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The holds of one NAS. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct HeldConnections {
    nas: NasName,
    holds: Arc<Mutex<Vec<HeldConnection>>>,
}

/// Holds that are one series: how many, since when the oldest, when the last of them ends (none when one has no end),
/// and whether all of them are in effect.
#[derive(Debug, Clone, Copy)]
struct Together {
    count: u64,
    since: f64,
    until: Option<f64>,
    in_effect: bool,
}

impl HeldConnections {
    pub(super) fn new(nas: &NasName) -> Self {
        Self { nas: nas.clone(), holds: Arc::default() }
    }

    pub(super) fn show(&self, holds: Vec<HeldConnection>) {
        *self.holds.lock().unwrap_or_else(PoisonError::into_inner) = holds;
    }

    fn labels<'a>(&'a self, connection: ConnectionId, rule: &'a str, kind: HoldKind) -> [Label<'a>; 4] {
        [self.nas.as_str().into(), Label::Number(connection.0), rule.into(), kind.as_str().into()]
    }

    fn together(&self) -> BTreeMap<(ConnectionId, String, HoldKind), Together> {
        let mut series = BTreeMap::new();
        for hold in self.holds.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let HeldConnection { connection, rule, kind, since, until, in_effect } = hold;
            series
                .entry((*connection, rule.clone(), *kind))
                .and_modify(|together: &mut Together| {
                    together.count += 1;
                    together.since = together.since.min(*since);
                    together.until = together.until.zip(*until).map(|(one, other)| one.max(other));
                    together.in_effect &= *in_effect;
                })
                .or_insert(Together { count: 1, since: *since, until: *until, in_effect: *in_effect });
        }
        series
    }
}

impl Collector for HeldConnections {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let series = self.together();
        let mut sink = Write { encoder, skip: &[], result: Ok(()) };
        let mut family = |metric, value: fn(&Together) -> Option<Value>| {
            let samples = series.iter().filter_map(|((connection, rule, kind), together)| {
                Some(Sample::new(self.labels(*connection, rule, *kind), value(together)?))
            });
            sink.family(metric, samples);
        };
        family(&metric::HOLDS, |together| Some(together.count.into()));
        family(&metric::HOLD_START, |together| Some(together.since.into()));
        family(&metric::HOLD_EXPIRY, |together| together.until.map(Value::from));
        family(&metric::HOLD_IN_EFFECT, |together| Some(together.in_effect.into()));
        sink.result
    }
}
