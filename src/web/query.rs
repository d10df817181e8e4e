//! The query string.

use std::borrow::Cow;

use hyper::Uri;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// The parameters of a URI, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// The parameters of `uri`, in their order.
    pub fn of(uri: &'a Uri) -> Self {
        Self(form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect())
    }

    /// False when `uri` has bytes that are no UTF-8, which stand as U+FFFD in what [`of`](Self::of) gives.
    pub fn is_text(uri: &Uri) -> bool {
        percent_decode_str(uri.query().unwrap_or_default()).decode_utf8().is_ok()
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every name and value, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Every value of `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let uri = Uri::from_static("/probe?nas=a%20b+c&x&nas=%C3%A4");
        let query = Query::of(&uri);
        assert_eq!(query.get("nas"), Some("a b c"));
        assert_eq!(query.all("nas").collect::<Vec<_>>(), ["a b c", "ä"]);
        assert_eq!(query.get("x"), Some(""));
        assert_eq!(query.get("y"), None);
        assert_eq!(Query::of(&Uri::from_static("/")).get("nas"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        for (uri, is_text) in
            [("/", true), ("/?a=%C3%A4+%EF%BF%BD", true), ("/?a=%FF", false), ("/?%C3=a", false)]
        {
            assert_eq!(Query::is_text(&Uri::from_static(uri)), is_text, "{uri}");
        }
    }
}
