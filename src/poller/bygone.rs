//! How much of what is gone is remembered, should it come back. The time alone is no bound: a NAS may show others at
//! every poll.

use std::collections::BTreeMap;

/// More than any NAS has at once, so that all of it may go for a moment and come back.
const MOST: usize = 2_000;

/// Forgets what has been gone for longest, as far as there is too much of it. `gone` gives since when something is.
pub(super) fn forget_beyond<K: Ord + Copy, V, T: PartialOrd>(
    map: &mut BTreeMap<K, V>,
    gone: impl Fn(&V) -> Option<T>,
) {
    let mut all: Vec<(T, K)> = map.iter().filter_map(|(key, value)| Some((gone(value)?, *key))).collect();
    if all.len() <= MOST {
        return;
    }
    all.sort_by(|(one, _), (other, _)| other.partial_cmp(one).unwrap_or(std::cmp::Ordering::Equal));
    for (_, key) in all.split_off(MOST) {
        map.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gone_are_forgotten_and_none_that_is_there() {
        let present = (0..10_000).map(|id| (id, None));
        let gone = (10_000..15_000).map(|id| (id, Some(id)));
        let mut map: BTreeMap<usize, Option<usize>> = present.chain(gone).collect();
        forget_beyond(&mut map, |since| *since);
        let left: Vec<usize> = map.keys().copied().filter(|id| *id >= 10_000).collect();
        assert_eq!(map.len(), 10_000 + MOST);
        assert_eq!((left[0], left.len()), (15_000 - MOST, MOST));
    }

    #[test]
    fn what_went_together_may_come_back_together() {
        let mut map: BTreeMap<usize, Option<u8>> = (0..MOST).map(|id| (id, Some(7))).collect();
        forget_beyond(&mut map, |since| *since);
        assert_eq!(map.len(), MOST);
    }
}
