//! Where a secret comes from, and reading it.
//!
//! A secret lives in `secrecy` types, which show nothing when debugged and are wiped when dropped.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// No password, key or device id is longer, in bytes; a path to a device or a log must not be read for ever.
const LONGEST: u64 = 64 * 1024;

/// A secret in the configuration itself, or the file that holds it.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// Written in the file or the environment.
    Inline(SecretString),
    /// In a file of its own, which is read again at every [`SecretSource::read`].
    File(PathBuf),
}

impl PartialEq for SecretSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inline(a), Self::Inline(b)) => a.expose_secret() == b.expose_secret(),
            (Self::File(a), Self::File(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for SecretSource {}

impl SecretSource {
    /// The secret as it is now, without the one newline that ends a file (LF or CR LF).
    pub fn read(&self) -> Result<SecretString, SecretError> {
        match self {
            Self::Inline(secret) if secret.expose_secret().is_empty() => Err(SecretError::EmptyText),
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(path) => read_file(path),
        }
    }

    /// The file, when the secret is in one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Inline(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

/// Why a secret could not be had. No message holds the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}; allowed: a file that the user of this program may read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has nothing but at most one newline.
    #[error("{} is empty; allowed: a file with the secret in it", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// The secret is written down as empty text.
    #[error("is empty; allowed: the secret as text, or a file with it")]
    EmptyText,
    /// The file is not text.
    #[error("{} is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The file is too long to be a secret.
    #[error("{} is longer than {LONGEST} bytes, too long for a secret", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The secret was read and has not the form that it needs.
    #[error("the secret is not {0}")]
    Malformed(&'static str),
}

fn read_file(path: &Path) -> Result<SecretString, SecretError> {
    let path = || path.to_owned();
    let unreadable = |source| SecretError::Unreadable { path: path(), source };
    let mut bytes = Vec::new();
    File::open(path()).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(SecretError::TooLong { path: path() });
    }
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText { path: path() })?;
    let line = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(SecretError::EmptyFile { path: path() });
    }
    Ok(SecretString::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let secret = SecretSource::File(file.path().to_owned()).read();
        secret.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    #[test]
    fn exactly_one_newline_is_lost() {
        for (content, secret) in [
            (&b"pw"[..], "pw"),
            (b"pw\n", "pw"),
            (b"pw\r\n", "pw"),
            (b"pw\n\n", "pw\n"),
            (b"pw\r\n\r\n", "pw\r\n"),
            (b" pw \n", " pw "),
            (b"pw\r", "pw\r"),
            (b"\n\n", "\n"),
        ] {
            assert_eq!(read(content).unwrap(), secret);
        }
    }

    #[test]
    fn what_is_no_secret_is_an_error() {
        for (content, message) in
            [(&b""[..], "is empty"), (b"\n", "is empty"), (b"\r\n", "is empty"), (b"\xff", "not UTF-8")]
        {
            assert!(read(content).unwrap_err().contains(message));
        }
        assert!(read(&vec![b'x'; 70_000]).unwrap_err().contains("too long"));
        let missing = SecretSource::File("/nonexistent/secret".into()).read().unwrap_err();
        assert!(missing.to_string().starts_with("cannot read /nonexistent/secret: "));
    }

    #[test]
    fn a_secret_does_not_show() {
        let source = SecretSource::Inline("hunter2".into());
        assert!(!format!("{source:?}").contains("hunter2"));
    }
}
