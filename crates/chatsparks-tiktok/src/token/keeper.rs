//! Keeps the grant of one account: renews it ahead of its end, and writes each down before it is used.

use super::{Grant, OAuth, Sealer};
use crate::{
    call::{Bearer, CallError},
    host::{Host, HostError},
    webhook::signature::hex,
};
use chatsparks_core::{Instant, Period, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

/// What the first grant is had with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Seed {
    /// A refresh token that somebody has.
    Refresh(String),
    /// The code that a person brought back, and where they were sent to.
    Code { code: String, redirect: String },
}

impl fmt::Debug for Seed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Refresh(_) => "Refresh",
            Self::Code { .. } => "Code",
        })
    }
}

/// How an account's permission stands (W3, O8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// Whether calls may be made.
    pub authorised: bool,
    /// Why not, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When the token at hand ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// When the permission itself ends, unless it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Instant>,
    /// What it admits; empty: the platform did not say.
    pub scopes: Vec<String>,
}

/// Keeps a grant.
pub(crate) struct Keeper {
    oauth: OAuth,
    sealer: Sealer,
    seed: Seed,
    workspace: WorkspaceId,
    /// The note that it is kept under, and what it is sealed for.
    name: &'static str,
    held: tokio::sync::Mutex<Option<Held>>,
    standing: Mutex<Standing>,
}

/// A grant at hand, and the token that it was had with: should the new one be lost on its way, the old one may still be
/// good.
#[derive(Clone, Serialize, Deserialize)]
struct Held {
    /// Which seed it grew from.
    seed: String,
    access: String,
    access_until: Instant,
    refresh: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_until: Option<Instant>,
    given: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    /// The account took its permission back.
    #[serde(default)]
    revoked: bool,
}

impl Held {
    /// When it is renewed: a quarter of its time before its end.
    fn renewed_at(&self) -> Instant {
        let whole = self.access_until.as_milliseconds().saturating_sub(self.given.as_milliseconds()).max(0);
        self.access_until.before(Period::milliseconds(whole / 4))
    }
}

const REVOKED: &str = "the account took its permission back: authorise it again";

impl Keeper {
    pub(crate) fn new(oauth: OAuth, sealer: Sealer, seed: Seed, workspace: WorkspaceId, name: &'static str) -> Self {
        let (held, standing) = (tokio::sync::Mutex::new(None), Mutex::new(Standing::default()));
        Self { oauth, sealer, seed, workspace, name, held, standing }
    }

    /// A token that calls may be made with.
    pub(crate) async fn token(&self, host: &dyn Host, now: Instant) -> Result<Bearer, CallError> {
        let mut held = self.held.lock().await;
        let present = self.present(&mut held, host, now).await?;
        if now < present.renewed_at() {
            return Ok(Bearer(present.access));
        }
        match self.renew(&mut held, host, now).await {
            Ok(renewed) => Ok(Bearer(renewed.access)),
            // What is at hand is good until its own end.
            Err(CallError::Stopped(why)) if now < present.access_until => {
                self.note(|standing| standing.why = Some(why));
                Ok(Bearer(present.access))
            }
            Err(_) if now < present.access_until => Ok(Bearer(present.access)),
            Err(error) => Err(error),
        }
    }

    /// Another token than one that is not taken any more.
    pub(crate) async fn another(&self, host: &dyn Host, now: Instant, refused: &Bearer) -> Result<Bearer, CallError> {
        let mut held = self.held.lock().await;
        let present = self.present(&mut held, host, now).await?;
        if present.access != refused.0 {
            return Ok(Bearer(present.access));
        }
        self.renew(&mut held, host, now).await.map(|renewed| Bearer(renewed.access))
    }

    /// The account took its permission back. A new seed begins anew.
    pub(crate) async fn revoke(&self, host: &dyn Host, now: Instant) -> Result<(), HostError> {
        let mut held = self.held.lock().await;
        if let Ok(present) = self.present(&mut held, host, now).await {
            let revoked = Held { revoked: true, ..present };
            self.write(host, &revoked).await?;
            *held = Some(revoked);
        }
        self.note(|standing| (standing.authorised, standing.why) = (false, Some(REVOKED.to_owned())));
        Ok(())
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The grant at hand: in memory, as it was written down, or the first one.
    async fn present(&self, held: &mut Option<Held>, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        if held.is_none() {
            let note = host.note(&self.workspace, self.name).await.map_err(|error| not_now(&error))?;
            let opened = note.as_deref().map(|sealed| self.sealer.open(&self.purpose(), sealed));
            let written: Option<Held> = opened.flatten().and_then(|text| serde_json::from_str(&text).ok());
            if note.is_some() && written.is_none() {
                tracing::warn!(workspace = %self.workspace, "a sealed token cannot be opened: was its key changed?");
            }
            // A seed that is new is taken; one that was taken already is used up.
            let grown = written.filter(|written| written.seed == self.seed_digest());
            *held = Some(match grown {
                Some(grown) => grown,
                None => self.first(host, now).await.inspect_err(|error| self.failed(error))?,
            });
        }
        let Some(present) = held.clone() else { return Err(CallError::NotSent("there is no token")) };
        if present.revoked {
            self.note(|standing| (standing.authorised, standing.why) = (false, Some(REVOKED.to_owned())));
            return Err(CallError::Stopped(REVOKED.to_owned()));
        }
        self.stands(&present);
        Ok(present)
    }

    async fn first(&self, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        let grant = match &self.seed {
            Seed::Refresh(token) => self.oauth.refresh(&Bearer(token.clone()), now).await?,
            Seed::Code { code, redirect } => self.oauth.exchange(code, redirect, now).await?,
        };
        let before = match &self.seed {
            Seed::Refresh(token) => Some(token.clone()),
            Seed::Code { .. } => None,
        };
        let held = self.held(grant, before);
        self.write(host, &held).await.map_err(|error| not_now(&error))?;
        Ok(held)
    }

    /// The next grant: it is written down before it is used. Where that fails, it is kept at hand all the same.
    async fn renew(&self, held: &mut Option<Held>, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        let Some(present) = held.clone() else { return Err(CallError::NotSent("there is no token")) };
        let mut grant = self.oauth.refresh(&Bearer(present.refresh.clone()), now).await;
        if let (Err(CallError::Stopped(_)), Some(before)) = (&grant, &present.before) {
            grant = self.oauth.refresh(&Bearer(before.clone()), now).await;
        }
        let grant = grant.inspect_err(|error| self.failed(error))?;
        let renewed = self.held(grant, Some(present.refresh));
        *held = Some(renewed.clone());
        if let Err(error) = self.write(host, &renewed).await {
            tracing::error!(workspace = %self.workspace, %error, "a renewed token could not be written down");
        }
        metrics::counter!("chatsparks_tiktok_tokens_renewed_total").increment(1);
        self.stands(&renewed);
        Ok(renewed)
    }

    fn held(&self, grant: Grant, before: Option<String>) -> Held {
        Held {
            seed: self.seed_digest(),
            access: grant.access.0,
            access_until: grant.access_until,
            refresh: grant.refresh.0,
            refresh_until: grant.refresh_until,
            given: grant.given,
            before,
            scopes: grant.scopes,
            revoked: false,
        }
    }

    async fn write(&self, host: &dyn Host, held: &Held) -> Result<(), HostError> {
        let text = serde_json::to_string(held).unwrap_or_default();
        let unsealed = || HostError { why: "a token could not be sealed".to_owned(), retry_after: SOON };
        let sealed = self.sealer.seal(&self.purpose(), &text).ok_or_else(unsealed)?;
        host.write_note(&self.workspace, self.name, &sealed).await
    }

    fn purpose(&self) -> String {
        format!("{}/{}", self.name, self.workspace)
    }

    fn seed_digest(&self) -> String {
        let (kind, seed) = match &self.seed {
            Seed::Refresh(token) => ("refresh", token),
            Seed::Code { code, .. } => ("code", code),
        };
        hex(&Sha256::digest(format!("{kind}:{seed}")))
    }

    fn stands(&self, held: &Held) {
        self.note(|standing| {
            *standing = Standing {
                authorised: true,
                why: None,
                until: Some(held.access_until),
                ends: held.refresh_until,
                scopes: held.scopes.clone(),
            };
        });
    }

    fn failed(&self, error: &CallError) {
        let stopped = matches!(error, CallError::Stopped(_));
        self.note(|standing| {
            standing.authorised &= !stopped;
            standing.why = Some(error.to_string());
        });
    }

    fn note(&self, note: impl FnOnce(&mut Standing)) {
        note(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

const SOON: std::time::Duration = std::time::Duration::from_secs(1);

fn not_now(error: &HostError) -> CallError {
    CallError::Again { after: Some(error.retry_after), why: "the store could not be asked for the token".to_owned() }
}
