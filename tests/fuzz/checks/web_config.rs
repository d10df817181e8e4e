//! The web configuration of a listener, and the credentials of a request to it.

use std::path::Path;

use cloudsync_exporter::web::config::{self, ClientAuth, TlsVersion};
use cloudsync_exporter::web::{Credentials, Users};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};

/// The longest message; what it shows of the file is cut before.
const LONGEST: usize = 2_000;

/// The first line as an Authorization header, and the rest, or all of it, as a file.
pub(crate) fn check(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    authorization(parts.next().unwrap_or_default());
    for text in [parts.next().unwrap_or_default(), data] {
        if let Ok(text) = std::str::from_utf8(text) {
            file(text);
        }
    }
}

fn authorization(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let mut headers = HeaderMap::new();
    headers.append(AUTHORIZATION, value.clone());
    let scheme = value.as_bytes().get(..6).unwrap_or_default();
    if Credentials::of(&headers).is_some() {
        assert!(scheme.eq_ignore_ascii_case(b"Basic "));
    }
    headers.append(AUTHORIZATION, value);
    assert!(Credentials::of(&headers).is_none(), "two headers are nobody's");
}

fn file(text: &str) {
    // Line ends of every kind count.
    let lines =
        text.chars().filter(|c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')).count() + 2;
    match config::parse(text, Path::new("/etc/web")) {
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(problem.line <= lines, "{problem:?} of {lines} lines");
                let shown = problem.to_string();
                assert!(shown.len() <= LONGEST, "{} bytes", shown.len());
                assert!(!shown.contains(['\n', '\r', '\0']), "{shown:?}");
            }
        }
        Ok(settings) => {
            for (name, value) in &settings.headers {
                assert!(!value.is_empty(), "{name}");
            }
            assert!(settings.open_paths.iter().all(|path| path.starts_with('/')));
            if let Some(limit) = settings.rate_limit {
                assert!(limit.burst > 0 && !limit.interval.is_zero());
            }
            if let Some(tls) = settings.tls {
                assert!(tls.oldest <= tls.newest);
                let tls12 = tls.cipher_suites.is_empty()
                    || tls.cipher_suites.iter().any(|suite| suite.tls13().is_none());
                assert!(tls12 || tls.newest > TlsVersion::Tls12, "no client could connect");
                let asks = tls.client_auth != ClientAuth::None;
                assert!(asks || (tls.client_ca.is_none() && tls.client_allowed_sans.is_none()));
            }
            // What it says of itself has no hash in it.
            let shown = format!("{:?}", settings.users);
            assert!(!shown.contains("$2"), "{shown}");
        }
    }
    // A hash is one or it is not, and is not repeated.
    if let Err(message) = Users::check(text) {
        assert!(message.len() < LONGEST && (text.len() < 20 || !message.contains(text)));
    }
}
