//! Base URLs of other services.

use url::Url;

use super::problem::shown;

/// Reads a base URL: http or https, a host, perhaps a port and a path; no user information, query, fragment.
pub(super) fn parse(text: &str, example: &str) -> Result<Url, String> {
    let allowed =
        format!("allowed: http or https, a host, perhaps a port and a path prefix, such as {example}");
    if text.is_empty() {
        return Err(format!("is missing; {allowed}"));
    }
    // A URL with an @ may hold a password, so it is not shown.
    let shown = if text.contains('@') { "the value".to_owned() } else { shown(text) };
    let url = Url::parse(text).map_err(|error| format!("{shown} is no URL ({error}); {allowed}"))?;
    let fault = if !matches!(url.scheme(), "http" | "https") {
        "is neither http nor https"
    } else if !url.username().is_empty() || url.password().is_some() {
        "has a user name or password in it; these have keys of their own"
    } else if url.query().is_some() || url.fragment().is_some() {
        "has a query or a fragment"
    } else if url.port() == Some(0) {
        "has port 0"
    } else {
        return Ok(url);
    };
    Err(format!("{shown} {fault}; {allowed}"))
}
