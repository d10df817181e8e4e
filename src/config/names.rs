//! Names of NASes, tokens and rules.

use super::problem::shown;

/// Checks a name: only what the environment's variables can spell.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(format!("{} is no name; allowed: a to z, 0 to 9 and _", shown(name)));
    }
    Ok(())
}

/// The names of the configured NASes, for the sections that refer to them.
pub(super) struct Known<'a>(pub(super) Vec<&'a str>);

impl Known<'_> {
    /// Checks that a NAS of this name is configured.
    pub(super) fn check(&self, name: &str) -> Result<(), String> {
        if self.0.contains(&name) {
            return Ok(());
        }
        Err(format!("{} is no NAS of this configuration; allowed: {}", shown(name), self.0.join(", ")))
    }
}
