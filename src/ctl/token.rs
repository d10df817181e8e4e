//! The token: from a file or the environment, never from the arguments.

use std::io::Read;
use std::path::Path;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::failure::Failure;

/// The variable that holds the token itself.
const VARIABLE: &str = "CLOUDSYNC_CTL_TOKEN";

/// No token is longer, in bytes; a path to a device must not be read for ever.
const LONGEST: u64 = 16 * 1024;

/// The `Authorization` of every call; none when no token was given, which suits what needs none.
pub(super) fn authorization(file: Option<&Path>) -> Result<Option<HeaderValue>, Failure> {
    let (token, origin) = match file {
        Some(file) => (read(file)?, format!("the token in {}", file.display())),
        None => match std::env::var_os(VARIABLE) {
            // An empty variable is how compose files and units say that there is none.
            Some(token) if !token.is_empty() => {
                let token = token
                    .into_string()
                    .map_err(|_| Failure::Usage(format!("the token in {VARIABLE} is not UTF-8")))?;
                (SecretString::from(token), format!("the token in {VARIABLE}"))
            }
            _ => return Ok(None),
        },
    };
    let token = token.expose_secret().trim();
    if token.is_empty() {
        return Err(Failure::Usage(format!("{origin} is empty")));
    }
    // What the header's own error would show is not known, so it is not shown.
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::Usage(format!("{origin} holds a character that no header can carry")));
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Failure::Usage(format!("{origin} fits into no header")))?;
    header.set_sensitive(true);
    Ok(Some(header))
}

fn read(file: &Path) -> Result<SecretString, Failure> {
    let unreadable = |cause: &dyn std::fmt::Display| {
        Failure::Usage(format!("cannot read the token file {}: {cause}", file.display()))
    };
    let mut token = String::new();
    let opened = std::fs::File::open(file).map_err(|error| unreadable(&error))?;
    opened.take(LONGEST + 1).read_to_string(&mut token).map_err(|error| unreadable(&error))?;
    if token.len() as u64 > LONGEST {
        return Err(unreadable(&format_args!("it is longer than {LONGEST} bytes")));
    }
    Ok(token.into())
}
