//! Why a store could not do something.

/// Why a store could not do something. None of it says what buyers wrote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another owner has opened the shard since: whoever gets this may compute, and never write (R5).
    #[error("another owner has taken over this partition since it was opened")]
    Superseded,
    /// It cannot take more for now (full, busy, gone): the same may succeed later, and what was acknowledged is there.
    #[error("the store cannot do this for now: {0}")]
    Unavailable(String),
    /// What it holds cannot be used by this build: a newer schema or form, a broken page.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
    /// The commit draws room under the limit that others have drawn meanwhile (R7): nothing was written, and the same
    /// events are decided again by what there is now.
    #[error("the room under the limit was drawn by others")]
    NoRoom,
    /// What was asked for is not kept any more (R10).
    #[error("what was asked for is older than what is kept: it begins with record {0}")]
    NotKept(u64),
}
