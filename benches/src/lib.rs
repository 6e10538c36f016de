//! Measures the engine against what it is built on and against others; see the README of this folder.

pub mod language;
pub mod measure;
pub mod naive;
pub mod random;
pub mod reference;
pub mod report;
pub mod rows;
pub mod serving;
pub mod shop;
pub mod synthetic;
