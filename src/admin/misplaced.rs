//! A token that its owner put where it does not belong: what is in an address, a body or a key is repeated in answers,
//! and kept in the audit and the state file. Such a request is refused, and nothing of it kept.

use hyper::http::request::Parts;
use percent_encoding::percent_decode;

use super::problems;
use super::replay;
use super::tokens::bearer;
use crate::web::Problem;

/// Shorter tokens are words that may well be meant, in bytes.
const SHORTEST: usize = 16;

/// Whether the token of the request is elsewhere in it as well. A body that is taken as it comes is its own business.
pub(super) fn token(head: &Parts, body: &[u8]) -> Option<Problem> {
    let token = bearer(&head.headers).filter(|token| token.len() >= SHORTEST)?;
    let holds = |text: &[u8]| text.windows(token.len()).any(|part| part == token);
    let target: Vec<u8> =
        percent_decode(head.uri.path_and_query().map_or("", |target| target.as_str()).as_bytes()).collect();
    let mut keys = head.headers.get_all(replay::KEY).iter();
    let place = if holds(&target) {
        "the address"
    } else if holds(body) {
        "the body"
    } else if keys.any(|key| holds(key.as_bytes())) {
        "the Idempotency-Key"
    } else {
        return None;
    };
    let detail = format!(
        "the token is in {place}; it belongs in Authorization alone. It may have been recorded on its way: replace it"
    );
    Some(problems::BAD_REQUEST.because(detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    const TOKEN: &str = "a-token-of-27-characters/==";

    fn is_misplaced(uri: &str, key: &str, body: &str, token: &str) -> bool {
        let request = Request::builder()
            .uri(uri)
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", key)
            .body(());
        let (head, ()) = request.unwrap().into_parts();
        let problem = self::token(&head, body.as_bytes());
        problem.is_some()
    }

    #[test]
    fn a_token_anywhere_but_in_its_header() {
        assert!(!is_misplaced("/api/v1/nas?a=b", "key", "{}", TOKEN));
        assert!(is_misplaced("/api/v1/nas?token=a-token-of-27-characters/==", "key", "{}", TOKEN));
        assert!(is_misplaced("/api/v1/nas?token=a%2Dtoken-of-27-characters%2f%3D%3d", "key", "{}", TOKEN));
        assert!(is_misplaced("/api/v1/nas/a-token-of-27-characters%2F==", "key", "{}", TOKEN));
        assert!(is_misplaced("/", &format!("\"{TOKEN}\""), "{}", TOKEN));
        assert!(is_misplaced("/", "key", &format!("{{\"reason\":\"{TOKEN}\"}}"), TOKEN));
    }

    #[test]
    fn a_short_token_may_be_a_word() {
        assert!(!is_misplaced("/pause?reason=ops", "ops", "{\"reason\":\"ops\"}", "ops"));
    }
}
