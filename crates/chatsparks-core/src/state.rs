//! What is now so: contacts, the head, changes, timers, and their stored forms. This room holds no rule of what follows
//! from what: it takes changes as they are.

pub(crate) mod agenda;
pub(crate) mod change;
pub(crate) mod contact;
pub(crate) mod head;
pub(crate) mod order;
pub(crate) mod stored;
pub(crate) mod throttle;
pub(crate) mod timer;
