//! What was judged, so that a scraper's password is hashed once and not at every scrape.
//!
//! Good and bad are remembered apart: who guesses pushes out only guesses.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rustls::crypto::ring;
use sha2::{Digest, Sha256};

/// Of each kind.
const MOST: usize = 100;

/// A name, the hash it is judged by and a password, as one. Without the seed of its cache it tells nothing.
pub(super) type Key = [u8; 32];

#[derive(Debug)]
pub(super) struct Cache {
    seed: [u8; 32],
    /// Good ones and bad ones, the latest last.
    known: Mutex<[VecDeque<Key>; 2]>,
}

impl Cache {
    pub(super) fn new() -> Self {
        let mut seed = [0; 32];
        // A system without random numbers has no TLS either; then memory alone keeps the passwords apart.
        if ring::default_provider().secure_random.fill(&mut seed).is_err() {
            tracing::warn!("the system has no random numbers");
        }
        Self { seed, known: Mutex::default() }
    }

    pub(super) fn key(&self, parts: [&[u8]; 3]) -> Key {
        let mut digest = Sha256::new_with_prefix(self.seed);
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    pub(super) fn get(&self, key: &Key) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let [good, bad] = &*known;
        if good.contains(key) {
            return Some(true);
        }
        bad.contains(key).then_some(false)
    }

    pub(super) fn put(&self, key: Key, is_good: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let [good, bad] = &mut *known;
        let kind = if is_good { good } else { bad };
        kind.push_back(key);
        if kind.len() > MOST {
            kind.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_do_not_push_out_what_was_good() {
        let cache = Cache::new();
        let good = cache.key([b"alice", b"hash", b"right"]);
        cache.put(good, true);
        for guess in 0..1_000_u32 {
            cache.put(cache.key([b"alice", b"hash", &guess.to_le_bytes()]), false);
        }
        assert_eq!(cache.get(&good), Some(true));
        assert_eq!(cache.get(&cache.key([b"alice", b"hash", &999_u32.to_le_bytes()])), Some(false));
        assert_eq!(cache.get(&cache.key([b"alice", b"hash", &0_u32.to_le_bytes()])), None);
        assert!(cache.known.lock().unwrap().iter().all(|kind| kind.len() <= MOST));
    }

    #[test]
    fn parts_are_told_apart_and_caches_too() {
        let cache = Cache::new();
        assert_ne!(cache.key([b"ab", b"c", b""]), cache.key([b"a", b"bc", b""]));
        assert_ne!(cache.key([b"a", b"b", b"c"]), Cache::new().key([b"a", b"b", b"c"]));
    }
}
