//! The NASes as the actions see them: the client to ask and tell, the poller to poke, the last poll to look at.

use super::nas_port::NasPort;
use crate::actions::{Directory, Nas};
use crate::model::NasName;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The NASes that this instance polls, kept by the fleet.
#[derive(Default)]
pub(super) struct NasDirectory(RwLock<BTreeMap<NasName, Arc<NasPort>>>);

impl NasDirectory {
    pub(super) fn replace(&self, ports: BTreeMap<NasName, Arc<NasPort>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ports;
    }
}

impl Directory for NasDirectory {
    fn names(&self) -> Vec<NasName> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn nas(&self, name: &NasName) -> Option<Arc<dyn Nas>> {
        let ports = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ports.get(name).map(|port| Arc::clone(port) as Arc<dyn Nas>)
    }
}
