//! An exposition that has not changed is served without a copy.

use crate::{ALLOCATOR, ALONE};
use cloudsync_exporter::metrics::{
    Coding, CollectOptions, ExporterMetrics, Exposition, Format, NasCounters, Selection,
};
use cloudsync_exporter::model::{NasName, Snapshot};
use std::sync::Arc;

/// Our own series are made anew each second, which may fall into a round.
const ROUNDS: usize = 20;

#[test]
fn an_unchanged_exposition_is_rendered_without_an_allocation() {
    let _alone = ALONE.lock();
    let exposition = Exposition::new(Arc::new(ExporterMetrics::new("0", "0", "0", 0.0)));
    let nas = NasName::new("home");
    let counters = Arc::new(NasCounters::new(&nas, cloudsync_exporter::poller::sections()));
    let options = CollectOptions { per_file: false, max_files: 50, max_series: 50_000 };
    exposition.publish(Arc::new(Snapshot::untried(nas)), &counters, options);
    for format in [Format::Text, Format::OpenMetrics] {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
            let render = || exposition.render(&Selection::All, format, coding).unwrap();
            let fewest = (0..ROUNDS).map(|_| {
                let first = render();
                let before = ALLOCATOR.stats();
                for _ in 0..100 {
                    assert!(!render().body.is_empty());
                }
                let after = ALLOCATOR.stats();
                drop(first);
                (after.allocations + after.reallocations) - (before.allocations + before.reallocations)
            });
            assert_eq!(fewest.min(), Some(0), "{format:?} {coding:?}");
        }
    }
}
