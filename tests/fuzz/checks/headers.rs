//! What clients ask for by headers and the query: always one of what there is.

use cloudsync_exporter::web::Query;
use cloudsync_exporter::web::json::is_json_media_type;
use cloudsync_exporter::web::negotiate::{Coding, Format};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue};
use hyper::{HeaderMap as Map, Uri};

/// Lines of `data`: the first a query, the second an Accept-Encoding, the others Accepts.
pub(crate) fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let query = lines.next().unwrap_or_default();
    let encoding = lines.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(encoding) {
        headers.append(ACCEPT_ENCODING, value);
    }
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(ACCEPT, value);
        }
    }
    negotiated(&headers);
    if let Ok(text) = std::str::from_utf8(query) {
        is_json_media_type(text);
        asked(text);
    }
}

fn negotiated(headers: &Map) {
    let texts: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let format = Format::wanted(headers);
    if format == Format::OpenMetrics {
        let lower = texts.join(",").to_ascii_lowercase();
        assert!(lower.contains("application/openmetrics-text"), "{lower:?} does not ask for it");
    }
    assert!(format.content_type().starts_with(match format {
        Format::Text => "text/plain; version=0.0.4",
        Format::OpenMetrics => "application/openmetrics-text; version=1.0.0",
    }));
    let coding = Coding::wanted(headers);
    let given = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let lower = given.to_ascii_lowercase();
    match coding.name() {
        None => assert_eq!(coding, Coding::Identity),
        Some(name) => {
            assert!(lower.contains(name) || lower.contains('*'), "{lower:?} does not ask for {name}");
        }
    }
    // What nobody asks for has no effect.
    let mut more = headers.clone();
    more.append(ACCEPT, HeaderValue::from_static("image/png;q=1"));
    assert_eq!(Format::wanted(&more), format);
    // A header said twice says no more than once.
    let twice: Vec<HeaderValue> = headers.get_all(ACCEPT).iter().cloned().collect();
    for value in twice {
        more.append(ACCEPT, value);
    }
    assert_eq!(Format::wanted(&more), format);
}

fn asked(text: &str) {
    let Ok(uri) = format!("/probe?{text}").parse::<Uri>() else { return };
    let query = Query::of(&uri);
    for (name, value) in query.iter() {
        assert!(query.all(name).any(|known| known == value));
        let first = query.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        assert_eq!(query.get(name), first);
        if Query::is_text(&uri) && !text.contains('\u{fffd}') && !text.contains("%EF%BF%BD") {
            let lower = text.to_ascii_lowercase();
            assert!(
                lower.contains("%ef%bf%bd") || !(name.contains('\u{fffd}') || value.contains('\u{fffd}'))
            );
        }
    }
}
