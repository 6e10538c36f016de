//! OAuth as each of the three platforms has it: another address, another form, another way to say when a token ends.

use crate::{
    call::{Bearer, Body, Call, CallError, Client},
    webhook::AppKeys,
};
use chatsparks_core::{Instant, Period};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt;

/// A platform of TikTok's: each has keys, tokens and ids of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// developers.tiktok.com: signing in, posting. Neither comments nor messages.
    Login,
    /// business-api.tiktok.com: comments and messages of a Business Account.
    Business,
    /// TikTok Shop: orders and products.
    Shop,
}

/// What an authorisation gave. Its tokens do not show.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// For calls.
    pub(crate) access: Bearer,
    /// When it ends.
    pub access_until: Instant,
    /// For the next grant.
    pub(crate) refresh: Bearer,
    /// When that ends, where the platform says it.
    pub refresh_until: Option<Instant>,
    /// When it was given.
    pub given: Instant,
    /// Whose it is, as the platform names them: the `business_id` of a Business Account.
    pub account: Option<String>,
    /// What it admits; empty: the platform did not say.
    pub scopes: Vec<String>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Grant")
            .field("access_until", &self.access_until)
            .field("account", &self.account)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Where a person is sent to give permission. `state` comes back with the answer, and is to be looked at there.
///
/// For the shop `app` is its `service_id`, and scopes are the app's own.
///
/// ```
/// use chatsparks_tiktok::{Platform, authorize_url};
/// let url = authorize_url(Platform::Business, "app-1", "https://shop.example/back/", "s1", &["comment.list"]);
/// assert!(url.starts_with("https://www.tiktok.com/v2/auth/authorize?client_key=app-1&scope=comment.list"));
/// ```
pub fn authorize_url(platform: Platform, app: &str, redirect: &str, state: &str, scopes: &[&str]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let base = match platform {
        Platform::Shop => {
            query.append_pair("service_id", app);
            "https://services.tiktokshop.com/open/authorize?"
        }
        Platform::Login | Platform::Business => {
            query.append_pair("client_key", app).append_pair("scope", &scopes.join(","));
            query.append_pair("response_type", "code").append_pair("redirect_uri", redirect);
            match platform {
                Platform::Login => "https://www.tiktok.com/v2/auth/authorize/?",
                _ => "https://www.tiktok.com/v2/auth/authorize?",
            }
        }
    };
    format!("{base}{}", query.append_pair("state", state).finish())
}

/// Asks a platform for grants.
#[derive(Clone, Debug)]
pub(crate) struct OAuth {
    platform: Platform,
    client: Client,
    app: AppKeys,
}

impl OAuth {
    /// At the address that grants come from: the base of the Business API, `https://auth.tiktok-shops.com`, or
    /// `https://open.tiktokapis.com`.
    pub(crate) fn new(platform: Platform, client: Client, app: AppKeys) -> Self {
        Self { platform, client, app }
    }

    /// A grant for the code that a person brought back. A code is good once.
    pub(crate) async fn exchange(&self, code: &str, redirect: &str, now: Instant) -> Result<Grant, CallError> {
        let (key, secret) = (self.app.key.clone(), self.secret());
        match self.platform {
            Platform::Login => {
                self.form(
                    now,
                    vec![
                        ("client_key", key),
                        ("client_secret", secret),
                        ("code", code.to_owned()),
                        ("grant_type", "authorization_code".to_owned()),
                        ("redirect_uri", redirect.to_owned()),
                    ],
                )
                .await
            }
            Platform::Business => {
                let body = json!({ "client_id": key, "client_secret": secret, "grant_type": "authorization_code",
                                   "auth_code": code, "redirect_uri": redirect });
                self.json(now, "/tt_user/oauth2/token/", &body).await
            }
            Platform::Shop => {
                let own = [("auth_code", code.to_owned()), ("grant_type", "authorized_code".to_owned())];
                self.query(now, "/api/v2/token/get", own).await
            }
        }
    }

    /// The next grant. The token that it was had for may be dead from here on.
    pub(crate) async fn refresh(&self, refresh: &Bearer, now: Instant) -> Result<Grant, CallError> {
        let (key, secret, token) = (self.app.key.clone(), self.secret(), refresh.0.clone());
        match self.platform {
            Platform::Login => {
                self.form(
                    now,
                    vec![
                        ("client_key", key),
                        ("client_secret", secret),
                        ("grant_type", "refresh_token".to_owned()),
                        ("refresh_token", token),
                    ],
                )
                .await
            }
            Platform::Business => {
                let body = json!({ "client_id": key, "client_secret": secret, "grant_type": "refresh_token",
                                   "refresh_token": token });
                self.json(now, "/tt_user/oauth2/refresh_token/", &body).await
            }
            Platform::Shop => {
                let own = [("refresh_token", token), ("grant_type", "refresh_token".to_owned())];
                self.query(now, "/api/v2/token/refresh", own).await
            }
        }
    }

    fn secret(&self) -> String {
        self.app.secrets.first().cloned().unwrap_or_default()
    }

    async fn form(&self, now: Instant, form: Vec<(&'static str, String)>) -> Result<Grant, CallError> {
        let call = Call {
            method: Method::POST,
            path: "/v2/oauth/token/",
            query: &[],
            headers: &[],
            body: Some(Body::Form(form)),
        };
        let answered = self.client.call(call).await?;
        match answered.json {
            Some(json) if json["access_token"].is_string() => relative(&json, now, "refresh_expires_in"),
            Some(json) if json["error"].is_string() => Err(refused()),
            _ => Err(of_status(answered.status, answered.retry_after)),
        }
    }

    async fn json(&self, now: Instant, path: &str, body: &Value) -> Result<Grant, CallError> {
        let body = Some(Body::Json(body.to_string().into_bytes()));
        let call = Call { method: Method::POST, path, query: &[], headers: &[], body };
        let answered = self.client.call(call).await?;
        let data = crate::call::enveloped(answered, now, self.client.who()).map_err(given_up)?;
        relative(&data, now, "refresh_token_expires_in")
    }

    /// The secrets ride in the address: it is never shown.
    async fn query(&self, now: Instant, path: &str, own: [(&str, String); 2]) -> Result<Grant, CallError> {
        let mut query = vec![("app_key", self.app.key.clone()), ("app_secret", self.secret())];
        query.extend(own);
        let call = Call { method: Method::GET, path, query: &query, headers: &[], body: None };
        let answered = self.client.call(call).await?;
        let Some(json) = answered.json.filter(|json| json["code"].is_i64()) else {
            return Err(of_status(answered.status, answered.retry_after));
        };
        match json["code"].as_i64() {
            Some(0) => absolute(&json["data"], now),
            Some(36_009_002 | 36_009_003 | 36_009_007) => {
                Err(CallError::Again { after: answered.retry_after, why: "the platform failed".to_owned() })
            }
            _ => Err(refused()),
        }
    }
}

/// What refuses a refresh for good leaves nothing to try.
fn given_up(error: CallError) -> CallError {
    match error {
        CallError::Refused(_) | CallError::Token(_) => refused(),
        other => other,
    }
}

fn refused() -> CallError {
    CallError::Stopped("the platform gives no new token: authorise the account again".to_owned())
}

fn of_status(status: u16, retry_after: Option<std::time::Duration>) -> CallError {
    match status {
        400..=499 if status != 429 && status != 408 => refused(),
        _ => CallError::Again { after: retry_after, why: format!("the platform answered {status}") },
    }
}

/// A grant whose ends are told as spans.
fn relative(data: &Value, now: Instant, refresh_ends: &str) -> Result<Grant, CallError> {
    let span = |name: &str| data[name].as_i64().filter(|seconds| (1..=3_153_600_000).contains(seconds));
    let until = |seconds: i64| now.after(Period::seconds(seconds));
    // Without a word, an hour: too short is renewed too often, too long is found out by the first call.
    grant(data, now, until(span("expires_in").unwrap_or(3_600)), span(refresh_ends).map(until))
}

/// A grant whose ends are told as instants.
fn absolute(data: &Value, now: Instant) -> Result<Grant, CallError> {
    let instant = |name: &str| crate::webhook::instant(&data[name]).filter(|until| *until > now);
    let until = instant("access_token_expire_in").unwrap_or_else(|| now.after(Period::hours(1)));
    grant(data, now, until, instant("refresh_token_expire_in"))
}

fn grant(
    data: &Value,
    given: Instant,
    access_until: Instant,
    refresh_until: Option<Instant>,
) -> Result<Grant, CallError> {
    let token = |name: &str| data[name].as_str().filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let lacks = || CallError::Stopped("the platform answered without a token: authorise the account again".to_owned());
    let scopes = match (&data["scope"], &data["granted_scopes"]) {
        (Value::String(scopes), _) => scopes.split(',').map(|scope| scope.trim().to_owned()).collect(),
        (_, Value::Array(scopes)) => scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    Ok(Grant {
        access: Bearer(token("access_token").ok_or_else(lacks)?.to_owned()),
        access_until,
        refresh: Bearer(token("refresh_token").ok_or_else(lacks)?.to_owned()),
        refresh_until,
        given,
        account: crate::webhook::id(&data["open_id"]),
        scopes,
    })
}
