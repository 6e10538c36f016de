//! The one driver: it sequences events and timers, for a whole workspace or for one partition of many, and judges
//! nothing (T3–T5, A1).

mod before_a_store;
pub(crate) mod partition;
pub(crate) mod record;
pub(crate) mod retrace;
pub(crate) mod route;
pub(crate) mod row;
pub(crate) mod shelf;
