//! What the core promises, by its public names.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bad_input;
mod conversation_matrix;
mod corpus;
mod links;
mod matching_corpus;
mod packs;
mod stored;
mod talk;
