//! What stands in a text, and which triggers ask for it (N, C3, C4). This room knows documents, and no state.

pub(crate) mod condition;
pub(crate) mod matcher;
pub(crate) mod scope;
pub mod text;
