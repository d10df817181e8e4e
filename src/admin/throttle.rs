//! Slows down who guesses: after some failed authentications of a peer, its next tokens are judged later and later.
//!
//! A token is only judged after its wait, and nothing that can be seen before tells whether it is good: otherwise a
//! guesser would not wait for the answer. A token that was good lately waits for nothing, so that whoever shares an
//! address with a guesser goes on working. What waits is bounded, so that guessing is no way to fill memory.

use super::tokens::TokenHash;
use crate::web::network;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Failures that have no consequence: people mistype.
const FREE: u32 = 3;
/// How long the next token waits, doubling with each further failure up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// After so long without a try a peer is forgotten.
const FORGIVEN: Duration = Duration::from_secs(10 * 60);
/// Tokens of one peer that wait at once.
const MOST_WAITING: u32 = 4;
/// Peers that are remembered.
const MOST_PEERS: usize = 4_096;
/// Good tokens that are remembered.
const MOST_GOOD: usize = 256;

#[derive(Debug)]
struct Tries {
    /// Failures, and tries that have not been judged.
    count: u32,
    waiting: u32,
    last: Instant,
}

#[derive(Debug, Default)]
struct Peers {
    tries: HashMap<IpAddr, Tries>,
    /// Tokens that were good, the latest last.
    good: VecDeque<TokenHash>,
}

/// The tries of all peers.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<Peers>);

/// A try that may be judged now. Dropped, it counts as failed.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    throttle: &'a Throttle,
    peer: IpAddr,
    is_waiting: bool,
}

impl Throttle {
    fn lock(&self) -> MutexGuard<'_, Peers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a token of this peer may be judged at once.
    pub(super) fn is_free(&self, address: IpAddr, token: &TokenHash) -> bool {
        let peers = self.lock();
        let is_guessing = peers.tries.get(&network(address)).is_some_and(|tries| tries.count >= FREE);
        !is_guessing || peers.good.contains(token)
    }

    /// Waits until a token of this peer may be judged; none when too many of its tokens wait already.
    pub(super) async fn turn(&self, address: IpAddr, token: &TokenHash) -> Option<Turn<'_>> {
        let (mut turn, wait) = self.begin(network(address), token)?;
        sleep(wait).await;
        turn.no_longer_waits();
        Some(turn)
    }

    fn begin(&self, peer: IpAddr, token: &TokenHash) -> Option<(Turn<'_>, Duration)> {
        let mut peers = self.lock();
        let is_good = peers.good.contains(token);
        let now = Instant::now();
        if peers.tries.len() >= MOST_PEERS && !peers.tries.contains_key(&peer) {
            peers.tries.retain(|_, tries| now - tries.last < FORGIVEN);
            if peers.tries.len() >= MOST_PEERS {
                let oldest = peers.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(peer, _)| *peer);
                oldest.and_then(|oldest| peers.tries.remove(&oldest));
            }
        }
        let tries = peers.tries.entry(peer).or_insert(Tries { count: 0, waiting: 0, last: now });
        if now - tries.last >= FORGIVEN {
            tries.count = 0;
        }
        let wait = match tries.count.checked_sub(FREE) {
            Some(beyond) if !is_good => (FIRST * (1 << beyond.min(10))).min(LONGEST),
            _ => Duration::ZERO,
        };
        if !wait.is_zero() && tries.waiting >= MOST_WAITING {
            return None;
        }
        tries.last = now;
        tries.count = tries.count.saturating_add(1);
        tries.waiting += 1;
        Some((Turn { throttle: self, peer, is_waiting: true }, wait))
    }
}

impl Turn<'_> {
    /// The token was good.
    pub(super) fn succeed(self, token: TokenHash) {
        let mut peers = self.throttle.lock();
        if let Some(tries) = peers.tries.get_mut(&self.peer) {
            tries.count = tries.count.saturating_sub(1);
        }
        peers.good.retain(|known| *known != token);
        peers.good.push_back(token);
        if peers.good.len() > MOST_GOOD {
            peers.good.pop_front();
        }
    }

    fn no_longer_waits(&mut self) {
        if std::mem::take(&mut self.is_waiting)
            && let Some(tries) = self.throttle.lock().tries.get_mut(&self.peer)
        {
            tries.waiting = tries.waiting.saturating_sub(1);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.no_longer_waits();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: TokenHash = [1; 32];
    const GOOD: TokenHash = [2; 32];

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How long a try waits until it is judged. It fails.
    async fn waited(throttle: &Throttle, peer: &str) -> Duration {
        let started = Instant::now();
        assert!(throttle.turn(address(peer), &BAD).await.is_some());
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn failures_make_the_next_wait_longer_and_others_do_not_wait() {
        let throttle = Throttle::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            waits.push(waited(&throttle, "192.0.2.1").await.as_millis());
        }
        assert_eq!(waits, [0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
        assert_eq!(waited(&throttle, "192.0.2.2").await, Duration::ZERO);
        tokio::time::advance(FORGIVEN).await;
        assert_eq!(waited(&throttle, "192.0.2.1").await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_side_by_side_are_counted_before_they_are_judged() {
        let throttle = Throttle::default();
        let started = Instant::now();
        let tries = (0..20).map(|_| throttle.turn(address("192.0.2.1"), &BAD));
        let turns = futures_util::future::join_all(tries).await;
        let judged = turns.iter().flatten().count();
        assert_eq!(judged, 3 + 4, "three at once, four that waited, and the rest not at all");
        assert!(started.elapsed() >= FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_makes_room() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            waited(&throttle, "192.0.2.1").await;
        }
        for _ in 0..20 {
            let turn = throttle.turn(address("192.0.2.1"), &BAD);
            drop(tokio::time::timeout(Duration::from_millis(1), turn).await);
        }
        assert!(throttle.turn(address("192.0.2.1"), &BAD).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_was_good_does_not_wait() {
        let throttle = Throttle::default();
        throttle.turn(address("192.0.2.1"), &GOOD).await.unwrap().succeed(GOOD);
        for _ in 0..8 {
            waited(&throttle, "192.0.2.1").await;
        }
        assert!(!throttle.is_free(address("192.0.2.1"), &BAD));
        assert!(throttle.is_free(address("192.0.2.1"), &GOOD));
        let started = Instant::now();
        throttle.turn(address("192.0.2.1"), &GOOD).await.unwrap().succeed(GOOD);
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..4_500_u32 {
            let token = [u8::try_from(number % 251).unwrap(); 32];
            throttle.turn(IpAddr::V4(number.into()), &token).await.unwrap().succeed(token);
        }
        let peers = throttle.lock();
        assert!(peers.tries.len() <= MOST_PEERS && peers.good.len() <= MOST_GOOD);
    }
}
