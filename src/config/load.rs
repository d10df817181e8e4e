//! Loading: the file, the environment and the flags, merged and read, with every problem at once.

mod file;
mod keys;
mod tree;

use std::path::Path;

use config::builder::{ConfigBuilder, DefaultState};
use config::{Environment, Map};

use super::problem::{Problems, shown};
use super::{Config, Place};

/// Before every environment variable, with two underscores after it and between the levels of a key.
const PREFIX: &str = "CLOUDSYNC_EXPORTER";

/// What the flags say; it wins over file and environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--web.listen-address`; empty when not given.
    pub web_listen_address: Vec<String>,
    /// `--web.telemetry-path`.
    pub web_telemetry_path: Option<String>,
    /// `--web.config.file`.
    pub web_config_file: Option<String>,
    /// `--admin.listen-address`.
    pub admin_listen_address: Option<String>,
    /// `--log.level`.
    pub log_level: Option<String>,
    /// `--log.format`.
    pub log_format: Option<String>,
}

impl Overrides {
    fn apply(
        &self,
        builder: ConfigBuilder<DefaultState>,
    ) -> Result<ConfigBuilder<DefaultState>, config::ConfigError> {
        let Self {
            web_listen_address,
            web_telemetry_path,
            web_config_file,
            admin_listen_address,
            log_level,
            log_format,
        } = self;
        let listen = (!web_listen_address.is_empty()).then(|| web_listen_address.clone());
        builder
            .set_override_option("web.listen_address", listen)?
            .set_override_option("web.telemetry_path", web_telemetry_path.clone())?
            .set_override_option("web.config_file", web_config_file.clone())?
            .set_override_option("admin.listen_address", admin_listen_address.clone())?
            .set_override_option("log.level", log_level.clone())?
            .set_override_option("log.format", log_format.clone())
    }
}

impl Config {
    /// Loads the configuration of `path` (without one: none), the environment `env` and the flags.
    ///
    /// Reads the files that the configuration names, so a missing password file is a problem as well.
    /// Blocks for as long as the files take.
    pub fn load(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<Self, Problems> {
        Self::load_checked(path, env, overrides, Place::Here, |_, _| {})
    }

    /// As [`Config::load`], at the given place and with what only others can judge: `check` adds their problems, so that
    /// a person sees them together with the rest. NASes with problems of their own may be missing from what it is given.
    pub fn load_checked(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
        place: Place,
        check: impl FnOnce(&Self, &mut Problems),
    ) -> Result<Self, Problems> {
        let merged = merge(path, env, overrides)?;
        let (sections, mut problems) = tree::read(merged);
        let config = sections.and_then(|sections| sections.resolve(place, &mut problems));
        if let Some(config) = &config {
            check(config, &mut problems);
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems.sorted()),
        }
    }
}

/// The merged values, not yet read.
fn merge(
    path: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
    overrides: &Overrides,
) -> Result<config::Value, Problems> {
    let mut builder = config::Config::builder();
    if let Some(path) = path {
        builder = builder.add_source(file::source(path)?);
    }
    // Without try_parsing: it would turn a password of 007 into 7.
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(env.into_iter().collect::<Map<_, _>>()));
    let built =
        overrides.apply(builder.add_source(environment)).and_then(ConfigBuilder::<DefaultState>::build);
    built.map(|config| config.cache).map_err(|error| Problems::one("config.file", shown(&error.to_string())))
}
