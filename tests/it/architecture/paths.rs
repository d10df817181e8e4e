//! The paths in a source text that lead to the top of the crate.

/// The rooms that `text` names, each with its line: by `crate::room`, `crate::{room, …}`, or as many `super::`
/// as lead out of a file that is `depth` modules deep, if what follows `is_room`.
pub(super) fn rooms_used(text: &str, depth: usize, is_room: impl Fn(&str) -> bool) -> Vec<(usize, String)> {
    let code = without_comments(text);
    let line_of = |at: usize| code[..at].matches('\n').count() + 1;
    let mut used = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        if is_word_end(&code[..at]) {
            let names = first_names(&code[at + path.len()..]);
            used.extend(names.into_iter().map(|name| (line_of(at), name)));
        }
    }
    let out = "super::".repeat(depth);
    for (at, path) in code.match_indices(&out) {
        let names = first_names(&code[at + path.len()..]);
        used.extend(names.into_iter().filter(|name| is_room(name)).map(|name| (line_of(at), name)));
    }
    used
}

/// The text with every line comment blanked, its lines as before.
fn without_comments(text: &str) -> String {
    let code = |line: &str| line.find("//").map_or(line.len(), |at| at);
    text.lines().map(|line| &line[..code(line)]).collect::<Vec<_>>().join("\n")
}

/// True when a path may begin after `before`.
fn is_word_end(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The name at the start of `rest`, or the first name of each entry of the group there.
fn first_names(rest: &str) -> Vec<String> {
    let Some(group) = rest.strip_prefix('{') else {
        return name(rest).into_iter().collect();
    };
    let (mut names, mut depth, mut entry) = (Vec::new(), 0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(name(group[entry..at].trim_start()));
                entry = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// The identifier at the start of `text`; none for a star or a macro's variable.
fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}
