//! The exposition, in the format and compression that the scraper prefers.

use super::Pages;
use crate::metrics::{self, Rendered, Selection};
use crate::model::NasName;
use crate::web::negotiate::{Coding, Format};
use crate::web::{Query, Request, Response, respond};
use hyper::StatusCode;
use hyper::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};
use std::future::{Ready, ready};

/// Everything.
pub(super) fn everything(pages: Pages) -> impl Fn(Request) -> Ready<Response> {
    move |request| ready(answer(&pages, &Selection::All, request.headers()))
}

/// The series of the NAS that the query names.
pub(super) fn one_nas(pages: Pages) -> impl Fn(Request) -> Ready<Response> {
    move |request| {
        let query = Query::of(request.uri());
        ready(match query.get("nas") {
            Some(name) => answer(&pages, &Selection::Nas(NasName::new(name)), request.headers()),
            None => respond::text(
                StatusCode::BAD_REQUEST,
                "the parameter nas is missing: /probe?nas=NAME, with a name of the configuration\n",
            ),
        })
    }
}

fn answer(pages: &Pages, selection: &Selection, headers: &HeaderMap) -> Response {
    let format = Format::wanted(headers);
    let encode_as = match format {
        Format::Text => metrics::Format::Text,
        Format::OpenMetrics => metrics::Format::OpenMetrics,
    };
    let coding = match Coding::wanted(headers) {
        Coding::Identity => metrics::Coding::Identity,
        Coding::Gzip => metrics::Coding::Gzip,
        Coding::Zstd => metrics::Coding::Zstd,
    };
    let Some(Rendered { body, coding }) = pages.exposition.render(selection, encode_as, coding) else {
        return respond::text(StatusCode::NOT_FOUND, "this instance polls no NAS of that name\n");
    };
    let mut response = respond::content(StatusCode::OK, format.content_type(), body);
    let encoding = match coding {
        metrics::Coding::Identity => None,
        metrics::Coding::Gzip => Some("gzip"),
        metrics::Coding::Zstd => Some("zstd"),
    };
    let headers = response.headers_mut();
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    response
}
