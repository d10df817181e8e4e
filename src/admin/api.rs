//! What the whole API shares: actions, tokens, switches.

use super::inbox::Inbox;
use super::throttle::Throttle;
use super::tokens::Tokens;
use crate::actions::Actions;
use crate::web::host::HostPolicy;
use futures_util::future::BoxFuture;
use std::sync::{Arc, PoisonError, RwLock};

/// Loads the configuration again: the problems, where it cannot be used.
pub type Reload = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Vec<String>>> + Send + Sync>;

/// What of the configuration the API needs, and what a reload may change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may call.
    pub tokens: Tokens,
    /// Which hosts requests may be addressed to.
    pub hosts: HostPolicy,
    /// The word of `automation.mode`.
    pub automation_mode: &'static str,
}

/// The API's own state.
pub(super) struct Api {
    pub(super) actions: Arc<Actions>,
    pub(super) reload: Reload,
    /// None where nothing acts on alerts.
    pub(super) inbox: Option<Arc<dyn Inbox>>,
    pub(super) throttle: Throttle,
    settings: RwLock<Arc<Settings>>,
    pub(super) count: Arc<dyn Fn(&'static str, u16) + Send + Sync>,
}

impl Api {
    pub(super) fn new(
        actions: Arc<Actions>,
        settings: Settings,
        reload: Reload,
        inbox: Option<Arc<dyn Inbox>>,
        count: Arc<dyn Fn(&'static str, u16) + Send + Sync>,
    ) -> Self {
        Self {
            actions,
            reload,
            inbox,
            throttle: Throttle::default(),
            settings: RwLock::new(Arc::new(settings)),
            count,
        }
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}
