//! D5: a flow repeats its question.

use super::{Advice, Answer, Case, Check, CheckCode, Diagnosis, DiagnosisKind};
use crate::{
    Instant, PendingFor,
    document::workspace::{Block, BlockKind, Expect},
};

/// What is known of a contact and the block that repeats.
#[derive(Clone, Copy, Debug)]
pub struct QuestionKnown<'a> {
    /// The block: a `question` or `quick_replies`; none: no block of a flow waits, or waited, for them.
    pub block: Option<&'a Block>,
    /// Replies to it that were not taken, each by its instant (F5).
    pub mismatches: &'a [Instant],
    /// Of them, those in a row since the block was last entered.
    pub in_a_row: u32,
    /// At how many in a row a person takes over.
    pub max_mismatches: i64,
    /// When the flow came to the block, each time.
    pub entered: &'a [Instant],
    /// Whether a person has the conversation by now.
    pub with_human: bool,
    /// What a start of theirs waits for.
    pub pending: Option<PendingFor>,
}

impl QuestionKnown<'_> {
    /// D5: mismatches so far; whether the block has a fallback; what would help.
    pub fn diagnose(&self) -> Diagnosis {
        let kind = self.block.map(|block| &block.kind);
        let helps = match kind {
            Some(BlockKind::QuickReplies(quick)) if quick.free_text.is_none() => Advice::AddFreeText,
            Some(BlockKind::Question(question)) if question.expect.is_some() => Advice::LoosenExpect,
            Some(BlockKind::Question(_)) => Advice::AskToWriteText,
            Some(BlockKind::QuickReplies(_)) => Advice::TapOrWrite,
            _ => self.pending.map_or(Advice::NothingAsks, Advice::about_wait),
        };
        let replies = match kind {
            None => Answer::Unknown,
            Some(_) => Answer::passes(self.mismatches.is_empty()),
        };
        let (fallback, free_text) = match kind {
            // A question takes any text as it is, unless it expects something.
            Some(BlockKind::Question(question)) => (Answer::passes(question.expect.is_none()), None),
            Some(BlockKind::QuickReplies(quick)) => {
                (Answer::passes(quick.free_text.is_some()), Some(quick.free_text.is_some()))
            }
            _ => (Answer::Unknown, None),
        };
        let expects = match kind {
            Some(BlockKind::Question(question)) => question.expect.as_ref().map(expects),
            _ => None,
        };
        let options = match kind {
            Some(BlockKind::QuickReplies(quick)) => Some(quick.options.len()),
            _ => None,
        };
        let once = match kind {
            None => Answer::Unknown,
            Some(_) => Answer::passes(self.entered.len() <= 1),
        };
        let now_human = if self.with_human { Advice::AnswerYourself } else { helps };
        let checks = vec![
            Check::new(CheckCode::RepliesTaken, replies, now_human)
                .with("block", self.block.map(|block| block.id.as_str()))
                .with("mismatches", self.mismatches.len())
                .with("in_a_row", self.in_a_row)
                .with("person_at", self.max_mismatches)
                .with("last_mismatch", self.mismatches.last().copied())
                .with("with_human", self.with_human),
            Check::new(CheckCode::HasFallback, fallback, helps)
                .with("kind", self.block.map(Block::kind_name))
                .with("free_text", free_text)
                .with("expects", expects)
                .with("options", options),
            Check::new(CheckCode::AskedOnce, once, if kind.is_none() { helps } else { Advice::LookAtGotos })
                .with("times_entered", self.entered.len())
                .with("last_entered", self.entered.last().copied()),
        ];
        let case = match (kind, self.pending) {
            (Some(_), _) if self.mismatches.is_empty() && self.entered.len() <= 1 => Case::QuestionAskedOnce,
            (Some(_), _) => Case::QuestionRepeats,
            (None, Some(PendingFor::Room)) => Case::StartForRoom,
            (None, Some(PendingFor::Message)) => Case::StartForBuyer,
            (None, None) => Case::NothingAsked,
        };
        Diagnosis::new(DiagnosisKind::QuestionRepeats, case, checks, Advice::FlowWaitsForReply)
    }
}

fn expects(expect: &Expect) -> &'static str {
    match expect {
        Expect::Number => "number",
        Expect::Email => "email",
        Expect::Phone => "phone",
        Expect::Pattern(_) => "pattern",
    }
}
