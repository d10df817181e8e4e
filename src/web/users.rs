//! Users with passwords: basic authentication against bcrypt hashes.
//!
//! bcrypt is slow on purpose, so one hash is computed at a time, off the runtime; what was judged is remembered; and
//! who waits is bounded, altogether and by peer. A name that is not there costs as much as the dearest that is.

mod cache;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bcrypt::HashParts;
use data_encoding::BASE64;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::handler::network;
use cache::Cache;

/// The highest cost of a hash. One of 18 takes some 20 s, already longer than a scrape may; each step doubles it.
const MOST_COST: u32 = 18;
/// Passwords that wait for their hash at once.
const MOST_WAITING: u32 = 64;
/// The same of one peer.
const MOST_WAITING_OF_PEER: u32 = 8;

/// Who may ask, by name and bcrypt hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Users {
    hashes: BTreeMap<String, String>,
    /// Judged in place of the hash of a name that is not there; fits no password that is known.
    nobody: String,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.hashes.keys()).finish()
    }
}

impl Users {
    /// What is wrong with a hash, if anything; the hash is not in it.
    pub fn check(hash: &str) -> Result<(), String> {
        let parts: HashParts = hash.parse().map_err(|_| {
            "is no bcrypt hash; allowed: 60 characters such as htpasswd -nBC 10 writes, beginning with $2a$, $2b$, \
             $2x$ or $2y$"
                .to_owned()
        })?;
        match parts.get_cost() {
            4..=MOST_COST => Ok(()),
            cost => Err(format!("has the cost {cost}; allowed: 4 to {MOST_COST}")),
        }
    }

    /// These users; each hash has passed [`check`](Self::check).
    pub fn new(users: impl IntoIterator<Item = (String, String)>) -> Self {
        let hashes: BTreeMap<String, String> = users.into_iter().collect();
        // As slow as the slowest.
        let cost = hashes.values().filter_map(|hash| hash.get(4..6)).max().unwrap_or("10");
        let nobody = format!("$2b${cost}$ZYBYvSQb1VqfR.ilAF24pO{}", "nobodyhasthispassword1234567892");
        Self { hashes, nobody }
    }

    /// The hash to judge a password of this name by, and whether there is such a user at all.
    fn hash(&self, name: &[u8]) -> (&str, bool) {
        let known = std::str::from_utf8(name).ok().and_then(|name| self.hashes.get(name));
        known.map_or((self.nobody.as_str(), false), |hash| (hash, true))
    }
}

/// What a request says of who sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    name: Vec<u8>,
    password: Vec<u8>,
}

impl Credentials {
    /// Those of the only `Authorization` header, if it is one of basic authentication (RFC 7617).
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (value, None) = (values.next()?, values.next()) else { return None };
        let (scheme, encoded) = value.as_bytes().split_at_checked(6)?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let decoded = BASE64.decode(encoded.trim_ascii()).ok()?;
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        let (name, password) = decoded.split_at_checked(colon)?;
        Some(Self { name: name.to_owned(), password: password.get(1..)?.to_owned() })
    }
}

/// What became of a request's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are a user's.
    Known,
    /// They are missing or nobody's.
    Unknown,
    /// Too many wait already.
    Busy,
}

/// Judges passwords, and remembers what it judged.
#[derive(Debug)]
pub(super) struct Judge {
    cache: Cache,
    turn: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    all: u32,
    by_peer: HashMap<IpAddr, u32>,
}

impl Default for Judge {
    fn default() -> Self {
        Self { cache: Cache::new(), turn: Arc::new(Semaphore::new(1)), waiting: Mutex::default() }
    }
}

impl Judge {
    /// Whether `credentials` are those of one of `users`.
    pub(super) async fn judge(
        self: &Arc<Self>,
        users: &Users,
        credentials: Option<Credentials>,
        peer: IpAddr,
    ) -> Verdict {
        let peer = network(peer);
        let Some(Credentials { name, password }) = credentials else { return Verdict::Unknown };
        let (hash, is_known) = users.hash(&name);
        let key = self.cache.key([&name, hash.as_bytes(), &password]);
        if let Some(fits) = self.cache.get(&key) {
            return verdict(fits && is_known);
        }
        let Some(_place) = Place::take(self, peer) else { return Verdict::Busy };
        // Never closed; were it, nobody would be let in.
        let Ok(turn) = Arc::clone(&self.turn).acquire_owned().await else { return Verdict::Busy };
        // Whoever was before may have asked the same.
        if let Some(fits) = self.cache.get(&key) {
            return verdict(fits && is_known);
        }
        let (judge, hash) = (Arc::clone(self), hash.to_owned());
        let judged = spawn_blocking(move || {
            // Held to the end, even if nobody waits for it any longer.
            let _turn = turn;
            let fits = bcrypt::verify(&password, &hash).unwrap_or(false);
            judge.cache.put(key, fits);
            fits
        });
        verdict(judged.await.unwrap_or(false) && is_known)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn verdict(is_known: bool) -> Verdict {
    if is_known { Verdict::Known } else { Verdict::Unknown }
}

/// A place among those who wait, until it is dropped.
struct Place<'a> {
    judge: &'a Judge,
    peer: IpAddr,
}

impl<'a> Place<'a> {
    fn take(judge: &'a Judge, peer: IpAddr) -> Option<Self> {
        let mut waiting = judge.waiting();
        let of_peer = waiting.by_peer.get(&peer).copied().unwrap_or_default();
        if waiting.all >= MOST_WAITING || of_peer >= MOST_WAITING_OF_PEER {
            return None;
        }
        waiting.all += 1;
        waiting.by_peer.insert(peer, of_peer + 1);
        Some(Self { judge, peer })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.judge.waiting();
        waiting.all = waiting.all.saturating_sub(1);
        if let Some(of_peer) = waiting.by_peer.get_mut(&self.peer) {
            *of_peer = of_peer.saturating_sub(1);
            if *of_peer == 0 {
                waiting.by_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests;
