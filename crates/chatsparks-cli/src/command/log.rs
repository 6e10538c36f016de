//! Under construction.
use crate::{failure::{Answer, Failure}, terminal::Terminal};
use clap::Args;

/// Under construction
#[derive(Args, Debug)]
pub(crate) struct Log { #[arg(long)] pub(crate) json: bool }
impl Log {
    pub(crate) fn run(&self, _: &Terminal) -> Result<Answer, Failure> { Ok(Answer::Done) }
    pub(crate) fn takes_standard_output(&self) -> bool { false }
}
