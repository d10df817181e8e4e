//! What a body may be, said twice: by the check that refuses it and by the description that clients are made of. Both
//! have to say the same of every value.

use cloudsync_exporter::actions::NEW_TASK;
use cloudsync_exporter::actions::schema::{Field, Kind, Schema, TextRule, span};
use cloudsync_exporter::actions::settings::{CONNECTION, FILTERS, PACKAGE, SCHEDULE, TASK};
use jsonschema::{Draft, Validator};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Every schema of the actions, and one with the kinds that only queries and the API's own bodies have.
static SCHEMAS: [&Schema; 7] = [&PACKAGE, &CONNECTION, &SCHEDULE, &TASK, &FILTERS, &NEW_TASK, &OTHERS];

static OTHERS: Schema = Schema {
    name: "Others",
    fields: &[
        Field::required("reason", Kind::Text(TextRule::Reason), "Why."),
        Field::optional("for", Kind::Span, "How long."),
        Field::optional("from", Kind::Time, "When."),
        Field::optional("all", Kind::True, "All."),
        Field::optional("level", Kind::WordOrNumber(&["info", "warning", "error"]), "What."),
        Field::optional("path", Kind::Text(TextRule::Path), "Where."),
    ],
    at_least: 2,
};

pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(schema).unwrap()
}

static VALIDATORS: LazyLock<Vec<Validator>> =
    LazyLock::new(|| SCHEMAS.iter().map(|schema| validator(&schema.json_schema())).collect());

/// Texts of the pieces that rules are about, and of every kind of space and control.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "/", "/", "/", ".", "..", "a", "share", "volume1", "-", "_", " ", "\t", "\n", "\r", "\0", "\u{1b}",
        "\u{7f}", "\u{85}", "\u{9f}", "\u{a0}", "\u{1680}", "\u{180e}", "\u{2003}", "\u{200b}", "\u{2028}",
        "\u{202f}", "\u{205f}", "\u{3000}", "\u{feff}", "ä", "e\u{301}", "😀", "0", "1", "\\", "\"", "$",
    ];
    prop_oneof![
        4 => proptest::collection::vec(select(pieces), 0..7).prop_map(|pieces| pieces.concat()),
        1 => (select(vec!["a", "ä", "😀", "/a", " "]), select(vec![1, 254, 255, 256, 499, 500, 501, 2_048, 4_096, 4_097]))
            .prop_map(|(piece, count)| piece.repeat(count)),
        1 => any::<String>(),
    ]
}

fn duration() -> impl Strategy<Value = String> {
    let pieces = vec![
        "1", "9", "0", "36", "366", "367", "99999", "s", "m", "h", "d", "w", "ms", "min", " ", " ", "-", "+",
        ".", "1h", "30m", "90s", "2d",
    ];
    proptest::collection::vec(select(pieces), 0..6).prop_map(|pieces| pieces.concat())
}

fn moment() -> impl Strategy<Value = String> {
    let year = select(vec!["1969", "1970", "2026", "2999", "3000", "9999", "26"]);
    let month = select(vec!["01", "02", "12", "13", "00", "1"]);
    let day = select(vec!["01", "29", "30", "31", "32", "00"]);
    let between = select(vec!["T", "T", "T", "t", " "]);
    let time = select(vec!["00:00:00", "23:59:59", "23:59:60", "24:00:00", "09:30", "09:60:00"]);
    let fraction = select(vec!["", "", ".5", ".123456789", ".1234567890", "."]);
    let zone = select(vec!["Z", "Z", "z", "+01:00", "-23:59", "+24:00", "+01:60", "+0100", "", "[UTC]"]);
    (year, month, day, between, time, fraction, zone).prop_map(
        |(year, month, day, between, time, fraction, zone)| {
            format!("{year}-{month}-{day}{between}{time}{fraction}{zone}")
        },
    )
}

fn number() -> impl Strategy<Value = Value> {
    let edges: [i64; 12] = [
        -2,
        -1,
        0,
        1,
        20,
        100_000,
        1_048_576,
        31_536_000,
        253_402_300_799,
        1 << 53,
        i64::MAX - 1,
        i64::MIN + 1,
    ];
    let near = (select(edges.to_vec()), -1_i64..=1);
    prop_oneof![
        near.clone().prop_map(|(edge, by)| json!(edge + by)),
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        near.prop_map(|(edge, by)| json!((edge.clamp(-(1 << 53), 1 << 53) + by) as f64)),
        select(vec![json!(0.5), json!(-0.0), json!(1e300), json!(u64::MAX), json!(5e-324)]),
    ]
}

fn week() -> impl Strategy<Value = Value> {
    let day = prop_oneof![4 => Just("01".repeat(12)), 1 => "[012]{23,25}"];
    prop_oneof![
        select(vec![167_usize, 168, 169]).prop_map(|length| json!("1".repeat(length))),
        Just(json!("ä".repeat(84))),
        proptest::collection::vec(day.prop_map(Value::from), 6..9).prop_map(Value::from),
        Just(json!([1, 2, 3, 4, 5, 6, 7])),
    ]
}

/// A value that some field may take.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let words = vec!["enable", "disable", "ENABLE", "BIDIRECTION", "ONLY_UPLOAD", "info", "error", "all", ""];
    let scalar = prop_oneof![
        3 => text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        2 => number(),
        1 => Just(Value::Null),
        1 => select(words).prop_map(Value::from),
        1 => duration().prop_map(Value::from),
        1 => moment().prop_map(Value::from),
        1 => week(),
    ];
    prop_oneof![
        6 => scalar.clone(),
        2 => proptest::collection::vec(scalar.clone(), 0..4).prop_map(Value::from),
        1 => (select(vec![999_usize, 1_000, 1_001]), select(vec!["/x", "x", ".x"]))
            .prop_map(|(length, item)| json!(vec![item; length])),
        1 => proptest::collection::btree_map("[a-z]", scalar, 0..2).prop_map(|map| json!(map)),
    ]
}

/// A value that this kind of field takes, more often than not.
fn fitting(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Flag => any::<bool>().prop_map(Value::from).boxed(),
        Kind::True => Just(json!(true)).boxed(),
        Kind::Integer { min, max } => (min..=max).prop_map(Value::from).boxed(),
        Kind::Text(_) => prop_oneof![text().prop_map(Value::from), Just(json!("/share/a"))].boxed(),
        Kind::Texts { .. } => {
            proptest::collection::vec(text().prop_map(Value::from), 0..3).prop_map(Value::from).boxed()
        }
        Kind::Word(words) => select(words).prop_map(Value::from).boxed(),
        Kind::WordOrNumber(_) => prop_oneof![number(), Just(json!("all"))].boxed(),
        Kind::Time => moment().prop_map(Value::from).boxed(),
        Kind::Span => duration().prop_map(Value::from).boxed(),
        Kind::Week => week().boxed(),
    }
}

/// An object with most of a schema's fields, and now and then one that it does not have.
fn object(schema: &'static Schema) -> impl Strategy<Value = Value> {
    let entries = schema.fields.iter().map(|field| {
        let value = prop_oneof![6 => fitting(field.kind), 1 => value()];
        prop_oneof![1 => Just(None), 2 => value.prop_map(Some)]
    });
    let entries: Vec<_> = entries.collect();
    (entries, proptest::option::weighted(0.05, value())).prop_map(|(values, unknown)| {
        let names = schema.fields.iter().map(|field| field.name.to_owned());
        let known = names.zip(values).filter_map(|(name, value)| Some((name, value?)));
        let known: Map<String, Value> =
            known.chain(unknown.map(|value| ("un/known".to_owned(), value))).collect();
        known.into()
    })
}

fn case() -> impl Strategy<Value = (usize, Value)> {
    (0..SCHEMAS.len()).prop_flat_map(|place| {
        let any_value = value();
        let schema = SCHEMAS[place];
        prop_oneof![20 => object(schema).boxed(), 1 => any_value.boxed()]
            .prop_map(move |value| (place, value))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn check_and_description_agree((place, value) in case()) {
        let schema = SCHEMAS[place];
        let described = VALIDATORS[place].is_valid(&value);
        let checked = schema.check(value.clone());
        prop_assert_eq!(checked.is_ok(), described, "{}: {}\n{:?}", schema.name, value, checked);
        if let Ok(document) = checked {
            prop_assert!(VALIDATORS[place].is_valid(&Value::Object(document)), "made plain, it stays valid");
        }
    }

    #[test]
    fn every_fault_has_a_pointer_that_leads_somewhere((place, value) in case()) {
        for fault in SCHEMAS[place].check(value.clone()).err().into_iter().flatten() {
            let leads = value.pointer(&fault.pointer).is_some();
            let names_what_is_missing = fault.detail == "is missing";
            prop_assert!(leads || names_what_is_missing, "{:?} in {}", fault, value);
        }
    }

    #[test]
    fn a_duration_is_what_it_says(days in 0..367_u64, hours in 0..24_u64, minutes in 0..60_u64, seconds in 0..60_u64) {
        let parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")];
        let said: Vec<String> =
            parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
        let expected = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        for text in [said.join(" "), said.concat()] {
            prop_assert_eq!(span(&text).ok(), Some(expected).filter(|seconds| *seconds > 0), "{}", text);
        }
    }
}

/// The rest of a property test that finds nothing: it must be able to.
#[test]
fn both_kinds_of_values_are_made() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut good = [0; SCHEMAS.len()];
    let mut bad = [0; SCHEMAS.len()];
    for _ in 0..3_000 {
        let (place, value) = case().new_tree(&mut runner).unwrap().current();
        let count = if SCHEMAS[place].check(value).is_ok() { &mut good } else { &mut bad };
        count[place] += 1;
    }
    assert!(good.iter().chain(&bad).all(|count| *count >= 5), "accepted {good:?}, refused {bad:?}");
}

#[test]
fn numbers_are_as_whole_as_they_are() {
    let document = CONNECTION.check(json!({"part_size": 64.0, "max_upload_speed": 1e3})).unwrap();
    assert_eq!(Value::Object(document), json!({"part_size": 64, "max_upload_speed": 1_000}));
}
