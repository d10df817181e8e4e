//! Where a configuration is looked at.

use super::secret::SecretSource;

/// Where a configuration is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it is to be used: the files that it names have to be there, and every secret.
    Here,
    /// Anywhere else, such as where people keep it: what it says is checked, and that is all there is. No file that it
    /// names is looked into, and a password or a token may be left to the environment of the other place. A NAS without
    /// its password cannot be logged in to.
    Elsewhere,
}

impl Place {
    /// Whether files that the configuration names are there.
    pub(super) fn has_files(self) -> bool {
        self == Self::Here
    }

    /// Whether a secret can be had, if it can be had at all.
    pub(super) fn has(self, source: &SecretSource) -> bool {
        self.has_files() || source.path().is_none()
    }
}
