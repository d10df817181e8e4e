//! Setting aside what cannot be read: renamed beside itself, never deleted, never over what was set aside before.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::StateError;

/// What SQLite keeps beside its file. Left behind, they would be taken for the new file's.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Sets a damaged file aside, with its companions, as `NAME.corrupt-EPOCHSECONDS`.
pub(super) fn damaged(path: &Path, error: &rusqlite::Error) -> Result<(), StateError> {
    let aside = free_name(path);
    let rename = |companion: &str| {
        let from = with_suffix(path, companion);
        if from.exists() { std::fs::rename(&from, with_suffix(&aside, companion)) } else { Ok(()) }
    };
    // The file comes last: until it is gone the next start tries again.
    COMPANIONS
        .into_iter()
        .try_for_each(rename)
        .and_then(|()| std::fs::rename(path, &aside))
        .map_err(|cause| unwritable(path, format!("it is damaged and cannot be set aside: {cause}")))?;
    tracing::error!(
        file = %path.display(),
        set_aside = %aside.display(),
        %error,
        "the state file is damaged and was set aside; starting with a new one, without the holds and the audit of \
         before: what holds had paused stays paused until someone resumes it"
    );
    Ok(())
}

/// Whether there is a directory with nothing in it, such as container engines make for a file that is missing. One
/// with something in it is somebody's, and named by mistake.
pub(super) fn is_empty_directory(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

/// Sets such a directory aside, named as a damaged file is.
pub(super) fn directory(path: &Path) -> Result<(), StateError> {
    let aside = free_name(path);
    std::fs::rename(path, &aside)
        .map_err(|cause| unwritable(path, format!("it is a directory and cannot be set aside: {cause}")))?;
    tracing::error!(
        file = %path.display(),
        set_aside = %aside.display(),
        "a directory was where the state file should be and was set aside; starting with a new file"
    );
    Ok(())
}

/// A name that nothing has, neither the file nor its companions. Damage may strike twice in a second.
fn free_name(path: &Path) -> PathBuf {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let first = with_suffix(path, &format!(".corrupt-{seconds}"));
    let others = (2_u32..).map(|n| with_suffix(&first, &format!("-{n}")));
    std::iter::once(first.clone()).chain(others).find(|name| is_free(name)).unwrap_or(first)
}

fn is_free(name: &Path) -> bool {
    // Dangling links count as well: they would be replaced.
    std::iter::once("").chain(COMPANIONS).all(|suffix| with_suffix(name, suffix).symlink_metadata().is_err())
}

fn unwritable(path: &Path, reason: String) -> StateError {
    StateError::Unwritable { path: path.to_owned(), reason }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
