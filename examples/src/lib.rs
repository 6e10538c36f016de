//! The examples of ChatSparks: programs to read, and the shop that they and the tests replay.

pub mod glow;
