//! Which build this is, as the build script found it.

/// The package's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The abbreviated commit, or "unknown" when it was not built from a repository.
pub const REVISION: &str = env!("CLOUDSYNC_EXPORTER_BUILD_REVISION");

/// The compiler's version, or "unknown".
pub const RUSTC: &str = env!("CLOUDSYNC_EXPORTER_BUILD_RUSTC");

/// All three in one line, for `--version`.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (revision ",
    env!("CLOUDSYNC_EXPORTER_BUILD_REVISION"),
    ", rustc ",
    env!("CLOUDSYNC_EXPORTER_BUILD_RUSTC"),
    ")"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_version_has_all_parts() {
        assert_eq!(LONG_VERSION, format!("{VERSION} (revision {REVISION}, rustc {RUSTC})"));
        assert!(!REVISION.is_empty() && RUSTC.starts_with("1."));
    }
}
