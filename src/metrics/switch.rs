//! Whether rules are kept from acting, asked at each rendering of whoever knows.

use super::catalogue as metric;
use super::sample::{Sample, Sink, Write};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::fmt::{self, Debug};
use std::sync::{Arc, OnceLock};

type Ask = Box<dyn Fn() -> bool + Send + Sync>;

/// The switch of the automation. Clones share it; nothing is shown until it is watched.
#[derive(Clone, Default)]
pub(super) struct FreezeSwitch(Arc<OnceLock<Ask>>);

impl FreezeSwitch {
    pub(super) fn watch(&self, is_frozen: impl Fn() -> bool + Send + Sync + 'static) {
        self.0.get_or_init(|| Box::new(is_frozen));
    }

    fn is_frozen(&self) -> Option<bool> {
        self.0.get().map(|ask| ask())
    }
}

impl Debug for FreezeSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FreezeSwitch").field(&self.is_frozen()).finish()
    }
}

impl Collector for FreezeSwitch {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut sink = Write { encoder, skip: &[], result: Ok(()) };
        let samples = self.is_frozen().map(|frozen| Sample::new([], frozen));
        sink.family(&metric::AUTOMATION_FROZEN, samples.into_iter());
        sink.result
    }
}
