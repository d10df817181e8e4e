//! What a simulated NAS is made of.

use std::{sync::Arc, time::Duration};

use super::World;

/// The account's second factor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// Password only.
    #[default]
    None,
    /// A time-based code (RFC 6238: SHA-1, 6 digits, 30 seconds), each accepted once.
    Totp {
        /// The shared secret in base32.
        secret_base32: String,
        /// Whether a login without code or known device is refused with 403. When false a code is checked only if
        /// one is given.
        required: bool,
    },
    /// The NAS demands a second factor that the account has not set up: every login is refused with 406.
    EnforcedNotSetUp,
}

/// When the NAS blocks an address: after `attempts` failed logins `within` this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoBlock {
    /// Failed logins; the next login is refused with 407.
    pub attempts: usize,
    /// The window that they are counted in.
    pub within: Duration,
}

impl Default for AutoBlock {
    fn default() -> Self {
        Self { attempts: 10, within: Duration::from_secs(5 * 60) }
    }
}

/// Ways in which other builds write the same answers (API notes §5). They concern `SYNO.CloudSync` only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Every number comes as a JSON string.
    pub numbers_as_strings: bool,
    /// Every boolean comes as 0 or 1.
    pub booleans_as_numbers: bool,
    /// Every object has a further field that nobody knows.
    pub unknown_fields: bool,
}

/// What a [`super::Simulator`] is made of. The default is a DSM 7 with account and password `demo`, the
/// [`World::demo`], standing still.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each named where it is set")]
pub struct SimOptions {
    /// The one account.
    pub account: String,
    /// Its password.
    pub password: String,
    /// Its second factor.
    pub second_factor: SecondFactor,
    /// A code that a login with the right password is refused with: 401 disabled, 402 denied, 408 to 410 password
    /// expired or to be changed, 411 locked.
    pub login_refusal: Option<i64>,
    /// 6 or 7: the newest version of `SYNO.API.Auth`, where Info says it lives, and the Content-Type of answers.
    pub dsm_version: u8,
    /// The state behind the answers.
    pub world: World,
    /// Whether the world moves by itself, once a second.
    pub moving: bool,
    /// Blocking of addresses; `None` = never.
    pub auto_block: Option<AutoBlock>,
    /// A session idle for longer is answered with 106.
    pub session_timeout: Duration,
    /// A login ends the account's other sessions of the same name, which then get 107.
    pub single_session: bool,
    /// Serve HTTPS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Whether `SYNO.CloudSync` is there.
    pub package_installed: bool,
    /// Whether `SYNO.Entry.Request` is there.
    pub compound: bool,
    /// Put before `/webapi`, as a reverse proxy may; empty or with a leading slash.
    pub path_prefix: String,
    /// An idle connection is closed after this time, as the NAS's nginx does.
    pub keep_alive: Duration,
    /// How many requests [`super::Control::requests`] remembers, the newest ones.
    pub remembered_requests: usize,
    /// How answers differ from the usual build's.
    pub quirks: Quirks,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            account: "demo".into(),
            password: "demo".into(),
            second_factor: SecondFactor::None,
            login_refusal: None,
            dsm_version: 7,
            world: World::demo(),
            moving: false,
            auto_block: Some(AutoBlock::default()),
            session_timeout: Duration::from_secs(15 * 60),
            single_session: false,
            tls: None,
            package_installed: true,
            compound: true,
            path_prefix: String::new(),
            keep_alive: Duration::from_secs(20),
            remembered_requests: 1_000,
            quirks: Quirks::default(),
        }
    }
}
