//! Who calls: bearer tokens, and what each may do where.

use super::scope::Scope;
use crate::actions::{Listed, Reach};
use crate::model::NasName;
use hyper::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// The SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// Gives a token's hash as it is now, without waiting for anything: it is asked for at each request. None while there
/// is none, as of a file that cannot be read.
pub type HashSource = Arc<dyn Fn() -> Option<TokenHash> + Send + Sync>;

/// What the bearer of a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token's name.
    pub name: String,
    /// For what.
    pub scopes: BTreeSet<Scope>,
    /// On what.
    pub reach: Reach,
}

impl Grant {
    /// Whether the token may be used for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether on this NAS.
    pub fn may_on(&self, nas: &NasName) -> bool {
        self.reach.has_nas(nas)
    }

    /// Whether on every connection, and so on what concerns all of them.
    pub fn may_on_all(&self) -> bool {
        self.reach.has_all_connections()
    }

    /// Whether on this connection, by its id or one of its names.
    pub fn may_on_connection(&self, id: i64, names: &[String]) -> bool {
        self.reach.has_connection(id, names)
    }

    /// The same for a listed connection.
    pub fn may_on_listed(&self, connection: &Listed) -> bool {
        self.may_on_connection(connection.id.0, &connection.names)
    }
}

/// A token and what it may do.
#[derive(Clone)]
pub struct Token {
    /// What it may do.
    pub grant: Arc<Grant>,
    /// Its hash.
    pub hash: HashSource,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("grant", &self.grant).finish_non_exhaustive()
    }
}

/// The tokens of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Tokens(pub Vec<Token>);

impl Tokens {
    /// Whose token this is, if it is one of ours.
    pub fn authenticate(&self, presented: &TokenHash) -> Option<Arc<Grant>> {
        // Every token is compared, whichever fits: how long it takes tells nothing.
        let mut found = 0_u32;
        for (place, token) in (1_u32..).zip(&self.0) {
            let (hash, is_there) = match (token.hash)() {
                Some(hash) => (hash, Choice::from(1)),
                None => ([0; 32], Choice::from(0)),
            };
            found.conditional_assign(&place, hash.ct_eq(presented) & is_there);
        }
        let index = usize::try_from(found).ok()?.checked_sub(1)?;
        self.0.get(index).map(|token| Arc::clone(&token.grant))
    }
}

/// The hash of the one bearer token that a request carries.
pub(super) fn presented(headers: &HeaderMap) -> Option<TokenHash> {
    bearer(headers).map(|token| Sha256::digest(token).into())
}

/// The token that a request presents, as it is.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn token(name: &str, secret: Option<&str>) -> Token {
        let hash = secret.map(|secret| Sha256::digest(secret).into());
        let grant = Grant {
            name: name.to_owned(),
            scopes: BTreeSet::from([Scope::Read]),
            reach: Reach {
                nas: vec!["home".to_owned()],
                connections: vec!["Dropbox".to_owned(), "7".to_owned()],
            },
        };
        Token { grant: Arc::new(grant), hash: Arc::new(move || hash) }
    }

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let tokens = Tokens(vec![token("a", Some("one")), token("gone", None), token("b", Some("two"))]);
        for (given, expected) in [
            (&["Bearer one"][..], Some("a")),
            (&["bearer two"], Some("b")),
            (&["Bearer  two "], Some("b")),
            (&["Bearer three"], None),
            (&["Bearer "], None),
            (&["Bearer"], None),
            (&["Basic one"], None),
            (&["one"], None),
            (&[], None),
            (&["Bearer one", "Bearer two"], None),
        ] {
            let found = presented(&headers(given)).and_then(|token| tokens.authenticate(&token));
            assert_eq!(found.as_ref().map(|grant| grant.name.as_str()), expected, "{given:?}");
        }
        // The hash of a file that cannot be read is nobody's, all zeros included.
        let gone = Tokens(vec![token("gone", None)]);
        assert!(gone.authenticate(&[0; 32]).is_none());
    }

    #[test]
    fn grants_are_by_name_and_id() {
        let grant = token("a", None).grant;
        assert!(grant.may(Scope::Read) && !grant.may(Scope::Hold));
        assert!(grant.may_on(&NasName::new("home")) && !grant.may_on(&NasName::new("office")));
        assert!(grant.may_on_connection(3, &["Dropbox".to_owned()]));
        assert!(grant.may_on_connection(7, &["Other".to_owned()]));
        assert!(!grant.may_on_connection(8, &["Other".to_owned()]));
        assert!(!grant.may_on_connection(8, &["7".to_owned()]), "a name that looks like an id is none");
        assert!(!grant.may_on_all());
    }

    #[test]
    fn a_token_does_not_show() {
        let shown = format!("{:?}", Tokens(vec![token("a", Some("one"))]));
        assert!(!shown.contains("one") && !shown.contains("hash"), "{shown}");
    }
}
