//! What must hold whatever comes from outside: one check for each door. A check takes any bytes and panics where a
//! promise is broken. The fuzzer looks for such bytes; tests/it runs each check over the committed seeds.

pub(crate) mod admin;
pub(crate) mod alerts;
pub(crate) mod answers;
mod bytes;
pub(crate) mod compound;
pub(crate) mod config;
pub(crate) mod exposition;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod json;
pub(crate) mod matchers;
pub(crate) mod notification;
pub(crate) mod poll;
mod promises;
pub(crate) mod snapshot;
pub(crate) mod strict;
pub(crate) mod texts;
pub(crate) mod web_config;

/// A check, by the name of its directory of seeds.
pub(crate) struct Target {
    /// Also what `FUZZ_TARGET` says.
    pub(crate) name: &'static str,
    /// The check.
    pub(crate) check: fn(&[u8]),
    #[allow(dead_code, reason = "the fuzzer's alone")]
    /// Whether its input is JSON, so that values are worth changing rather than bytes.
    pub(crate) is_json: bool,
    #[allow(dead_code, reason = "the fuzzer's alone")]
    /// Bytes that may be in use at once, for each byte of input beyond [`SMALLEST`]: memory follows the input.
    pub(crate) per_byte: usize,
}

/// What any check may take, in bytes, however small its input.
#[allow(dead_code, reason = "the fuzzer's alone")]
pub(crate) const SMALLEST: usize = 32 << 20;

const fn target(name: &'static str, check: fn(&[u8]), is_json: bool, per_byte: usize) -> Target {
    Target { name, check, is_json, per_byte }
}

/// Every check.
pub(crate) const TARGETS: [Target; 15] = [
    target("admin", admin::check, false, 1 << 10),
    target("alerts", alerts::check, true, 1 << 10),
    target("answers", answers::check, true, 1 << 10),
    target("compound", compound::check, true, 1 << 10),
    target("config", config::check, false, 4 << 10),
    target("exposition", exposition::check, false, 1 << 10),
    target("headers", headers::check, false, 1 << 10),
    target("host", host::check, false, 1 << 10),
    target("json", json::check, true, 1 << 10),
    // A regular expression may take a mebibyte, however short it is.
    target("matchers", matchers::check, false, 1 << 20),
    target("notification", notification::check, true, 1 << 10),
    target("poll", poll::check, true, 16 << 10),
    target("snapshot", snapshot::check, false, 16 << 10),
    // Directives of the log have regular expressions in them.
    target("texts", texts::check, false, 1 << 20),
    target("web_config", web_config::check, false, 4 << 10),
];
