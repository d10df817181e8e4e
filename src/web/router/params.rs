//! The values in a path.

use matchit::Params;
use percent_encoding::percent_decode_str;

/// What the names of a template stood for, decoded, as an extension of each request that a router passes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathParams(Vec<(Box<str>, Box<str>)>);

impl PathParams {
    /// The value of `name`. Bytes that are no UTF-8 are in it as U+FFFD.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn decoded(params: &Params<'_, '_>) -> Self {
        let decoded = |value| percent_decode_str(value).decode_utf8_lossy().into();
        Self(params.iter().map(|(name, value)| (name.into(), decoded(value))).collect())
    }
}

/// For calling a handler without a router.
impl<const N: usize> From<[(&str, &str); N]> for PathParams {
    fn from(values: [(&str, &str); N]) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
