//! What every scrape must hold, whatever the NASes do.

use crate::nas::{Nas, STALE_AFTER};
use cloudsync_exporter::metrics::{Coding, Exposition, Format, Selection};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Endings of series that only grow.
const GROWING: [&str; 4] = ["_total", "_count", "_bucket", "_sum"];
/// More series than the storms can make.
const MOST_SERIES: usize = 30_000;

/// Scrapes, and remembers what must not fall.
#[derive(Default)]
pub(crate) struct Scraper {
    /// Of each format: bodies are kept for up to a second, each on its own, and a scraper keeps to one.
    counters: [BTreeMap<String, f64>; 2],
    scrapes: usize,
}

/// The name of a series' metric.
fn name(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

fn is_of(series: &str, nas: &str) -> bool {
    series.contains(&format!("{{nas=\"{nas}\""))
}

impl Scraper {
    /// Scrapes in one of the formats and codings, in turn, and gives the series.
    pub(crate) fn scrape(&mut self, exposition: &Exposition, nases: &[Nas]) -> BTreeMap<String, f64> {
        let scraper = self.scrapes % 2;
        let format = [Format::Text, Format::OpenMetrics][scraper];
        for coding in [Coding::Gzip, Coding::Zstd] {
            assert!(!exposition.render(&Selection::All, format, coding).unwrap().body.is_empty());
        }
        let rendered = exposition.render(&Selection::All, format, Coding::Identity).unwrap();
        self.scrapes += 1;
        let series = parsed(std::str::from_utf8(&rendered.body).unwrap());
        assert!(series.len() < MOST_SERIES, "{} series", series.len());
        for (series, value) in &series {
            if GROWING.iter().any(|ending| name(series).ends_with(ending)) {
                let before = self.counters[scraper].insert(series.clone(), *value);
                assert!(before.is_none_or(|before| *value >= before), "{series}: {before:?}, then {value}");
            }
        }
        for nas in nases {
            look(&series, nas);
        }
        series
    }

    /// What is not there now does not come back: connections that are gone.
    pub(crate) fn keep(&mut self, series: &BTreeMap<String, f64>) {
        for counters in &mut self.counters {
            counters.retain(|known, _| series.contains_key(known));
        }
    }

    /// The NAS has left and come back.
    pub(crate) fn forget(&mut self, nas: &str) {
        for counters in &mut self.counters {
            counters.retain(|series, _| !is_of(series, nas));
        }
    }
}

/// Lines to series; two samples of one series are an error.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let twice = found.insert(series.to_owned(), value.parse().unwrap());
        assert!(twice.is_none(), "{series} twice");
    }
    found
}

/// What holds of the series of one NAS.
fn look(series: &BTreeMap<String, f64>, nas: &Nas) {
    let labels = format!("{{nas=\"{}\"", nas.name.as_str());
    let of = |family: &str| -> Vec<(&String, &f64)> {
        let begin = format!("{family}{labels}");
        series.iter().filter(|(series, _)| series.starts_with(&begin)).collect()
    };
    let up = of("cloudsync_up");
    let reasons: Vec<_> =
        of("cloudsync_down_reason").into_iter().filter(|(_, value)| **value > 0.0).collect();
    match up.as_slice() {
        [(_, up)] => {
            assert_eq!(reasons.len(), usize::from(**up < 1.0), "{}: up {up}, {reasons:?}", nas.name.as_str());
        }
        [] => assert!(reasons.is_empty(), "not tried yet, and down: {reasons:?}"),
        many => panic!("{many:?}"),
    }
    let is_old = nas.without_success().is_none_or(|since| since > STALE_AFTER + Duration::from_secs(1));
    if is_old {
        let shown = of("cloudsync_connections");
        assert!(
            shown.is_empty(),
            "{:?} without a success, and there are data: {shown:?}",
            nas.without_success()
        );
    }
}

/// Whether the last poll of a NAS was good, and whether its logins are held back.
pub(crate) fn state(series: &BTreeMap<String, f64>, nas: &Nas) -> (bool, bool) {
    let is = |family: &str| {
        series.get(&format!("{family}{{nas=\"{}\"}}", nas.name.as_str())).is_some_and(|value| *value > 0.0)
    };
    (is("cloudsync_up"), is("cloudsync_nas_login_suspended"))
}

/// The series of what the NASes have, without our own counters and what comes by chance.
pub(crate) fn of_the_nases(series: &BTreeMap<String, f64>) -> BTreeSet<String> {
    let counted_by_us =
        ["cloudsync_poll", "cloudsync_nas_request", "cloudsync_nas_login", "cloudsync_malformed"];
    let momentary = ["cloudsync_file_", "cloudsync_transfer", "cloudsync_log_", "cloudsync_connection_last_"];
    let is_kept = |series: &&String| {
        series.starts_with("cloudsync_")
            && !counted_by_us.iter().chain(&momentary).any(|begin| series.starts_with(begin))
    };
    series.keys().filter(is_kept).cloned().collect()
}
