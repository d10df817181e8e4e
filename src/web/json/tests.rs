//! Bodies that are read, and the faults of those that are not.

use serde_json::json;

use super::*;

fn message(body: impl AsRef<[u8]>) -> String {
    parse(body.as_ref()).unwrap_err().to_string()
}

#[test]
fn values_are_read_as_serde_json_reads_them() {
    for body in [
        "null",
        " true ",
        "0",
        "-1",
        "1.5e3",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        r#""aä\u00e4\n😀 \ud83d\ude00""#,
        "[]",
        "{}",
        "[[],{},[1,[2]]]",
        r#"{"b": {"a": 1}, "a": {"a": [{"a": 1}, {"a": 2}]}, "": 0, "A": ""}"#,
    ] {
        let expected: Value = serde_json::from_str(body).unwrap();
        assert_eq!(parse(body.as_bytes()).unwrap(), expected, "{body}");
    }
}

#[test]
fn keys_come_once_at_any_depth() {
    for (body, pointer, line, column) in [
        (r#"{"a":1,"a":1}"#, "/a", 1, 10),
        (r#"{"a":1,"b":2,"\u0061":3}"#, "/a", 1, 21),
        ("{\"a\": 1,\n \"a\"", "/a", 2, 4),
        (r#"{"":1,"":1}"#, "/", 1, 8),
        (r#"[0,{"x":[{"a/b~":1,"a/b~":{}}]}]"#, "/1/x/0/a~1b~0", 1, 25),
        (r#"{"a":{"b":1},"c":{"b":1,"b":2}}"#, "/c/b", 1, 27),
    ] {
        let fault = parse(body.as_bytes()).unwrap_err();
        assert_eq!(fault.pointer(), Some(pointer), "{body}");
        assert_eq!((fault.line(), fault.column()), (line, column), "{body}");
        let told = format!("a key for the second time at line {line} column {column}, in {pointer}");
        assert_eq!(fault.to_string(), told);
    }
}

#[test]
fn nesting_ends() {
    let nested = |open: &str, close: &str, depth| open.repeat(depth) + "1" + &close.repeat(depth);
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), ("[[", "]]")] {
        let most = MOST_DEPTH / open.matches(['[', '{']).count();
        assert!(parse(nested(open, close, most).as_bytes()).is_ok());
        for depth in [most + 1, 100_000] {
            let told = message(nested(open, close, depth));
            assert!(told.starts_with("more than 64 objects and lists within each other at line 1"), "{told}");
        }
    }
}

#[test]
fn faults_say_what_and_where() {
    for (body, expected) in [
        (&b""[..], "no JSON, the body is empty at line 1 column 0"),
        (b" \n ", "no JSON, the body is empty at line 2 column 1"),
        (b"\"\xff\"", "bytes that are no UTF-8 at line 1 column 1"),
        (b"{\n\"a\": \"\xc3\"}", "bytes that are no UTF-8 at line 2 column 6"),
        (b"\xef\xbb\xbf{}", "expected value at line 1 column 1"),
        (b"{} {}", "trailing characters at line 1 column 4"),
        (b"1 2", "trailing characters at line 1 column 3"),
        (b"[1]\n]", "trailing characters at line 2 column 1"),
        (b"{\"a\":1,}", "trailing comma at line 1 column 8"),
        (b"{\"a\":[1,]}", "trailing comma at line 1 column 9, in /a/1"),
        (b"{\"a\":{\"b\":x}}", "expected value at line 1 column 11, in /a/b"),
        (b"{\"a\":{\"b\":1e999}}", "number out of range at line 1 column 15, in /a/b"),
        (b"{\"a\":01}", "invalid number at line 1 column 7, in /a"),
        (b"[0,\"\\ud800\"]", "unexpected end of hex escape at line 1 column 11, in /1"),
        (b"{a:1}", "key must be a string at line 1 column 2"),
        (b"{\"a\"", "EOF while parsing an object at line 1 column 4, in /a"),
        (b"NaN", "expected value at line 1 column 1"),
        (b"'a'", "expected value at line 1 column 1"),
        (
            b"{\"a\nb\":1}",
            "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0",
        ),
        (b"{\"a\\nb\":x}", "expected value at line 1 column 9, in /a\\nb"),
    ] {
        assert_eq!(message(body), expected, "{}", body.escape_ascii());
    }
}

#[test]
fn a_fault_repeats_little_of_the_body() {
    let fits = "k".repeat(MOST_SHOWN - 1);
    let fault = parse(format!(r#"{{"{fits}":x}}"#).as_bytes()).unwrap_err();
    assert_eq!(fault.pointer(), Some(format!("/{fits}").as_str()));
    let long = "SECRET".repeat(1000);
    for body in [
        format!(r#"{{"{long}":x}}"#),
        format!(r#"{{"{long}":1,"{long}":1}}"#),
        format!(r#""{long}" {long}"#),
        format!(r#"{{"a":{long}}}"#),
        format!(r#"["{long}\x"]"#),
    ] {
        let fault = parse(body.as_bytes()).unwrap_err();
        assert!(!format!("{fault:?} {fault}").contains("SECRET"), "{fault}");
    }
}

#[test]
fn keys_are_escaped_in_pointers() {
    for (key, escaped) in [("", ""), ("a b", "a b"), ("a/b", "a~1b"), ("~1", "~01"), ("/~", "~1~0")] {
        assert_eq!(pointer_escape(key), escaped);
        let value = json!({ key: 7 });
        assert_eq!(value.pointer(&format!("/{}", pointer_escape(key))), Some(&json!(7)));
    }
}

#[test]
fn json_is_known_by_its_media_type() {
    for (content_type, json) in [
        ("application/json", true),
        ("Application/JSON", true),
        ("application/json;charset=utf-8", true),
        ("application/json; Charset=\"UTF-8\"", true),
        (" application/json ; charset=utf-8 ", true),
        ("application/json;", true),
        ("", false),
        ("json", false),
        ("text/json", false),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("application/problem+json", false),
        ("application/*+json", false),
        ("application/*", false),
        ("application/jsonp", false),
        ("application/json, text/plain", false),
        ("text/plain; a=application/json", false),
        ("application/json; charset=utf-16", false),
        ("application/json; charset=\"utf-8", false),
        ("application/json; charset", false),
        ("application/json; charset =utf-8", false),
        ("application/json; version=1", false),
        ("application/json\u{a0}", false),
    ] {
        assert_eq!(is_json_media_type(content_type), json, "{content_type:?}");
    }
}
