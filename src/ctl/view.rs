//! Lines and tables for people, and the cleaning of everything in them.
//!
//! Names, paths and messages come from a NAS, and there from whoever shares files with it. Every text passes
//! [`clean`] on its way into a line or a cell, so that no view can forget it.

mod table;

use std::io::IsTerminal;

pub(crate) use table::Table;

/// A text for people, part by part.
#[derive(Debug, Default)]
pub(crate) struct View(Vec<Part>);

#[derive(Debug)]
enum Part {
    Line(String),
    Table(Table),
}

impl View {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One line; a line break in it is no longer one.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        self.0.push(Part::Line(clean(line.as_ref())));
    }

    /// An empty line between what was and what comes, unless nothing was.
    pub(crate) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push(Part::Line(String::new()));
        }
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.0.push(Part::Table(table));
    }

    /// As it goes to standard output.
    pub(super) fn show(&self) -> String {
        self.within(width(&std::io::stdout()))
    }

    /// As it goes to standard error: it says who speaks.
    pub(super) fn error(&self) -> String {
        format!("cloudsync-exporter: {}", self.within(width(&std::io::stderr())))
    }

    /// However wide anything is.
    pub(crate) fn unbroken(&self) -> String {
        self.within(None)
    }

    fn within(&self, width: Option<u16>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Line(line) => out.push_str(line),
                Part::Table(table) => out.push_str(&table.within(width)),
            }
            out.push('\n');
        }
        out
    }
}

/// How wide a terminal is. Elsewhere nothing is wrapped.
fn width(stream: &(impl IsTerminal + std::os::fd::AsFd)) -> Option<u16> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0).filter(|_| stream.is_terminal())
}

/// What could steer a terminal or turn its text around: control characters, directions, invisible marks.
pub(super) fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text with everything hostile written out, such as `\u{1b}`.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if is_hostile(char) {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_written_out() {
        for (text, cleaned) in [
            ("Größe 写真 👩‍👩‍👧", "Größe 写真 👩‍👩‍👧"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("exe.\u{202e}fdp", "exe.\\u{202e}fdp"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }

    #[test]
    fn a_line_stays_one_and_a_cell_stays_in_its_row() {
        let mut view = View::new();
        view.gap();
        view.line("a\nb");
        view.gap();
        let mut table = Table::new(&["ID", "NAME"], "none");
        table.row(["1".to_owned(), "x\ny\u{1b}".to_owned()]);
        view.table(table);
        assert_eq!(view.within(None), "a\\nb\n\nID  NAME\n───────────────\n1   x\\ny\\u{1b}\n");
    }

    #[test]
    fn a_table_without_rows_says_so_and_a_narrow_one_wraps() {
        let mut table = Table::new(&["ID", "REASON"], "no holds");
        assert_eq!(table.within(None), "no holds");
        table.row(["1".to_owned(), "one two three four five six seven".to_owned()]);
        let shown = table.within(Some(24));
        assert!(shown.lines().all(|line| line.chars().count() <= 24), "{shown}");
        assert!(shown.lines().count() > 3, "{shown}");
    }
}
