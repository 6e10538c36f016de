//! What went wrong, as stores say it.

use chatsparks_ports::StoreError;
use std::fmt::Display;

/// A form that cannot be read: nothing of what stands in it is told.
pub(crate) fn form(error: serde_json::Error) -> StoreError {
    StoreError::Unusable(format!("a form in a journal is damaged or newer than this build: {:?}", error.classify()))
}

/// Something that may succeed later.
pub(crate) fn gone(error: impl Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
