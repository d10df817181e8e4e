//! Refusals that programs read: problem details (RFC 9457).

use std::borrow::Cow;

use hyper::StatusCode;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::handler::Response;
use super::respond;

/// The members that every problem has, or may have, by the standard.
const STANDARD: [&str; 4] = ["type", "title", "status", "detail"];

/// Why a request was refused, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    type_uri: Cow<'static, str>,
    title: &'static str,
    detail: Option<String>,
    more: Vec<(&'static str, Value)>,
}

impl Problem {
    /// A kind of problem: `type_uri` names it for programs and `title` for people. Neither varies from one
    /// occurrence to the next.
    pub fn new(status: StatusCode, type_uri: impl Into<Cow<'static, str>>, title: &'static str) -> Self {
        Self { status, type_uri: type_uri.into(), title, detail: None, more: Vec::new() }
    }

    /// What is wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A further member, in the place of an earlier one of this name. The four that the other methods set
    /// cannot be had this way, nor a value that has no JSON form: that is logged, for a problem with a member
    /// less still says more than a failure to tell it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(_) if STANDARD.contains(&name) => {
                tracing::error!(name, "a problem's own member is no extension");
            }
            Ok(value) => match self.more.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => self.more.push((name, value)),
            },
            Err(error) => tracing::error!(name, %error, "a member of a problem has no JSON form"),
        }
        self
    }

    /// The status that goes with it.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The whole response; headers can be added to it.
    pub fn into_response(self) -> Response {
        respond::json_as(self.status, "application/problem+json", &self)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { status, type_uri, title, detail, more } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", type_uri)?;
        map.serialize_entry("title", title)?;
        map.serialize_entry("status", &status.as_u16())?;
        if let Some(detail) = detail {
            map.serialize_entry("detail", detail)?;
        }
        for (name, value) in more {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http_body_util::BodyExt;

    use super::*;

    async fn body(problem: Problem) -> String {
        let bytes = problem.into_response().into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn members_come_in_order_and_only_when_given() {
        let bare = || Problem::new(StatusCode::NOT_FOUND, "urn:x:none", "There is no such thing");
        assert_eq!(
            body(bare()).await,
            r#"{"type":"urn:x:none","title":"There is no such thing","status":404}"#
        );
        let full = bare().with("z", [1, 2]).with("a", "\"").detail("thing 7").with("z", None::<u8>);
        assert_eq!(
            body(full).await,
            r#"{"type":"urn:x:none","title":"There is no such thing","status":404,"detail":"thing 7","z":null,"a":"\""}"#
        );
    }

    #[tokio::test]
    async fn the_response_says_what_it_is() {
        let problem = Problem::new(StatusCode::CONFLICT, format!("urn:{}", "x"), "Not now");
        assert_eq!(problem.status(), StatusCode::CONFLICT);
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }

    #[tokio::test]
    async fn a_member_that_cannot_be_is_left_out() {
        let no_json = BTreeMap::from([((1, 2), 3)]);
        let problem = Problem::new(StatusCode::OK, "about:blank", "OK").with("status", 1).with("no", no_json);
        assert_eq!(body(problem).await, r#"{"type":"about:blank","title":"OK","status":200}"#);
    }
}
