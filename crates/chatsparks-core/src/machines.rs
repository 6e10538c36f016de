//! The machines: what follows from an event or a timer, a rule a file. `decide` says which machine decides what; all of
//! them work on a `turn`, the copy of the state that one decision is made on.

pub(crate) mod answer;
pub(crate) mod attribution;
pub(crate) mod comment;
pub(crate) mod conversation;
pub(crate) mod cycle;
pub(crate) mod decide;
pub(crate) mod flow;
pub(crate) mod people;
pub(crate) mod placeholder;
pub(crate) mod reach;
pub(crate) mod receipts;
pub(crate) mod sensitive;
pub(crate) mod start;
pub(crate) mod turn;
pub(crate) mod usage;
