//! Choices between a few fixed words, with messages that list them.

/// Declares an enum whose variants are fixed words of the file, with `FromStr`, `Display` and `ALL`.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every choice, in the order of its documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word of the file.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| {
                    let allowed = [$($word),+].join(", ");
                    format!("{} is not known; allowed: {allowed}", $crate::config::problem::shown(text))
                })
            }
        }
    };
}

pub(super) use words;
