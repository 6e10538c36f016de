//! The desk: answers people, and decides nothing (C10, C11, I, W, D).

pub(crate) mod connection;
pub mod diagnosis;
pub(crate) mod explain;
pub mod final_state;
pub(crate) mod insights;
pub(crate) mod overlaps;
pub(crate) mod reset;
pub(crate) mod sign_in;
