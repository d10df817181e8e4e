//! The sections of the format.

use std::path::Path;

use hyper::header::{HeaderName, HeaderValue};

use super::names::{
    CLIENT_AUTH, CURVES, CURVES_ELSEWHERE, HEADERS, SUITES, SUITES_ELSEWHERE, SUITES_OF_HTTP2, VERSIONS,
    VERSIONS_ELSEWHERE,
};
use super::read::{Problem, Reader, Section, shown};
use super::yaml::{self, Node};
use super::{ClientAuth, RateLimit, Settings, Source, TlsSettings, TlsVersion};
use crate::web::users::Users;

const SECTIONS: [&str; 5] =
    ["tls_server_config", "http_server_config", "basic_auth_users", "auth_excluded_paths", "rate_limit"];
const TLS: [&str; 13] = [
    "cert",
    "key",
    "client_ca",
    "cert_file",
    "key_file",
    "client_auth_type",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
];

/// The configuration that `text` says, or all that is wrong with it. Files that it names are looked for from
/// `directory`, that of the configuration itself.
///
/// Beside the format's own sections there is `auth_excluded_paths`, a list of paths that are answered without a user:
/// for probes, which have none.
pub fn parse(text: &str, directory: &Path) -> Result<Settings, Vec<Problem>> {
    let root = yaml::parse(text)
        .map_err(|yaml::Fault { line, message }| vec![Problem { line, key: String::new(), message }])?;
    let mut reader = Reader::default();
    let file = reader.section("", root.as_ref(), &SECTIONS);
    let mut settings = Settings::default();
    let http = section(&mut reader, &file, "http_server_config", &["http2", "headers"]);
    settings.http2 = reader.flag(http.get("http2").as_ref()).unwrap_or(true);
    settings.headers = headers(&mut reader, http.get("headers").map(|field| field.node));
    let tls = section(&mut reader, &file, "tls_server_config", &TLS);
    settings.tls = self::tls(&mut reader, &tls, directory, settings.http2);
    if settings.tls.is_none() && file.get("tls_server_config").is_some_and(|field| !field.node.is_null()) {
        settings.warnings.push(
            "tls_server_config names neither certificate nor key: the listener is without TLS".to_owned(),
        );
    }
    settings.users = users(&mut reader, &file);
    settings.open_paths = open_paths(&mut reader, &file);
    settings.rate_limit = rate_limit(&mut reader, &file);
    if reader.problems.is_empty() { Ok(settings) } else { Err(reader.problems) }
}

fn section<'n>(reader: &mut Reader, file: &Section<'n>, name: &'static str, known: &[&str]) -> Section<'n> {
    reader.section(name, file.get(name).map(|field| field.node), known)
}

fn tls(reader: &mut Reader, section: &Section<'_>, directory: &Path, http2: bool) -> Option<TlsSettings> {
    // A file goes before what is written down, as in the format's own programs.
    let certificate = source(reader, section, ["cert_file", "cert"], directory);
    let key = source(reader, section, ["key_file", "key"], directory);
    let client_ca = source(reader, section, ["client_ca_file", "client_ca"], directory);
    let auth_field = section.get("client_auth_type");
    let named_auth = reader.filled(auth_field.as_ref()).is_some();
    let client_auth = reader.word(auth_field.as_ref(), &CLIENT_AUTH, &[]).unwrap_or(ClientAuth::None);
    let sans_field = section.get("client_allowed_sans");
    let client_allowed_sans = reader
        .list(sans_field.as_ref())
        .map(|items| items.iter().filter_map(|item| reader.text(Some(item))).map(str::to_owned).collect());
    let oldest_field = section.get("min_version");
    let oldest = reader.word(oldest_field.as_ref(), &VERSIONS, &VERSIONS_ELSEWHERE);
    let newest = reader.word(section.get("max_version").as_ref(), &VERSIONS, &VERSIONS_ELSEWHERE);
    let suites_field = section.get("cipher_suites");
    let cipher_suites = reader.words(suites_field.as_ref(), &SUITES, &SUITES_ELSEWHERE);
    let prefers_own_order = reader.flag(section.get("prefer_server_cipher_suites").as_ref()).unwrap_or(true);
    let curves = reader.words(section.get("curve_preferences").as_ref(), &CURVES, &CURVES_ELSEWHERE);

    let (oldest, newest) = (oldest.unwrap_or(TlsVersion::Tls12), newest.unwrap_or(TlsVersion::Tls13));
    if let Some(field) = oldest_field.filter(|_| oldest > newest) {
        reader.add(&field, "is newer than max_version, so that no client could connect");
    }
    // Versions, suites and names alone do not make a listener one with TLS.
    if certificate.is_none() && key.is_none() && client_ca.is_none() && !named_auth {
        return None;
    }
    let mut missing = |what: &Option<Source>, message| {
        if what.is_none() {
            reader.at(0, "tls_server_config", message);
        }
    };
    missing(&certificate, "has no certificate; allowed: one of cert_file and cert");
    missing(&key, "has no key; allowed: one of key_file and key");
    if client_auth == ClientAuth::None {
        let useless =
            [("client_ca_file", client_ca.is_some()), ("client_allowed_sans", client_allowed_sans.is_some())];
        for (name, _) in useless.into_iter().filter(|(_, is_there)| *is_there) {
            let key = format!("tls_server_config.{name}");
            reader.at(
                0,
                &key,
                "is of no use without client_auth_type; allowed: RequireAndVerifyClientCert beside it",
            );
        }
    }
    let is_verified = matches!(client_auth, ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify);
    if let Some(field) = sans_field.filter(|_| client_auth != ClientAuth::None && !is_verified) {
        let message = "is of no use where certificates are not verified, as everybody can make one with these names; \
                       allowed: client_auth_type: RequireAndVerifyClientCert beside it";
        reader.add(&field, message);
    }
    if let Some(field) = suites_field.filter(|_| !cipher_suites.is_empty() && oldest == TlsVersion::Tls12) {
        let for_tls12: Vec<_> = cipher_suites.iter().filter(|suite| suite.tls13().is_none()).collect();
        if for_tls12.is_empty() && newest == TlsVersion::Tls12 {
            reader.add(&field, "has no suite of TLS 1.2, so that no client could connect");
        } else if http2 && !for_tls12.iter().any(|suite| SUITES_OF_HTTP2.contains(suite)) {
            reader.add(
                &field,
                "has not what HTTP/2 needs; allowed: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or \
                 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 beside the others, min_version: TLS13, or http2: false",
            );
        }
    }
    Some(TlsSettings {
        certificate: certificate?,
        key: key?,
        client_auth,
        client_ca,
        client_allowed_sans,
        oldest,
        newest,
        cipher_suites,
        prefers_own_order,
        curves,
    })
}

/// Where PEM is: in the file that the first key names, else at the second.
fn source(
    reader: &mut Reader,
    section: &Section<'_>,
    [file, inline]: [&'static str; 2],
    directory: &Path,
) -> Option<Source> {
    let field = section.get(file);
    let mut path = reader.filled(field.as_ref());
    if let Some(field) = field.filter(|_| path.is_some_and(|path| path.contains(['\n', '\r', '\0']))) {
        // It may be a key: it is not shown.
        reader.add(&field, format!("is no path; allowed: the path of a file, or PEM itself under {inline}"));
        path = None;
    }
    let file = path.map(|path| Source::File(directory.join(path)));
    let inline = reader.filled(section.get(inline).as_ref()).map(|pem| Source::Inline(pem.to_owned()));
    file.or(inline)
}

fn headers(reader: &mut Reader, node: Option<&Node>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, field) in reader.entries("http_server_config.headers", node) {
        let Some(text) = reader.text(Some(&field)) else { continue };
        let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = HEADERS.iter().map(|(known, _)| *known).collect();
            reader.add(&field, format!("is a header that cannot be set; allowed: {}", known.join(", ")));
            continue;
        };
        if !allowed.is_empty() && !allowed.contains(&text) {
            reader.add(&field, format!("{} is not allowed; allowed: {}", shown(text), allowed.join(", ")));
            continue;
        }
        match (HeaderName::try_from(name), HeaderValue::try_from(text)) {
            _ if text.is_empty() => {}
            (Ok(name), Ok(value)) => headers.push((name, value)),
            _ => reader.add(&field, "has characters that no header may have"),
        }
    }
    headers
}

fn users(reader: &mut Reader, file: &Section<'_>) -> Option<Users> {
    let node = file.get("basic_auth_users").map(|field| field.node);
    let mut users = Vec::new();
    for (name, field) in reader.entries("basic_auth_users", node) {
        let hash = reader.text(Some(&field)).unwrap_or_default();
        if name.contains(':') {
            reader.add(&field, "is a name with a colon, which no client can send");
        }
        match Users::check(hash) {
            Ok(()) => users.push((name.to_owned(), hash.to_owned())),
            Err(message) => reader.add(&field, message),
        }
    }
    (!users.is_empty()).then(|| Users::new(users))
}

fn open_paths(reader: &mut Reader, file: &Section<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for item in reader.list(file.get("auth_excluded_paths").as_ref()).unwrap_or_default() {
        let path = reader.text(Some(&item)).unwrap_or_default();
        if path.starts_with('/') {
            paths.push(path.to_owned());
        } else {
            reader.add(&item, format!("{} is no path; allowed: / and what follows", shown(path)));
        }
    }
    paths
}

fn rate_limit(reader: &mut Reader, file: &Section<'_>) -> Option<RateLimit> {
    let section = section(reader, file, "rate_limit", &["interval", "burst"]);
    let interval = reader.duration(section.get("interval").as_ref()).unwrap_or_default();
    let burst_field = section.get("burst");
    let burst = reader.whole(burst_field.as_ref()).unwrap_or_default();
    if interval.is_zero() {
        return None;
    }
    // More at once than can be counted is what no limit would be.
    match u32::try_from(burst.min(u32::MAX.into())) {
        Ok(burst) if burst > 0 => Some(RateLimit { interval, burst }),
        _ => {
            let line = burst_field.map_or(0, |field| field.line);
            reader.at(line, "rate_limit.burst", "lets no request pass; allowed: 1 or more");
            None
        }
    }
}
