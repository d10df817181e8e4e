//! Which form of the metrics a client wants: format by `Accept`, compression by `Accept-Encoding`.
//!
//! As around Prometheus, no header is ever refused: what cannot be understood or given is text 0.0.4,
//! uncompressed. Both headers are lists of choices with weights (RFC 9110 §12.4, §12.5).

mod choice;

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING};

use choice::{Choice, Weight};

/// An exposition format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The Prometheus text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// Its `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that the client prefers. OpenMetrics only if it is asked for by name, in version 1.0.0 or
    /// without a version, and weighs no less than text; a wildcard means text.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let choices = choice::list(headers, &ACCEPT);
        let weight_of = |names: fn(&Choice<'_>) -> Option<u8>| -> Weight {
            // The most specific entry that names a format decides for it, and of equals the heaviest.
            let named = choices.iter().filter_map(|choice| Some((names(choice)?, choice.weight)));
            named.max().map_or(Weight::ZERO, |(_, weight)| weight)
        };
        let open_metrics = weight_of(names_open_metrics);
        if open_metrics > Weight::ZERO && open_metrics >= weight_of(names_text) {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }
}

/// How specifically an entry names OpenMetrics 1.0, if at all.
fn names_open_metrics(choice: &Choice<'_>) -> Option<u8> {
    if !choice.is("application/openmetrics-text") {
        return None;
    }
    match choice.parameter("version") {
        Some("1.0.0") => Some(2),
        Some(_) => None,
        None => Some(1),
    }
}

/// How specifically an entry names text 0.0.4, if at all.
fn names_text(choice: &Choice<'_>) -> Option<u8> {
    if choice.is("text/plain") {
        return match choice.parameter("version") {
            Some("0.0.4") => Some(3),
            Some(_) => None,
            None => Some(2),
        };
    }
    if choice.is("text/*") {
        return Some(1);
    }
    choice.is("*/*").then_some(0)
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Not compressed.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Coding {
    /// Its `Content-Encoding`; none for identity.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The coding that the client prefers; of equals zstd, then gzip, then identity. Identity when nothing
    /// else is accepted, even where it is refused: the alternative would be no metrics.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let choices = choice::list(headers, &ACCEPT_ENCODING);
        let weight_of = |names: &[&str]| -> Option<Weight> {
            let of = |names: &[&str]| {
                choices
                    .iter()
                    .filter(|choice| names.iter().any(|name| choice.is(name)))
                    .map(|choice| choice.weight)
                    .max()
            };
            of(names).or_else(|| of(&["*"]))
        };
        // Identity need not be named to be accepted; then anything that is named goes before it.
        let mut best = (Self::Identity, weight_of(&["identity"]).unwrap_or(Weight::ZERO));
        for (coding, names) in [(Self::Gzip, &["gzip", "x-gzip"][..]), (Self::Zstd, &["zstd"][..])] {
            if let Some(weight) = weight_of(names)
                && weight > Weight::ZERO
                && weight >= best.1
            {
                best = (coding, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests;
