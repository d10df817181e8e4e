//! Lists of choices with weights, as in `a/b;version=1;q=0.5, c/d`.

use hyper::HeaderMap;
use hyper::header::HeaderName;

/// One entry of the list, as it stands in the header. Names and values are compared without regard to case.
pub(super) struct Choice<'a> {
    name: &'a str,
    /// What follows the name, if anything does.
    parameters: &'a str,
    /// How much it is wanted.
    pub(super) weight: Weight,
}

impl<'a> Choice<'a> {
    /// Whether this is chosen.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of a parameter, without quotes.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a str> {
        parameters(self.parameters)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Reads an entry; none if its weight is not one.
    fn parse(entry: &'a str) -> Option<Self> {
        let (name, rest) = entry.split_once(';').unwrap_or((entry, ""));
        let mut weight = Weight::FULL;
        for (_, value) in parameters(rest).filter(|(key, _)| key.eq_ignore_ascii_case("q")) {
            weight = Weight::parse(value)?;
        }
        let name = name.trim();
        (!name.is_empty()).then_some(Self { name, parameters: rest, weight })
    }
}

/// The keys of `a=b;c="d"` with their values, which are empty where there is none.
fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (key.trim(), value.trim().trim_matches('"'))
    })
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
        let missing = 3 - u32::try_from(fraction.len()).ok()?;
        let digits = if fraction.is_empty() { 0 } else { fraction.parse::<u16>().ok()? };
        match (whole, digits * 10u16.pow(missing)) {
            ("0", thousandths) => Some(Self(thousandths)),
            ("1", 0) => Some(Self::FULL),
            _ => None,
        }
    }
}

/// Every entry of every line of this header that can be read.
pub(super) fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<Choice<'a>> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(Choice::parse).collect()
}
