//! What a token may be used for.

/// A scope. Each stands for itself: none contains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Look at everything but credentials.
    Read,
    /// Pause, resume, freeze.
    Hold,
    /// Change settings, make tasks.
    Settings,
    /// What loses data, hides users or shows credentials.
    Dangerous,
    /// Post alerts.
    Webhook,
    /// Reload.
    Lifecycle,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Hold, Self::Settings, Self::Dangerous, Self::Webhook, Self::Lifecycle];

    /// Its word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Hold => "hold",
            Self::Settings => "settings",
            Self::Dangerous => "dangerous",
            Self::Webhook => "webhook",
            Self::Lifecycle => "lifecycle",
        }
    }

    /// The scope of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
