//! Sessions: a member who signed in, as a cookie says (H6).
//!
//! A session is signed, and not kept: it says which member of which workspace acts until when, and is signed with the
//! token that let them in. It holds on every process, through restarts, and ends when that token is changed for another.

use axum::http::{HeaderMap, header};
use chatsparks_core::{Email, Instant, Period, WorkspaceId};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The cookie's name.
const COOKIE: &str = "chatsparks_session";
/// How long a session lasts.
pub(crate) const LASTS: Period = Period::hours(12);
/// The longest cookie that is read.
const LONGEST: usize = 2 << 10;
/// What is signed besides: nothing else that is signed with a token is a session.
const PURPOSE: &[u8] = b"chatsparks session 1\0";

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Where.
    #[serde(rename = "w")]
    pub(crate) workspace: WorkspaceId,
    /// Who.
    #[serde(rename = "m")]
    pub(crate) member: Email,
    /// Until when.
    #[serde(rename = "u")]
    pub(crate) until: Instant,
}

/// A session as a cookie brings it: whether it is what it says, a token has to tell.
pub(crate) struct Brought<'a> {
    payload: &'a str,
    signature: Vec<u8>,
}

impl Session {
    /// The value of the cookie, signed with a token's digest.
    pub(crate) fn signed(&self, digest: &[u8; 32]) -> String {
        // A session is made of texts and a number, which can always be written.
        let payload = BASE64URL_NOPAD.encode(&serde_json::to_vec(self).unwrap_or_default());
        let signature = BASE64URL_NOPAD.encode(&signer(digest, &payload).finalize().into_bytes());
        format!("{payload}.{signature}")
    }

    /// The header that gives the cookie. `secure`: the browser came by TLS, and is to send it only so.
    pub(crate) fn set_cookie(value: &str, secure: bool) -> String {
        let seconds = LASTS.as_milliseconds() / 1_000;
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }

    /// The header that takes it back.
    pub(crate) fn forget_cookie() -> String {
        format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    }
}

impl<'a> Brought<'a> {
    /// The session in a request's cookies; none: there is none, or nothing that could be one.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.find(|(name, _)| *name == COOKIE)?.1;
        let (payload, signature) = value.split_once('.').filter(|_| value.len() <= LONGEST)?;
        Some(Self { payload, signature: BASE64URL_NOPAD.decode(signature.as_bytes()).ok()? })
    }

    /// The session, where a token of this digest signed it and it lasts still.
    pub(crate) fn verified(&self, digest: &[u8; 32], now: Instant) -> Option<Session> {
        signer(digest, self.payload).verify_slice(&self.signature).ok()?;
        let payload = BASE64URL_NOPAD.decode(self.payload.as_bytes()).ok()?;
        let session: Session = serde_json::from_slice(&payload).ok()?;
        (now < session.until).then_some(session)
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn signer(digest: &[u8; 32], payload: &str) -> Hmac<Sha256> {
    // The digest itself is compared with what a request brings: what signs is another.
    let key = Sha256::new().chain_update(PURPOSE).chain_update(digest).finalize();
    let mut signer = Hmac::<Sha256>::new_from_slice(&key).expect("keys of every length are taken");
    signer.update(payload.as_bytes());
    signer
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn session() -> Session {
        Session {
            workspace: "glow".into(),
            member: "owner@glow.example".into(),
            until: Instant::from_milliseconds(2_000),
        }
    }

    fn verified(cookie: &str, digest: [u8; 32], now: i64) -> Option<Session> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(cookie).expect("a header"));
        Brought::of(&headers)?.verified(&digest, Instant::from_milliseconds(now))
    }

    #[test]
    fn h6_a_session_is_believed_as_long_as_it_lasts_and_its_token_is_known() {
        let cookie = format!("other=1; {COOKIE}={}", session().signed(&[7; 32]));
        assert_eq!(verified(&cookie, [7; 32], 1_999), Some(session()));
        assert_eq!(verified(&cookie, [7; 32], 2_000), None);
        assert_eq!(verified(&cookie, [8; 32], 1_000), None);
    }

    #[test]
    fn h6_a_session_that_was_changed_is_nothing() {
        let signed = session().signed(&[7; 32]);
        let (payload, signature) = signed.split_once('.').expect("two parts");
        let other = Session { member: "other@glow.example".into(), ..session() }.signed(&[7; 32]);
        let (other, _) = other.split_once('.').expect("two parts");
        for value in
            [format!("{other}.{signature}"), format!("{payload}."), payload.to_owned(), ".".to_owned(), String::new()]
        {
            assert_eq!(verified(&format!("{COOKIE}={value}"), [7; 32], 1_000), None, "{value}");
        }
        assert_eq!(verified(&format!("{COOKIE}={}.x", "x".repeat(LONGEST)), [7; 32], 1_000), None);
    }
}
