//! What a workspace's accounts are told with.

use crate::{limits, reach::Capabilities, token::Sealer, webhook::AppKeys};
use chatsparks_core::{Email, WorkspaceId};
use std::{fmt, time::Duration};

/// What a workspace's first token is had with. It does not show.
#[derive(Clone, PartialEq, Eq)]
pub enum FirstToken {
    /// A refresh token that somebody has.
    Refresh(String),
    /// The code that a person brought back from where [`authorize_url`](crate::authorize_url) sent them.
    Code {
        /// The code: good once, and for minutes.
        code: String,
        /// Where they were sent back to.
        redirect: String,
    },
}

impl fmt::Debug for FirstToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FirstToken")
    }
}

/// A Business Account: comments and messages.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BusinessSettings {
    /// The account.
    pub business_id: String,
    /// The app that it was connected to.
    pub app: AppKeys,
    /// Where calls go.
    pub base_url: String,
    /// What its first token is had with; none: nothing can be sent.
    pub first_token: Option<FirstToken>,
}

impl BusinessSettings {
    /// An account at the platform itself, without a token.
    pub fn new(business_id: impl Into<String>, app: AppKeys) -> Self {
        let base_url = "https://business-api.tiktok.com/open_api/v1.3".to_owned();
        Self { business_id: business_id.into(), app, base_url, first_token: None }
    }
}

/// A shop: orders.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShopSettings {
    /// The shop.
    pub shop_id: String,
    /// The app that it was connected to.
    pub app: AppKeys,
    /// Where calls go.
    pub base_url: String,
    /// Where tokens come from.
    pub auth_url: String,
    /// What its first token is had with; none: nothing can be asked.
    pub first_token: Option<FirstToken>,
}

impl ShopSettings {
    /// A shop at the platform itself, without a token.
    pub fn new(shop_id: impl Into<String>, app: AppKeys) -> Self {
        let base_url = "https://open-api.tiktokglobalshop.com".to_owned();
        let auth_url = "https://auth.tiktok-shops.com".to_owned();
        Self { shop_id: shop_id.into(), app, base_url, auth_url, first_token: None }
    }
}

/// The accounts of one workspace, and how they are worked with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccountSettings {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its Business Account.
    pub business: Option<BusinessSettings>,
    /// Its shop.
    pub shop: Option<ShopSettings>,
    /// What tokens are sealed with; needed where there is one.
    pub sealer: Option<Sealer>,
    /// How long a comment waits for word that it may be answered, in `comment_to_message`.
    pub comment_wait: Duration,
    /// How often comments and orders are looked for that no webhook told of; none: never.
    pub poll: Option<Duration>,
    /// The shop's own page, for cards that name no product.
    pub shop_url: Option<String>,
    /// Who writes in TikTok's own app; none: the first active owner.
    pub app_member: Option<Email>,
    /// Whether what a buyer wrote is marked as read.
    pub mark_read: bool,
    /// Characters of a public reply at most; longer ones are cut.
    pub public_reply: usize,
    /// Where the account is registered, in two letters; none: nobody says.
    pub region: Option<String>,
    /// What it may do beyond its country.
    pub able: Capabilities,
}

impl AccountSettings {
    /// A workspace without accounts.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            business: None,
            shop: None,
            sealer: None,
            comment_wait: Duration::from_secs(30),
            poll: Some(Duration::from_secs(300)),
            shop_url: None,
            app_member: None,
            mark_read: false,
            public_reply: limits::PUBLIC_REPLY.value,
            region: None,
            able: Capabilities::default(),
        }
    }
}
