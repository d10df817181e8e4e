//! The standard `process_*` families, read from /proc. A figure that cannot be read is absent.

use super::catalogue as metric;
use super::sample::{Sample, Sink, Value, Write};
use procfs::process::{LimitValue, Process};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

/// Reads this process's figures each time it is asked.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut sink = Write { encoder, skip: &[], result: Ok(()) };
        if let Ok(process) = Process::myself() {
            collect(&process, &mut sink);
        }
        sink.result
    }
}

fn collect(process: &Process, sink: &mut impl Sink) {
    let mut one =
        |metric, value: Option<Value>| sink.family(metric, value.map(|v| Sample::new([], v)).into_iter());
    if let Ok(stat) = process.stat() {
        #[expect(clippy::cast_precision_loss, reason = "ticks stay far below 2^52")]
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        one(&metric::PROCESS_CPU, Some(seconds(stat.utime + stat.stime).into()));
        one(&metric::PROCESS_VIRTUAL_MEMORY, Some(stat.vsize.into()));
        one(&metric::PROCESS_RESIDENT_MEMORY, Some((stat.rss * procfs::page_size()).into()));
        one(&metric::PROCESS_THREADS, Some(stat.num_threads.into()));
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 stay far below 2^52")]
        let start = procfs::boot_time_secs().ok().map(|boot| boot as f64 + seconds(stat.starttime));
        one(&metric::PROCESS_START_TIME, start.map(Value::from));
    }
    one(&metric::PROCESS_OPEN_FDS, process.fd_count().ok().map(Value::from));
    if let Ok(limits) = process.limits() {
        let soft = |limit: LimitValue| match limit {
            LimitValue::Value(n) => Some(Value::from(n)),
            LimitValue::Unlimited => None,
        };
        one(&metric::PROCESS_MAX_FDS, soft(limits.max_open_files.soft_limit));
        one(&metric::PROCESS_VIRTUAL_MEMORY_MAX, soft(limits.max_address_space.soft_limit));
    }
}
