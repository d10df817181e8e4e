//! Why a command did not do what it was told, and what a person can do about it.

use serde_json::json;

use super::json;
use super::problem::Problem;
use super::view::View;
use crate::cli::ctl::Output;

/// How a command fails.
#[derive(Debug)]
pub(super) enum Failure {
    /// What was asked for cannot be meant.
    Usage(String),
    /// What was asked for is not there, as far as this side can tell.
    Missing(String),
    /// The daemon says no.
    Refused(Problem),
    /// Something answers, and it is not the admin API.
    Stranger {
        /// Where.
        base: String,
    },
    /// Nothing answers.
    Unreached(Unreached),
}

/// A daemon that was not reached, or went away.
#[derive(Debug)]
pub(super) struct Unreached {
    pub(super) base: String,
    pub(super) cause: String,
    /// The key of a change of which nobody knows whether it was made.
    pub(super) key: Option<String>,
}

/// Where the daemon is to be found.
const WHERE: &str = "the daemon serves the admin API when admin.enabled is true, on admin.listen_address \
                     (127.0.0.1:9843 unless configured); say where with --url or CLOUDSYNC_CTL_URL";

impl Failure {
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Missing(_) | Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Stranger { .. } | Self::Unreached(_) => 3,
        }
    }

    /// For standard error. As JSON it is a problem in any case: the daemon's own, or one like it.
    pub(super) fn show(&self, output: Output) -> String {
        match (output, self) {
            (Output::Table, _) => self.view().error(),
            (Output::Json, Self::Refused(problem)) => problem.json(),
            (Output::Json, _) => {
                let mut problem = json!({ "title": self.title(), "detail": self.detail() });
                if let Self::Unreached(Unreached { key: Some(key), .. }) = self {
                    problem["idempotency_key"] = json!(key);
                }
                json::pretty(&problem.to_string())
            }
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Usage(_) => "cannot be asked",
            Self::Missing(_) => "not found",
            Self::Refused(_) => "refused",
            Self::Stranger { .. } => "not the admin API",
            Self::Unreached(_) => "not reached",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Usage(text) | Self::Missing(text) => text.clone(),
            Self::Refused(problem) => problem.headline(),
            Self::Stranger { base } => format!("what answers at {base} is not the admin API"),
            Self::Unreached(Unreached { base, cause, .. }) => format!("cannot reach {base}: {cause}"),
        }
    }

    fn view(&self) -> View {
        let mut view = View::new();
        view.line(self.detail());
        match self {
            Self::Usage(_) | Self::Missing(_) => {}
            Self::Refused(problem) => problem.describe(&mut view),
            Self::Stranger { .. } => view.line(format!("  {WHERE}")),
            Self::Unreached(Unreached { base, key, .. }) => {
                if let Some(key) = key {
                    view.line("  whether it was done is not known; the audit may say, and asking again with");
                    view.line(format!("  --idempotency-key {key} does it at most once"));
                }
                view.line(format!("  {WHERE}"));
                if base.starts_with("https:") {
                    view.line("  a certificate of its own is trusted with --ca-file");
                }
            }
        }
        view
    }
}
