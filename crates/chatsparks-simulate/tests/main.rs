//! Seeds, and the defects and finds that they are known to tell.

#![allow(clippy::unwrap_used, clippy::panic)]

mod defects;
mod forecast;
mod found;
mod partitions;
mod seeds;
