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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_wins() {
        for (setting, one, other, wanted) in [
            ("max_upload_speed", 512, 1_024, 512),
            ("max_upload_speed", 0, 1_024, 1_024),
            ("max_download_speed", 0, 0, 0),
            ("pull_event_period", 60, 3_600, 3_600),
            ("pull_event_period", 0, 60, 60),
            ("part_size", 128, 512, 128),
            ("anything", 7, 3, 3),
        ] {
            assert_eq!(stricter(setting, one, other), wanted, "{setting} {one} {other}");
            assert_eq!(stricter(setting, other, one), wanted, "{setting} {other} {one}");
        }
        let set = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        let all = [
            set(&[("max_upload_speed", 512), ("pull_event_period", 60)]),
            set(&[("max_upload_speed", 0), ("part_size", 128)]),
            set(&[("pull_event_period", 3_600)]),
        ];
        let wanted = set(&[("max_upload_speed", 512), ("part_size", 128), ("pull_event_period", 3_600)]);
        assert_eq!(strictest(&all), wanted);
        assert_eq!(strictest(all.iter().rev()), wanted);
        assert_eq!(strictest([]), set(&[]));
    }
}
