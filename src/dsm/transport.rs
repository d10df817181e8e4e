//! One HTTP exchange with a NAS: a POST with a form, and the envelope of its answer.
//!
//! Nothing secret is part of an address. Redirects and the environment's proxies are not followed: both would take
//! credentials elsewhere. The limits of time and size hold for the whole exchange.

mod dns;
mod fault;
mod reflection;
mod trust;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::certificate::PeerCertificate;
use super::envelope;
use super::error::{DecodeFault, Error, HttpFault};
use super::observer::Observer;
use super::options::{BuildError, ClientOptions};
use reflection::Keys;
use trust::LastSeen;

/// nginx in front of DSM closes idle connections after 20 s (API notes §1).
const POOL_IDLE: Duration = Duration::from_secs(18);

/// The way to one NAS.
pub(super) struct Transport {
    http: reqwest::Client,
    /// Ends with `/webapi/`.
    base: Url,
    timeout: Duration,
    max_response_bytes: usize,
    last_seen: LastSeen,
    observer: Arc<dyn Observer>,
    /// Whether anything was ever answered, so that there may be connections from before.
    answered: AtomicBool,
}

/// One exchange.
pub(super) struct Exchange<'a> {
    pub(super) api: &'static str,
    pub(super) method: &'static str,
    /// How the observer gets to know it.
    pub(super) label: &'static str,
    /// Below `/webapi/`.
    pub(super) path: &'a str,
    /// The form's fields besides api, method and version.
    pub(super) form: Vec<(&'a str, String)>,
    pub(super) version: u32,
    /// The session's id and token.
    pub(super) session: Option<(&'a SecretString, Option<&'a SecretString>)>,
    /// Whether it may be sent twice.
    pub(super) read_only: bool,
    /// A limit below the usual one.
    pub(super) timeout: Option<Duration>,
}

impl Transport {
    pub(super) fn new(options: &ClientOptions, observer: Arc<dyn Observer>) -> Result<Self, BuildError> {
        let base = webapi(&options.base_url)?;
        let (tls, last_seen) = trust::config(&options.tls, base.scheme() == "https")?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(dns::Resolver))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(POOL_IDLE)
            .user_agent(&options.user_agent)
            .build()
            .map_err(|error| BuildError::Http(error.without_url().to_string()))?;
        Ok(Self {
            http,
            base,
            timeout: options.timeout,
            max_response_bytes: options.max_response_bytes,
            last_seen,
            observer,
            answered: AtomicBool::new(false),
        })
    }

    pub(super) fn certificate(&self) -> Option<PeerCertificate> {
        self.last_seen.get()
    }

    /// Sends a call and returns the data of its answer; a refusal is an error with the NAS's code.
    pub(super) async fn post(&self, exchange: Exchange<'_>) -> Result<Value, Error> {
        let started = Instant::now();
        let limit = exchange.timeout.map_or(self.timeout, |timeout| timeout.min(self.timeout));
        let body = form(&exchange);
        let sent = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let mut received = 0;
        let outcome = tokio::time::timeout(limit, self.body_of(&exchange, body, &mut received))
            .await
            .unwrap_or(Err(Error::Timeout { method: exchange.method, limit }))
            .and_then(|body| {
                let sent = |name: &str| exchange.form.iter().any(|(sent, _)| *sent == name);
                let mut data = envelope::answer(exchange.api, exchange.method, &body, sent)?;
                Keys::of(&exchange).take_out(&mut data);
                Ok(data)
            });
        let seen = outcome.as_ref().map(|_| ()).map_err(Error::reason);
        self.observer.request(exchange.label, seen, started.elapsed(), sent, received);
        outcome
    }

    async fn body_of(
        &self,
        exchange: &Exchange<'_>,
        form: String,
        received: &mut u64,
    ) -> Result<Vec<u8>, Error> {
        let decode = |fault| Error::Decode { method: exchange.method, fault };
        let response = match self.send(exchange, form.clone()).await {
            // A connection from the pool may have died unnoticed. What changes nothing can be sent again.
            Err(error)
                if exchange.read_only && self.answered.load(Ordering::Relaxed) && fault::is_dead(&error) =>
            {
                self.send(exchange, form).await
            }
            other => other,
        };
        let mut response = response.map_err(|error| fault::classify(&error, exchange.method))?;
        self.answered.store(true, Ordering::Relaxed);
        if response.status() != StatusCode::OK {
            let fault = refused_by_http(&response, &Keys::of(exchange));
            return Err(Error::Http { method: exchange.method, fault });
        }
        let too_large = || decode(DecodeFault::TooLarge { limit: self.max_response_bytes });
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| fault::classify(&error, exchange.method))?
        {
            *received += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if chunk.len() > self.max_response_bytes - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn send(&self, exchange: &Exchange<'_>, form: String) -> Result<reqwest::Response, reqwest::Error> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path(), exchange.path));
        let mut request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(form);
        if let Some((_, Some(token))) = exchange.session
            && let Ok(mut token) = HeaderValue::from_str(token.expose_secret())
        {
            token.set_sensitive(true);
            request = request.header("X-SYNO-TOKEN", token);
        }
        request.send().await
    }
}

/// The address of `/webapi/` below a NAS's own.
fn webapi(base: &Url) -> Result<Url, BuildError> {
    if !matches!(base.scheme(), "http" | "https") {
        return Err(BuildError::Url("must begin with http:// or https://"));
    }
    if base.host_str().is_none_or(str::is_empty) {
        return Err(BuildError::Url("names no host"));
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(BuildError::Url("must not contain credentials"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(BuildError::Url("must not have a query or fragment"));
    }
    let mut webapi = base.clone();
    webapi.set_path(&format!("{}/webapi/", base.path().trim_end_matches('/')));
    Ok(webapi)
}

fn form(exchange: &Exchange<'_>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("api", exchange.api)
        .append_pair("method", exchange.method)
        .append_pair("version", &exchange.version.to_string())
        .extend_pairs(&exchange.form);
    if let Some((sid, _)) = exchange.session {
        form.append_pair("_sid", sid.expose_secret());
    }
    form.finish()
}

fn refused_by_http(response: &reqwest::Response, keys: &Keys<'_>) -> HttpFault {
    let status = response.status();
    if !status.is_redirection() {
        return HttpFault::Status(status.as_u16());
    }
    let to = response
        .headers()
        .get(LOCATION)
        .and_then(|to| to.to_str().ok())
        .and_then(|to| response.url().join(to).ok())
        // No more of it than says where it leads: the rest may echo what we sent.
        .map(|to| super::error::tame(&to.origin().ascii_serialization()))
        .filter(|to| !keys.are_in(to));
    HttpFault::Redirect { status: status.as_u16(), to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webapi_is_below_the_configured_address() {
        for (base, expected) in [
            ("https://nas.lan:5001", "https://nas.lan:5001/webapi/"),
            ("http://[::1]:5000/", "http://[::1]:5000/webapi/"),
            ("https://proxy/nas/home/", "https://proxy/nas/home/webapi/"),
        ] {
            assert_eq!(webapi(&base.parse().unwrap()).unwrap().as_str(), expected);
        }
        for bad in
            ["ftp://nas", "https://ann@nas", "https://ann:secret@nas", "https://nas/?a=b", "https://nas/#a"]
        {
            let error = webapi(&bad.parse().unwrap()).unwrap_err();
            assert!(!error.to_string().contains("secret"));
        }
    }
}
