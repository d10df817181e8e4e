//! The controls of a simulated NAS, for tests and for the demo.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Fault, Recorded, SessionInfo, World, state::Shared};

/// A handle on a running [`super::Simulator`]; clones reach the same one. Every change counts from the next call on.
#[derive(Clone, Debug)]
pub struct Control {
    pub(super) shared: Arc<Shared>,
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Reads or edits the world.
    pub fn world<R>(&self, edit: impl FnOnce(&mut World) -> R) -> R {
        edit(&mut self.shared.lock().world)
    }

    /// Lets the world move by itself, once a second, or stand still.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn set_moving(&self, moving: bool) {
        let mut state = self.shared.lock();
        if !moving {
            if let Some(mover) = state.mover.take() {
                mover.cancel();
            }
        } else if state.mover.is_none() {
            let stop = self.shared.stop.child_token();
            state.mover = Some(stop.clone());
            self.shared.tasks.spawn(tick(Arc::clone(&self.shared), stop));
        }
    }

    /// Adds a fault behind those in force.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Ends every fault. Requests that hang already go on hanging.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The HTTP requests so far, oldest first: the newest [`super::SimOptions::remembered_requests`] of them.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().recorded.iter().cloned().collect()
    }

    /// The same, and forgets them.
    pub fn take_requests(&self) -> Vec<Recorded> {
        self.shared.lock().recorded.drain(..).collect()
    }

    /// HTTP requests since the start, forgotten ones included.
    pub fn request_count(&self) -> u64 {
        self.shared.lock().request_count
    }

    /// Logins asked for since the start, whatever they were answered.
    pub fn login_attempts(&self) -> u64 {
        self.shared.lock().login_attempts
    }

    /// The living sessions.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        self.shared.lock().sessions.alive()
    }

    /// Forgets every session: their next calls get 119.
    pub fn drop_sessions(&self) {
        self.shared.lock().sessions.forget();
    }

    /// The NAS restarts, in no time: it forgets every session, so that their next calls get 119, and every pause. (Whether
    /// a pause outlives the restart of a real NAS is not known, API notes §6.)
    pub fn restart(&self) {
        let mut state = self.shared.lock();
        state.sessions.forget();
        state.world.forget_pauses();
    }

    /// Times every session out: their next calls get 106.
    pub fn expire_sessions(&self) {
        self.shared.lock().sessions.end(106, None);
    }

    /// Another login took every session: their next calls get 107.
    pub fn steal_session(&self) {
        self.shared.lock().sessions.end(107, None);
    }

    /// The client's address changed for every session: their next calls get 150.
    pub fn change_client_ip(&self) {
        self.shared.lock().sessions.end(150, None);
    }

    /// Opens a session without a login, with a token, for a client on loopback.
    pub fn open_session(&self, name: &str) -> SessionInfo {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        let account = state.options.account.clone();
        state.sessions.open((&account, name), true, [127, 0, 0, 1].into(), now)
    }

    /// Changes the account's password.
    pub fn set_password(&self, password: &str) {
        self.shared.lock().options.password = password.into();
    }

    /// Refuses logins with the right password with this code (401, 402, 408 to 411), or no longer.
    pub fn set_login_refusal(&self, code: Option<i64>) {
        self.shared.lock().options.login_refusal = code;
    }

    /// Blocks every address (logins get 407), or unblocks them all and forgets the failed logins.
    pub fn block_ip(&self, block: bool) {
        self.shared.lock().guard.block(block);
    }

    /// Installs or removes the package.
    pub fn set_package_installed(&self, installed: bool) {
        self.shared.lock().options.package_installed = installed;
    }

    /// Adds or removes `SYNO.Entry.Request`.
    pub fn set_compound(&self, compound: bool) {
        self.shared.lock().options.compound = compound;
    }

    /// The NAS's time.
    pub fn now(&self) -> SystemTime {
        self.shared.lock().clock.now()
    }

    /// The same in whole seconds since 1970.
    pub(super) fn epoch(&self) -> i64 {
        self.shared.lock().clock.epoch()
    }

    /// Stops the NAS's clock at this time.
    pub fn set_clock(&self, time: SystemTime) {
        self.shared.lock().clock.set(time);
    }

    /// Moves the NAS's clock; the world stands still.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// Moves the NAS's clock and the world with it.
    pub fn advance_world(&self, by: Duration) {
        let mut state = self.shared.lock();
        state.clock.advance(by);
        let now = state.clock.epoch();
        state.world.advance(by, now);
    }
}

/// Moves the world once a second.
async fn tick(shared: Arc<Shared>, stop: CancellationToken) {
    const STEP: Duration = Duration::from_secs(1);
    let mut interval = tokio::time::interval(STEP);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once.
    interval.tick().await;
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = stop.cancelled() => return,
        }
        let mut state = shared.lock();
        let now = state.clock.epoch();
        state.world.advance(STEP, now);
    }
}
