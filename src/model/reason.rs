//! Why a NAS could not be polled.

/// The values of the `reason` label of `cloudsync_down_reason` and of the failure counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DownReason {
    /// The name did not resolve.
    Dns,
    /// No TCP connection.
    Connect,
    /// The certificate or the handshake was refused.
    Tls,
    /// No answer in time.
    Timeout,
    /// An HTTP status other than 200, or an answer over the size limit.
    Http,
    /// An answer that is not what the API promises.
    Decode,
    /// The NAS refused account or password.
    Auth,
    /// A second factor is missing, wrong or not set up.
    Otp,
    /// The NAS has blocked this host's address.
    Blocked,
    /// The account lacks a right.
    Permission,
    /// Cloud Sync is not installed, or too old.
    PackageMissing,
    /// The session keeps being lost.
    Session,
    /// The NAS refused the call with another code.
    Api,
}

impl DownReason {
    /// Every reason, in the order of the metric catalogue.
    pub const ALL: [Self; 13] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Http,
        Self::Decode,
        Self::Auth,
        Self::Otp,
        Self::Blocked,
        Self::Permission,
        Self::PackageMissing,
        Self::Session,
        Self::Api,
    ];

    /// Whether the NAS may have been away, so that it may have forgotten what it was told: it did not answer, or what
    /// answered was not the package.
    pub const fn may_have_been_away(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Connect
                | Self::Tls
                | Self::Timeout
                | Self::Http
                | Self::Session
                | Self::PackageMissing
        )
    }

    /// Whether the NAS answered and said no, rather than not answering at all.
    pub const fn is_verdict(self) -> bool {
        !matches!(self, Self::Dns | Self::Connect | Self::Tls | Self::Timeout)
    }

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Http => "http",
            Self::Decode => "decode",
            Self::Auth => "auth",
            Self::Otp => "otp",
            Self::Blocked => "blocked",
            Self::Permission => "permission",
            Self::PackageMissing => "package_missing",
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}
