//! The escapes between quotes: those of Go's string literals.

/// The text that is meant, or the offset of the character that is wrong and why.
pub(super) fn unquote(text: &str) -> Result<String, (usize, String)> {
    let characters: Vec<char> = text.chars().collect();
    // Bytes, because \x and octal escapes are bytes of UTF-8.
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let begin = at;
        at += 1;
        match character {
            '\n' => return Err((begin, "a line break inside quotes; write \\n".to_owned())),
            '\\' => {
                let (length, escape) = escape(&characters[at..]).ok_or_else(|| {
                    let sequence: String = characters[begin..].iter().take(2).collect();
                    (begin, format!("{sequence} is no escape sequence; a backslash is written \\\\"))
                })?;
                at += length;
                match escape {
                    Escape::Byte(byte) => bytes.push(byte),
                    Escape::Character(character) => push(&mut bytes, character),
                }
            }
            plain => push(&mut bytes, plain),
        }
    }
    String::from_utf8(bytes).map_err(|_| (0, "the bytes inside the quotes are no UTF-8".to_owned()))
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

enum Escape {
    Byte(u8),
    Character(char),
}

/// What the characters after a backslash stand for, and how many they are.
fn escape(after: &[char]) -> Option<(usize, Escape)> {
    let number = |from: usize, length: usize, radix: u32| {
        let digits: String = after.get(from..from + length)?.iter().collect();
        let is_plain = digits.chars().all(|digit| digit.is_digit(radix));
        is_plain.then(|| u32::from_str_radix(&digits, radix).ok()).flatten()
    };
    let byte = |byte: u8| Some((1, Escape::Byte(byte)));
    match after.first()? {
        'a' => byte(0x07),
        'b' => byte(0x08),
        'f' => byte(0x0c),
        'n' => byte(b'\n'),
        'r' => byte(b'\r'),
        't' => byte(b'\t'),
        'v' => byte(0x0b),
        '\\' => byte(b'\\'),
        '"' => byte(b'"'),
        'x' => Some((3, Escape::Byte(u8::try_from(number(1, 2, 16)?).ok()?))),
        'u' => Some((5, Escape::Character(char::from_u32(number(1, 4, 16)?)?))),
        'U' => Some((9, Escape::Character(char::from_u32(number(1, 8, 16)?)?))),
        '0'..='7' => Some((3, Escape::Byte(u8::try_from(number(0, 3, 8)?).ok()?))),
        _ => None,
    }
}
