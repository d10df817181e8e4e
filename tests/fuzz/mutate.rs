//! Changes to JSON that leave it JSON: values for other values, which changes to bytes seldom hit.

use serde_json::{Map, Number, Value, json};

/// A small generator of numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const TEXTS: [&str; 24] = [
    "",
    "0",
    "-1",
    "1",
    "true",
    "NaN",
    "inf",
    "-inf",
    "1e999",
    "9223372036854775807",
    "9223372036854775808",
    "\"",
    "\\",
    "\n",
    "\u{0}",
    "a\"b\\c\nd",
    "# EOF",
    "}{",
    "\u{202e}",
    "\u{1F980}",
    "uptodate",
    "error",
    "uploading",
    "2026-11-24T12:00:00Z",
];

/// Changes some values of the JSON in `data`; its new size. None if there is none, or it would not fit.
pub(crate) fn json(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> Option<usize> {
    let mut value: Value = serde_json::from_slice(data.get(..size)?).ok()?;
    let mut dice = Dice(u64::from(seed));
    for _ in 0..=dice.below(3) {
        let places = count(&value);
        let place = dice.below(places);
        change(&mut value, place, &mut dice);
    }
    let text = serde_json::to_vec(&value).ok()?;
    let room = data.get_mut(..text.len().min(max_size))?;
    if room.len() < text.len() {
        return None;
    }
    room.copy_from_slice(&text);
    Some(text.len())
}

/// How many values there are, those inside others included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value at a place, counted as in [`count`].
fn change(value: &mut Value, place: usize, dice: &mut Dice) {
    if place == 0 {
        return alter(value, dice);
    }
    let mut left = place - 1;
    let inside: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    for inner in inside {
        let size = count(inner);
        if left < size {
            return change(inner, left, dice);
        }
        left -= size;
    }
}

fn alter(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Array(items) if dice.below(4) != 0 => alter_list(items, dice),
        Value::Object(members) if dice.below(4) != 0 => alter_object(members, dice),
        Value::String(text) if dice.below(2) == 0 => {
            let more = *dice.one(&TEXTS);
            match dice.below(3) {
                0 => text.push_str(more),
                1 => text.insert_str(0, more),
                _ => *text = text.chars().rev().collect(),
            }
        }
        Value::Number(number) if dice.below(2) == 0 => {
            let near =
                number.as_i64().unwrap_or(0).wrapping_add(*dice.one(&[-1, 1, 2, 10, 1 << 32, i64::MAX]));
            *value = near.into();
        }
        other => *other = fresh(dice),
    }
}

fn alter_list(items: &mut Vec<Value>, dice: &mut Dice) {
    if items.is_empty() {
        return items.push(fresh(dice));
    }
    let at = dice.below(items.len());
    match dice.below(4) {
        0 => drop(items.remove(at)),
        1 => items.push(items[at].clone()),
        2 => items.insert(at, fresh(dice)),
        _ => {
            let other = dice.below(items.len());
            items.swap(at, other);
        }
    }
}

fn alter_object(members: &mut Map<String, Value>, dice: &mut Dice) {
    let names: Vec<String> = members.keys().cloned().collect();
    if names.is_empty() {
        members.insert((*dice.one(&TEXTS)).to_owned(), fresh(dice));
        return;
    }
    let (one, other) = (dice.one(&names).clone(), dice.one(&names).clone());
    match dice.below(4) {
        0 => drop(members.remove(&one)),
        1 => drop(members.insert((*dice.one(&TEXTS)).to_owned(), fresh(dice))),
        // One member's value for another's, of which some are of the same kind.
        2 => {
            let value = members.get(&one).cloned().unwrap_or_default();
            members.insert(other, value);
        }
        _ => drop(members.insert(one, fresh(dice))),
    }
}

fn fresh(dice: &mut Dice) -> Value {
    match dice.below(9) {
        0 => Value::Null,
        1 => Value::Bool(dice.below(2) == 0),
        2 => i64::try_from(dice.below(8)).unwrap_or(0).into(),
        3 => (*dice.one(&[i64::MIN, i64::MAX, -1, 1 << 53, (1 << 53) + 1, -12, 200])).into(),
        4 => u64::MAX.into(),
        5 => Number::from_f64(*dice.one(&[0.5, -0.0, 1e300, 1.0, 3.5, f64::MIN_POSITIVE])).into(),
        6 => json!([]),
        7 => json!({}),
        _ => Value::from(*dice.one(&TEXTS)),
    }
}
