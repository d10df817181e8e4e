//! JSON that is nested deeper than any answer of this API, made readable: one member of a compound that is
//! nonsense must not cost the others.

/// Deeper than any documented answer inside of a compound's (8), and well below what the parser refuses (128).
const DEPTH: usize = 64;

/// The text with a string in place of everything below [`DEPTH`], so that what stood there is malformed and no
/// more. Only for what the parser has refused; brackets are counted, nothing else is judged.
pub(super) fn shallow(body: &[u8]) -> Vec<u8> {
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
    fn what_is_not_deep_stays_as_it_is() {
        for text in ["", "{", "]]]", r#"{"a":"\"","b":[1,{"c":"[\\"}]}"#, "\"unended [[["] {
            assert_eq!(shallow(text.as_bytes()), text.as_bytes(), "{text}");
        }
    }
}
