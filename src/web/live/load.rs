//! Reading a web configuration and the files that it names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Accounts, Current};
use crate::web::config::{self, ClientAuth, Settings, Source};
use crate::web::rate::Bucket;
use crate::web::tls::{self, Pem};

/// No such file is longer, in bytes; a path to a device must not be read for ever.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Of a file and all that it names; of what cannot be read, of the reason.
pub(super) type Digest = [u8; 32];

/// A configuration as it is now.
pub(super) struct Loaded {
    pub(super) digest: Digest,
    /// Or everything that is wrong.
    pub(super) current: Result<Current, Vec<String>>,
}

/// What was read, before it is put together.
struct Files {
    digest: Digest,
    settings: Result<Settings, Vec<String>>,
    /// Certificate, key and authorities, where they are named.
    pem: [Option<Result<Vec<u8>, String>>; 3],
}

/// Reads and judges. `before` is what is in force.
pub(super) fn load(file: &Path, accounts: Accounts, before: Option<&Current>) -> Loaded {
    let files = read(file);
    let digest = files.digest;
    Loaded { digest, current: put_together(files, accounts, before) }
}

/// The same, unless nothing has changed since `known`.
pub(super) fn load_if_new(
    file: &Path,
    accounts: Accounts,
    before: &Current,
    known: &Digest,
) -> Option<Loaded> {
    let files = read(file);
    if files.digest == *known {
        return None;
    }
    let digest = files.digest;
    Some(Loaded { digest, current: put_together(files, accounts, Some(before)) })
}

fn read(file: &Path) -> Files {
    let mut digest = Sha256::new();
    let settings = bytes(file, &mut digest)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text", shown(file))));
    let settings = match settings {
        Ok(text) => {
            let directory = file.parent().unwrap_or_else(|| Path::new(""));
            config::parse(&text, directory)
                .map_err(|problems| problems.iter().map(ToString::to_string).collect())
        }
        Err(problem) => Err(vec![problem]),
    };
    let mut pem = [None, None, None];
    if let Ok(Settings { tls: Some(tls), .. }) = &settings {
        let sources = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref()];
        pem = sources.map(|source| {
            source.map(|source| match source {
                Source::Inline(pem) => Ok(pem.clone().into_bytes()),
                Source::File(path) => bytes(path, &mut digest),
            })
        });
    }
    Files { digest: digest.finalize().into(), settings, pem }
}

fn bytes(path: &Path, digest: &mut Sha256) -> Result<Vec<u8>, String> {
    let read = read_file(path).map_err(|error| format!("cannot read {}: {error}", shown(path)));
    let seen = match &read {
        Ok(bytes) => bytes.as_slice(),
        Err(problem) => problem.as_bytes(),
    };
    digest.update(seen.len().to_le_bytes());
    digest.update(seen);
    read
}

fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(bytes)
}

fn put_together(files: Files, accounts: Accounts, before: Option<&Current>) -> Result<Current, Vec<String>> {
    let settings = files.settings?;
    if accounts == Accounts::Refused && settings.users.is_some() {
        let message =
            "basic_auth_users: here the header that users need carries tokens; allowed: tokens alone";
        return Err(vec![message.to_owned()]);
    }
    let unreadable: Vec<String> =
        files.pem.iter().filter_map(|pem| pem.as_ref()?.as_ref().err().cloned()).collect();
    if !unreadable.is_empty() {
        return Err(unreadable);
    }
    let [certificate, key, client_ca] = files.pem.map(|pem| pem.and_then(Result::ok));
    let tls = match &settings.tls {
        None => None,
        Some(tls) => {
            let pem =
                Pem { certificate: certificate.unwrap_or_default(), key: key.unwrap_or_default(), client_ca };
            let config = tls::server_config(tls, &pem, settings.http2).map_err(|problem| vec![problem])?;
            Some(Arc::new(config))
        }
    };
    if let Some(before) = before
        && before.tls.is_some() != tls.is_some()
    {
        // A file that somebody is writing may lack its TLS for a moment: nothing must be said in the clear then.
        let message = "tls_server_config: came or went; whether a listener has TLS changes only at a restart";
        return Err(vec![message.to_owned()]);
    }
    // What was taken from the bucket stays taken.
    let known = before.and_then(|before| before.bucket.clone());
    let bucket = settings.rate_limit.map(|limit| {
        known.filter(|known| known.limit() == limit).unwrap_or_else(|| Arc::new(Bucket::new(limit)))
    });
    Ok(Current { settings, tls, bucket })
}

/// Whether somebody comes in by `new` whom `old` keeps out: there are no users any longer, or certificates of clients
/// count for less.
pub(super) fn is_weaker(new: &Settings, old: &Settings) -> bool {
    let strictness = |settings: &Settings| {
        settings.tls.as_ref().map_or(0, |tls| match tls.client_auth {
            ClientAuth::None => 0,
            ClientAuth::Request => 1,
            ClientAuth::VerifyIfGiven => 2,
            ClientAuth::RequireAny => 3,
            ClientAuth::RequireAndVerify => 4,
        })
    };
    let has_names =
        |settings: &Settings| settings.tls.as_ref().is_some_and(|tls| tls.client_allowed_sans.is_some());
    (old.users.is_some() && new.users.is_none())
        || strictness(new) < strictness(old)
        || (has_names(old) && !has_names(new))
}
