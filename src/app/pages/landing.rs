//! The landing page: which NASes there are and how each is, and where the metrics are.

use super::Pages;
use crate::app::unix_now;
use crate::model::Snapshot;
use crate::web::html::escape;
use crate::web::{Request, Response, respond};
use hyper::StatusCode;
use std::fmt::Write;
use std::future::{Ready, ready};

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<title>Cloud Sync exporter</title><style>\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}\
.up{color:#176f2c}.down{color:#b00020}\
</style></head><body><h1>Cloud Sync exporter</h1>\n";

/// The page.
pub(super) fn handler(pages: Pages, telemetry_path: &str) -> impl Fn(Request) -> Ready<Response> + use<> {
    let telemetry_path = telemetry_path.to_owned();
    move |_| {
        let mut page = String::from(HEAD);
        page.push_str(
            "<table><tr><th>NAS</th><th>state</th><th>connections</th><th>last success</th></tr>\n",
        );
        for snapshot in pages.exposition.snapshots() {
            row(&mut page, &snapshot, unix_now());
        }
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "</table><ul><li><a href=\"{telemetry_path}\">Metrics</a></li><li><a href=\"/sd\">Service \
             discovery</a></li><li><a href=\"/-/healthy\">Health</a></li><li><a \
             href=\"/-/ready\">Readiness</a></li></ul></body></html>"
        );
        ready(respond::html(StatusCode::OK, page))
    }
}

fn row(page: &mut String, snapshot: &Snapshot, now: f64) {
    let nas = escape(snapshot.nas.as_str());
    let (class, state) = match (snapshot.up, snapshot.reason) {
        (Some(true), _) => ("up", "up".to_owned()),
        (None, _) => ("", "not tried yet".to_owned()),
        (Some(false), reason) => {
            let reason = reason.map_or("unknown", crate::model::DownReason::as_str);
            let trouble = snapshot.trouble.as_deref().unwrap_or_default();
            ("down", format!("down ({reason}): {}", escape(trouble)))
        }
    };
    let connections =
        snapshot.data.as_ref().map_or_else(|| "–".to_owned(), |data| data.connections.len().to_string());
    let age = snapshot
        .last_success
        .map_or_else(|| "never".to_owned(), |at| format!("{:.0} s ago", (now - at).max(0.0)));
    let _ = writeln!(
        page,
        "<tr><td><a href=\"/probe?nas={nas}\">{nas}</a></td><td class=\"{class}\">{state}</td><td>{connections}</td><td>{age}</td></tr>"
    );
}
