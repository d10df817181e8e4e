//! The configuration file: its format by its ending, and what is wrong with it as a whole.

use std::path::Path;

use config::{File, FileFormat, FileSourceString, Map, Source, Value};

use crate::config::problem::Problems;

/// The key under which problems of the file itself are reported: the flag that names it.
const KEY: &str = "config.file";

/// A file that has been read and parsed.
#[derive(Debug, Clone)]
pub(super) struct Parsed(Map<String, Value>);

impl Source for Parsed {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}

/// Reads and parses the file at `path`. A file without any setting is no problem: the environment may have all.
pub(super) fn source(path: &Path) -> Result<Parsed, Problems> {
    let shown = path.display();
    let refuse = |message: String| Problems::one(KEY, message);
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("yaml" | "yml") => FileFormat::Yaml,
        Some("toml") => FileFormat::Toml,
        _ => return Err(refuse(format!("{shown} has no known ending; allowed: .yaml, .yml, .toml"))),
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| refuse(format!("cannot read {shown}: {error}")))?;
    if format == FileFormat::Yaml && text.lines().all(is_blank) {
        return Ok(Parsed(Map::new()));
    }
    let file: File<FileSourceString, FileFormat> = File::from_str(&text, format);
    file.collect()
        .map(Parsed)
        .map_err(|error| refuse(format!("{shown}: {}", without_excerpt(&error.to_string()))))
}

/// True for a line of YAML that sets nothing.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line == "---"
}

/// A parser's message without the lines of the file that it quotes, since these may hold a secret.
fn without_excerpt(message: &str) -> String {
    let kept = message.lines().map(str::trim).filter(|line| !line.is_empty() && !is_excerpt(line));
    kept.collect::<Vec<_>>().join(": ")
}

/// True for a line such as `12 | password = …` or `| ^`.
fn is_excerpt(line: &str) -> bool {
    line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_left_out() {
        let message =
            "TOML parse error at line 2, column 12\n  |\n2 | password = \"hunter2\n  |     ^\nbad string\n";
        assert_eq!(without_excerpt(message), "TOML parse error at line 2, column 12: bad string");
    }
}
