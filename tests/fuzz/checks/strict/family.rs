//! What holds of one family's samples together.

use std::collections::{BTreeMap, HashSet};

use super::line::number;
use super::{Family, Format, Kind, Sample};

/// Checks a whole family; gives every name that is its own from here on.
pub(super) fn check(family: &Family, format: Format) -> Result<Vec<String>, &'static str> {
    let Family { name, kind, samples, .. } = family;
    let mut seen = HashSet::new();
    for sample in samples {
        if !seen.insert((&sample.name, &sample.labels)) {
            return Err("a series for the second time");
        }
    }
    match kind {
        Kind::Gauge => {
            named(samples, name)?;
            Ok(vec![name.clone()])
        }
        Kind::Counter => {
            let stem = match format {
                Format::Text => name.strip_suffix("_total").ok_or("a counter without _total")?,
                Format::OpenMetrics if name.ends_with("_total") => {
                    return Err("a counter's family with _total");
                }
                Format::OpenMetrics => name,
            };
            let total = format!("{stem}_total");
            named(samples, &total)?;
            if samples.iter().any(|sample| sample.value.is_nan() || sample.value < 0.0) {
                return Err("a counter that is negative or no number");
            }
            Ok(vec![stem.to_owned(), total])
        }
        Kind::Histogram => {
            histogram(name, samples)?;
            Ok(["", "_bucket", "_sum", "_count"].iter().map(|suffix| format!("{name}{suffix}")).collect())
        }
    }
}

fn named(samples: &[Sample], name: &str) -> Result<(), &'static str> {
    if samples.iter().any(|sample| sample.name != name) {
        return Err("a sample of another family");
    }
    Ok(())
}

/// The parts of one histogram.
#[derive(Default)]
struct Parts {
    /// Upper bounds and counts.
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

fn histogram(name: &str, samples: &[Sample]) -> Result<(), &'static str> {
    let mut parts: BTreeMap<BTreeMap<String, String>, Parts> = BTreeMap::new();
    for sample in samples {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le");
        let parts = parts.entry(labels).or_default();
        match (sample.name.strip_prefix(name), bound) {
            (Some("_bucket"), Some(bound)) => {
                let bound = number(&bound).ok_or("a bucket's bound is no number")?;
                parts.buckets.push((bound, sample.value));
            }
            (Some("_sum"), None) => parts.sum = Some(sample.value),
            (Some("_count"), None) => parts.count = Some(sample.value),
            (Some("_bucket" | "_sum" | "_count"), _) => return Err("le where it does not belong, or none"),
            _ => return Err("a sample of another family"),
        }
    }
    for Parts { buckets, sum, count } in parts.values() {
        let (Some(sum), Some(count)) = (sum, count) else { return Err("a histogram without sum and count") };
        if sum.is_nan() || *sum < 0.0 || count.fract() != 0.0 {
            return Err("a histogram's sum or count makes no sense");
        }
        let mut pairs = buckets.iter().zip(buckets.iter().skip(1));
        if !pairs.clone().all(|(one, next)| one.0 < next.0) {
            return Err("buckets are not in the order of their bounds");
        }
        if !pairs.all(|(one, next)| one.1 <= next.1) {
            return Err("buckets are not cumulative");
        }
        match buckets.last() {
            Some((bound, rows)) if *bound == f64::INFINITY && rows.to_bits() == count.to_bits() => {}
            _ => return Err("the last bucket is not +Inf with the count"),
        }
    }
    Ok(())
}
