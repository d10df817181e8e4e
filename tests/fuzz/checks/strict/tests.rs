//! Good expositions are read, and each rule refuses what breaks it.

use super::*;

const GAUGE: &str = "# HELP a x\n# TYPE a gauge\n";
const COUNTER: &str = "# HELP c_total x\n# TYPE c_total counter\n";
const HISTOGRAM: &str = "# HELP h x\n# TYPE h histogram\n";

fn text(body: &str) -> Result<Vec<Family>, String> {
    parse(body.as_bytes(), Format::Text).map_err(|fault| fault.to_string())
}

fn open_metrics(body: &str) -> Result<Vec<Family>, String> {
    parse(body.as_bytes(), Format::OpenMetrics).map_err(|fault| fault.to_string())
}

#[test]
fn good_expositions_are_read() {
    let body = "# HELP a_bytes b\\\\c\\nd \"e\n# TYPE a_bytes gauge\n\
                a_bytes{x=\"q\\\"\\\\\\n\u{1F980}\",y=\"\"} -1.5e+3\na_bytes 9223372036854775807\n\
                # HELP c_total x\n# TYPE c_total counter\nc_total 0\n\
                # HELP h x\n# TYPE h histogram\n\
                h_sum{z=\"1\"} 2.5\nh_count{z=\"1\"} 3\n\
                h_bucket{le=\"0.5\",z=\"1\"} 1\nh_bucket{le=\"+Inf\",z=\"1\"} 3\n";
    let families = text(body).unwrap();
    assert_eq!(
        families.iter().map(|family| family.name.as_str()).collect::<Vec<_>>(),
        ["a_bytes", "c_total", "h"]
    );
    assert_eq!(families[0].help, "b\\c\nd \"e");
    let sample = &families[0].samples[0];
    assert_eq!(sample.labels["x"], "q\"\\\n\u{1F980}");
    assert_eq!((sample.value, sample.labels["y"].as_str()), (-1500.0, ""));
    assert_eq!(families[0].samples[1].written, "9223372036854775807");
    let body = "# HELP a_bytes b\\\"\n# TYPE a_bytes gauge\n# UNIT a_bytes bytes\na_bytes NaN\n\
                # HELP c x\n# TYPE c counter\nc_total 1\n# EOF\n";
    let families = open_metrics(body).unwrap();
    assert_eq!((families[0].unit.as_deref(), families[0].help.as_str()), (Some("bytes"), "b\""));
    assert!(families[0].samples[0].value.is_nan());
    assert_eq!(text(""), Ok(vec![]));
    assert_eq!(open_metrics("# EOF\n"), Ok(vec![]));
}

#[test]
fn each_rule_of_lines_refuses() {
    for (lines, told) in [
        ("a 1", "line 3: the last line has no line end"),
        ("a 1\n\n", "line 4: an empty line"),
        ("# hello\n", "line 3: a comment"),
        ("# NOTE a x\n", "line 3: a comment"),
        ("#\n", "line 3: a comment"),
        ("# TYPE a\n", "line 3: a header without a text"),
        ("# HELP 1a x\n", "line 3: no name of a family"),
        ("# HELP a\\b x\n", "line 3: no name of a family"),
        ("# EOF\n", "line 3: # EOF is no part of 0.0.4"),
        ("# UNIT a a\n", "line 3: UNIT is no part of 0.0.4"),
        ("a\n", "line 3: a sample without a value"),
        ("ä 1\n", "line 3: no name of a sample"),
        ("a{} 1\n", "line 3: a label without a value in quotes"),
        ("a{x=1} 1\n", "line 3: a label without a value in quotes"),
        ("a{1x=\"\"} 1\n", "line 3: no name of a label"),
        ("a{x:y=\"\"} 1\n", "line 3: no name of a label"),
        ("a{ x=\"\"} 1\n", "line 3: no name of a label"),
        ("a{__x=\"\"} 1\n", "line 3: no name of a label"),
        ("a{x=\"1\n", "line 3: a label's value without an end"),
        ("a{x=\"1\\\"} 1\n", "line 3: a label's value without an end"),
        ("a{x=\"\\t\"} 1\n", "line 3: no escape sequence"),
        ("a{x=\"\\", "line 3: the last line has no line end"),
        ("a{x=\"\",x=\"\"} 1\n", "line 3: a label for the second time"),
        ("a{x=\"\";y=\"\"} 1\n", "line 3: neither a comma nor the end after a label"),
        ("a{x=\"\",} 1\n", "line 3: a label without a value in quotes"),
        ("a{x=\"\"}1\n", "line 3: no space before the value"),
        ("a  1\n", "line 3: no number, or more than a number"),
        ("a 1 1700000000\n", "line 3: no number, or more than a number"),
        ("a 1 # {x=\"\"} 1\n", "line 3: no number, or more than a number"),
        ("a 1\r\n", "line 3: no number, or more than a number"),
        ("a 0x1\n", "line 3: no number, or more than a number"),
        ("a 1_0\n", "line 3: no number, or more than a number"),
        ("a .\n", "line 3: no number, or more than a number"),
        ("a 1e\n", "line 3: no number, or more than a number"),
        ("a infinite\n", "line 3: no number, or more than a number"),
        ("a \n", "line 3: no number, or more than a number"),
    ] {
        let body = format!("{GAUGE}{lines}");
        assert_eq!(text(&body), Err(told.to_owned()), "{lines:?}");
    }
    assert_eq!(
        parse(b"# HELP a x\n# TYPE a gauge\na{x=\"\xff\"} 1\n", Format::Text),
        Err(Fault { line: 3, rule: "bytes that are no UTF-8" })
    );
}

#[test]
fn each_rule_of_families_refuses() {
    for (body, told) in [
        ("a 1\n".to_owned(), "line 1: a sample without a header"),
        ("# TYPE a gauge\na 1\n".to_owned(), "line 1: a header before its HELP"),
        ("# HELP a x\na 1\n".to_owned(), "line 2: a family without TYPE"),
        ("# HELP a x\n# TYPE b gauge\n".to_owned(), "line 2: a header before its HELP"),
        (format!("{GAUGE}# TYPE a gauge\na 1\n"), "line 3: TYPE for the second time"),
        (format!("{GAUGE}a 1\n# TYPE a gauge\n"), "line 4: a header after samples"),
        ("# HELP a x\n# TYPE a summary\na 1\n".to_owned(), "line 2: no type that we send"),
        ("# HELP a x\\y\n# TYPE a gauge\na 1\n".to_owned(), "line 1: no escape sequence"),
        (GAUGE.to_owned(), "line 2: a header without samples"),
        (format!("{GAUGE}a 1\na 2\n"), "line 4: a series for the second time"),
        (
            format!("{GAUGE}a{{x=\"1\",y=\"2\"}} 1\na{{y=\"2\",x=\"1\"}} 1\n"),
            "line 4: a series for the second time",
        ),
        (format!("{GAUGE}b 1\n"), "line 3: a sample of another family"),
        (format!("{GAUGE}a 1\n{GAUGE}a{{x=\"\"}} 1\n"), "line 6: two families with one name"),
        (
            format!("{COUNTER}c_total 1\n# HELP c x\n# TYPE c gauge\nc 1\n"),
            "line 6: two families with one name",
        ),
        ("# HELP c x\n# TYPE c counter\nc 1\n".to_owned(), "line 3: a counter without _total"),
        (format!("{COUNTER}c 1\n"), "line 3: a sample of another family"),
        (format!("{COUNTER}c_total -1\n"), "line 3: a counter that is negative or no number"),
        (format!("{COUNTER}c_total NaN\n"), "line 3: a counter that is negative or no number"),
    ] {
        assert_eq!(text(&body), Err(told.to_owned()), "{body}");
    }
    for (body, told) in [
        (format!("{GAUGE}a 1\n"), "line 3: no # EOF at the end"),
        (String::new(), "line 1: no # EOF at the end"),
        (format!("{GAUGE}a 1\n# EOF\n# EOF\n"), "line 5: something after # EOF"),
        (format!("{GAUGE}a 1\n# EOF\n\n"), "line 5: something after # EOF"),
        ("# HELP a x\"\n# TYPE a gauge\na 1\n# EOF\n".to_owned(), "line 1: a quote that is not escaped"),
        (format!("{GAUGE}# UNIT a \na 1\n# EOF\n"), "line 3: a family's name does not end in its unit"),
        (format!("{GAUGE}# UNIT a a\na 1\n# EOF\n"), "line 3: a family's name does not end in its unit"),
        (
            "# HELP a_s x\n# UNIT a_s s\n# TYPE a_s gauge\na_s 1\n# EOF\n".to_owned(),
            "line 2: UNIT before TYPE",
        ),
        (
            "# HELP a_s x\n# TYPE a_s gauge\n# UNIT a_s s\n# UNIT a_s s\na_s 1\n# EOF\n".to_owned(),
            "line 4: UNIT for the second time",
        ),
        (format!("{COUNTER}c_total 1\n# EOF\n"), "line 4: a counter's family with _total"),
        ("# HELP c x\n# TYPE c counter\nc 1\n# EOF\n".to_owned(), "line 4: a sample of another family"),
    ] {
        let found = open_metrics(&body).map_err(|told| told.split_once(": ").unwrap().1.to_owned());
        assert_eq!(found, Err(told.split_once(": ").unwrap().1.to_owned()), "{body}");
    }
}

#[test]
fn each_rule_of_histograms_refuses() {
    const WHOLE: &str = "h_sum 1\nh_count 3\n";
    for (samples, rule) in [
        ("h_bucket{le=\"+Inf\"} 3\nh_count 3\n".to_owned(), "a histogram without sum and count"),
        ("h_bucket{le=\"+Inf\"} 3\nh_sum 3\n".to_owned(), "a histogram without sum and count"),
        (WHOLE.to_owned(), "the last bucket is not +Inf with the count"),
        (format!("{WHOLE}h_bucket{{le=\"1\"}} 3\n"), "the last bucket is not +Inf with the count"),
        (format!("{WHOLE}h_bucket{{le=\"+Inf\"}} 2\n"), "the last bucket is not +Inf with the count"),
        (
            format!("{WHOLE}h_bucket{{le=\"1\"}} 3\nh_bucket{{le=\"2\"}} 2\nh_bucket{{le=\"+Inf\"}} 3\n"),
            "buckets are not cumulative",
        ),
        (
            format!("{WHOLE}h_bucket{{le=\"2\"}} 1\nh_bucket{{le=\"1\"}} 2\nh_bucket{{le=\"+Inf\"}} 3\n"),
            "buckets are not in the order of their bounds",
        ),
        (
            format!("{WHOLE}h_bucket{{le=\"1\"}} 1\nh_bucket{{le=\"1.0\"}} 1\nh_bucket{{le=\"+Inf\"}} 3\n"),
            "buckets are not in the order of their bounds",
        ),
        (format!("{WHOLE}h_bucket{{le=\"x\"}} 3\n"), "a bucket's bound is no number"),
        (format!("{WHOLE}h_bucket 3\n"), "le where it does not belong, or none"),
        ("h_sum{le=\"1\"} 1\n".to_owned(), "le where it does not belong, or none"),
        (format!("{WHOLE}h 3\n"), "a sample of another family"),
        (format!("{WHOLE}h_max 3\n"), "a sample of another family"),
        (
            "h_sum NaN\nh_count 0\nh_bucket{le=\"+Inf\"} 0\n".to_owned(),
            "a histogram's sum or count makes no sense",
        ),
        (
            "h_sum 1\nh_count 0.5\nh_bucket{le=\"+Inf\"} 0.5\n".to_owned(),
            "a histogram's sum or count makes no sense",
        ),
    ] {
        let found = parse(format!("{HISTOGRAM}{samples}").as_bytes(), Format::Text);
        assert_eq!(found.map_err(|fault| fault.rule), Err(rule), "{samples}");
    }
}
