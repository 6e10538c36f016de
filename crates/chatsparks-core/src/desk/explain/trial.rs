//! Trials: what the triggers would make of a text (C11).

use super::{Explained, Explanation, Under, Verdict, matched::Finder};
use crate::{
    TriggerId,
    engine::compile::Compiled,
    machines::comment::{Buffers, matched_part},
};
use std::fmt;

/// A text that was looked at once, and is told of every trigger that it is asked about (C11).
///
/// What is asked is what it costs: which of ten thousand triggers [match](Trial::matching) hangs on what stands in the
/// text, while [explaining](Trial::explain) them looks at each, and finds the words that matched, and where they stand.
///
/// ```
/// use chatsparks_core::{Engine, Scratch, workspace::Workspace};
/// let workspace: Workspace = serde_json::from_str(
///     r#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
///          "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "hi" } ],
///          "flows": [ { "id": "hi", "version": 1, "blocks": [ { "id": "hi", "message": { "text": "Hi" } } ] } ] }"#)?;
/// let (engine, mut scratch) = (Engine::compile(workspace)?, Scratch::default());
/// let mut trial = engine.try_text("PRICE?", None, &mut scratch);
/// assert_eq!(trial.matching().map(|trigger| trigger.as_str()).collect::<Vec<_>>(), ["price"]);
/// let matched = trial.explain("price").map(|told| told.matched).unwrap_or_default();
/// assert_eq!((matched[0].word.as_str(), matched[0].start, matched[0].end), ("price", 0, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Trial<'a> {
    pub(super) engine: &'a Compiled,
    pub(super) text: &'a str,
    /// The post it is tried under; none: scopes are not looked at.
    pub(super) under: Option<Under<'a>>,
    pub(super) buffers: &'a mut Buffers,
    /// What was found of words, once it was asked for.
    pub(super) matched: Option<Finder<'a>>,
}

impl fmt::Debug for Trial<'_> {
    /// Nothing of the text: somebody may have written it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Trial").finish_non_exhaustive()
    }
}

impl<'a> Trial<'a> {
    /// The triggers that match, in priority order: drafts too, where nothing but that keeps them from it. They are found
    /// as a comment finds them, from what stands in the text; the others are not looked at.
    pub fn matching(&mut self) -> impl Iterator<Item = &'a TriggerId> {
        let engine = self.engine;
        engine.all_that_match(self.under, self.buffers).into_iter().map(|number| &engine.triggers[number as usize].id)
    }

    /// Everything of one trigger; none: there is no such trigger.
    pub fn explain(&mut self, trigger: &str) -> Option<Explanation> {
        let number = self.engine.trigger_names.find(trigger)?;
        Some(self.explanation(number))
    }

    /// Everything of every trigger, in priority order.
    pub fn explain_all(&mut self) -> impl Iterator<Item = Explanation> {
        (0..self.engine.triggers.len() as u32).map(|number| self.explanation(number))
    }

    fn explanation(&mut self, number: u32) -> Explanation {
        let (engine, text) = (self.engine, self.text);
        let refusals = engine.match_refusals(number, self.under, self.buffers);
        let mut verdicts = refusals.into_iter().flatten().map(Verdict::of);
        Explanation {
            trigger: engine.triggers[number as usize].id.clone(),
            verdict: verdicts.next().unwrap_or_else(|| Verdict::of(Explained::Matches)),
            also: verdicts.collect(),
            matched: self.matched.get_or_insert_with(|| Finder::new(engine, text)).of(number as usize),
            cut: matched_part(text).1,
        }
    }
}
