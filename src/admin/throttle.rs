//! Slows down who guesses: failed authentications of a peer are answered later and later.
//!
//! Good tokens are never slowed, also not those of a peer that shares its address with a guesser. What waits is
//! bounded, so that guessing does not become a way to fill memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Failures that are answered at once: people mistype.
const FREE: u32 = 3;
/// How long the next one waits, doubling with each further up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// After so long without a failure a peer is forgotten.
const FORGIVEN: Duration = Duration::from_secs(10 * 60);
/// Requests of one peer that wait at once.
const MOST_WAITING: u32 = 4;
/// Peers that are remembered.
const MOST_PEERS: usize = 4_096;

#[derive(Debug)]
struct Failures {
    count: u32,
    waiting: u32,
    last: Instant,
}

/// The failures of all peers.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

/// Peers that are one: an IPv6 host has a whole /64 to call from.
fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = u128::from(v6) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A request that waits, until it is answered or its client goes away.
struct Waiting<'a> {
    throttle: &'a Throttle,
    peer: IpAddr,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(failures) = self.throttle.lock().get_mut(&self.peer) {
            failures.waiting = failures.waiting.saturating_sub(1);
        }
    }
}

impl Throttle {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A failed authentication: waits as long as this peer has to. False when too many of its requests wait already.
    pub(super) async fn failed(&self, address: IpAddr) -> bool {
        let peer = peer_of(address);
        let Some(wait) = self.begin(peer) else { return false };
        let _waiting = Waiting { throttle: self, peer };
        sleep(wait).await;
        true
    }

    fn begin(&self, peer: IpAddr) -> Option<Duration> {
        let mut peers = self.lock();
        let now = Instant::now();
        if peers.len() >= MOST_PEERS && !peers.contains_key(&peer) {
            peers.retain(|_, failures| now - failures.last < FORGIVEN);
            if peers.len() >= MOST_PEERS {
                let oldest = peers.iter().min_by_key(|(_, failures)| failures.last).map(|(peer, _)| *peer);
                oldest.and_then(|oldest| peers.remove(&oldest));
            }
        }
        let failures = peers.entry(peer).or_insert(Failures { count: 0, waiting: 0, last: now });
        if now - failures.last >= FORGIVEN {
            failures.count = 0;
        }
        if failures.waiting >= MOST_WAITING {
            return None;
        }
        failures.last = now;
        failures.count = failures.count.saturating_add(1);
        failures.waiting += 1;
        let beyond = failures.count.saturating_sub(FREE);
        Some(if beyond == 0 { Duration::ZERO } else { (FIRST * (1 << (beyond - 1).min(10))).min(LONGEST) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    async fn waited(throttle: &Throttle, peer: &str) -> Duration {
        let started = Instant::now();
        assert!(throttle.failed(address(peer)).await);
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn failures_wait_longer_and_longer_and_others_do_not() {
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
    async fn only_so_many_wait() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.failed(address("192.0.2.1")).await;
        }
        let all = futures_util::future::join_all((0..6).map(|_| throttle.failed(address("192.0.2.1")))).await;
        assert_eq!(all.iter().filter(|waited| **waited).count(), 4);
        assert!(throttle.failed(address("192.0.2.1")).await, "and later there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_waits_no_longer() {
        let throttle = Throttle::default();
        for _ in 0..3 {
            throttle.failed(address("192.0.2.1")).await;
        }
        for _ in 0..10 {
            let impatient =
                tokio::time::timeout(Duration::from_millis(1), throttle.failed(address("192.0.2.1")));
            assert!(impatient.await.is_err());
        }
        assert!(throttle.failed(address("192.0.2.1")).await);
    }

    #[test]
    fn an_ipv6_network_is_one_peer() {
        assert_eq!(peer_of(address("2001:db8::1")), peer_of(address("2001:db8::2:3")));
        assert_ne!(peer_of(address("2001:db8::1")), peer_of(address("2001:db8:0:1::1")));
        assert_eq!(peer_of(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..10_000_u32 {
            throttle.failed(IpAddr::V4(number.into())).await;
        }
        assert!(throttle.lock().len() <= MOST_PEERS);
    }
}
