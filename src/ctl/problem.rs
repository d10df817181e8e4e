//! A refusal of the daemon: a problem of RFC 9457, or whatever came in its place.

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::field::{items, show, text};
use super::json;
use super::view::View;
use super::views::holds;

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// As it came.
    text: String,
    /// The problem, or null when it is none.
    value: Value,
    base: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, text: Option<String>, value: Option<Value>, base: &Url) -> Self {
        let value = value.filter(Value::is_object).unwrap_or_default();
        Self { status, text: text.unwrap_or_default(), value, base: base.to_string() }
    }

    /// `title: detail`.
    pub(super) fn headline(&self) -> String {
        match (text(&self.value, "title"), text(&self.value, "detail")) {
            (Some(title), Some(detail)) => format!("{title}: {detail}"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => format!("{} answered {}", self.base, self.status),
        }
    }

    /// The problem as the daemon gave it.
    pub(super) fn json(&self) -> String {
        if self.value.is_null() {
            let status = self.status.as_u16();
            let made = serde_json::json!({ "status": status, "title": self.headline() });
            return json::pretty(&made.to_string());
        }
        json::pretty(&self.text)
    }

    /// Everything below the headline.
    pub(super) fn describe(&self, view: &mut View) {
        let problem = &self.value;
        for error in items(problem, "errors") {
            // A reload's are texts that name their keys themselves.
            if let Some(told) = error.as_str() {
                view.line(format!("  {told}"));
                continue;
            }
            let place = text(error, "pointer").or(text(error, "parameter")).unwrap_or("-");
            view.line(format!("  {place}: {}", show(&error["detail"])));
        }
        if !problem["nas_code"].is_null() {
            let method = text(problem, "nas_method").unwrap_or("the call");
            view.line(format!("  the NAS answered {method} with code {}", show(&problem["nas_code"])));
        }
        if let Some(reason) = text(problem, "reason") {
            view.line(format!("  reason: {reason}"));
        }
        if !problem["audit_id"].is_null() {
            view.line(format!("  audit record {}", show(&problem["audit_id"])));
        }
        if problem["holds"].is_array() {
            view.line("  held by:");
            view.table(holds::table(items(problem, "holds")));
        }
        if let Some(advice) = self.advice() {
            view.line(format!("  {advice}"));
        }
    }

    fn advice(&self) -> Option<&'static str> {
        match self.status {
            StatusCode::UNAUTHORIZED => {
                Some("name the file that holds the token with --token-file, or set CLOUDSYNC_CTL_TOKEN")
            }
            StatusCode::MISDIRECTED_REQUEST => {
                Some("other names of the daemon's host are allowed with admin.allowed_hosts")
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED if self.value.is_null() => {
                Some("is this the admin listener? It is not the one that serves metrics")
            }
            status if status.is_redirection() => Some("redirects are not followed; give the address itself"),
            _ => None,
        }
    }
}
