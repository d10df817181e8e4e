//! Samples on their way into an exposition, and the two ends that take them: one that counts, one
//! that writes through prometheus-client.

use super::catalogue::{Kind, Metric};
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, LabelSetEncoder, LabelValueEncoder, MetricEncoder,
    NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::collections::BTreeMap;
use std::fmt;

/// A label value. Written by hand: a value derived from a type's name would rename series at the
/// next refactoring.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// A sample's value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Uint(u64::from(value))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Uint(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Uint(value as u64)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// The widest family has six labels (`cloudsync_connection_info`, `cloudsync_task_info`).
const MAX_LABELS: usize = 6;

/// One sample of a family: its label values, in the order of the family's labels, and its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    labels: [Label<'a>; MAX_LABELS],
    width: usize,
    value: Value,
}

impl<'a> Sample<'a> {
    pub(super) fn new<const N: usize>(labels: [Label<'a>; N], value: impl Into<Value>) -> Self {
        const { assert!(N <= MAX_LABELS) }
        let mut padded = [Label::Text(""); MAX_LABELS];
        for (slot, label) in padded.iter_mut().zip(labels) {
            *slot = label;
        }
        Self { labels: padded, width: N, value: value.into() }
    }
}

/// Takes families one after the other.
pub(super) trait Sink {
    fn family<'a>(&mut self, metric: &'static Metric, samples: impl Iterator<Item = Sample<'a>>);
}

/// Counts the series of each family without writing any.
#[derive(Debug, Default)]
pub(super) struct Count(pub(super) BTreeMap<&'static str, usize>);

impl Sink for Count {
    fn family<'a>(&mut self, metric: &'static Metric, samples: impl Iterator<Item = Sample<'a>>) {
        *self.0.entry(metric.name).or_default() += samples.count();
    }
}

/// Writes families through prometheus-client, leaving out those that `skip` names. A family without
/// samples leaves no HELP line behind.
pub(super) struct Write<'s, 'e> {
    pub(super) encoder: DescriptorEncoder<'e>,
    pub(super) skip: &'s [&'static str],
    pub(super) result: fmt::Result,
}

impl Sink for Write<'_, '_> {
    fn family<'a>(&mut self, metric: &'static Metric, samples: impl Iterator<Item = Sample<'a>>) {
        if self.result.is_ok() && !self.skip.contains(&metric.name) {
            self.result = write_family(&mut self.encoder, metric, samples);
        }
    }
}

fn write_family<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    metric: &'static Metric,
    samples: impl Iterator<Item = Sample<'a>>,
) -> fmt::Result {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return Ok(());
    }
    let unit = metric.unit.map(unit_of);
    let kind = match metric.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge | Kind::Histogram => MetricType::Gauge,
    };
    let mut family = encoder.encode_descriptor(metric.stem(), metric.help, unit.as_ref(), kind)?;
    for sample in samples {
        debug_assert_eq!(sample.width, metric.labels.len(), "{}", metric.name);
        let row = Row { names: metric.labels, values: &sample.labels };
        if metric.labels.is_empty() {
            write_value(&mut family, metric.kind, sample.value)?;
        } else {
            write_value(&mut family.encode_family(&row)?, metric.kind, sample.value)?;
        }
    }
    Ok(())
}

fn write_value(series: &mut MetricEncoder<'_>, kind: Kind, value: Value) -> fmt::Result {
    match (kind, value) {
        (Kind::Counter, Value::Uint(n)) => series.encode_counter::<NoLabelSet, _, u64>(&n, None),
        (Kind::Counter, Value::Int(n)) => {
            series.encode_counter::<NoLabelSet, _, u64>(&u64::try_from(n).unwrap_or(0), None)
        }
        (Kind::Counter, Value::Float(n)) => series.encode_counter::<NoLabelSet, _, u64>(&n, None),
        (_, Value::Uint(n)) => series.encode_gauge(&n),
        (_, Value::Int(n)) => series.encode_gauge(&n),
        (_, Value::Float(n)) => series.encode_gauge(&n),
    }
}

/// The unit as prometheus-client names it.
pub(super) fn unit_of(name: &'static str) -> Unit {
    match name {
        "bytes" => Unit::Bytes,
        "seconds" => Unit::Seconds,
        other => Unit::Other(other.to_owned()),
    }
}

/// A sample's labels with their names.
#[derive(Debug)]
struct Row<'a> {
    names: &'static [&'static str],
    values: &'a [Label<'a>],
}

impl EncodeLabelSet for Row<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.names.iter().zip(self.values).try_for_each(|(name, value)| {
            let mut label = encoder.encode_label();
            let mut key = label.encode_label_key()?;
            fmt::Write::write_str(&mut key, name)?;
            let mut text = key.encode_label_value()?;
            value.encode(&mut text)?;
            text.finish()
        })
    }
}

impl EncodeLabelValue for Label<'_> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.encode(encoder),
            Self::Number(number) => number.encode(encoder),
        }
    }
}
