//! Where effects go, and what they are signed with.

use chatsparks_ports::Fault;
use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use standardwebhooks::Webhook;
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use url::Url;

/// An endpoint that takes effects.
pub struct Endpoint {
    url: Url,
    /// Changed while effects go: each attempt is signed by those that hold when it begins.
    keys: RwLock<Vec<Webhook>>,
    timeout: Duration,
}

/// Why an endpoint cannot be used. It never shows the address or the secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The address is none.
    #[error("expected an address that begins with `http://` or `https://` and names a host")]
    Url,
    /// The secret is none.
    #[error(
        "expected a secret as Standard Webhooks write it: `whsec_` and at least 24 bytes in base64, such as \
         `openssl rand -base64 32` makes"
    )]
    Secret,
    /// There is no way to make a client.
    #[error("no connection can be made by TLS: {0}")]
    Tls(String),
}

impl Endpoint {
    /// An endpoint at this address, to which effects are signed with this secret: `whsec_` and base64, or base64 alone.
    ///
    /// # Errors
    /// When it is no address, or no secret.
    pub fn new(url: &str, secret: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(url).map_err(|_| EndpointError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(EndpointError::Url);
        }
        let endpoint = Self { url, keys: RwLock::default(), timeout: Duration::from_secs(10) };
        endpoint.signed_too(secret)
    }

    /// The same, signed with a further secret, so that the receiver can change from one to the other.
    ///
    /// # Errors
    /// When it is no secret.
    pub fn signed_too(self, secret: &str) -> Result<Self, EndpointError> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).push(key(secret)?);
        Ok(self)
    }

    /// Signs with these from now on, and with no other.
    pub(crate) fn sign_with(&self, secrets: &[String]) -> Result<(), EndpointError> {
        let keys = secrets.iter().map(|secret| key(secret)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(EndpointError::Secret);
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The same, with so long for one attempt; 10 seconds without.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Scheme, host and port: what may be shown.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Every key's signature, separated by spaces.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Fault> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let signatures: Result<Vec<_>, _> = keys.iter().map(|key| key.sign(id, timestamp, body)).collect();
        signatures.map(|all| all.join(" ")).map_err(|_| Fault("it could not be signed".to_owned()))
    }

    /// A client that follows no redirect, knows no proxy and repeats nothing by itself.
    pub(crate) fn client(&self) -> Result<Client, EndpointError> {
        let tls = |error: rustls::Error| EndpointError::Tls(error.to_string());
        let provider = Arc::new(ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(tls)?;
        let config = if self.url.scheme() == "https" {
            config.with_platform_verifier().map_err(tls)?.with_no_client_auth()
        } else {
            // Where no TLS is spoken, a machine without certificates will do.
            config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
        };
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .user_agent(concat!("chatsparks/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(self.timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .build();
        client.map_err(|error| EndpointError::Tls(error.without_url().to_string()))
    }
}

/// A key of a secret.
fn key(secret: &str) -> Result<Webhook, EndpointError> {
    // An empty key would let anybody sign.
    let empty = secret.trim().trim_start_matches("whsec_").is_empty();
    let key = Webhook::new(secret.trim()).map_err(|_| EndpointError::Secret)?;
    if empty { Err(EndpointError::Secret) } else { Ok(key) }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({})", self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    /// Published with the libraries of Standard Webhooks.
    #[test]
    fn h1_signatures_are_those_that_are_published() {
        let endpoint = Endpoint::new("http://localhost/", SECRET).expect("an endpoint");
        let signature = endpoint.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, BODY).expect("a signature");
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    #[test]
    fn h1_two_secrets_sign_while_one_is_changed_for_the_other() {
        let endpoint = Endpoint::new("http://localhost/", SECRET).expect("an endpoint");
        let both = endpoint.signed_too("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").expect("a secret");
        let signature = both.sign("msg_1", 1, BODY).expect("a signature");
        assert_eq!(signature.split(' ').count(), 2);
    }

    #[test]
    fn h_secrets_are_changed_while_effects_go() {
        let endpoint = Endpoint::new("http://localhost/", SECRET).expect("an endpoint");
        let sign = || endpoint.sign("msg_1", 1, BODY).expect("a signature");
        let (before, other) = (sign(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX".to_owned());
        endpoint.sign_with(&[SECRET.to_owned(), other.clone()]).expect("secrets");
        assert_eq!(sign().split(' ').next(), Some(before.as_str()));
        endpoint.sign_with(&[other]).expect("a secret");
        let after = sign();
        assert_ne!(after, before);
        for none in [vec![], vec!["whsec_".to_owned()], vec![SECRET.to_owned(), "whsec_?".to_owned()]] {
            assert!(endpoint.sign_with(&none).is_err());
            assert_eq!(sign(), after, "what signed before goes on");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_and_not_shown() {
        for (url, secret) in [
            ("ftp://h/", SECRET),
            ("effects", SECRET),
            ("http://", SECRET),
            ("http://h/", ""),
            ("http://h/", "whsec_"),
            ("http://h/", "whsec_top secret!"),
        ] {
            let error = Endpoint::new(url, secret).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("top secret"), "{error}");
        }
        let endpoint = Endpoint::new("https://user:pass@h/effects?key=hidden", SECRET).expect("an endpoint");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(https://h)");
    }
}
