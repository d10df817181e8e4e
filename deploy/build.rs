//! Build information for `telemetry::build`: the revision and the compiler. Neither git nor a repository is
//! needed; what cannot be had is "unknown". `CLOUDSYNC_EXPORTER_REVISION` goes before git, for packagers.

use std::path::Path;
use std::process::Command;

const REVISION: &str = "CLOUDSYNC_EXPORTER_REVISION";
const UNKNOWN: &str = "unknown";

fn main() {
    println!("cargo::rerun-if-changed=deploy/build.rs");
    println!("cargo::rerun-if-env-changed={REVISION}");
    let given = std::env::var(REVISION).ok().filter(|revision| !revision.is_empty());
    let revision = given.or_else(revision).unwrap_or_else(|| UNKNOWN.to_owned());
    println!("cargo::rustc-env=CLOUDSYNC_EXPORTER_BUILD_REVISION={revision}");
    println!(
        "cargo::rustc-env=CLOUDSYNC_EXPORTER_BUILD_RUSTC={}",
        rustc().unwrap_or_else(|| UNKNOWN.to_owned())
    );
}

/// The commit, if this package is the repository that git sees: sources unpacked within another have none.
fn revision() -> Option<String> {
    let top = output("git", &["rev-parse", "--show-toplevel"])?;
    let package = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&package).canonicalize().ok()? {
        return None;
    }
    // Grows at every commit and checkout. Naming a file that is not there would build anew each time.
    let log = output("git", &["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    output("git", &["rev-parse", "--short=12", "HEAD"])
}

/// The compiler's version, as in `1.89.0`.
fn rustc() -> Option<String> {
    let version = output(&std::env::var("RUSTC").ok()?, &["--version"])?;
    version.split_whitespace().nth(1).map(str::to_owned)
}

/// The first line that a command writes, if it succeeds and writes one.
fn output(command: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(command).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned).filter(|line| !line.is_empty())
}
