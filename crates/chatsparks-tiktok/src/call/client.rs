//! One client for all calls: no redirects, no proxies, nothing repeated by itself, every answer bounded in size and time.

use super::{CallError, answer};
use reqwest::{Method, Response, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};
use url::Url;

/// For one call.
const WITHIN: Duration = Duration::from_secs(10);
/// Of one answer.
const LONGEST: usize = 8 << 20;

/// Why no calls can be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An address is none.
    #[error("`{0}`: expected an address that begins with `http://` or `https://` and names a host")]
    Url(&'static str),
    /// There is no way to make a client.
    #[error("no connection can be made by TLS: {0}")]
    Tls(String),
}

/// Makes calls to one platform. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    who: &'static str,
}

/// A token on its way: it does not show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bearer(pub(crate) String);

impl fmt::Debug for Bearer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Bearer")
    }
}

/// A call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(&'a str, String)],
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: Option<Body>,
}

/// What a call brings along.
pub(crate) enum Body {
    Json(Vec<u8>),
    Form(Vec<(&'static str, String)>),
}

/// An answer: its status, and what stands in it where it is JSON.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) json: Option<Value>,
}

impl Client {
    pub(crate) fn new(base: &str, key: &'static str, who: &'static str) -> Result<Self, ClientError> {
        let base = Url::parse(base.trim_end_matches('/')).map_err(|_| ClientError::Url(key))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none_or(str::is_empty) {
            return Err(ClientError::Url(key));
        }
        let http = http(base.scheme() == "https")?;
        Ok(Self { http, base, who })
    }

    pub(crate) fn who(&self) -> &'static str {
        self.who
    }

    /// Makes a call. What is unknown of it is told apart from what never arrived (O5).
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, CallError> {
        let answered = async {
            let response = self.request(&call).send().await.map_err(|error| no_answer(&error))?;
            let (status, retry_after) = (response.status().as_u16(), answer::retry_after(response.headers()));
            let json = read(response).await;
            // A success that cannot be read may have done it.
            if (200..300).contains(&status) && json.is_none() {
                return Err(CallError::Unknown("what the platform answered cannot be read"));
            }
            Ok(Answer { status, retry_after, json })
        };
        let answered = tokio::time::timeout(WITHIN, answered).await;
        answered.unwrap_or(Err(CallError::Unknown("no answer in time")))
    }

    fn request(&self, call: &Call<'_>) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), call.path);
        url.set_path(&path);
        let mut request = self.http.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        match &call.body {
            Some(Body::Json(body)) => request.header("content-type", "application/json").body(body.clone()),
            Some(Body::Form(form)) => {
                let mut body = url::form_urlencoded::Serializer::new(String::new());
                body.extend_pairs(form);
                request.header("content-type", "application/x-www-form-urlencoded").body(body.finish())
            }
            None => request,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Client({})", self.base.origin().ascii_serialization())
    }
}

fn http(tls_spoken: bool) -> Result<reqwest::Client, ClientError> {
    let tls = |error: rustls::Error| ClientError::Tls(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(tls)?;
    let config = if tls_spoken {
        builder.with_platform_verifier().map_err(tls)?.with_no_client_auth()
    } else {
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("chatsparks/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .connect_timeout(WITHIN)
        .pool_idle_timeout(Duration::from_secs(30))
        .build();
    client.map_err(|error| ClientError::Tls(error.without_url().to_string()))
}

/// The JSON of an answer; none: it is none, or too long.
async fn read(mut response: Response) -> Option<Value> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if bytes.len() + chunk.len() > LONGEST {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    crate::webhook::json(&crate::webhook::mended(&bytes)).ok()
}

/// Why there was no answer. The error itself may name the address, in which secrets may stand.
fn no_answer(error: &reqwest::Error) -> CallError {
    if error.is_connect() || error.is_builder() {
        CallError::NotSent("no connection")
    } else {
        CallError::Unknown("no answer: the connection was cut, or what came is not HTTP")
    }
}
