//! Who sent a delivery: its signature, looked at before anything in it is read.

use chatsparks_core::{Instant, Period};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use std::fmt;

/// The header of deliveries from the Business API; header names have no case.
pub const BUSINESS_HEADER: &str = "tiktok-signature";
/// The header of deliveries from TikTok Shop.
pub const SHOP_HEADER: &str = "authorization";

/// An app as the platform knows it: its public key, and the secrets that it signs with. Two are valid while one is
/// changed for the other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppKeys {
    /// `client_key` of the Business API, `app_key` of TikTok Shop.
    pub key: String,
    /// Its secrets.
    pub secrets: Vec<String>,
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppKeys").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Why a delivery was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no signature.
    #[error("there is no signature")]
    Missing,
    /// The header stands there more than once.
    #[error("the signature stands there more than once")]
    Twice,
    /// The header is not what the platform writes.
    #[error("the signature is not written as the platform writes it")]
    Malformed,
    /// No secret of any app makes this signature.
    #[error("the signature is not that of this body")]
    Wrong,
    /// It was signed longer ago than is tolerated.
    #[error("it was signed too long ago")]
    Stale,
    /// It was signed further ahead than is tolerated.
    #[error("it was signed ahead of time")]
    Future,
}

impl Refusal {
    /// A stable word for metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Twice => "twice",
            Self::Malformed => "malformed_signature",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
            Self::Future => "future",
        }
    }
}

/// Whether the Business API sent this body: which of these apps signed it.
///
/// The header is `t=SECONDS,s=HEX`, its parts found by name; what is signed is `t`, a dot, and the body as it arrived.
/// It may be as old as `tolerance`, or as far ahead, and exactly so much is tolerated.
///
/// # Errors
/// Why it is refused; nothing in the body was looked at.
pub fn verify<'a>(
    apps: impl IntoIterator<Item = &'a AppKeys>,
    headers: &HeaderMap,
    body: &[u8],
    now: Instant,
    tolerance: Period,
) -> Result<&'a AppKeys, Refusal> {
    let given = one(headers, BUSINESS_HEADER)?;
    let (mut time, mut signature) = (None, None);
    for part in given.split(',') {
        let (name, value) = part.split_once('=').ok_or(Refusal::Malformed)?;
        let place = match name.trim() {
            "t" => &mut time,
            "s" => &mut signature,
            // What a later version adds is not ours to refuse.
            _ => continue,
        };
        if place.replace(value.trim()).is_some() {
            return Err(Refusal::Malformed);
        }
    }
    let time = time.filter(|time| (1..=15).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit()));
    let time = time.ok_or(Refusal::Malformed)?;
    let seconds: i64 = time.parse().map_err(|_| Refusal::Malformed)?;
    let signature = signature.and_then(unhex).ok_or(Refusal::Malformed)?;
    let app = signer(apps, &signature, |_| [time.as_bytes(), b".", body]).ok_or(Refusal::Wrong)?;
    let signed = Instant::from_milliseconds(seconds.saturating_mul(1_000));
    match () {
        () if signed.after(tolerance) < now => Err(Refusal::Stale),
        () if signed > now.after(tolerance) => Err(Refusal::Future),
        () => Ok(app),
    }
}

/// Whether TikTok Shop sent this body: which of these apps signed it.
///
/// The header is the signature alone, over the app's key and the body. There is no time in it: whoever hears it can send
/// it again, so that what was told once is known by its id.
///
/// # Errors
/// Why it is refused; nothing in the body was looked at.
pub fn verify_shop<'a>(
    apps: impl IntoIterator<Item = &'a AppKeys>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<&'a AppKeys, Refusal> {
    let signature = unhex(one(headers, SHOP_HEADER)?).ok_or(Refusal::Malformed)?;
    signer(apps, &signature, |app| [app.key.as_bytes(), b"", body]).ok_or(Refusal::Wrong)
}

/// The value of a header that stands there once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refusal> {
    let mut all = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (all.next(), all.next()) {
        (None, _) => Err(Refusal::Missing),
        (Some(_), Some(_)) => Err(Refusal::Twice),
        (Some(given), None) => given.map(str::trim).map_err(|_| Refusal::Malformed),
    }
}

/// Whose secret makes this signature. The comparison takes as long whatever differs.
fn signer<'a, 'p>(
    apps: impl IntoIterator<Item = &'a AppKeys>,
    signature: &[u8; 32],
    parts: impl Fn(&'a AppKeys) -> [&'p [u8]; 3],
) -> Option<&'a AppKeys>
where
    'a: 'p,
{
    apps.into_iter().find(|app| {
        app.secrets.iter().any(|secret| {
            let mut mac = keyed(secret);
            parts(app).iter().for_each(|part| mac.update(part));
            mac.verify_slice(signature).is_ok()
        })
    })
}

/// HMAC-SHA256 of these parts, in hexadecimal digits.
pub(crate) fn hmac_hex(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = keyed(secret);
    parts.iter().for_each(|part| mac.update(part));
    hex(&mac.finalize().into_bytes())
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn keyed(secret: &str) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.as_bytes()).expect("keys of every length are taken")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let fits = HEXLOWER_PERMISSIVE.decode_len(text.len()) == Ok(bytes.len());
    (fits && HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"client_key":"app-1","event":"comment.update","create_time":1700000000,"user_openid":"biz-1","content":"{\"comment_id\":7247303576418566913,\"video_id\":7203946942097902849,\"parent_comment_id\":0,\"comment_type\":\"comment\",\"comment_action\":\"insert\",\"timestamp\":1700000000123,\"unique_identifier\":\"+abc/DEF=\"}"}"#;
    const SIGNED: &str = "392d5bd3a4d375e126966e98d67b222e89afa65740ed089d7e4c5c96272e74e8";

    fn apps() -> [AppKeys; 2] {
        let app = |key: &str, secrets: &[&str]| AppKeys {
            key: key.to_owned(),
            secrets: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
        };
        [app("app-0", &["another", ""]), app("app-1", &["before", "synthetic_client_secret"])]
    }

    fn headers(given: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for one in given {
            headers.append(BUSINESS_HEADER, HeaderValue::from_str(one).expect("a header"));
        }
        headers
    }

    fn at(second: i64) -> Instant {
        Instant::from_milliseconds(1_000 * second)
    }

    fn verified(given: &[&str], body: &str, now: Instant) -> Result<String, Refusal> {
        let apps = apps();
        verify(&apps, &headers(given), body.as_bytes(), now, Period::seconds(300)).map(|app| app.key.clone())
    }

    #[test]
    fn h5_a_delivery_is_of_the_app_whose_secret_signed_it() {
        let whole = format!("t=1700000003,s={SIGNED}");
        let upper = format!(" s = {} , v=2, t= 1700000003 ", SIGNED.to_uppercase());
        for given in [whole.as_str(), upper.as_str()] {
            assert_eq!(verified(&[given], BODY, at(1_700_000_003)).as_deref(), Ok("app-1"), "{given}");
        }
    }

    #[test]
    fn h5_what_is_not_signed_so_is_refused_and_says_why() {
        let whole = format!("t=1700000003,s={SIGNED}");
        let now = at(1_700_000_003);
        let other = format!("t=1700000004,s={SIGNED}");
        let short = &whole[..whole.len() - 1];
        for (given, body, wanted) in [
            (vec![], BODY, Refusal::Missing),
            (vec![whole.as_str(), whole.as_str()], BODY, Refusal::Twice),
            (vec![""], BODY, Refusal::Malformed),
            (vec![SIGNED], BODY, Refusal::Malformed),
            (vec!["t=1700000003"], BODY, Refusal::Malformed),
            (vec![&format!("s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![&format!("t=,s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![&format!("t=+1700000003,s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![&format!("t=99999999999999999999,s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![&format!("t=1700000003,t=1700000003,s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![&format!("t=1700000003,s={SIGNED},s={SIGNED}")], BODY, Refusal::Malformed),
            (vec![short], BODY, Refusal::Malformed),
            (vec![&format!("{short}z")], BODY, Refusal::Malformed),
            (vec![other.as_str()], BODY, Refusal::Wrong),
            (vec![whole.as_str()], &BODY[1..], Refusal::Wrong),
            (vec![whole.as_str()], "", Refusal::Wrong),
        ] {
            assert_eq!(verified(&given, body, now), Err(wanted), "{given:?}");
        }
        let mut strange = HeaderMap::new();
        strange.insert(BUSINESS_HEADER, HeaderValue::from_bytes(b"t=1\xff").expect("a header"));
        assert_eq!(verify(&apps(), &strange, b"", now, Period::seconds(300)), Err(Refusal::Malformed));
    }

    #[test]
    fn h5_three_hundred_seconds_are_tolerated_both_ways() {
        let whole = format!("t=1700000003,s={SIGNED}");
        let limit = Period::seconds(300);
        for (now, wanted) in [
            (at(1_700_000_003).after(limit), Ok("app-1".to_owned())),
            (at(1_700_000_003).after(limit).after(Period::milliseconds(1)), Err(Refusal::Stale)),
            (at(1_700_000_003).before(limit), Ok("app-1".to_owned())),
            (at(1_700_000_003).before(limit).before(Period::milliseconds(1)), Err(Refusal::Future)),
        ] {
            assert_eq!(verified(&[&whole], BODY, now), wanted, "{now}");
        }
    }

    /// Published by the platform.
    #[test]
    fn h5_the_published_vector_of_the_shop_holds() {
        let body = br#"{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}"#;
        let signed = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05";
        let apps = [AppKeys { key: "abcdef".to_owned(), secrets: vec!["123".to_owned()] }];
        let shop = |given: &str, body: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(SHOP_HEADER, HeaderValue::from_str(given).expect("a header"));
            verify_shop(&apps, &headers, body).map(|app| app.key.clone())
        };
        assert_eq!(shop(signed, body).as_deref(), Ok("abcdef"));
        assert_eq!(shop(signed, &body[1..]), Err(Refusal::Wrong));
        assert_eq!(shop("Bearer abc", body), Err(Refusal::Malformed));
        assert_eq!(verify_shop(&apps, &HeaderMap::new(), body), Err(Refusal::Missing));
        assert_eq!(format!("{apps:?}"), r#"[AppKeys { key: "abcdef", .. }]"#);
    }
}
