//! Values out of bytes, for inputs that are no text: small numbers are frequent, and so are the ends of ranges.

/// Reads on and on; after the end everything is 0.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

/// Texts that formats stumble over.
const NASTY: [&str; 16] = [
    "",
    "\"",
    "\\",
    "\n",
    "\\n",
    "\0",
    "\r\n",
    "# EOF",
    "# HELP cloudsync_up x",
    "}{=,",
    "\u{feff}",
    "\u{202e}x",
    "\u{1F980}",
    "é",
    "a b",
    "\u{2028}",
];

impl Bytes<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    pub(super) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end.max(1)
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    pub(super) fn integer(&mut self) -> i64 {
        match self.byte() {
            250 => i64::MIN,
            251 => i64::MAX,
            252 => -1,
            253 => 1 << 53,
            254 | 255 => self.word().cast_signed(),
            small => i64::from(small),
        }
    }

    pub(super) fn natural(&mut self) -> u64 {
        self.integer().cast_unsigned()
    }

    pub(super) fn float(&mut self) -> f64 {
        match self.byte() {
            248 => f64::NAN,
            249 => f64::INFINITY,
            250 => f64::NEG_INFINITY,
            251 => f64::MAX,
            252 => f64::MIN_POSITIVE,
            253 => -0.0,
            254 | 255 => f64::from_bits(self.word()),
            small => f64::from(small) / 8.0,
        }
    }

    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| read(self))
    }

    /// A text of its own or one of those that formats stumble over, or several of them.
    pub(super) fn text(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.below(4) {
            let choice = self.byte();
            if let Some(nasty) = NASTY.get(usize::from(choice)) {
                text.push_str(nasty);
            } else {
                let (own, rest) = self.0.split_at(self.0.len().min(usize::from(choice % 16)));
                text.push_str(&String::from_utf8_lossy(own));
                self.0 = rest;
            }
        }
        text
    }
}
