//! Sending a call and reading the answer.
//!
//! Redirects and the environment's proxies are not followed: both would take the token elsewhere.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;
use url::{Host, Url};

use super::answer::Answer;
use super::call::Call;
use super::failure::{Failure, Unreached};
use super::problem::Problem;
use super::{token, trust};
use crate::cli::ctl::Options;

/// For the connection itself.
const CONNECT: Duration = Duration::from_secs(5);

/// For the whole of a call: the daemon waits for the NAS, and then until the NAS shows what it was told.
const WHOLE: Duration = Duration::from_secs(120);

/// No answer of ours is longer, in bytes.
const LONGEST: usize = 64 << 20;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The way to one daemon.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

impl Client {
    pub(super) fn new(options: &Options) -> Result<Self, Failure> {
        let base = base(&options.url)?;
        let authorization = token::authorization(options.token_file.as_deref())?;
        let tls = if base.scheme() == "https" {
            trust::config(options.ca_file.as_deref())?
        } else {
            trust::nobody()?
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(concat!("cloudsync-exporter-ctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Usage(format!("cannot set up HTTP: {}", root(&error))))?;
        Ok(Self { http, base, authorization })
    }

    /// What a person should know before the token goes out.
    pub(super) fn warning(&self) -> Option<String> {
        let local = match self.base.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let bare = self.base.scheme() == "http" && !local && self.authorization.is_some();
        bare.then(|| format!("warning: the token goes to {} unencrypted\n", self.base))
    }

    /// The answer to a call, when it grants it. A broken connection is tried again once, with the same key.
    pub(super) async fn ask(&self, call: &Call) -> Result<Answer, Failure> {
        let key = call.key.as_deref().map(key_header).transpose()?;
        let url = self.url(call);
        let answered = match self.exchange(call, url.clone(), key.as_ref()).await {
            Err(error) if is_broken(&error) => self.exchange(call, url, key.as_ref()).await,
            answered => answered,
        };
        match answered {
            Ok((status, text)) => self.judge(status, text),
            Err(error) => Err(self.unreached(call, &error)),
        }
    }

    fn url(&self, call: &Call) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        url
    }

    async fn exchange(
        &self,
        call: &Call,
        url: Url,
        key: Option<&HeaderValue>,
    ) -> Result<(StatusCode, Option<String>), reqwest::Error> {
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .header(ACCEPT, "application/json, application/problem+json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let mut response = request.send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST {
                return Ok((response.status(), None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), String::from_utf8(body).ok()))
    }

    fn judge(&self, status: StatusCode, text: Option<String>) -> Result<Answer, Failure> {
        let value = text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        match (text, value) {
            (Some(text), Some(value)) if status.is_success() => Ok(Answer { text, value }),
            _ if status.is_success() => Err(Failure::Stranger { base: self.base.to_string() }),
            (text, value) => Err(Failure::Refused(Problem::new(status, text, value, &self.base))),
        }
    }

    fn unreached(&self, call: &Call, error: &reqwest::Error) -> Failure {
        let cause = if error.is_timeout() {
            let limit = if error.is_connect() { CONNECT } else { WHOLE };
            format!("no answer within {} s", limit.as_secs())
        } else {
            root(error)
        };
        // Once the request was on its way, nobody here can tell whether it arrived.
        let in_doubt = !error.is_connect() && !call.dry_run;
        let key = call.key.clone().filter(|_| in_doubt);
        Failure::Unreached(Unreached { base: self.base.to_string(), cause, key })
    }
}

/// A connection that ended in the middle of things: not one that was never made, and not one that was waited
/// for as long as is sensible.
fn is_broken(error: &reqwest::Error) -> bool {
    !error.is_connect() && !error.is_timeout() && !error.is_builder()
}

/// The daemon's address, which every path is appended to.
fn base(text: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("--url: {why}"));
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("it must begin with http:// or https:// and name a host"));
    }
    // Not shown: what stands there may be a secret.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must not hold a user or a password; the token goes into a file"));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

fn key_header(key: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(key).map_err(|_| {
        Failure::Usage("--idempotency-key holds a character that no header can carry".to_owned())
    })
}

/// The innermost cause. reqwest's own words around it are the address again.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
