//! What is measured, a file a subject.

pub mod compile;
pub mod conversations;
pub mod growth;
pub mod insights;
pub mod matching;
pub mod memory;
pub mod normalise;
pub mod peers;
pub mod replay;
pub mod trials;
