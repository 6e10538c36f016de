//! Tokens: had by OAuth, renewed ahead of their end, kept sealed.

mod keeper;
mod oauth;
mod seal;

pub use keeper::Standing;
pub(crate) use keeper::{Keeper, Seed};
pub(crate) use oauth::OAuth;
pub use oauth::{Grant, Platform, authorize_url};
pub use seal::{Sealer, SealerError};
