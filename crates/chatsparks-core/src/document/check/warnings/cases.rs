//! Cases of a branch that nothing can bring (F6): what a field may hold, and which cases ask for something else.

use crate::{
    OptionId, ProblemCode,
    document::check::{Place, Report, build_pattern, limits},
    document::workspace::{BlockKind, Branch, Expect, Flow, Test},
    matching::text::{is_dash, is_white_space, normalise},
};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of labels that all cases together are looked for in, and texts that all patterns are held against; past that
/// nothing is claimed.
const LOOKED_THROUGH: usize = 64 << 20;

/// What the blocks of all flows capture, by field: fields stay with the contact (V9), so any flow's will do.
pub(super) struct Captures<'a> {
    fields: BTreeMap<&'a str, Captured<'a>>,
    left: usize,
}

/// What may stand in one field.
#[derive(Default)]
struct Captured<'a> {
    /// Whatever a buyer writes.
    anything: bool,
    /// Labels, as they are compared, and the same in one text.
    labels: BTreeSet<String>,
    all_labels: String,
    /// The ids of the options, with their labels.
    ids: BTreeMap<String, (&'a OptionId, &'a str)>,
    /// What questions admit, each once.
    admitted: Vec<Admitted<'a>>,
}

struct Admitted<'a> {
    expect: &'a Expect,
    pattern: Option<regex::Regex>,
}

impl<'a> Captures<'a> {
    pub(super) fn of(flows: &'a [Flow]) -> Self {
        let mut captures = Self { fields: BTreeMap::new(), left: LOOKED_THROUGH };
        let mut patterns = 0;
        for block in flows.iter().flat_map(|flow| &flow.blocks) {
            match &block.kind {
                BlockKind::Question(question) => {
                    let field = captures.fields.entry(question.field.as_str()).or_default();
                    match &question.expect {
                        None => field.anything = true,
                        Some(expect) => field.admit(expect, &mut patterns),
                    }
                }
                BlockKind::QuickReplies(replies) => {
                    if let Some(field) = &replies.field {
                        let field = captures.fields.entry(field.as_str()).or_default();
                        for option in &replies.options {
                            field.labels.insert(normalise(&option.label));
                            field.ids.entry(normalise(option.id.as_str())).or_insert((&option.id, &option.label));
                        }
                    }
                    let free = replies.free_text.as_ref();
                    if let Some(field) = free.and_then(|free| free.field.as_ref().or(replies.field.as_ref())) {
                        captures.fields.entry(field.as_str()).or_default().anything = true;
                    }
                }
                _ => {}
            }
        }
        for field in captures.fields.values_mut() {
            for label in &field.labels {
                // Nothing that is normalised holds a line feed.
                field.all_labels.push_str(label);
                field.all_labels.push('\n');
            }
        }
        captures
    }

    /// Whether some block captures the field.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Tells the cases that can never hold; `at` is the place of the branch.
    pub(super) fn dead_cases(&mut self, at: &Place<'_>, branch: &Branch, report: &mut Report) {
        let Some(field) = self.fields.get(branch.field.as_str()).filter(|field| !field.anything) else { return };
        let list = at.field("cases");
        for (position, case) in branch.cases.iter().enumerate() {
            let left = &mut self.left;
            let (name, texts, comes) = match &case.test {
                Test::Equals(text) => ("equals", std::slice::from_ref(text), field.may_be(text, left)),
                Test::Contains(text) => ("contains", std::slice::from_ref(text), field.may_contain(text, left)),
                // A case without texts has a warning of its own.
                Test::OneOf(texts) => {
                    ("one_of", &texts[..], texts.is_empty() || texts.iter().any(|text| field.may_be(text, left)))
                }
            };
            if !comes {
                let at = list.item(position);
                field.tell(&at.field(name), branch.field.as_str(), texts, report);
            }
        }
    }
}

impl<'a> Captured<'a> {
    fn admit(&mut self, expect: &'a Expect, patterns: &mut usize) {
        if self.admitted.iter().any(|admitted| admitted.expect == expect) {
            return;
        }
        let pattern = match expect {
            Expect::Pattern(pattern) => {
                *patterns += 1;
                match build_pattern(pattern) {
                    // Past the limit, which is a fault, they are not compiled.
                    Ok(pattern) if *patterns <= limits::PATTERNS => Some(pattern),
                    _ => return self.anything = true,
                }
            }
            _ => None,
        };
        self.admitted.push(Admitted { expect, pattern });
    }

    /// Whether the field may hold this text. What normalises to nothing equals a field that was never captured.
    fn may_be(&self, text: &str, left: &mut usize) -> bool {
        let text = normalise(text);
        text.is_empty()
            || self.labels.contains(&text)
            || self.admitted.iter().any(|admitted| !spend(left, text.len() + 1) || admitted.may_be(&text))
    }

    /// Whether the field may hold a text that has this part.
    fn may_contain(&self, part: &str, left: &mut usize) -> bool {
        let part = normalise(part);
        part.is_empty()
            || self.admitted.iter().any(|admitted| admitted.may_contain(&part))
            || !spend(left, self.all_labels.len())
            || self.all_labels.contains(&part)
    }

    fn tell(&self, at: &Place<'_>, field: &str, texts: &[String], report: &mut Report) {
        let option = texts.iter().find_map(|text| self.ids.get(&normalise(text)));
        match option {
            Some((id, label)) => report.add(
                at,
                ProblemCode::DeadCase,
                format_args!("`{id}` is the id of an option; what `{field}` holds is its label, `{label}`"),
            ),
            None => report.add(
                at,
                ProblemCode::DeadCase,
                format_args!(
                    "this case never holds: no label of an option that goes into `{field}`, and nothing that a \
                     question for it admits, is like this"
                ),
            ),
        }
    }
}

/// What is admitted is looked at loosely, by the characters it has: nothing that may come is called dead.
impl Admitted<'_> {
    fn may_be(&self, text: &str) -> bool {
        match (self.expect, &self.pattern) {
            (Expect::Pattern(_), Some(pattern)) => pattern.is_match(text),
            (Expect::Email, _) => self.may_contain(text) && text.contains('@'),
            _ => self.may_contain(text) && text.bytes().any(|byte| byte.is_ascii_digit()),
        }
    }

    fn may_contain(&self, part: &str) -> bool {
        match self.expect {
            Expect::Number => part.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | ',')),
            Expect::Phone => part
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | '.' | '(' | ')') || is_dash(c) || is_white_space(c)),
            Expect::Email => !part.chars().any(is_white_space) && part.matches('@').count() <= 1,
            // It is found in some text, and what else that has nobody knows.
            Expect::Pattern(_) => true,
        }
    }
}

/// False when nothing is left to spend.
fn spend(left: &mut usize, bytes: usize) -> bool {
    *left = left.saturating_sub(bytes);
    *left > 0
}
