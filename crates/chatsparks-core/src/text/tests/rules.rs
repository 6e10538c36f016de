//! The rules as tables.
use super::super::*;
