//! Shards: several instances share the NASes of one file between them.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use super::problem::shown;

/// This instance's part, written `index/total` with the index counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    total: u64,
}

impl Shard {
    /// The shard that holds everything.
    pub const WHOLE: Self = Self { index: 0, total: 1 };

    /// True when the NAS of this name is this instance's to poll: FNV-1a-64 of the name modulo the total.
    pub fn holds(self, name: &str) -> bool {
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(name.as_bytes());
        hasher.finish() % self.total == self.index
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(index, total)| {
            Some(Self { index: index.trim().parse().ok()?, total: total.trim().parse().ok()? })
        });
        parsed.filter(|shard| shard.index < shard.total).ok_or_else(|| {
            format!(
                "{} is no shard; allowed: INDEX/TOTAL with INDEX from 0 to TOTAL - 1, such as 0/3",
                shown(text)
            )
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a_64() {
        // The published test vector: FNV-1a-64("foobar") = 0x85944171f73967e8.
        let total = 1_000_003;
        let index = 0x8594_4171_f739_67e8 % total;
        assert!(Shard { index, total }.holds("foobar"));
    }

    #[test]
    fn each_name_is_in_exactly_one_shard() {
        for name in ["home", "office", "a", "nas_01"] {
            let holders = (0..3).filter(|index| Shard { index: *index, total: 3 }.holds(name)).count();
            assert_eq!(holders, 1, "{name}");
        }
        assert!(Shard::WHOLE.holds("home"));
    }

    #[test]
    fn only_index_below_total_is_read() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, total: 3 }));
        for text in ["", "1", "3/3", "0/0", "-1/2", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
