//! The doctor's lines.

use crate::app::print;

/// The stages of one NAS as they are reported, each line at once: a stage that hangs shows the ones
/// before it.
pub(super) struct Report<'a> {
    nas: &'a str,
    passed: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(nas: &'a str) -> Self {
        Self { nas, passed: true }
    }

    pub(super) fn passed(&self) -> bool {
        self.passed
    }

    pub(super) fn ok(&self, stage: &str, facts: &str) {
        self.line(stage, "ok", facts);
    }

    /// It works, but somebody should know.
    pub(super) fn warn(&self, stage: &str, facts: &str) {
        self.line(stage, "WARN", facts);
    }

    pub(super) fn failed(&mut self, stage: &str, facts: &str, advice: &str) {
        self.passed = false;
        self.line(stage, "FAIL", facts);
        print(&format!("{:width$}-> {advice}\n", "", width = self.nas.len() + 20));
    }

    /// Stages that could not be tried after one that failed.
    pub(super) fn skipped(&self, stages: &[&str]) {
        for stage in stages {
            self.line(stage, "-", "not tried");
        }
    }

    fn line(&self, stage: &str, verdict: &str, facts: &str) {
        // What the NAS calls its things must not break a line in two.
        let facts = facts.replace(char::is_control, " ");
        print(&format!("{}  {stage:<11} {verdict:<5} {facts}\n", self.nas));
    }
}
