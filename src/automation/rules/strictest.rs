//! Several settings at once: the strictest value of each.

use std::collections::BTreeMap;

/// The stricter of two values of a setting, by the NAS's own name of it.
///
/// A speed limit: the lower one, where 0 is no limit and gives way to any. The polling period
/// (`pull_event_period`): the longer one, which asks the cloud less often. Anything else, such as `part_size`: the
/// smaller one, which takes less at a time.
pub fn stricter(setting: &str, one: u64, other: u64) -> u64 {
    match setting {
        "max_upload_speed" | "max_download_speed" => match (one, other) {
            (0, limit) | (limit, 0) => limit,
            _ => one.min(other),
        },
        "pull_event_period" => one.max(other),
        _ => one.min(other),
    }
}

/// Every setting that any of these has, with its strictest value. The order does not matter.
pub fn strictest<'a>(all: impl IntoIterator<Item = &'a BTreeMap<String, u64>>) -> BTreeMap<String, u64> {
    let mut strictest: BTreeMap<String, u64> = BTreeMap::new();
    for (name, &value) in all.into_iter().flatten() {
        strictest
            .entry(name.clone())
            .and_modify(|known| *known = stricter(name, *known, value))
            .or_insert(value);
    }
    strictest
}
