//! The catalogue for people and programs.

use super::catalogue::{self, Metric};
use std::fmt::Write;

/// The catalogue as a Markdown table, the one that README shows.
pub fn catalogue_markdown() -> String {
    let mut out =
        String::from("| metric | type | unit | labels | stability | |\n|---|---|---|---|---|---|\n");
    for Metric { name, kind, unit, labels, help, stability } in catalogue::all() {
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        let unit = unit.unwrap_or("–");
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "| `{name}` | {} | {unit} | {labels} | {} | {help} |",
            kind.as_str(),
            stability.as_str()
        );
    }
    out
}

/// The catalogue as a JSON list of objects with `name`, `type`, `unit`, `labels`, `help`, `stability`.
pub fn catalogue_json() -> String {
    let rows: Vec<_> = catalogue::all()
        .map(|Metric { name, kind, unit, labels, help, stability }| {
            serde_json::json!({
                "name": name,
                "type": kind.as_str(),
                "unit": unit,
                "labels": labels,
                "help": help,
                "stability": stability.as_str(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(rows))
}
