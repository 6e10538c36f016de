//! Under construction in this commit; see `docs/architecture.md`.

pub mod fuzz;
