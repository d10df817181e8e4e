//! Alertmanager's parser since 0.27: names and values of any letters, with quotes around what the syntax itself uses.

mod quoted;

use super::{Fault, Operator, Term};

const OPERATORS: &str = "=, !=, =~ or !~";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Operator(Operator),
    /// What stands between the quotes, escapes unread.
    Quoted(String),
    Bare(String),
    End,
}

impl Token {
    /// How an error calls it.
    fn shown(&self) -> String {
        match self {
            Self::Open => "{".to_owned(),
            Self::Close => "}".to_owned(),
            Self::Comma => "a comma".to_owned(),
            Self::Operator(operator) => operator.as_str().to_owned(),
            Self::Quoted(text) => super::shown(&format!("\"{text}\"")),
            Self::Bare(text) => super::shown(text),
            Self::End => "the end".to_owned(),
        }
    }
}

/// The matchers of an entry; none in an empty one.
pub(super) fn parse(entry: &str) -> Result<Vec<Term>, Fault> {
    let mut reader = Reader { characters: entry.chars().collect(), at: 0 };
    let has_brace = reader.peek()?.1 == Token::Open;
    if has_brace {
        reader.next()?;
    }
    let mut terms = Vec::new();
    while !matches!(reader.peek()?.1, Token::Close | Token::End) {
        terms.push(reader.term()?);
        match reader.peek()? {
            (_, Token::Comma) => _ = reader.next()?,
            (_, Token::Close | Token::End) => break,
            (column, other) => {
                return Err(expected(column, "a comma or the end after a matcher", &other));
            }
        }
    }
    match (has_brace, reader.next()?) {
        (true, (_, Token::Close)) => match reader.next()? {
            (_, Token::End) => Ok(terms),
            (column, other) => Err(expected(column, "the end after }", &other)),
        },
        (true, (column, other)) => Err(expected(column, "a closing brace, }", &other)),
        (false, (_, Token::End)) => Ok(terms),
        (false, (column, _)) => Err(Fault { column, what: "there is no { to this }".to_owned() }),
    }
}

fn expected(column: usize, what: &str, found: &Token) -> Fault {
    Fault { column, what: format!("expected {what}; found {}", found.shown()) }
}

fn is_reserved(character: char) -> bool {
    character.is_whitespace() || "{}!=~,\\\"'`".contains(character)
}

struct Reader {
    characters: Vec<char>,
    at: usize,
}

impl Reader {
    fn term(&mut self) -> Result<Term, Fault> {
        let (column, name) = self.text("a label name")?;
        let (at, token) = self.next()?;
        let Token::Operator(operator) = token else {
            return Err(expected(at, &format!("an operator ({OPERATORS}) after the label name"), &token));
        };
        let (_, value) = self.text("a value, in quotes when it is empty or not plain")?;
        Ok(Term { column, name, operator, value })
    }

    /// A name or a value.
    fn text(&mut self, what: &str) -> Result<(usize, String), Fault> {
        match self.next()? {
            (column, Token::Bare(text)) => Ok((column, text)),
            (column, Token::Quoted(text)) => {
                let text = quoted::unquote(&text)
                    .map_err(|(offset, what)| Fault { column: column + 1 + offset, what })?;
                Ok((column, text))
            }
            (column, other) => Err(expected(column, what, &other)),
        }
    }

    /// The next token and its first character's number, from 1, without taking it.
    fn peek(&mut self) -> Result<(usize, Token), Fault> {
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    fn next(&mut self) -> Result<(usize, Token), Fault> {
        self.take_while(char::is_whitespace);
        let column = self.at + 1;
        let token = match self.take() {
            None => Token::End,
            Some('{') => Token::Open,
            Some('}') => Token::Close,
            Some(',') => Token::Comma,
            Some('=') if self.take_if('~') => Token::Operator(Operator::Match),
            Some('=') => Token::Operator(Operator::Equal),
            Some('!') if self.take_if('=') => Token::Operator(Operator::NotEqual),
            Some('!') if self.take_if('~') => Token::Operator(Operator::NotMatch),
            Some('!') => {
                return Err(Fault { column, what: "! is no operator; allowed: != or !~".to_owned() });
            }
            Some('"') => self.quoted(column)?,
            Some(other) if is_reserved(other) => {
                let what = format!("{other} is only allowed inside double quotes");
                return Err(Fault { column, what });
            }
            Some(_) => {
                self.at -= 1;
                Token::Bare(self.take_while(|character| !is_reserved(character)))
            }
        };
        Ok((column, token))
    }

    /// What follows an opening quote, up to the closing one.
    fn quoted(&mut self, column: usize) -> Result<Token, Fault> {
        let mut text = String::new();
        let mut is_escaped = false;
        while let Some(character) = self.take() {
            if character == '"' && !is_escaped {
                return Ok(Token::Quoted(text));
            }
            is_escaped = character == '\\' && !is_escaped;
            text.push(character);
        }
        Err(Fault { column, what: "the quote that begins here has no end".to_owned() })
    }

    fn take(&mut self) -> Option<char> {
        let character = self.characters.get(self.at).copied()?;
        self.at += 1;
        Some(character)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let is_it = self.characters.get(self.at) == Some(&wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let rest = &self.characters[self.at..];
        let taken: String = rest.iter().copied().take_while(|character| keep(*character)).collect();
        self.at += taken.chars().count();
        taken
    }
}
