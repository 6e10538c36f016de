//! What is written down about tokens is sealed: with XChaCha20-Poly1305, and a key that only the embedder has.

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use rand::RngExt;
use std::fmt;

/// How a sealed text begins.
const FORM: &str = "sealed1:";
const NONCE: usize = 24;

/// Seals and opens. While one key is changed for another both are there: the first seals, each opens.
#[derive(Clone)]
pub struct Sealer {
    keys: Vec<XChaCha20Poly1305>,
}

/// A key that is none; it is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a key of 32 bytes in base64, such as `openssl rand -base64 32` makes")]
pub struct SealerError;

impl Sealer {
    /// A sealer with these keys, each 32 bytes in base64.
    ///
    /// # Errors
    /// When there is none, or one is no key.
    pub fn new(keys: &[String]) -> Result<Self, SealerError> {
        let key = |text: &String| {
            let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|_| SealerError)?;
            XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| SealerError)
        };
        let keys: Vec<_> = keys.iter().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(SealerError) } else { Ok(Self { keys }) }
    }

    /// Seals a text for a purpose; it opens for no other.
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> Option<String> {
        let nonce: [u8; NONCE] = rand::rng().random();
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.keys.first()?.encrypt(&nonce.into(), payload).ok()?;
        let whole: Vec<u8> = nonce.into_iter().chain(sealed).collect();
        Some(format!("{FORM}{}", BASE64_STANDARD.encode(whole)))
    }

    /// Opens a text; none: it was sealed with another key, for another purpose, or changed since.
    pub(crate) fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let whole = BASE64_STANDARD.decode(sealed.strip_prefix(FORM)?).ok()?;
        let (nonce, sealed) = whole.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = || Payload { msg: sealed, aad: purpose.as_bytes() };
        let opened = self.keys.iter().find_map(|key| key.decrypt(&nonce.into(), payload()).ok())?;
        String::from_utf8(opened).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> String {
        BASE64_STANDARD.encode([byte; 32])
    }

    #[test]
    fn h3_what_is_sealed_opens_for_its_key_and_purpose_alone() {
        let sealer = Sealer::new(&[key(1)]).expect("a key");
        let sealed = sealer.seal("glow business", "a token").expect("it seals");
        assert!(!sealed.contains("token"));
        assert_ne!(sealer.seal("glow business", "a token").expect("it seals"), sealed, "never twice the same");
        assert_eq!(sealer.open("glow business", &sealed).as_deref(), Some("a token"));
        assert_eq!(sealer.open("glow shop", &sealed), None);
        let both = Sealer::new(&[key(2), key(1)]).expect("keys");
        assert_eq!(both.open("glow business", &sealed).as_deref(), Some("a token"));
        assert_eq!(Sealer::new(&[key(2)]).expect("a key").open("glow business", &sealed), None);
        let mut changed = sealed.clone().into_bytes();
        let last = changed.len() - 3;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        assert_eq!(sealer.open("glow business", &String::from_utf8(changed).expect("a text")), None);
        for broken in ["", "sealed1:", "sealed1:AAAA", "a token"] {
            assert_eq!(sealer.open("glow business", broken), None, "{broken}");
        }
    }

    #[test]
    fn a_key_has_32_bytes() {
        for none in ["", "short", &BASE64_STANDARD.encode([1; 31]), &BASE64_STANDARD.encode([1; 33])] {
            assert!(Sealer::new(&[none.to_owned()]).is_err(), "{none}");
        }
        assert!(Sealer::new(&[]).is_err());
        assert_eq!(format!("{:?}", Sealer::new(&[key(1)])), "Ok(Sealer)");
    }
}
