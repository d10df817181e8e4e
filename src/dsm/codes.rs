//! The NAS's error codes: what each means, which [`Reason`] it is, and what to do (API notes §2).

use super::cloud_sync;
use super::error::Reason;

/// The session is gone; a new login and one replay may help.
pub(super) const fn is_session_loss(code: i64) -> bool {
    matches!(code, 106 | 107 | 119 | 150)
}

/// The NAS knows the session no more. Told that the address is another one, it still does.
pub(super) const fn is_forgotten_session(code: i64) -> bool {
    matches!(code, 106 | 107 | 119)
}

/// Another login of this account ended the session.
pub(super) const ENDED_BY_OTHER_LOGIN: i64 = 107;

/// No such API, method or version.
pub(super) const fn is_unknown_call(code: i64) -> bool {
    matches!(code, 102..=104)
}

/// A compound request that is refused as a whole with one of these is worth trying as single calls (API notes §3).
pub(super) const fn refuses_compound(code: i64) -> bool {
    matches!(code, 101..=104 | 114)
}

/// A refused login after which another one on a timer would lead to a block of our address.
pub(super) const fn suspends_logins(code: i64) -> bool {
    matches!(code, 400..=499)
}

/// Unstable network or a busy system: worth trying later.
pub(super) const fn is_busy(code: i64) -> bool {
    matches!(code, 108..=111 | 117 | 118)
}

/// The reason of a code from any API but the login.
pub(super) fn reason(api: &str, code: i64) -> Reason {
    match code {
        105 | 160 => Reason::Permission,
        102..=104 if api == cloud_sync::API => Reason::PackageMissing,
        code if is_session_loss(code) => Reason::Session,
        _ => Reason::Api,
    }
}

/// The reason of a code from `SYNO.API.Auth`, whose codes from 400 on mean something else than other APIs'.
pub(super) const fn login_reason(code: i64) -> Reason {
    match code {
        105 | 160 | 402 => Reason::Permission,
        403 | 404 | 406 => Reason::Otp,
        407 => Reason::Blocked,
        code if is_session_loss(code) => Reason::Session,
        400..=499 => Reason::Auth,
        _ => Reason::Api,
    }
}

/// The common codes in words; those of a single API are not documented.
pub(super) const fn meaning(code: i64) -> &'static str {
    match code {
        100 => "unknown error",
        101 => "api, method or version missing",
        102 => "no such API",
        103 => "no such method",
        104 => "no such version",
        105 => "the session lacks the permission",
        106 => "session timed out",
        107 => "session ended by another login",
        108..=111 | 117 | 118 => "network unstable or system busy",
        114 => "parameters lost",
        119 => "session not found",
        120 => "bad parameter",
        150 => "address differs from the login's",
        160 => "the account may not use this application",
        _ => "undocumented",
    }
}

/// What a person can do about a code from any API but the login.
pub(super) fn advice(api: &str, code: i64) -> &'static str {
    match reason(api, code) {
        Reason::Permission => {
            "Give the account the right to use Cloud Sync (Control Panel, User & Group, Applications)."
        }
        Reason::PackageMissing => "Install, start or update the package Cloud Sync on the NAS.",
        Reason::Session if code == 150 => {
            "The NAS sees changing addresses: switch off its check for them or give this machine a fixed way to it."
        }
        Reason::Session => {
            "Give the exporter a DSM account of its own, so that no other login ends its session."
        }
        _ if is_busy(code) => "Nothing to do: it is tried again later.",
        _ if code == 120 => "The NAS does not accept this value; correct it.",
        _ if code >= 400 => "Cloud Sync's own codes are not documented: look into its log on the NAS.",
        _ => "If it stays so, look into the NAS's log and report it with the package's version.",
    }
}

/// The login's codes in words.
pub(super) const fn login_meaning(code: i64) -> &'static str {
    match code {
        400 => "no such account or wrong password",
        401 => "account disabled",
        402 => "permission denied",
        403 => "a one-time code is needed",
        404 => "wrong one-time code",
        406 => "a second factor is enforced but not set up",
        407 => "this address is blocked",
        408 | 409 => "password expired",
        410 => "password must be changed",
        411 => "account locked",
        _ => meaning(code),
    }
}

/// What a person can do about a refused login.
pub(super) const fn login_advice(code: i64) -> &'static str {
    match code {
        400 => "Check username and password.",
        401 => "Enable the account (Control Panel, User & Group).",
        402 | 105 | 160 => {
            "Give the account the right to use DSM (Control Panel, User & Group, Applications)."
        }
        403 => {
            "The account has a second factor: configure otp_secret_file, or device_id_file with device_name."
        }
        404 => "Check the TOTP secret and the clocks of the NAS and of this machine.",
        406 => "Set up the second factor once by signing in to DSM as this account, or exempt it.",
        407 => {
            "Remove this machine from the block list (Control Panel, Security, Protection), or wait until it is lifted."
        }
        408..=410 => "Sign in to DSM as this account and set a new password, or exempt it from expiry.",
        411 => "Unlock the account (Control Panel, User & Group).",
        code if is_busy(code) => "Nothing to do: it is tried again later.",
        _ => "Sign in to DSM as this account once to see what it wants.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_map_to_reasons() {
        for (codes, expected) in [
            (&[400, 401, 408, 409, 410, 411, 405, 412, 499][..], Reason::Auth),
            (&[402, 105, 160], Reason::Permission),
            (&[403, 404, 406], Reason::Otp),
            (&[407], Reason::Blocked),
            (&[100, 101, 120, 500], Reason::Api),
        ] {
            for code in codes {
                assert_eq!(login_reason(*code), expected, "login code {code}");
            }
        }
        for (codes, expected) in [
            (&[105, 160][..], Reason::Permission),
            (&[102, 103, 104], Reason::PackageMissing),
            (&[106, 107, 119, 150], Reason::Session),
            (&[100, 101, 108, 114, 120, 400, 407, 1000, -1], Reason::Api),
        ] {
            for code in codes {
                assert_eq!(reason(cloud_sync::API, *code), expected, "code {code}");
            }
        }
        assert_eq!(reason("SYNO.Entry.Request", 102), Reason::Api);
    }
}
