//! Lists of choices with weights, as in `a/b;version=1;q=0.5, c/d`.

use hyper::HeaderMap;
use hyper::header::HeaderName;

/// One entry of the list.
pub(super) struct Choice {
    /// What is chosen, in lower case.
    pub(super) name: String,
    /// How much it is wanted.
    pub(super) weight: Weight,
    parameters: Vec<(String, String)>,
}

impl Choice {
    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads an entry; none if its weight is not one.
    fn parse(entry: &str) -> Option<Self> {
        let mut parts = entry.split(';');
        let name = parts.next()?.trim().to_ascii_lowercase();
        let mut weight = Weight::FULL;
        let mut parameters = Vec::new();
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            if key == "q" {
                weight = Weight::parse(value)?;
            } else {
                parameters.push((key, value.to_ascii_lowercase()));
            }
        }
        (!name.is_empty()).then_some(Self { name, weight, parameters })
    }
}

/// A weight in thousandths, 0 (refused) to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weight(u16);

impl Weight {
    pub(super) const ZERO: Self = Self(0);
    const FULL: Self = Self(1000);

    /// Reads 0 to 1 with at most three digits after the point.
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
        match (whole, fraction) {
            ("0", thousandths) => Some(Self(thousandths)),
            ("1", 0) => Some(Self::FULL),
            _ => None,
        }
    }
}

/// Every entry of every line of this header that can be read.
pub(super) fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<Choice> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(Choice::parse).collect()
}
