//! Health for those who restart processes: about this program alone. A NAS that is down is not ours
//! to be restarted for.

use super::Pages;
use crate::model::NasName;
use crate::web::{Request, Response, respond};
use hyper::StatusCode;
use std::future::{Ready, ready};

/// 200 while every poll loop moves.
pub(super) fn healthy(pages: Pages) -> impl Fn(Request) -> Ready<Response> {
    move |_| ready(verdict(&pages.pulse.stuck(), "healthy", "the poll loop does not move"))
}

/// 200 once every NAS was tried, whether or not it answered.
pub(super) fn ready_page(pages: Pages) -> impl Fn(Request) -> Ready<Response> {
    move |_| ready(verdict(&pages.pulse.untried(), "ready", "not tried yet"))
}

fn verdict(failing: &[NasName], good: &str, bad: &str) -> Response {
    if failing.is_empty() {
        return respond::text(StatusCode::OK, format!("{good}\n"));
    }
    let lines: Vec<String> = failing.iter().map(|nas| format!("{nas}: {bad}")).collect();
    respond::text(StatusCode::SERVICE_UNAVAILABLE, lines.join("\n") + "\n")
}
