//! What ChatSparks is tested against.
//!
//! * [`Model`]: the rules once more, slow and obvious. It shares no code with the engine but the plain
//!   types of events and documents and the normalisation of text; it keeps the whole history and looks
//!   things up by going through it. Where the engine and the model differ, one of them is wrong.
//! * [`generate`]: random workspaces and histories that are small and nasty, and shrink.
//! * [`warned`]: the warnings of a document, as the rule lists them.
//! * [`mod@store_suite`]: what every store has to pass.
//! * [`build`]: workspaces and histories for tests, written in a few words.

pub mod build;
mod driven;
pub mod fuzz;
pub mod generate;
pub mod lines;
mod matching;
mod model;
pub mod partitioned;
pub mod properties;
pub mod store_suite;
pub mod warned;

pub use driven::{Driven, drive};
pub use matching::{Looked, holds, question_mark_ends};
pub use model::{Model, Replayed, replay};
