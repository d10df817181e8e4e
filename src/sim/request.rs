//! An HTTP request as the NAS reads it: which page or CGI, which parameters, which session.

use std::{collections::BTreeMap, net::IpAddr};

use hyper::{
    Method,
    body::Bytes,
    header::{self, HeaderMap},
    http::request::Parts,
};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{
    Member, Recorded,
    api::{AUTH, COMPOUND, Caller, INFO},
};

/// Decoded parameters; a name given twice has its last value.
pub(super) type Form = BTreeMap<String, String>;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The login page.
    Page,
    /// A CGI, with the one API it serves (`None` = all), and the API that the address names.
    Cgi {
        only: Option<&'static str>,
        path_api: Option<String>,
    },
    NotFound,
}

impl Route {
    pub(super) fn of(path: &str, prefix: &str) -> Self {
        let Some(rest) = path.strip_prefix(prefix) else { return Self::NotFound };
        if matches!(rest, "" | "/") {
            return Self::Page;
        }
        let Some(cgi) = rest.strip_prefix("/webapi/") else { return Self::NotFound };
        match cgi {
            "entry.cgi" => Self::Cgi { only: None, path_api: None },
            "query.cgi" => Self::Cgi { only: Some(INFO), path_api: None },
            "auth.cgi" => Self::Cgi { only: Some(AUTH), path_api: None },
            _ => match cgi.strip_prefix("entry.cgi/") {
                Some(api) if !api.is_empty() && !api.contains('/') => {
                    Self::Cgi { only: None, path_api: Some(api.into()) }
                }
                _ => Self::NotFound,
            },
        }
    }
}

/// Query and body together.
pub(super) fn form(parts: &Parts, body: &Bytes) -> Form {
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form =
        content_type.is_none_or(|value| value.trim().starts_with("application/x-www-form-urlencoded"));
    let body = if parts.method == Method::POST && is_form { body.as_ref() } else { &[] };
    query.into_owned().chain(form_urlencoded::parse(body).into_owned()).collect()
}

/// Session and token of a request.
pub(super) fn caller(parts: &Parts, form: &Form, peer: IpAddr) -> Caller {
    let header = parts.headers.get("x-syno-token").and_then(|value| value.to_str().ok());
    Caller {
        peer,
        sid: form.get("_sid").cloned().or_else(|| cookie(&parts.headers, "id")),
        token: header.map(str::to_owned).or_else(|| form.get("SynoToken").cloned()),
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The calls inside a compound, as far as they can be read.
pub(super) fn members(form: &Form, api: &str) -> Vec<Member> {
    let compound = form.get("compound").filter(|_| api == COMPOUND);
    let list: Vec<Map<String, Value>> =
        compound.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = |member: &Map<String, Value>, name: &str| {
        member.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    list.into_iter()
        .map(|member| Member { api: text(&member, "api"), method: text(&member, "method"), params: member })
        .collect()
}

/// The request as tests read it.
pub(super) fn record(parts: &Parts, form: &Form, route: &Route, body_len: usize) -> Recorded {
    const SECRETS: [&str; 5] = ["passwd", "otp_code", "_sid", "SynoToken", "device_id"];
    const HEADERS: [&str; 8] = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-type",
        "cookie",
        "host",
        "user-agent",
        "x-syno-token",
    ];
    let query = parts.uri.query().unwrap_or_default();
    let path_api = match route {
        Route::Cgi { path_api, .. } => path_api.clone(),
        _ => None,
    };
    let api = form.get("api").cloned().or(path_api).unwrap_or_default();
    let header = |name: &str| {
        Some((name.to_owned(), String::from_utf8_lossy(parts.headers.get(name)?.as_bytes()).into()))
    };
    Recorded {
        http_method: parts.method.to_string(),
        path: parts.uri.path().into(),
        has_query_secrets: form_urlencoded::parse(query.as_bytes())
            .any(|(name, _)| SECRETS.contains(&name.as_ref())),
        members: members(form, &api),
        api,
        method: form.get("method").cloned().unwrap_or_default(),
        params: form.clone(),
        headers: HEADERS.into_iter().filter_map(header).collect(),
        body_len,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let all = |api: Option<&str>| Route::Cgi { only: None, path_api: api.map(str::to_owned) };
        assert_eq!(Route::of("/webapi/entry.cgi", ""), all(None));
        assert_eq!(Route::of("/nas/webapi/entry.cgi/SYNO.CloudSync", "/nas"), all(Some("SYNO.CloudSync")));
        assert_eq!(Route::of("/webapi/entry.cgi", "/nas"), Route::NotFound);
        assert_eq!(Route::of("/webapi/entry.cgi/", ""), Route::NotFound);
        assert_eq!(Route::of("/webapi/encryption.cgi", ""), Route::NotFound);
        assert_eq!(Route::of("/", ""), Route::Page);
    }
}
