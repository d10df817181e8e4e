//! The configuration: a file in either format and the environment give a configuration, or problems that each name
//! their key.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use cloudsync_exporter::config::{Config, Overrides, Place};
use tempfile::TempDir;

/// The password of a NAS that is always there, by the environment; it must never show.
const PASSWORD: &str = "correct-horse-battery";

/// The most bytes of a problem.
const MOST_PROBLEM: usize = 2_000;

thread_local! {
    static FILES: RefCell<Option<(TempDir, PathBuf, PathBuf)>> = const { RefCell::new(None) };
}

/// Reads `data` as a configuration file. Lines at its top such as `#env WEB__MAX_REQUESTS=1` are of the environment.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let given =
        text.lines().map_while(|line| line.strip_prefix("#env ")).filter_map(|line| line.split_once('='));
    let mut environment: Vec<(String, String)> =
        given.map(|(name, value)| (format!("CLOUDSYNC_EXPORTER__{name}"), value.to_owned())).collect();
    environment.retain(|(name, value)| !name.contains('\0') && !value.contains('\0'));
    environment.push(("CLOUDSYNC_EXPORTER__NAS__HOME__PASSWORD".to_owned(), PASSWORD.to_owned()));
    FILES.with_borrow_mut(|files| {
        let (_, yaml, toml) = files.get_or_insert_with(|| {
            let dir = TempDir::new().expect("a directory");
            let (yaml, toml) = (dir.path().join("c.yaml"), dir.path().join("c.toml"));
            (dir, yaml, toml)
        });
        for path in [yaml, toml] {
            std::fs::write(&*path, text).expect("written");
            load(path, &environment);
        }
    });
}

fn load(path: &Path, environment: &[(String, String)]) {
    // Elsewhere, so that no file that it names is looked into: a fuzzer names devices.
    let loaded = Config::load_checked(
        Some(path),
        environment.iter().cloned(),
        &Overrides::default(),
        Place::Elsewhere,
        |_, _| {},
    );
    match loaded {
        Ok(config) => {
            assert!(!config.nas.is_empty());
            assert!(config.nas.keys().all(|name| {
                !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            }));
            let shown = serde_json::to_string(&config).expect("texts and numbers");
            assert!(
                !shown.contains(PASSWORD) && !format!("{config:?}").contains(PASSWORD),
                "the password shows"
            );
            assert!(config.poll.interval.as_millis() >= 1_000 && config.web.max_requests > 0);
            assert!(config.web.telemetry_path.starts_with('/'));
        }
        Err(problems) => {
            assert!(!problems.0.is_empty(), "refused without a reason");
            for problem in &problems.0 {
                let told = problem.to_string();
                assert!(!problem.key.is_empty() && !problem.message.is_empty(), "{problem:?}");
                assert!(told.len() <= MOST_PROBLEM, "{} bytes: {told}", told.len());
                assert!(!told.chars().any(char::is_control), "{told:?}");
                assert!(!told.contains(PASSWORD), "{told}");
            }
        }
    }
}
