//! Keeps the grant of one account: renews it ahead of its end, and writes each down before it is used.
//!
//! Where several processes use one account, the note is what they have in common: whoever renews reads it first and
//! replaces it, and whoever is refused since another was quicker takes what that one wrote down.

use super::{Grant, OAuth, Sealer};
use crate::{
    account::FirstToken,
    call::{Bearer, CallError},
    host::{Host, HostError},
    webhook::signature::hex,
};
use chatsparks_core::{Instant, Period, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How an account's permission stands (W3, O8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Standing {
    /// Whether calls may be made.
    pub authorised: bool,
    /// Why not, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether it did not answer when it was last asked for a token, and has refused none: it is asked again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// When the token at hand ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// When the permission itself ends, unless it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Instant>,
    /// What it admits; empty: the platform did not say.
    pub scopes: Vec<String>,
    /// When the account was connected: since when it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<Instant>,
}

impl Standing {
    /// Whether the platform takes nothing any more, so that somebody has to do something.
    pub fn is_refused(&self) -> bool {
        !self.authorised && !self.unanswered && self.why.is_some()
    }

    fn revoke(&mut self) {
        (self.authorised, self.unanswered, self.why) = (false, false, Some(REVOKED.to_owned()));
    }
}

/// Keeps a grant.
pub(crate) struct Keeper {
    oauth: OAuth,
    sealer: Sealer,
    seed: FirstToken,
    workspace: WorkspaceId,
    /// The note that it is kept under, and what it is sealed for.
    name: &'static str,
    place: tokio::sync::Mutex<Place>,
    standing: Mutex<Standing>,
}

/// What is at hand: the grant, and the note as it was last read or written.
#[derive(Default)]
struct Place {
    held: Option<Held>,
    stands: Option<String>,
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
    /// When the first of its kind was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connected: Option<Instant>,
    /// How many were had before it: clocks of several machines differ, this does not.
    #[serde(default)]
    number: u64,
}

impl Held {
    /// When it is renewed: a quarter of its time before its end.
    fn renewed_at(&self) -> Instant {
        let whole = self.access_until.as_milliseconds().saturating_sub(self.given.as_milliseconds()).max(0);
        self.access_until.before(Period::milliseconds(whole / 4))
    }
}

/// No token is renewed here for as long as this lives.
pub(crate) struct KeeperAtRest<'a> {
    _place: tokio::sync::MutexGuard<'a, Place>,
}

const REVOKED: &str = "the account took its permission back: authorise it again";

impl Keeper {
    pub(crate) fn new(
        oauth: OAuth,
        sealer: Sealer,
        seed: FirstToken,
        workspace: WorkspaceId,
        name: &'static str,
    ) -> Self {
        Self { oauth, sealer, seed, workspace, name, place: tokio::sync::Mutex::default(), standing: Mutex::default() }
    }

    /// A token that calls may be made with.
    pub(crate) async fn token(&self, host: &dyn Host, now: Instant) -> Result<Bearer, CallError> {
        let mut place = self.place.lock().await;
        let mut present = self.present(&mut place, host, now).await?;
        if now < present.renewed_at() {
            return Ok(Bearer(present.access));
        }
        if host.is_shared() {
            if let Some(newer) = self.newer(&mut place, host).await? {
                present = newer;
            }
            // Ahead of its end it is renewed by whoever leads.
            if now < present.renewed_at() || (now < present.access_until && !host.leads(&self.workspace)) {
                return Ok(Bearer(present.access));
            }
        }
        match self.renew(&mut place, host, now).await {
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
        let mut place = self.place.lock().await;
        let present = self.present(&mut place, host, now).await?;
        if present.access != refused.0 {
            return Ok(Bearer(present.access));
        }
        self.renew(&mut place, host, now).await.map(|renewed| Bearer(renewed.access))
    }

    /// The account took its permission back. A new seed begins anew.
    pub(crate) async fn revoke(&self, host: &dyn Host, now: Instant) -> Result<(), HostError> {
        let mut place = self.place.lock().await;
        if let Ok(present) = self.present(&mut place, host, now).await {
            let revoked = Held { revoked: true, number: present.number.saturating_add(1), ..present };
            place.held = Some(self.write(&mut place.stands, host, revoked).await?);
        }
        self.note(|standing| standing.revoke());
        Ok(())
    }

    /// Waits until it is not being renewed; it is not while what this gives lives.
    pub(crate) async fn at_rest(&self) -> KeeperAtRest<'_> {
        KeeperAtRest { _place: self.place.lock().await }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The grant at hand: in memory, as it was written down, or the first one.
    async fn present(&self, place: &mut Place, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        let present = match place.held.clone() {
            Some(held) => held,
            None => {
                // A seed that is new is taken; one that was taken already is used up.
                let grown = self.read(&mut place.stands, host).await.map_err(|error| not_now(&error))?;
                let held = match grown {
                    Some(grown) => grown,
                    None if host.is_shared() && !host.leads(&self.workspace) => {
                        let why = "the process that leads gets the token".to_owned();
                        return Err(CallError::Again { after: Some(SOON), why });
                    }
                    None => self.first(place, host, now).await.inspect_err(|error| self.failed(error))?,
                };
                place.held.insert(held).clone()
            }
        };
        self.usable(present)
    }

    /// A grant, unless the account took its permission back.
    fn usable(&self, held: Held) -> Result<Held, CallError> {
        if held.revoked {
            self.note(|standing| standing.revoke());
            return Err(CallError::Stopped(REVOKED.to_owned()));
        }
        self.stands(&held);
        Ok(held)
    }

    async fn first(&self, place: &mut Place, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        let (grant, before) = match &self.seed {
            FirstToken::Refresh(token) => (self.oauth.refresh(&Bearer(token.clone()), now).await, Some(token.clone())),
            FirstToken::Code { code, redirect } => (self.oauth.exchange(code, redirect, now).await, None),
        };
        let grant = match grant {
            Ok(grant) => grant,
            Err(error) => return self.overtaken(place, host, error).await,
        };
        let held = Held { connected: Some(grant.given), ..self.held(grant, before) };
        self.write(&mut place.stands, host, held).await.map_err(|error| not_now(&error))
    }

    /// The next grant: it is written down before it is used. Where that fails, it is kept at hand all the same.
    async fn renew(&self, place: &mut Place, host: &dyn Host, now: Instant) -> Result<Held, CallError> {
        if let Some(newer) = self.newer(place, host).await? {
            return Ok(newer);
        }
        let Some(present) = place.held.clone() else { return Err(CallError::NotSent("there is no token")) };
        let mut grant = self.oauth.refresh(&Bearer(present.refresh.clone()), now).await;
        if let (Err(CallError::Stopped(_)), false, Some(before)) = (&grant, host.is_shared(), &present.before) {
            grant = self.oauth.refresh(&Bearer(before.clone()), now).await;
        }
        let grant = match grant {
            Ok(grant) => grant,
            Err(error) => {
                let overtaken = self.overtaken(place, host, error).await.inspect_err(|error| self.failed(error))?;
                return self.usable(place.held.insert(overtaken).clone());
            }
        };
        let (connected, number) = (present.connected, present.number.saturating_add(1));
        let renewed = Held { connected, number, ..self.held(grant, Some(present.refresh)) };
        place.held = Some(renewed.clone());
        metrics::counter!("chatsparks_tiktok_tokens_renewed_total").increment(1);
        match self.write(&mut place.stands, host, renewed.clone()).await {
            Ok(stands) => self.usable(place.held.insert(stands).clone()),
            Err(error) => {
                tracing::error!(workspace = %self.workspace, %error, "a renewed token could not be written down");
                self.usable(renewed)
            }
        }
    }

    /// What another process has written down since, where there is such a thing.
    async fn newer(&self, place: &mut Place, host: &dyn Host) -> Result<Option<Held>, CallError> {
        if !host.is_shared() {
            return Ok(None);
        }
        let written = self.read(&mut place.stands, host).await.map_err(|error| not_now(&error))?;
        let newer = written.filter(|written| place.held.as_ref().is_none_or(|held| written.number > held.number));
        match newer {
            Some(newer) => self.usable(place.held.insert(newer).clone()).map(Some),
            None => Ok(None),
        }
    }

    /// The platform refused what is at hand. Another process may have been quicker with it, and is writing down what it
    /// got.
    async fn overtaken(&self, place: &mut Place, host: &dyn Host, error: CallError) -> Result<Held, CallError> {
        if !host.is_shared() || !matches!(error, CallError::Stopped(_)) {
            return Err(error);
        }
        for _ in 0..OVERTAKEN {
            if let Some(newer) = self.newer(place, host).await? {
                return Ok(newer);
            }
            tokio::time::sleep(SOON / 4).await;
        }
        Err(error)
    }

    /// What is written down, where it grew from the seed of the configuration.
    async fn read(&self, stands: &mut Option<String>, host: &dyn Host) -> Result<Option<Held>, HostError> {
        *stands = host.note(&self.workspace, self.name).await?;
        let opened = stands.as_deref().map(|sealed| self.sealer.open(&self.purpose(), sealed));
        let written: Option<Held> = opened.flatten().and_then(|text| serde_json::from_str(&text).ok());
        if stands.is_some() && written.is_none() {
            tracing::warn!(workspace = %self.workspace, "a sealed token cannot be opened: was its key changed?");
        }
        Ok(written.filter(|written| written.seed == self.seed_digest()))
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
            connected: None,
            number: 0,
        }
    }

    /// Writes a grant down: what stands there then, which is another process's where that one was quicker.
    async fn write(&self, stands: &mut Option<String>, host: &dyn Host, held: Held) -> Result<Held, HostError> {
        let text = serde_json::to_string(&held).unwrap_or_default();
        let unsealed = || HostError { why: "a token could not be sealed".to_owned(), retry_after: SOON };
        let sealed = self.sealer.seal(&self.purpose(), &text).ok_or_else(unsealed)?;
        while !host.replace_note(&self.workspace, self.name, stands.as_deref(), &sealed).await? {
            match self.read(stands, host).await? {
                Some(written) if written.number >= held.number => return Ok(written),
                _ => {}
            }
        }
        *stands = Some(sealed);
        Ok(held)
    }

    fn purpose(&self) -> String {
        format!("{}/{}", self.name, self.workspace)
    }

    fn seed_digest(&self) -> String {
        let (kind, seed) = match &self.seed {
            FirstToken::Refresh(token) => ("refresh", token),
            FirstToken::Code { code, .. } => ("code", code),
        };
        hex(&Sha256::digest(format!("{kind}:{seed}")))
    }

    fn stands(&self, held: &Held) {
        self.note(|standing| {
            *standing = Standing {
                authorised: true,
                why: None,
                unanswered: false,
                until: Some(held.access_until),
                ends: held.refresh_until,
                scopes: held.scopes.clone(),
                connected: held.connected,
            };
        });
    }

    fn failed(&self, error: &CallError) {
        let stopped = matches!(error, CallError::Stopped(_));
        self.note(|standing| {
            // What was refused stays so while nobody answers.
            let refused = stopped || standing.is_refused();
            standing.authorised &= !stopped;
            standing.unanswered = !refused;
            if stopped || !refused {
                standing.why = Some(match error {
                    CallError::NotSent(why) => format!("the platform cannot be reached: {why}"),
                    other => other.to_string(),
                });
            }
        });
    }

    fn note(&self, note: impl FnOnce(&mut Standing)) {
        note(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

const SOON: Duration = Duration::from_secs(1);
/// How often it is looked for what a quicker process writes down.
const OVERTAKEN: u32 = 12;

fn not_now(error: &HostError) -> CallError {
    CallError::Again { after: Some(error.retry_after), why: "the store could not be asked for the token".to_owned() }
}
