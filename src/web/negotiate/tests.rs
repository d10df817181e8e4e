//! The headers of real clients, and of hostile ones.

use hyper::header::HeaderValue;
use proptest::prelude::*;

use super::*;

fn format(accept: &str) -> Format {
    Format::wanted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())]))
}

fn coding(accept: &str) -> Coding {
    Coding::wanted(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(accept).unwrap())]))
}

#[test]
fn every_prometheus_gets_openmetrics() {
    for accept in [
        // 2.42
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
         text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        // 2.53
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
         text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        // 3.x
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
         application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
         text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        // 3.x with native histograms: protobuf goes first, and we have none
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
         application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
         application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
         text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    ] {
        assert_eq!(format(accept), Format::OpenMetrics, "{accept}");
    }
}

#[test]
fn formats_go_by_name_version_and_weight() {
    use Format::{OpenMetrics, Text};
    for (accept, expected) in [
        ("", Text),
        ("*/*", Text),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Text),
        ("text/plain", Text),
        ("application/*", Text),
        ("application/openmetrics-text", OpenMetrics),
        ("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", OpenMetrics),
        ("application/openmetrics-text;version=0.0.1", Text),
        ("application/openmetrics-text;version=2.0.0", Text),
        ("application/openmetrics-text, text/plain", OpenMetrics),
        ("application/openmetrics-text;q=0.5, text/plain;q=0.6", Text),
        ("application/openmetrics-text;q=0.5, */*", Text),
        ("application/openmetrics-text;q=0.5, text/plain;version=0.0.4;q=0.1, */*", OpenMetrics),
        ("application/openmetrics-text;q=0", Text),
        ("application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", Text),
        ("application/openmetrics-text;q=2, text/plain;q=0.1", Text),
        ("application/vnd.google.protobuf", Text),
        (",;,=;q=,,", Text),
    ] {
        assert_eq!(format(accept), expected, "{accept}");
    }
}

#[test]
fn several_header_lines_are_one_list() {
    let mut headers = HeaderMap::new();
    for line in ["text/plain;q=0.5", "application/openmetrics-text"] {
        headers.append(ACCEPT, HeaderValue::from_static(line));
    }
    assert_eq!(Format::wanted(&headers), Format::OpenMetrics);
}

#[test]
fn codings_go_by_weight() {
    use Coding::{Gzip, Identity, Zstd};
    assert_eq!(Coding::wanted(&HeaderMap::new()), Identity);
    for (accept, expected) in [
        ("", Identity),
        ("gzip", Gzip),
        ("x-gzip", Gzip),
        ("zstd", Zstd),
        ("gzip, deflate, br, zstd", Zstd),
        ("gzip, zstd;q=0.9", Gzip),
        ("GZIP;Q=0.3", Gzip),
        ("gzip;q=0", Identity),
        ("gzip;q=0.5, identity", Identity),
        ("gzip;q=0.5, identity;q=0.5", Gzip),
        ("identity;q=0, gzip;q=0.1", Gzip),
        ("identity;q=0", Identity),
        ("*;q=0", Identity),
        ("*", Zstd),
        ("*, zstd;q=0", Gzip),
        ("identity;q=0, *;q=0.1", Zstd),
        ("br", Identity),
        ("gzip;q=1.1", Identity),
        ("gzip;q=0.0001", Identity),
    ] {
        assert_eq!(coding(accept), expected, "{accept}");
    }
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let headers = HeaderMap::from_iter([(ACCEPT, value.clone()), (ACCEPT_ENCODING, value)]);
            let _ = Coding::wanted(&headers);
            // Without its name in it, nothing is OpenMetrics.
            if !bytes.to_ascii_lowercase().windows(11).any(|part| part == b"openmetrics") {
                prop_assert_eq!(Format::wanted(&headers), Format::Text);
            }
        }
    }

    #[test]
    fn lists_of_plausible_parts_never_panic(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "application/openmetrics-text", "text/plain", "*/*", "gzip", "zstd", "identity", "*",
                ";", ",", "=", "q", "version", "1.0.0", "0.5", "\"", " ", "escaping",
            ]),
            0..30,
        ),
    ) {
        let value = HeaderValue::from_str(&parts.concat()).unwrap();
        let headers = HeaderMap::from_iter([(ACCEPT, value.clone()), (ACCEPT_ENCODING, value)]);
        let _ = (Format::wanted(&headers), Coding::wanted(&headers));
    }
}
