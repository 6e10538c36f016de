//! Calls to the service, as any backend makes them.

use crate::failure::Failure;
use reqwest::{Method, StatusCode};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Calls one workspace of a service.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) cursor: Option<String>,
}

impl Client {
    /// Calls the workspace `glow` of the service at an address.
    ///
    /// # Errors
    /// When no calls can be made at all.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        // No TLS is spoken on this machine, so no certificates are asked for.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(format!("no calls can be made: {error}")))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let http =
            reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(Duration::from_secs(60));
        let http = http.build().map_err(|error| Failure::new(format!("no calls can be made: {error}")))?;
        Ok(Self { http, base: format!("http://{address}/v1/workspaces/glow"), token: token.to_owned() })
    }

    /// A call; none: there was no answer.
    pub(crate) async fn call(&self, method: Method, path: &str, body: String) -> Option<Answer> {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request =
            if body.is_empty() { request } else { request.header("content-type", "application/json").body(body) };
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let cursor = answer.headers().get("x-next-cursor").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Some(Answer { status, text: answer.text().await.ok()?, cursor })
    }

    /// Posts JSON to another address of this machine; none: there was no answer.
    pub(crate) async fn post(&self, url: &str, body: String) -> Option<String> {
        self.http.post(url).header("content-type", "application/json").body(body).send().await.ok()?.text().await.ok()
    }

    /// Puts JSON to another address of this machine, with a header; none: there was no answer.
    pub(crate) async fn put(&self, url: &str, header: (&str, &str), body: String) -> Option<String> {
        let request = self.http.put(url).header("content-type", "application/json").header(header.0, header.1);
        request.body(body).send().await.ok()?.text().await.ok()
    }

    /// Something that is read as JSON.
    ///
    /// # Errors
    /// When it is not answered.
    pub(crate) async fn read(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.call(Method::GET, path, String::new()).await;
        let answer = answer.filter(|answer| answer.status.is_success());
        let read = answer.and_then(|answer| serde_json::from_str(&answer.text).ok());
        read.ok_or_else(|| Failure::new(format!("the service does not answer `GET {path}`")))
    }
}
