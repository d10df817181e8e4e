//! Files in flight, summed by task and direction, and one by one where that is asked for.

use super::{CollectOptions, maybe};
use crate::metrics::catalogue::{self as metric, Metric};
use crate::metrics::sample::{Label, Sample, Sink, Value};
use crate::model::{ConnectionId, Data, Direction, TaskId, Transfer};
use std::collections::{BTreeMap, HashSet};

type Flow = (Option<ConnectionId>, TaskId, Direction);

/// Sums over the files of a flow. One that no file gave a number for is absent, not 0.
struct Sums {
    files: u64,
    stalled: u64,
    bit_rate: Option<f64>,
    size: Option<u64>,
    done: Option<u64>,
}

impl Sums {
    /// Nothing in flight: nothing was left out, so the sums are 0.
    const IDLE: Self = Self { files: 0, stalled: 0, bit_rate: Some(0.0), size: Some(0), done: Some(0) };

    fn of(files: &[&Transfer]) -> Self {
        Self {
            files: files.len() as u64,
            stalled: files.iter().filter(|file| file.stalled).count() as u64,
            bit_rate: files.iter().filter_map(|file| file.bit_rate).reduce(|a, b| a + b),
            size: files.iter().filter_map(|file| file.size).reduce(u64::saturating_add),
            done: files.iter().filter_map(|file| file.done).reduce(u64::saturating_add),
        }
    }
}

pub(super) fn collect(nas: &str, data: &Data, options: CollectOptions, sink: &mut impl Sink) {
    let nas: Label<'_> = nas.into();
    if let Some(transfers) = &data.transfers {
        let flows = sum(data, transfers);
        let mut family = |metric: &'static Metric, value: fn(&Sums) -> Option<Value>| {
            let samples = flows.iter().filter_map(|(flow, sums)| maybe(flow_labels(nas, *flow), value(sums)));
            sink.family(metric, samples);
        };
        family(&metric::TRANSFERS, |sums| Some(sums.files.into()));
        family(&metric::TRANSFER_BIT_RATE, |sums| sums.bit_rate.map(Value::Float));
        family(&metric::TRANSFER_SIZE, |sums| sums.size.map(Value::Uint));
        family(&metric::TRANSFER_DONE, |sums| sums.done.map(Value::Uint));
        family(&metric::TRANSFERS_STALLED, |sums| Some(sums.stalled.into()));
    }
    sink.family(
        &metric::TRANSFERRED,
        data.transferred.iter().map(|total| {
            Sample::new(flow_labels(nas, (total.connection, total.task, total.direction)), total.bytes)
        }),
    );
    if options.per_file {
        collect_files(nas, data, options.max_files, sink);
    }
}

/// Every task has its uploads and downloads, also when nothing is in flight.
fn sum(data: &Data, transfers: &[Transfer]) -> BTreeMap<Flow, Sums> {
    let mut flows: BTreeMap<Flow, Vec<&Transfer>> = BTreeMap::new();
    for task in data.tasks.values() {
        for direction in Direction::USUAL {
            flows.entry((Some(task.connection), task.id, direction)).or_default();
        }
    }
    for transfer in transfers {
        flows.entry((transfer.connection, transfer.task, transfer.direction)).or_default().push(transfer);
    }
    let sums = |files: Vec<&Transfer>| if files.is_empty() { Sums::IDLE } else { Sums::of(&files) };
    flows.into_iter().map(|(flow, files)| (flow, sums(files))).collect()
}

/// A task that no connection is known for has an empty `conn_id`.
fn flow_labels(nas: Label<'_>, flow: Flow) -> [Label<'_>; 4] {
    let (connection, task, direction) = flow;
    let connection = connection.map_or(Label::Text(""), |id| Label::Number(id.0));
    [nas, connection, Label::Number(task.0), direction.as_str().into()]
}

fn collect_files(nas: Label<'_>, data: &Data, max: usize, sink: &mut impl Sink) {
    let mut seen = HashSet::new();
    // Two entries of one path would be the same series twice, which voids the whole scrape.
    let files: Vec<&Transfer> = data
        .transfers
        .iter()
        .flatten()
        .filter(|file| seen.insert((file.task, file.direction, file.path.as_str())))
        .take(max)
        .collect();
    let mut family = |metric: &'static Metric, value: fn(&Transfer) -> Option<Value>| {
        let samples = files.iter().filter_map(|file| {
            let [nas, connection, task, direction] =
                flow_labels(nas, (file.connection, file.task, file.direction));
            maybe([nas, connection, task, direction, file.path.as_str().into()], value(file))
        });
        sink.family(metric, samples);
    };
    family(&metric::FILE_BIT_RATE, |file| file.bit_rate.map(Value::Float));
    family(&metric::FILE_SIZE, |file| file.size.map(Value::Uint));
    family(&metric::FILE_DONE, |file| file.done.map(Value::Uint));
}
