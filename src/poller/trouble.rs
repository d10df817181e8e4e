//! What is wrong at present, said once when it begins and once when it ends, not at every poll.

use crate::model::{DownReason, NasName};
use std::collections::BTreeMap;

/// A part of a poll that can fail alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Section {
    Connections,
    Transfers,
    Tasks,
    Log,
    Package,
    Settings,
    Quota,
    TaskSettings,
    TaskFilters,
}

impl Section {
    /// Every section, in the order in which a poll asks.
    pub(super) const ALL: [Self; 9] = [
        Self::Connections,
        Self::Transfers,
        Self::Tasks,
        Self::Log,
        Self::Package,
        Self::Settings,
        Self::Quota,
        Self::TaskSettings,
        Self::TaskFilters,
    ];

    /// The label value.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Transfers => "transfers",
            Self::Tasks => "tasks",
            Self::Log => "log",
            Self::Package => "package",
            Self::Settings => "settings",
            Self::Quota => "quota",
            Self::TaskSettings => "task_settings",
            Self::TaskFilters => "task_filters",
        }
    }
}

/// The troubles of one NAS.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    nas: Option<DownReason>,
    was_up: bool,
    /// By section, and by connection or task where the section has several.
    sections: BTreeMap<(Section, Option<i64>), DownReason>,
    malformed: BTreeMap<Section, u64>,
}

impl Troubles {
    /// The NAS did not answer; `text` says what happened and what to do.
    pub(super) fn down(&mut self, nas: &NasName, reason: DownReason, text: &str) {
        if self.nas != Some(reason) {
            tracing::warn!(%nas, reason = reason.as_str(), "NAS is down: {text}");
        }
        self.nas = Some(reason);
    }

    /// The NAS answered.
    pub(super) fn up(&mut self, nas: &NasName) {
        match self.nas.take() {
            Some(reason) => tracing::info!(%nas, was = reason.as_str(), "NAS is up again"),
            None if !self.was_up => tracing::info!(%nas, "NAS is up"),
            None => {}
        }
        self.was_up = true;
    }

    /// A section failed.
    pub(super) fn section_down(
        &mut self,
        nas: &NasName,
        section: Section,
        id: Option<i64>,
        reason: DownReason,
        text: &str,
    ) {
        if self.sections.insert((section, id), reason) != Some(reason) {
            let section = section.as_str();
            tracing::warn!(%nas, section, id, reason = reason.as_str(), "part of a poll failed: {text}");
        }
    }

    /// A section was answered.
    pub(super) fn section_up(&mut self, nas: &NasName, section: Section, id: Option<i64>) {
        if self.sections.remove(&(section, id)).is_some() {
            tracing::info!(%nas, section = section.as_str(), id, "part of a poll works again");
        }
    }

    /// So many values of a section were left out in this poll.
    pub(super) fn malformed(&mut self, nas: &NasName, section: Section, values: u64) {
        let before = self.malformed.insert(section, values).unwrap_or(0);
        if values > 0 && before == 0 {
            tracing::warn!(
                %nas,
                section = section.as_str(),
                values,
                "the NAS answered values that are not what its API promises; they are left out"
            );
        } else if values == 0 && before > 0 {
            tracing::info!(%nas, section = section.as_str(), "the NAS's values make sense again");
        }
    }

    /// Forgets what belonged to connections and tasks that are gone.
    pub(super) fn retain(&mut self, is_connection: impl Fn(i64) -> bool, is_task: impl Fn(i64) -> bool) {
        self.sections.retain(|(section, id), _| match (section, id) {
            (_, None) => true,
            (Section::TaskSettings | Section::TaskFilters, Some(id)) => is_task(*id),
            (_, Some(id)) => is_connection(*id),
        });
    }
}
