//! What is measured, a file a subject.

pub mod compile;
pub mod matching;
pub mod normalise;
