//! What texts may be.

use serde_json::{Value, json};

/// A rule for a text. Every rule refuses control characters: texts go into logs and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRule {
    /// Why something is done: 1 to 500 characters.
    Reason,
    /// The name of a thing: 1 to 255 characters.
    Name,
    /// Any short text, also none: at most 255 characters.
    Short,
    /// An absolute path: begins with `/`, at most 4096 characters.
    Path,
    /// A folder on the NAS, `/SHARE/DIRECTORY…`, without empty, `.` and `..` segments.
    LocalPath,
    /// A folder in the cloud: the same, but the first level is enough.
    CloudPath,
    /// A volume of the NAS, such as `/volume1`.
    Volume,
    /// A file name: no `/`.
    FileName,
    /// A file name extension, without its dot.
    Extension,
}

impl TextRule {
    /// The longest text, in characters as JSON Schema counts them.
    const fn longest(self) -> usize {
        match self {
            Self::Reason => 500,
            Self::Path | Self::LocalPath | Self::CloudPath => 4096,
            Self::Name | Self::Short | Self::Volume | Self::FileName | Self::Extension => 255,
        }
    }

    /// What is wrong with `text`, if anything.
    pub(super) fn fault(self, text: &str) -> Option<String> {
        if text.chars().count() > self.longest() {
            return Some(format!("is too long; allowed: {} characters", self.longest()));
        }
        if text.chars().any(char::is_control) {
            return Some("has control characters; allowed: text on one line".to_owned());
        }
        let (holds, allowed) = match self {
            Self::Short => (true, ""),
            Self::Reason | Self::Name => (!text.trim().is_empty(), "text that is not empty"),
            Self::Path => (text.starts_with('/'), "a path that begins with /"),
            Self::LocalPath => (
                text.strip_prefix('/').is_some_and(|path| path.contains('/') && plain(path)),
                "/SHARE/DIRECTORY without empty, . and .. segments",
            ),
            Self::CloudPath => (
                text.strip_prefix('/').is_some_and(plain),
                "a path that begins with /, does not end with it, and has no empty, . and .. segments",
            ),
            Self::Volume => (
                text.strip_prefix('/').is_some_and(|name| {
                    !name.is_empty()
                        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
                }),
                "a volume's mount point, such as /volume1",
            ),
            Self::FileName => (!text.is_empty() && !text.contains('/'), "a file name without /"),
            Self::Extension => (
                !text.is_empty() && !text.starts_with('.') && !text.contains('/'),
                "an extension without its dot, such as iso",
            ),
        };
        (!holds).then(|| format!("is refused; allowed: {allowed}"))
    }

    pub(super) fn json_schema(self) -> Value {
        let control_free = r"^[^\u0000-\u001f\u007f-\u009f]*$";
        let pattern = match self {
            Self::Short => control_free,
            Self::Reason | Self::Name => {
                // Spelt out what is a space: dialects of patterns do not agree on it.
                concat!(
                    r"^[^\u0000-\u001f\u007f-\u009f]*",
                    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
                    r"[^\u0000-\u001f\u007f-\u009f]*$"
                )
            }
            Self::Path => r"^/[^\u0000-\u001f\u007f-\u009f]*$",
            Self::LocalPath => r"^(/(?!\.\.?(/|$))[^/\u0000-\u001f\u007f-\u009f]+){2,}$",
            Self::CloudPath => r"^(/(?!\.\.?(/|$))[^/\u0000-\u001f\u007f-\u009f]+)+$",
            Self::Volume => r"^/[A-Za-z0-9_-]+$",
            Self::FileName => r"^[^/\u0000-\u001f\u007f-\u009f]+$",
            Self::Extension => r"^[^./\u0000-\u001f\u007f-\u009f][^/\u0000-\u001f\u007f-\u009f]*$",
        };
        let mut schema = json!({ "type": "string", "maxLength": self.longest(), "pattern": pattern });
        if !matches!(self, Self::Short) {
            schema["minLength"] = json!(1);
        }
        schema
    }
}

/// Whether no segment of a path is empty or points elsewhere.
fn plain(path: &str) -> bool {
    path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_takes_and_refuses() {
        for (rule, good, bad) in [
            (TextRule::Reason, &["WAN saturated", "ä"][..], &["", "  ", "a\nb", "\u{1b}[31m"][..]),
            (TextRule::Name, &["Dropbox"], &["", "\u{0}"]),
            (TextRule::Short, &["", "STANDARD"], &["a\tb"]),
            (TextRule::Path, &["/", "/a b/c"], &["", "a", "/a\u{7f}"]),
            (
                TextRule::LocalPath,
                &["/share/a", "/share/a b/c", "/s/...", "/s/.x"],
                &[
                    "",
                    "/",
                    "share/a",
                    "/share",
                    "/share/",
                    "//a",
                    "/share//a",
                    "/share/..",
                    "/share/./a",
                    "/share/a/",
                ],
            ),
            (TextRule::CloudPath, &["/a", "/a/b"], &["", "/", "a", "/a/", "//", "/..", "/a/./b"]),
            (TextRule::Volume, &["/volume1", "/volumeUSB1"], &["", "/", "volume1", "/volume1/x", "/vol ume"]),
            (TextRule::FileName, &["Thumbs.db", ".git"], &["", "a/b"]),
            (TextRule::Extension, &["iso", "tar.gz"], &["", ".iso", "a/b"]),
        ] {
            for text in good {
                assert_eq!(rule.fault(text), None, "{rule:?} {text:?}");
            }
            for text in bad {
                assert!(rule.fault(text).is_some(), "{rule:?} {text:?}");
            }
            assert!(rule.fault(&"/x".repeat(5_000)).unwrap().starts_with("is too long"), "{rule:?}");
        }
    }
}
