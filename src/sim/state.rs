//! Everything behind the simulator's answers, and what its tasks share.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use totp_rs::{Builder, Secret, Totp};

use super::{
    Recorded, SecondFactor, SimOptions, World, auth::Guard, clock::Clock, fault::Faults, session::Sessions,
};

/// The state, changed under one lock: a call is answered at one point in time.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: SimOptions,
    pub(super) world: World,
    /// Stops the task that moves the world, while there is one.
    pub(super) mover: Option<CancellationToken>,
    pub(super) clock: Clock,
    pub(super) sessions: Sessions,
    pub(super) guard: Guard,
    pub(super) faults: Faults,
    pub(super) totp: Option<Totp>,
    pub(super) recorded: VecDeque<Recorded>,
    pub(super) request_count: u64,
    pub(super) login_attempts: u64,
}

impl State {
    /// An error when the second factor's secret is not base32.
    pub(super) fn new(mut options: SimOptions) -> io::Result<Self> {
        let totp = match &options.second_factor {
            SecondFactor::Totp { secret_base32, .. } => {
                let secret = Secret::try_from_base32(secret_base32).map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidInput, "the second factor's secret is not base32")
                })?;
                Some(Builder::new().with_secret(secret).build_noncompliant())
            }
            _ => None,
        };
        let world = std::mem::replace(&mut options.world, World::empty());
        Ok(Self {
            options,
            world,
            mover: None,
            clock: Clock::default(),
            sessions: Sessions::default(),
            guard: Guard::default(),
            faults: Faults::default(),
            totp,
            recorded: VecDeque::new(),
            request_count: 0,
            login_attempts: 0,
        })
    }

    pub(super) fn record(&mut self, request: Recorded) {
        self.request_count += 1;
        self.login_attempts += u64::from(request.calls(super::api::AUTH, "login"));
        self.recorded.push_back(request);
        while self.recorded.len() > self.options.remembered_requests {
            self.recorded.pop_front();
        }
    }
}

/// What the server, its connections and the controls have in common.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), stop: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    /// The state. A test that panicked while editing the world must not take the others' answers with it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
