//! A permission of any of the three platforms, kept for whoever makes calls of their own.

use super::{Keeper, OAuth, Platform, Sealer, Standing};
use crate::{
    account::{AccountError, AskError, FirstToken},
    call::Client,
    host::{Host, HostError},
    webhook::AppKeys,
};
use chatsparks_core::{Instant, WorkspaceId};
use std::fmt;

/// What a permission is kept with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PermissionSettings {
    /// The workspace that it is kept for.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub platform: Platform,
    /// The app that was let in.
    pub app: AppKeys,
    /// Where tokens come from.
    pub url: String,
    /// What the first one is had with.
    pub first_token: FirstToken,
    /// What they are sealed with.
    pub sealer: Sealer,
}

impl PermissionSettings {
    /// A permission of the platform itself.
    pub fn new(
        workspace: WorkspaceId,
        platform: Platform,
        app: AppKeys,
        first_token: FirstToken,
        sealer: Sealer,
    ) -> Self {
        let url = match platform {
            Platform::Login => "https://open.tiktokapis.com",
            Platform::Business => "https://business-api.tiktok.com/open_api/v1.3",
            Platform::Shop => "https://auth.tiktok-shops.com",
        };
        Self { workspace, platform, app, url: url.to_owned(), first_token, sealer }
    }
}

/// A permission that a person gave an app: its tokens are renewed ahead of their end, and kept sealed, so that a restart
/// goes on with them. [`Account`](crate::Account) keeps those of its workspace by itself; this is for calls of one's own,
/// such as those of Login Kit. Calls of one permission wait for one another while it is renewed.
pub struct Permission {
    keeper: Keeper,
}

/// A token for calls. It does not show, but to whoever asks for it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token, for the header of a call and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessToken")
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Permission").field("standing", &self.standing()).finish_non_exhaustive()
    }
}

impl Permission {
    /// Keeps a permission.
    ///
    /// # Errors
    /// When no calls can be made.
    pub fn new(settings: PermissionSettings) -> Result<Self, AccountError> {
        let PermissionSettings { workspace, platform, app, url, first_token, sealer } = settings;
        // Other names than those under which an account keeps its own.
        let name = match platform {
            Platform::Login => "tiktok_permission_login",
            Platform::Business => "tiktok_permission_business",
            Platform::Shop => "tiktok_permission_shop",
        };
        let oauth = OAuth::new(platform, Client::new(&url, "url", "TikTok")?, app);
        Ok(Self { keeper: Keeper::new(oauth, sealer, first_token, workspace, name) })
    }

    /// A token that is good now. Asked for now and then, it never ends.
    ///
    /// # Errors
    /// When there is none for now, or none any more.
    pub async fn token(&self, host: &dyn Host, now: Instant) -> Result<AccessToken, AskError> {
        Ok(AccessToken(self.keeper.token(host, now).await?.0))
    }

    /// Another token than one that the platform does not take any more.
    ///
    /// # Errors
    /// When there is none for now, or none any more.
    pub async fn another(&self, host: &dyn Host, now: Instant, refused: &AccessToken) -> Result<AccessToken, AskError> {
        let refused = crate::call::Bearer(refused.0.clone());
        Ok(AccessToken(self.keeper.another(host, now, &refused).await?.0))
    }

    /// The person took it back: nothing is asked until there is another first token.
    ///
    /// # Errors
    /// When that could not be noted.
    pub async fn revoke(&self, host: &dyn Host, now: Instant) -> Result<(), HostError> {
        self.keeper.revoke(host, now).await
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.keeper.standing()
    }
}
