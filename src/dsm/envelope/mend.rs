//! Answers that the parser refuses as a whole because of one place, made readable: a file name that is not
//! Unicode, or one member of a compound that is nested too deep, must not cost the others.

/// Deeper than any documented answer inside of a compound's (8), and well below what the parser refuses (128).
const DEPTH: usize = 64;

/// The answer with the Unicode replacement character in place of what is no text, and nothing too deep. Only for
/// what the parser has refused.
pub(super) fn mend(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    shallow(&without_endless_numbers(&without_lone_surrogates(text.as_bytes())))
}

/// Replaces escapes of half a character (`\ud800` to `\udfff` without its other half) by one of the replacement
/// character. Text with a backslash before the `u` that is itself escaped is left alone.
fn without_lone_surrogates(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        let Some(&escaped) = (byte == b'\\').then(|| after.first()).flatten() else {
            kept.push(byte);
            rest = after;
            continue;
        };
        let length = match (escaped == b'u').then(|| code_unit(rest)).flatten() {
            Some(0xD800..=0xDBFF) if matches!(code_unit(&rest[6..]), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                kept.extend_from_slice(b"\\ufffd");
                rest = &rest[6..];
                continue;
            }
            Some(_) => 6,
            None => 2,
        };
        kept.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
    kept
}

/// Puts quotes around numbers that are too large to be any: as text they are malformed, and no more.
fn without_endless_numbers(body: &[u8]) -> Vec<u8> {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    let mut kept = Vec::with_capacity(body.len());
    let (mut rest, mut in_string) = (body, false);
    while let Some((&byte, after)) = rest.split_first() {
        let begins_number = !in_string && (byte.is_ascii_digit() || byte == b'-');
        let length = match byte {
            b'\\' if in_string => 2.min(rest.len()),
            _ if begins_number => rest.iter().take_while(|byte| is_of_number(byte)).count(),
            _ => 1,
        };
        let token = &rest[..length];
        let number: Option<f64> =
            begins_number.then(|| std::str::from_utf8(token).ok()?.parse().ok()).flatten();
        if number.is_some_and(f64::is_infinite) {
            kept.extend_from_slice(b"\"too large\"");
        } else {
            kept.extend_from_slice(token);
        }
        in_string ^= byte == b'"';
        rest = if length == 1 { after } else { &rest[length..] };
    }
    kept
}

/// The code unit of a `\uXXXX` at the beginning.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The text with a string in place of everything below [`DEPTH`], so that what stood there is malformed and no
/// more. Brackets are counted, nothing else is judged.
fn shallow(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in body {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            if depth <= DEPTH {
                kept.push(byte);
            }
            continue;
        }
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth == DEPTH + 1 {
                    kept.extend_from_slice(b"\"too deep\"");
                }
            }
            b'"' => in_string = true,
            _ => {}
        }
        if depth <= DEPTH {
            kept.push(byte);
        }
        if matches!(byte, b']' | b'}') {
            depth = depth.saturating_sub(1);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn only_what_is_too_deep_is_replaced() {
        let deep = (0..500).fold(json!({"a\"]": "}"}), |inner, _| json!([inner]));
        let text = json!({"deep": deep, "after": ["x\\", {"b": "[[["}]}).to_string();
        let value: Value = serde_json::from_slice(&shallow(text.as_bytes())).unwrap();
        assert_eq!(value["after"], json!(["x\\", {"b": "[[["}]));
        assert!(value["deep"].is_array());
    }

    #[test]
    fn numbers_without_end_become_text() {
        let mended = mend(br#"{"a":1e400,"b":-1E999,"c":12.5e3,"d":"1e400 \"1e400","e":[3,1e400]}"#);
        let expected = json!({"a": "too large", "b": "too large", "c": 12_500.0, "d": "1e400 \"1e400",
                              "e": [3, "too large"]});
        assert_eq!(serde_json::from_slice::<Value>(&mended).unwrap(), expected);
    }

    #[test]
    fn half_characters_are_replaced_and_whole_ones_stay() {
        for (text, mended) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""a\udc00\ud83d\ude00b""#, "a\u{fffd}\u{1f600}b"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\ud83d\\""#, "\u{fffd}\\"),
        ] {
            assert_eq!(serde_json::from_slice::<String>(&mend(text.as_bytes())).unwrap(), mended, "{text}");
        }
        let latin = mend(b"{\"path\":\"/caf\xe9\",\"id\":3}");
        assert_eq!(
            serde_json::from_slice::<Value>(&latin).unwrap(),
            json!({"path": "/caf\u{fffd}", "id": 3})
        );
        for broken in ["\\", "\\u", "\\ud8", "\"\\ud83d\\u\""] {
            mend(broken.as_bytes());
        }
    }

    #[test]
    fn what_is_not_deep_stays_as_it_is() {
        for text in ["", "{", "]]]", r#"{"a":"\"","b":[1,{"c":"[\\"}]}"#, "\"unended [[["] {
            assert_eq!(shallow(text.as_bytes()), text.as_bytes(), "{text}");
        }
    }
}
