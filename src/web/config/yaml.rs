//! YAML as a tree that remembers lines and how scalars were written.
//!
//! The format is read by programs in Go, for which `3` is text where text is wanted and a number where a number is;
//! a tree of typed values would have lost that. What is hostile stays cheap: the tree has a bounded depth and size,
//! aliases counted by what they stand for.

use std::collections::HashMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::TScalarStyle;

/// Levels of nesting; the format has four.
const DEEPEST: usize = 16;
/// Values in one file, aliases counted by what they stand for.
const MOST_NODES: usize = 20_000;
/// The key whose value's entries are those of the mapping that it is in, unless that has its own.
const MERGE: &str = "<<";

/// A value and where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Text as it stands; `is_plain` if it has no quotes, so that it may be a number, a flag or nothing.
    Scalar { text: String, is_plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file.
    Table(Vec<(Node, Node)>),
}

/// Why a text is no such tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Fault {
    /// The same in that line, unless it has one.
    fn in_line(self, line: usize) -> Self {
        if self.line == 0 { Self { line, ..self } } else { self }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { line: 0, message }
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Node {
    fn scalar(line: usize, text: &str, is_plain: bool) -> Self {
        Self { line, value: Value::Scalar { text: text.to_owned(), is_plain } }
    }

    /// True for what stands for no value: nothing at all, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, is_plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    fn size(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 1,
            Value::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Value::Table(entries) => {
                1 + entries.iter().map(|(key, value)| key.size() + value.size()).sum::<usize>()
            }
        }
    }
}

/// The only document of `text`; none if there is nothing in it.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut tree = Tree::default();
    loop {
        let (event, mark) = parser.next_token().map_err(|error| Fault {
            line: error.marker().line(),
            message: format!("is no YAML: {}", error.info()),
        })?;
        if event == Event::StreamEnd {
            return Ok(tree.root);
        }
        tree.take(event, mark.line()).map_err(|fault| fault.in_line(mark.line()))?;
    }
}

/// A value that is not complete yet.
struct Open {
    line: usize,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Table { entries: Vec<(Node, Node)>, key: Option<Node> },
}

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Tree {
    fn take(&mut self, event: Event, line: usize) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some_and(|tag| tag.suffix == "binary") {
                    return Err("binary values are not read".into());
                }
                self.count(1)?;
                let node = Node::scalar(line, &text, style == TScalarStyle::Plain);
                self.complete(node, anchor)
            }
            Event::Alias(anchor) => {
                // An anchor within itself has no value yet.
                let node = self.anchors.get(&anchor).cloned().ok_or("an alias stands for nothing")?;
                self.count(node.size())?;
                self.complete(Node { line, ..node }, 0)
            }
            Event::SequenceStart(anchor, _) => self.begin(line, anchor, Kind::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(line, anchor, Kind::Table { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, kind }) = self.open.pop() else { return Ok(()) };
                let value = match kind {
                    Kind::List(items) => Value::List(items),
                    Kind::Table { entries, .. } => Value::Table(merged(entries)?),
                };
                self.complete(Node { line, value }, anchor)
            }
            Event::DocumentStart if self.root.is_some() => {
                Err("begins a second document; allowed: one".into())
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MOST_NODES {
            return Err(format!("has too many values; allowed: {MOST_NODES} in the file").into());
        }
        Ok(())
    }

    fn begin(&mut self, line: usize, anchor: usize, kind: Kind) -> Result<(), Fault> {
        self.count(1)?;
        if self.open.len() >= DEEPEST {
            return Err(format!("is nested too deeply; allowed: {DEEPEST} levels").into());
        }
        self.open.push(Open { line, anchor, kind });
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::List(items)) => items.push(node),
            Some(Kind::Table { entries, key }) => match key.take() {
                None => *key = Some(node),
                Some(known) => {
                    if known.value != (Value::Scalar { text: MERGE.to_owned(), is_plain: true })
                        && entries.iter().any(|(other, _)| is_same_key(other, &known))
                    {
                        return Err(twice(&known));
                    }
                    entries.push((known, node));
                }
            },
        }
        Ok(())
    }
}

fn twice(key: &Node) -> Fault {
    let message = match &key.value {
        Value::Scalar { text, .. } => format!("{} is there twice", super::read::shown(text)),
        _ => "a key is there twice".to_owned(),
    };
    Fault { line: key.line, message }
}

/// Keys are the same whether or not they are quoted.
fn is_same_key(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar { text: one, .. }, Value::Scalar { text: other, .. }) => one == other,
        (one, other) => one == other,
    }
}

/// The entries, with those of merged mappings where there is none of that key.
fn merged(entries: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>, Fault> {
    let is_merge = |key: &Node| matches!(&key.value, Value::Scalar { text, is_plain: true } if text == MERGE);
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
    for (_, from) in merges {
        let tables = match from.value {
            Value::List(tables) => tables,
            value => vec![Node { line: from.line, value }],
        };
        for table in tables {
            let Value::Table(more) = table.value else {
                return Err("merges what is no mapping".into());
            };
            for (key, value) in more {
                if !own.iter().any(|(known, _)| is_same_key(known, &key)) {
                    own.push((key, value));
                }
            }
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Scalar { text, is_plain: true } => text.clone(),
            Value::Scalar { text, is_plain: false } => format!("'{text}'"),
            Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Value::Table(entries) => {
                let entry = |(key, value): &(Node, Node)| format!("{}: {}", shown(key), shown(value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn what_was_written_is_kept() {
        for (text, expected) in [
            ("a: 007\nb: '1'\nc: [x, \"y\"]\n", "{a: 007, b: '1', c: [x, 'y']}"),
            ("a: &x {k: 1, l: 2}\nb: *x\n", "{a: {k: 1, l: 2}, b: {k: 1, l: 2}}"),
            ("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", "{a: {k: 1, l: 2}, b: {k: 3, l: 2}}"),
            ("a: |\n  one\n  two\n", "{a: 'one\ntwo\n'}"),
            ("a:\n", "{a: }"),
        ] {
            assert_eq!(parse(text).unwrap().map(|node| shown(&node)).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("# only a remark\n").unwrap(), None);
    }

    #[test]
    fn what_is_no_such_tree_is_told_with_its_line() {
        let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let items = vec![format!("*a{}", level - 1); 8].join(", ");
            format!("{text}a{level}: &a{level} [{items}]\n")
        });
        for (text, line, part) in [
            ("a: 1\nb: 2\na: 3\n", 3, "is there twice"),
            ("a: 1\n'a': 2\n", 2, "is there twice"),
            ("a: [1\n", 2, "is no YAML"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            ("a: *b\n", 1, "is no YAML"),
            (&"[".repeat(20), 1, "nested too deeply"),
            (&"[".repeat(100_000), 1, "is no YAML"),
            (&"- ".repeat(100_000), 1, "nested too deeply"),
            (&bomb, 5, "too many values"),
            ("a: !!binary aGk=\n", 1, "binary"),
            ("a: {<<: 1}\n", 1, "merges what is no mapping"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.message.contains(part), "{text:.40}: {fault:?}");
            assert_eq!(fault.line, line, "{text:.40}: {fault:?}");
        }
    }
}
