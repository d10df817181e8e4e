//! The web configurations of the two listeners: opened at the start, and what becomes of their changes said and counted.

use crate::metrics::ExporterMetrics;
use crate::web::{Accounts, Live, OnRefusal, Report};
use std::path::Path;
use std::sync::Arc;

/// A listener, as its section and its metrics call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// That of the metrics.
    Web,
    /// That of the admin API.
    Admin,
}

impl Listener {
    fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Admin => "admin",
        }
    }

    /// Whether it may have users.
    pub(super) fn accounts(self) -> Accounts {
        match self {
            Self::Web => Accounts::Allowed,
            Self::Admin => Accounts::Refused,
        }
    }

    /// The key of its web configuration.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Web => "web.config_file",
            Self::Admin => "admin.config_file",
        }
    }
}

/// The web configuration of a listener, if it has one.
pub(super) fn open(
    listener: Listener,
    file: Option<&Path>,
    exporter: &Arc<ExporterMetrics>,
) -> anyhow::Result<Option<Arc<Live>>> {
    let Some(file) = file else { return Ok(None) };
    let live = Live::open(file, listener.accounts(), report(listener, Arc::clone(exporter))).map_err(
        |problems| anyhow::anyhow!("{}: {}: {}", listener.key(), file.display(), problems.join("; ")),
    )?;
    Ok(Some(live))
}

fn report(listener: Listener, exporter: Arc<ExporterMetrics>) -> Report {
    Box::new(move |file, looked| {
        let (name, file) = (listener.as_str(), file.display());
        match looked {
            Ok(warnings) => {
                for warning in warnings {
                    tracing::warn!(listener = name, %file, "{warning}");
                }
                exporter.web_config_loaded(name, Some(super::unix_now()));
                tracing::info!(listener = name, %file, "the web configuration was loaded");
            }
            Err(problems) => {
                exporter.web_config_loaded(name, None);
                for problem in problems {
                    tracing::error!(
                        listener = name,
                        %file,
                        "the web configuration cannot be used, the old one stays in force: {problem}"
                    );
                }
            }
        }
    })
}

/// Counts what a web configuration refuses.
pub(super) fn counted(exporter: &Arc<ExporterMetrics>) -> OnRefusal {
    let exporter = Arc::clone(exporter);
    Box::new(move |status| exporter.http_request("refused", status.as_u16()))
}
