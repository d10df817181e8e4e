//! JSON as the daemon wrote it, laid out for reading.

use std::fmt::Write as _;

use super::view::is_hostile;

/// The same document, indented: order, numbers and escapes stay as they were. Only what could steer a terminal
/// is written as the escape that means the same. `text` must be JSON.
pub(super) fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' => {
                out.push('"');
                let mut escaped = false;
                for char in rest.by_ref() {
                    push(&mut out, char);
                    match char {
                        '"' if !escaped => break,
                        _ => escaped = char == '\\' && !escaped,
                    }
                }
            }
            '{' | '[' => {
                out.push(char);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                new_line(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            char if char.is_ascii_whitespace() => {}
            char => push(&mut out, char),
        }
    }
    out.push('\n');
    out
}

/// The same document on one line, as it is but for what could steer a terminal. `text` must be JSON on one line.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    text.chars().for_each(|char| push(&mut out, char));
    out.push('\n');
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn push(out: &mut String, char: char) {
    if is_hostile(char) {
        let mut units = [0; 2];
        for unit in char.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    } else {
        out.push(char);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stays_what_it_was() {
        for (text, pretty_text) in [
            ("{}", "{}\n"),
            (" [ ] ", "[]\n"),
            ("null", "null\n"),
            (r#"{"b":1.50,"a":[1,{}]}"#, "{\n  \"b\": 1.50,\n  \"a\": [\n    1,\n    {}\n  ]\n}\n"),
            (r#"["a,b:{[\"\\",  2]"#, "[\n  \"a,b:{[\\\"\\\\\",\n  2\n]\n"),
            ("12345678901234567890123", "12345678901234567890123\n"),
        ] {
            assert_eq!(pretty(text), pretty_text, "{text}");
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let text = "[\"\u{9b}31m\u{202e}\u{7f} \\u001b é\"]";
        for shown in [pretty(text), line(text)] {
            assert!(!shown.chars().any(|char| is_hostile(char) && char != '\n'), "{shown:?}");
            let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(parse(&shown), parse(text));
        }
        assert_eq!(line("{\"a\":[1]}"), "{\"a\":[1]}\n");
    }
}
