//! The configuration through its public surface: what is read, what is refused, and how it is said.

mod bad;
mod default_file;
mod elsewhere;
mod sources;

use std::path::PathBuf;

use cloudsync_exporter::config::{Config, Overrides, Problems};
use tempfile::TempDir;

/// A directory with a configuration file and a password file.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: TempDir::new().unwrap() };
        place.write("password", "pw\n");
        place
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Loads `yaml`, in which DIR stands for the directory.
    fn yaml(&self, yaml: &str) -> Result<Config, Problems> {
        self.load("config.yaml", yaml, &[], &Overrides::default())
    }

    fn load(
        &self,
        name: &str,
        content: &str,
        env: &[(&str, &str)],
        flags: &Overrides,
    ) -> Result<Config, Problems> {
        let dir = self.dir.path().to_str().unwrap();
        let path = self.write(name, &content.replace("DIR", dir));
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&path), env, flags)
    }
}

/// The least that is a configuration.
const LEAST: &str = "
nas:
  home:
    url: https://nas.lan:5001
    username: exporter
    password: pw
";
