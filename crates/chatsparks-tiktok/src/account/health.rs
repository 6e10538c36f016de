//! How a workspace's accounts stand (W3, D1).

use super::{Account, Inner, NO_TOKEN};
use crate::token::{Keeper, Platform, Standing};
use chatsparks_core::{Instant, WorkspaceId};
use serde::Serialize;
use std::sync::atomic::{AtomicI64, Ordering};

/// How one of the accounts stands (W3, D1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SideHealth {
    /// The account, or the shop.
    pub account: String,
    /// Its permission.
    pub permission: Standing,
    /// Scopes that it lacks for what is done here, as the platform names them; empty as well where the platform did not say
    /// what it admits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_do: Option<String>,
    /// Since when this process listens.
    pub since: Instant,
    /// When a delivery last came for it, to this process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event: Option<Instant>,
    /// What it is for: the scopes of W3, each with those of the platform that it takes.
    #[serde(skip)]
    needs: &'static [(&'static str, &'static [&'static str])],
}

/// How one workspace's accounts stand (W3, D1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountHealth {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its Business Account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<SideHealth>,
    /// Its shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop: Option<SideHealth>,
    /// Deliveries that wait to be asked for.
    pub waiting: usize,
    /// Why the document's way to reach people is not what the account may do (P).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objection: Option<String>,
}

/// Scopes of W3, and what each takes at the Business API (source: its list of scopes; November 2026).
const BUSINESS: &[(&str, &[&str])] = &[
    ("comments", &["comment.list", "comment.list.manage"]),
    ("messages", &["message.list.read", "message.list.send"]),
    ("posts", &["video.list"]),
];
/// The same at TikTok Shop.
const SHOP: &[(&str, &[&str])] = &[("orders", &["seller.order.info"]), ("catalog", &["seller.product.basic"])];

impl SideHealth {
    fn of(inner: &Inner, platform: Platform, account: &str, keeper: Option<&Keeper>, heard: &AtomicI64) -> Self {
        let none = || Standing { why: Some(NO_TOKEN.to_owned()), ..Standing::default() };
        let mut permission = keeper.map_or_else(none, Keeper::standing);
        if permission.authorised && permission.until.is_some_and(|until| until <= inner.now()) {
            permission.authorised = false;
            permission.why.get_or_insert_with(|| "the access token has ended".to_owned());
        }
        let heard = heard.load(Ordering::Relaxed);
        let needs = if platform == Platform::Shop { SHOP } else { BUSINESS };
        let mut side = Self {
            account: account.to_owned(),
            permission,
            missing: Vec::new(),
            to_do: None,
            since: inner.since,
            last_event: (heard > i64::MIN).then(|| Instant::from_milliseconds(heard)),
            needs,
        };
        let lacked = needs.iter().flat_map(|(_, takes)| takes.iter()).filter(|scope| !side.admits(scope));
        side.missing = lacked.map(|scope| (*scope).to_owned()).collect();
        let what = if platform == Platform::Shop { "the shop" } else { "the account" };
        side.to_do = match (&side.permission.why, side.missing.is_empty()) {
            (Some(_), _) if side.permission.unanswered && !side.permission.authorised => Some(
                "nothing: it is asked again every minute; should it stay so, look at the network and at `base_url`"
                    .to_owned(),
            ),
            (Some(_), _) if !side.permission.authorised => Some(format!(
                "authorise {what} again, and put the code or the refresh token that came of it into the configuration"
            )),
            (_, false) => Some(format!("authorise {what} again, with these scopes: {}", side.missing.join(", "))),
            _ => None,
        };
        side
    }

    /// The scopes of W3 that the permission admits; none: the platform did not say what it admits.
    pub fn scopes(&self) -> Option<Vec<String>> {
        if self.permission.scopes.is_empty() {
            return None;
        }
        let whole = self.needs.iter().filter(|(_, takes)| takes.iter().all(|scope| self.admits(scope)));
        Some(whole.map(|(scope, _)| (*scope).to_owned()).collect())
    }

    /// Where the platform does not say what it admits, nothing is said to be lacking.
    fn admits(&self, scope: &str) -> bool {
        self.permission.scopes.is_empty() || self.permission.scopes.iter().any(|admitted| admitted == scope)
    }
}

impl Account {
    /// How its accounts stand (W3, D1).
    pub async fn health(&self) -> AccountHealth {
        self.inner.asked.notify_one();
        let mut health = self.inner.health();
        health.waiting = self.inner.spool.len().await;
        health.objection = self.objection();
        health
    }
}

impl Inner {
    pub(super) fn health(&self) -> AccountHealth {
        let business = self.business.as_ref();
        let shop = self.shop.as_ref();
        let of = |one: &super::BusinessSide| {
            SideHealth::of(self, Platform::Business, &one.business_id, one.keeper.as_ref(), &one.heard)
        };
        AccountHealth {
            workspace: self.settings.workspace.clone(),
            business: business.map(of),
            shop: shop.map(|one| SideHealth::of(self, Platform::Shop, &one.shop_id, one.keeper.as_ref(), &one.heard)),
            waiting: 0,
            objection: None,
        }
    }
}
