//! Defects that a store can be given: a simulator that finds none of them finds nothing.

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It acknowledges events, and does not log them.
    LosesAnAppend,
    /// It commits everything but an effect.
    HalfACommit,
    /// It commits everything but the contacts.
    LosesRows,
    /// It says that an outcome is written down, and it is not.
    LosesAnOutcome,
    /// It says that an attempt was written down, and it is not.
    BeginsNothing,
    /// It lets effects go whose lane is taken.
    ForgetsWhoIsBusy,
}

/// All of them.
pub const DEFECTS: [Defect; 6] = [
    Defect::LosesAnAppend,
    Defect::HalfACommit,
    Defect::LosesRows,
    Defect::LosesAnOutcome,
    Defect::BeginsNothing,
    Defect::ForgetsWhoIsBusy,
];
