//! Tokens: had by OAuth, renewed ahead of their end, kept sealed.

mod keeper;
mod oauth;
mod permission;
mod seal;

pub use keeper::Standing;
pub(crate) use keeper::{Keeper, KeeperAtRest};
pub(crate) use oauth::OAuth;
pub use oauth::{Grant, Platform, authorize_url};
pub use permission::{AccessToken, Permission, PermissionSettings};
pub use seal::{Sealer, SealerError};
