//! Logs: one line an event on standard error, as logfmt or JSON, with a level that a reload can change.

use tracing::Subscriber;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, reload};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// Changes what is logged while the process runs.
#[derive(Debug, Clone)]
pub struct LogControl(reload::Handle<Targets, Registry>);

/// Logging could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is no directive; a loaded configuration has none such.
    #[error("invalid log level: {0}")]
    Level(#[from] ParseError),
    /// The process logs already.
    #[error("logging is set up already: {0}")]
    Twice(#[from] TryInitError),
    /// The subscriber is gone.
    #[error("cannot change the log level: {0}")]
    Gone(#[from] reload::Error),
}

/// Sets up logging for the process, once.
pub fn init(config: &LogConfig) -> Result<LogControl, LogError> {
    let (subscriber, control) = subscriber(config, std::io::stderr)?;
    subscriber.try_init()?;
    Ok(control)
}

impl LogControl {
    /// From now on logs what `level` says. The format stays as it was at the start.
    pub fn set_level(&self, level: &LogLevel) -> Result<(), LogError> {
        Ok(self.0.reload(filter(level)?)?)
    }
}

fn filter(level: &LogLevel) -> Result<Targets, ParseError> {
    level.as_str().parse()
}

/// The subscriber that writes to `writer`, and its control.
fn subscriber<W>(
    config: &LogConfig,
    writer: W,
) -> Result<(impl Subscriber + Send + Sync + use<W>, LogControl), LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, control) = reload::Layer::new(filter(&config.level)?);
    // An error of the writer is not worth a panic: standard error may be closed, and the work goes on.
    let lines = match config.format {
        LogFormat::Logfmt => {
            tracing_logfmt::builder().layer().with_writer(writer).log_internal_errors(false).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(writer)
            .log_internal_errors(false)
            .boxed(),
    };
    Ok((Registry::default().with(filter).with(lines), LogControl(control)))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// What is logged by `work` with this level and format.
    fn logged(level: &str, format: LogFormat, work: impl FnOnce(&LogControl)) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let config = LogConfig { level: level.parse().unwrap(), format };
        let (subscriber, control) = subscriber(&config, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || work(&control));
        lines.text()
    }

    #[test]
    fn logfmt_is_one_line_of_pairs() {
        let text = logged("info", LogFormat::Logfmt, |_| {
            tracing::warn!(nas = "ho\"me\n", code = -12, "poll failed");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in ["level=warn", r#"nas="ho\"me\n""#, "code=-12", r#"message="poll failed""#, "ts="] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged("info", LogFormat::Json, |_| tracing::error!(nas = "home", "poll failed"));
        let json: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!(json["level"], "ERROR");
        assert_eq!(json["nas"], "home");
        assert_eq!(json["message"], "poll failed");
    }

    #[test]
    fn a_target_has_a_level_of_its_own() {
        let text = logged("warn, cloudsync_exporter::dsm=debug", LogFormat::Logfmt, |_| {
            tracing::info!("one");
            tracing::debug!(target: "cloudsync_exporter::dsm::client", "two");
            tracing::trace!(target: "cloudsync_exporter::dsm::client", "three");
            tracing::warn!("four");
        });
        for (word, shown) in [("one", false), ("two", true), ("three", false), ("four", true)] {
            assert_eq!(text.contains(word), shown, "{word}: {text}");
        }
    }

    #[test]
    fn the_level_can_change() {
        let text = logged("warn", LogFormat::Logfmt, |control| {
            tracing::info!("one");
            control.set_level(&"debug".parse().unwrap()).unwrap();
            tracing::debug!("two");
            control.set_level(&"off".parse().unwrap()).unwrap();
            tracing::error!("three");
        });
        assert!(!text.contains("one") && text.contains("two") && !text.contains("three"), "{text}");
    }
}
