//! Tables of what Alertmanager's parsers accept, refuse and understand.

use super::*;
use proptest::prelude::*;

/// What an entry is understood as, written in one way.
fn understood(entry: &str) -> String {
    Matchers::parse(&[entry]).map_or_else(|bad| format!("bad: {bad}"), |matchers| matchers.to_string())
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn both_parsers_understand() {
    for (entry, wanted) in [
        ("foo=bar", r#"{foo="bar"}"#),
        ("{foo=bar}", r#"{foo="bar"}"#),
        ("{foo=bar,}", r#"{foo="bar"}"#),
        ("foo=bar,", r#"{foo="bar"}"#),
        ("{foo!=bar}", r#"{foo!="bar"}"#),
        ("{foo=~[a-z]+}", r#"{foo=~"[a-z]+"}"#),
        ("foo!~[a-z]+", r#"{foo!~"[a-z]+"}"#),
        ("{foo=🙂bar}", r#"{foo="🙂bar"}"#),
        (r#"foo="""#, r#"{foo=""}"#),
        (r#"{foo="bar\n"}"#, r#"{foo="bar\n"}"#),
        (r#"{foo="\"bar\""}"#, r#"{foo="\"bar\""}"#),
        (r#"{foo="bar\\"}"#, r#"{foo="bar\\"}"#),
        (r#"{foo="bar", baz!~"quux.*"}"#, r#"{foo="bar", baz!~"quux.*"}"#),
        (r#"{foo="bar,quux", job="job1"}"#, r#"{foo="bar,quux", job="job1"}"#),
        (r#"{foo = "bar", dings != "bums", }"#, r#"{foo="bar", dings!="bums"}"#),
        ("foo=bar,dings!=bums", r#"{foo="bar", dings!="bums"}"#),
        (
            r#"{quote="She said: \"Hi, ladies! That's gender-neutral…\""}"#,
            r#"{quote="She said: \"Hi, ladies! That's gender-neutral…\""}"#,
        ),
        (r#"statuscode=~"5..""#, r#"{statuscode=~"5.."}"#),
        (
            r#"contains_quote != "\"" , contains_comma !~ "foo,bar" , "#,
            r#"{contains_quote!="\"", contains_comma!~"foo,bar"}"#,
        ),
    ] {
        assert_eq!(understood(entry), wanted, "{entry}");
        assert!(strict::parse(entry).is_ok() && classic::parse(entry).is_some(), "{entry}");
    }
}

#[test]
fn only_the_parser_since_0_27_understands() {
    for (entry, wanted) in [
        (r#"{"foo"="bar"}"#, r#"{foo="bar"}"#),
        (r#""foo"="bar","#, r#"{foo="bar"}"#),
        (r#"{name-with-dashes = "bar"}"#, r#"{"name-with-dashes"="bar"}"#),
        (r#""größe in kB"=~"1.*", x!=y"#, r#"{"größe in kB"=~"1.*", x!="y"}"#),
        ("🙂=x", r#"{"🙂"="x"}"#),
        (r#""a\"b"="c""#, r#"{"a\"b"="c"}"#),
        (" {foo=bar}", r#"{foo="bar"}"#),
        ("foo\u{202f}=bar", r#"{foo="bar"}"#),
        (r#""foo"="\xf0\x9f\x99\x82""#, r#"{foo="🙂"}"#),
        (r#""foo"="\U0001f642""#, r#"{foo="🙂"}"#),
        (r#""foo"="\u00e9\101\t""#, "{foo=\"éA\t\"}"),
    ] {
        assert_eq!(understood(entry), wanted, "{entry}");
        assert!(classic::parse(entry).is_none(), "{entry}");
    }
}

#[test]
fn only_the_classic_parser_understands() {
    for (entry, wanted) in [
        ("job=", r#"{job=""}"#),
        ("{foo=", r#"{foo=""}"#),
        ("foo=bar}", r#"{foo="bar"}"#),
        ("{foo='}", r#"{foo="'"}"#),
        ("{foo=`}", r#"{foo="`"}"#),
        (r"{foo=bar\n}", r#"{foo="bar\n"}"#),
        (r"{foo=bar\t}", r#"{foo="bar\\t"}"#),
        (r"{foo=bar\}", r#"{foo="bar\\"}"#),
        (r#"{foo=bar\"}"#, r#"{foo="bar\""}"#),
        ("tricky=~~~", r#"{tricky=~"~~"}"#),
        (r#"trickier==\\=\=\""#, r#"{trickier="=\\=\\=\""}"#),
        ("{foo=bar}}", r#"{foo="bar}"}"#),
        ("{foo=bar}},}", r#"{foo="bar}}"}"#),
        ("{foo=,bar=}}", r#"{foo="", bar="}"}"#),
        ("{foo=}b", r#"{foo="}b"}"#),
        (r#"instance=~"10\.0\.0\.\d+""#, r#"{instance=~"10\\.0\\.0\\.\\d+"}"#),
        ("foo=two words", r#"{foo="two words"}"#),
        ("foo=\"a\nb\"", r#"{foo="a\nb"}"#),
    ] {
        assert_eq!(understood(entry), wanted, "{entry}");
        assert!(strict::parse(entry).is_err(), "{entry}");
    }
}

#[test]
fn where_they_disagree_the_classic_parser_counts() {
    // A tab to the one, a backslash and a t to the other.
    assert_eq!(understood(r#"foo="a\tb""#), r#"{foo="a\\tb"}"#);
    assert_eq!(understood(r#"foo="\x41""#), r#"{foo="\\x41"}"#);
    // The other one counts where the classic one's expression cannot be used.
    assert_eq!(understood(r#"foo=~"\101""#), r#"{foo=~"A"}"#);
}

#[test]
fn neither_understands() {
    for (entry, column, part) in [
        (",", 1, "expected a label name; found a comma"),
        ("{,}", 2, "expected a label name; found a comma"),
        ("{", 1, "every alert would match"),
        ("}", 1, "every alert would match"),
        (r#"{"a"=b"#, 7, "expected a closing brace, }; found the end"),
        (r#""a"=b}"#, 6, "there is no { to this }"),
        // The last brace is the list's; Alertmanager would go on with half an expression.
        ("foo=~(a|b){2}", 1, "the regular expression `(a|b){2` cannot be used"),
        ("foo", 4, "expected an operator (=, !=, =~ or !~) after the label name; found the end"),
        (
            "severity critical",
            10,
            "expected an operator (=, !=, =~ or !~) after the label name; found `critical`",
        ),
        ("=bar", 1, "expected a label name; found ="),
        ("foo!bar", 4, "! is no operator; allowed: != or !~"),
        ("foo~bar", 4, "~ is only allowed inside double quotes"),
        (r#"{foo=:"bar"}"#, 7, r#"expected a comma or the end after a matcher; found `"bar"`"#),
        (r#"job="value"#, 5, "the quote that begins here has no end"),
        (r#"job=value""#, 10, "the quote that begins here has no end"),
        (r#"contains_unescaped_quote = foo"bar"#, 31, "the quote that begins here has no end"),
        (r#"alertname=="x""#, 11, "expected a value, in quotes when it is empty or not plain; found ="),
        (r#"name-with-dashes="a\wb""#, 20, r"\w is no escape sequence; a backslash is written \\"),
        (r#""foo"="\xf0\x9f""#, 8, "no UTF-8"),
        (r#""foo"="\ud800""#, 8, r"\u is no escape sequence"),
        (r#""foo"="\x4""#, 8, r"\x is no escape sequence"),
        (r#""foo"="\777""#, 8, r"\7 is no escape sequence"),
        ("\"foo\"=\"a\nb\"", 9, "a line break inside quotes"),
        ("{a-b=c} d=e", 9, "expected the end after }; found `d`"),
        (r#"""="x""#, 1, "the label name is empty"),
        (r#"{foo=~"invalid[regexp"}"#, 2, "the regular expression `invalid[regexp` cannot be used: unclosed"),
        (r"foo=~\d+[", 1, r"the regular expression `\d+[` cannot be used: unclosed character class"),
        ("foo=~a)|(b", 1, "cannot be used: unopened group"),
        (r#"foo=~"(\\w{50}){50}""#, 1, "cannot be used: it is too large"),
        (r#""{foo=\"bar"}"#, 13, "expected an operator"),
        (r#""foo=\"bar\"""#, 14, "expected an operator"),
        ("{}", 1, "every alert would match"),
        ("", 1, "every alert would match"),
    ] {
        let bad = Matchers::parse(&[entry]).unwrap_err();
        assert_eq!(bad.0.len(), 1, "{entry}");
        assert_eq!(bad.0[0].column, column, "{entry}: {bad}");
        assert!(bad.0[0].what.contains(part), "{entry}: {bad}");
        assert!(!bad.to_string().contains('\n'), "{bad}");
    }
}

#[test]
fn every_bad_entry_is_reported() {
    let bad = Matchers::parse(&["a=b", "c", "d=~\"(\"", &"x".repeat(200)]).unwrap_err().to_string();
    assert!(bad.starts_with("entry 2, `c`, at character 2: expected an operator"), "{bad}");
    assert!(
        bad.contains("; entry 3, `d=~\"(\"`, at character 1: the regular expression `(` cannot"),
        "{bad}"
    );
    assert!(bad.contains(&format!("; entry 4, `{}…`", "x".repeat(80))), "{bad}");
    let none: [&str; 0] = [];
    assert!(Matchers::parse(&none).is_err());
}

#[test]
fn labels_match() {
    let alert = labels(&[("alertname", "WanSaturated"), ("nas", "home"), ("path", "a\nb")]);
    for (entry, wanted) in [
        (r#"alertname="WanSaturated""#, true),
        ("alertname=wansaturated", false),
        ("alertname!=Other", true),
        ("alertname=~Wan.*", true),
        // The whole value, not a part of it.
        ("alertname=~Wan", false),
        ("alertname!~Wan", true),
        ("alertname=~Wan|WanSaturated", true),
        ("alertname=~(?i:WANSATURATED)", true),
        ("path=~a.b", false),
        ("path=~(?s:a.b)", true),
        // A label that is not there is empty.
        ("absent=", true),
        ("absent!=x", true),
        ("absent=~.*", true),
        ("absent=~.+", false),
        ("absent!=", false),
        ("alertname=WanSaturated,nas=home", true),
        ("alertname=WanSaturated,nas=office", false),
    ] {
        let matchers = Matchers::parse(&[entry]).unwrap();
        assert_eq!(matchers.matches(&alert), wanted, "{entry}");
        assert_eq!(matchers.unfulfilled(&alert).is_none(), wanted, "{entry}");
    }
    let both = Matchers::parse(&["nas=home", "alertname=Other"]).unwrap();
    assert!(!both.matches(&alert));
    assert_eq!(both.unfulfilled(&alert).map(ToString::to_string), Some(r#"alertname="Other""#.to_owned()));
}

#[test]
fn matchers_that_exclude_each_other_are_found() {
    for (entry, wanted) in [
        (r#"a="x", a="y""#, Some((r#"a="x""#, r#"a="y""#))),
        (r#"b=~".+", a="x", a!="x""#, Some((r#"a="x""#, r#"a!="x""#))),
        (r#"a=~"y.*", a="x""#, Some((r#"a="x""#, r#"a=~"y.*""#))),
        (r#"a!~"x|y", a="x""#, Some((r#"a="x""#, r#"a!~"x|y""#))),
        (r#"a="", a=~".+""#, Some((r#"a="""#, r#"a=~".+""#))),
        (r#"a="x", a="x", a=~"x|y", a!="y", a!~"y""#, None),
        (r#"a="x", b="y""#, None),
        (r#"a!="x", a=~"y.*", a=~".*z""#, None),
    ] {
        let matchers = Matchers::parse(&[entry]).unwrap();
        let found = matchers.contradiction().map(|(one, other)| (one.to_string(), other.to_string()));
        assert_eq!(found, wanted.map(|(one, other)| (one.to_owned(), other.to_owned())), "{entry}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(entry in r#"[{}a-b=!~,"'`\\nxuU0-7 \n🙂é.*()\[]{0,24}"#) {
        let _ = Matchers::parse(&[entry]);
    }

    #[test]
    fn what_is_shown_is_understood_the_same(
        name in "[a-z_]{1,5}",
        odd_name in r#"[a-z \\"é=,]{1,6}"#,
        value in r#"[a-c \\"n\n,=~{}é]{0,8}"#,
        is_odd in any::<bool>(),
    ) {
        let quote = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
        let name = if is_odd { odd_name } else { name };
        let entry = format!(r#""{}"!="{}", tail9="x""#, quote(&name), quote(&value));
        let matchers = Matchers::parse(&[&entry]).unwrap();
        let again = Matchers::parse(&[matchers.to_string()]).unwrap();
        prop_assert_eq!(again.to_string(), matchers.to_string());
        prop_assert!(!matchers.matches(&labels(&[(&name, &value), ("tail9", "x")])));
        prop_assert_eq!(matchers.matches(&labels(&[("tail9", "x")])), !value.is_empty());
    }
}
