//! Answers as they go out: the JSON envelope, nginx's pages, and the bodies of faults.

use std::{convert::Infallible, io, io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use futures_util::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::{Bytes, Frame},
    header::{self, HeaderValue},
};
use serde_json::{Value, json};

use super::params::Answer;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the simulated NAS closes the connection")]
pub(super) struct Aborted;

/// `{"success":true,"data":…}` or `{"success":false,"error":{…}}`.
pub(super) fn envelope(answer: Answer) -> Value {
    match answer {
        Ok(None) => json!({"success": true}),
        Ok(Some(data)) => json!({"success": true, "data": data}),
        Err(failure) => {
            let mut error = json!({"code": failure.code});
            if let Some(errors) = failure.errors {
                error["errors"] = errors;
            }
            json!({"success": false, "error": error})
        }
    }
}

/// How the body of an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// So many bytes, then the connection breaks.
    Cut(usize),
    /// Byte by byte.
    Drip(Duration),
}

/// A 200 with this text, chunked, gzipped when asked for.
pub(super) fn text(content: &str, dsm_version: u8, gzip: bool, delivery: Delivery) -> Response<Body> {
    let encoded = gzip.then(|| compress(content.as_bytes())).and_then(Result::ok);
    let is_encoded = encoded.is_some();
    let bytes = encoded.unwrap_or_else(|| content.as_bytes().to_vec());
    let mut response = Response::new(match delivery {
        Delivery::Whole => chunks(vec![Bytes::from(bytes)]),
        Delivery::Cut(after) => cut(Bytes::from(bytes), after),
        Delivery::Drip(pause) => drip(Bytes::from(bytes), pause),
    });
    let headers = response.headers_mut();
    let content_type = if dsm_version >= 7 {
        "application/json; charset=\"UTF-8\""
    } else {
        "text/plain; charset=\"UTF-8\""
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if is_encoded {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

/// An HTML page.
pub(super) fn html(status: StatusCode, page: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(page.into()).map_err(never).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// JSON with a length.
pub(super) fn plain_json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = html(status, value.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The page that nginx gives for a status.
pub(super) fn nginx(status: StatusCode) -> Response<Body> {
    html(
        status,
        format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        ),
    )
}

/// The page that a browser sees at the root.
pub(super) fn page() -> Response<Body> {
    html(
        StatusCode::OK,
        "<!DOCTYPE html>\n<html><head><title>Simulated NAS</title></head><body><p>This is a simulated NAS. Its \
         Web API is below /webapi/.</p></body></html>\n",
    )
}

/// 302.
pub(super) fn redirect(location: &str) -> Response<Body> {
    let mut response = nginx(StatusCode::FOUND);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// JSON that does not end for `bytes` bytes, without holding them in memory.
pub(super) fn huge(bytes: u64) -> Response<Body> {
    const CHUNK: u32 = 64 * 1024;
    let filler = Bytes::from(vec![b'x'; CHUNK as usize]);
    let head = Bytes::from_static(b"{\"success\":true,\"data\":{\"filler\":\"");
    let tail = Bytes::from_static(b"\"}}");
    let count = bytes.div_ceil(u64::from(CHUNK));
    let frames = std::iter::once(head)
        .chain((0..count).map(move |_| filler.clone()))
        .chain(std::iter::once(tail))
        .map(|bytes| Ok(Frame::data(bytes)));
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// No length is announced, so hyper sends chunks.
fn chunks(bytes: Vec<Bytes>) -> Body {
    StreamBody::new(stream::iter(bytes.into_iter().map(|bytes| Ok(Frame::data(bytes))))).boxed_unsync()
}

fn cut(mut bytes: Bytes, after: usize) -> Body {
    bytes.truncate(after);
    let frames = stream::unfold(Some(bytes), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(Frame::data(bytes)), Some(Bytes::new()))),
            Some(_) => {
                // The bytes before must reach the socket first.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other("cut")), None))
            }
            None => None,
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn drip(bytes: Bytes, pause: Duration) -> Body {
    let frames = stream::unfold(bytes, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let first = left.split_to(1);
        Some((Ok(Frame::data(first)), left))
    });
    StreamBody::new(frames).boxed_unsync()
}

fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content)?;
    encoder.finish()
}

fn never(error: Infallible) -> io::Error {
    match error {}
}
