//! The pure rules engine of ChatSparks.

pub mod text;
