//! Many callers that want the same thing at once: one makes it, the others share what came of it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::dsm::error::Error;

#[derive(Default)]
pub(super) struct SingleFlight {
    /// How many flights have ended.
    ended: AtomicU64,
    /// The failure of the last one.
    failure: Mutex<Option<Error>>,
}

impl SingleFlight {
    /// Gives what is `ready`, or makes it. Who had to wait for another's flight shares its failure; a flight whose
    /// caller went away is made anew.
    pub(super) async fn run<T>(
        &self,
        ready: impl Fn() -> Option<T>,
        make: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let ended = self.ended();
        let failure = self.failure.lock().await;
        if let Some(ready) = ready() {
            return Ok(ready);
        }
        match &*failure {
            Some(failure) if ended != self.ended() => Err(failure.clone()),
            _ => self.fly(failure, make).await,
        }
    }

    /// Makes something that nobody else waits for, after the flights before it.
    pub(super) async fn alone<T>(&self, make: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let failure = self.failure.lock().await;
        self.fly(failure, make).await
    }

    async fn fly<T>(
        &self,
        mut failure: MutexGuard<'_, Option<Error>>,
        make: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        *failure = None;
        let outcome = make.await;
        *failure = outcome.as_ref().err().cloned();
        self.ended.fetch_add(1, Ordering::SeqCst);
        outcome
    }

    fn ended(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }
}
