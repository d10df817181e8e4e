//! What a command shows when it worked.

use clap_complete::Shell;

use super::answer::Answer;
use super::json;
use super::view::View;
use crate::cli::Cli;
use crate::cli::ctl::Output;

/// A result, in each form that it has.
pub(super) enum Page {
    /// An answer, and the view of it.
    Both { json: String, view: View },
    /// The same, where the answer is a no.
    No { json: String, view: View },
    /// Only JSON, whatever was asked for.
    Json(String),
    /// Only text, which is ours.
    Text(String),
}

impl Page {
    pub(super) fn new(answer: Answer, view: impl FnOnce(&mut View, &serde_json::Value)) -> Self {
        let mut shown = View::new();
        view(&mut shown, &answer.value);
        Self::Both { json: answer.text, view: shown }
    }

    /// The same page, as a no unless `granted`.
    pub(super) fn only_if(self, granted: bool) -> Self {
        match self {
            Self::Both { json, view } if !granted => Self::No { json, view },
            page => page,
        }
    }

    pub(super) fn exit_code(&self) -> u8 {
        u8::from(matches!(self, Self::No { .. }))
    }

    /// The completions of the whole program for a shell.
    pub(super) fn completions(shell: Shell) -> Self {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::tidy_command(), "cloudsync-exporter", &mut script);
        Self::Text(String::from_utf8_lossy(&script).into_owned())
    }

    pub(super) fn show(&self, output: Output) -> String {
        match (self, output) {
            (Self::Text(text), _) => text.clone(),
            (Self::Both { view, .. } | Self::No { view, .. }, Output::Table) => view.show(),
            (Self::Both { json, .. } | Self::No { json, .. } | Self::Json(json), _) => json::pretty(json),
        }
    }
}
