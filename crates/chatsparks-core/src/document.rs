//! What people write, and whether it holds: the workspace document and its check (F10). This room knows nothing of
//! what a document means to a decision.

pub(crate) mod check;
pub(crate) mod packs;
pub(crate) mod problem;
#[cfg(feature = "schema")]
mod schema;
pub mod workspace;
