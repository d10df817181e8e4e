//! A snapshot as samples, built afresh for each encoding: what is not in the snapshot has no series.

mod connection;
mod nas;
mod task;
mod transfer;

use super::sample::{Count, Label, Sample, Sink, Value, Write};
use crate::model::{Snapshot, Status};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::sync::Arc;

/// What of a snapshot is exposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectOptions {
    /// A series for each file in flight.
    pub per_file: bool,
    /// At most so many files of a NAS, the newest first.
    pub max_files: usize,
    /// At most so many series of a NAS; beyond it whole families are left out, largest first.
    pub max_series: usize,
}

/// The collector of one NAS's snapshot.
#[derive(Debug)]
pub struct NasCollector {
    snapshot: Arc<Snapshot>,
    options: CollectOptions,
    skip: Vec<&'static str>,
}

impl NasCollector {
    /// Prepares the collection, and says which families are left out with how many series each. What
    /// tells whether the NAS is up is never left out.
    pub fn new(snapshot: Arc<Snapshot>, options: CollectOptions) -> (Self, Vec<(&'static str, usize)>) {
        let mut count = Count::default();
        collect(&snapshot, options, &mut count);
        let mut total: usize = count.0.values().sum();
        let mut always = Count::default();
        nas::collect(&snapshot, &mut always);
        let mut families: Vec<_> =
            count.0.into_iter().filter(|(family, _)| !always.0.contains_key(family)).collect();
        families.sort_by_key(|(_, series)| *series);
        let mut dropped = Vec::new();
        while total > options.max_series
            && let Some((family, series)) = families.pop()
        {
            total -= series;
            dropped.push((family, series));
        }
        let skip = dropped.iter().map(|(family, _)| *family).collect();
        (Self { snapshot, options, skip }, dropped)
    }
}

impl Collector for NasCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut sink = Write { encoder, skip: &self.skip, result: Ok(()) };
        collect(&self.snapshot, self.options, &mut sink);
        sink.result
    }
}

fn collect(snapshot: &Snapshot, options: CollectOptions, sink: &mut impl Sink) {
    nas::collect(snapshot, sink);
    if let Some(data) = snapshot.data.as_deref() {
        let nas = snapshot.nas.as_str();
        nas::collect_package(nas, data, sink);
        connection::collect(nas, data, sink);
        task::collect(nas, data, sink);
        transfer::collect(nas, data, options, sink);
    }
}

/// The samples of a state: one for each known word, and one for the present word where it is unknown.
fn states<'a, const N: usize>(
    present: Option<&'a Status>,
    labels: impl Fn(&'a str) -> [Label<'a>; N] + 'a,
) -> impl Iterator<Item = Sample<'a>> {
    let words = present.into_iter().flat_map(|present| {
        let known = Status::WORDS.into_iter().map(move |word| (word, word == present.as_str()));
        let other = matches!(present, Status::Other(_)).then(|| (present.as_str(), true));
        known.chain(other)
    });
    words.map(move |(word, is_present)| Sample::new(labels(word), is_present))
}

/// A sample when there is a value.
fn maybe<const N: usize>(labels: [Label<'_>; N], value: Option<impl Into<Value>>) -> Option<Sample<'_>> {
    value.map(|value| Sample::new(labels, value))
}
