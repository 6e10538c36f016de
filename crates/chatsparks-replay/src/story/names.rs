//! The names that a story uses, held against those that its workspace has: a misspelt one passes easily where
//! something is expected not to be.

use super::{
    Story,
    action::Action,
    assertion::{Assertion, Place},
    expectation::Expected,
    happening::Happening,
    report::StoryNote,
};
use chatsparks_core::{
    ActKind, UserId,
    text::normalise,
    workspace::{Block, BlockKind, Condition, Scope, Workspace},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many names are suggested.
const SUGGESTED: usize = 3;
/// How much alike two names have to be, of 1.
const ALIKE: f64 = 0.7;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Trigger,
    Block,
    Post,
    Field,
    Tag,
    Member,
    Choice,
}

/// The names that a workspace has, in every revision that a story runs through.
#[derive(Debug, Default)]
pub(super) struct Known {
    names: BTreeMap<Kind, BTreeSet<String>>,
    /// Labels that are filled in when they are sent: such a button may say anything.
    has_open_labels: bool,
}

impl Known {
    /// The names of one more revision.
    pub(super) fn add(&mut self, workspace: &Workspace) {
        for post in &workspace.posts {
            self.name(Kind::Post, post.id.as_str());
        }
        for trigger in &workspace.triggers {
            self.name(Kind::Trigger, trigger.id.as_str());
            if let Scope::Posts(posts) = &trigger.scope {
                posts.iter().for_each(|post| self.name(Kind::Post, post.as_str()));
            }
            self.posts_of(&trigger.when);
        }
        if let Some(sensitive) = &workspace.sensitive {
            sensitive.iter().filter_map(|entry| entry.tag.as_ref()).for_each(|tag| self.name(Kind::Tag, tag.as_str()));
        }
        workspace.flows.iter().flat_map(|flow| &flow.blocks).for_each(|block| self.block(block));
        for member in &workspace.members {
            self.name(Kind::Member, member.email.as_str());
        }
    }

    fn block(&mut self, block: &Block) {
        self.name(Kind::Block, block.id.as_str());
        match &block.kind {
            BlockKind::Question(question) => self.name(Kind::Field, question.field.as_str()),
            BlockKind::QuickReplies(quick) => {
                let free_text = quick.free_text.as_ref().and_then(|free_text| free_text.field.as_ref());
                for field in quick.field.iter().chain(free_text) {
                    self.name(Kind::Field, field.as_str());
                }
                for option in &quick.options {
                    self.has_open_labels |= option.label.contains('{');
                    self.name(Kind::Choice, option.id.as_str());
                    self.name(Kind::Choice, &option.label);
                }
            }
            BlockKind::Branch(branch) => self.name(Kind::Field, branch.field.as_str()),
            BlockKind::Tag(tag) => self.name(Kind::Tag, tag.tag.as_str()),
            _ => {}
        }
    }

    /// A condition may name posts that the workspace does not list.
    fn posts_of(&mut self, condition: &Condition) {
        match condition {
            Condition::Posts(posts) => posts.iter().for_each(|post| self.name(Kind::Post, post.as_str())),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.posts_of(part)),
            Condition::Not(part) => self.posts_of(part),
            _ => {}
        }
    }

    fn name(&mut self, kind: Kind, name: &str) {
        self.names.entry(kind).or_default().insert(name.to_owned());
    }

    /// What a story names that no revision has, line by line.
    pub(super) fn notes(&self, story: &Story) -> Vec<StoryNote> {
        let mut notes = Vec::new();
        let people = story.steps.iter().filter_map(|step| super::subject(&step.action));
        let cast: BTreeSet<&UserId> = people.clone().map(|person| &person.user_id).collect();
        for step in &story.steps {
            self.look_at(step.line, &used_by(&step.action), &mut notes);
            for (line, expectation) in &step.expectations {
                if let Some(about) = expectation.about.as_ref().filter(|about| !cast.contains(&about.user_id)) {
                    let name = about.handle.clone().unwrap_or_else(|| about.user_id.to_string());
                    let handles = people.clone().filter_map(|person| person.handle.as_deref());
                    let near = nearest(&name, handles.collect::<BTreeSet<_>>().into_iter());
                    notes.push(StoryNote { line: line + 1, what: "person", name, near });
                }
                self.look_at(*line, &named_in(&expectation.what), &mut notes);
            }
        }
        notes
    }

    fn look_at(&self, line: usize, used: &[(&[Kind], &str)], notes: &mut Vec<StoryNote>) {
        for (kinds, name) in used {
            if kinds.iter().any(|kind| self.has(*kind, name)) {
                continue;
            }
            let known = kinds.iter().filter_map(|kind| self.names.get(kind)).flatten().map(String::as_str);
            let near = nearest(name, known);
            // A workspace need not list its posts: only one that looks like another is probably misspelt.
            if *kinds == [Kind::Post] && near.is_empty() {
                continue;
            }
            let what = kinds.first().map_or("", |kind| kind.as_str());
            notes.push(StoryNote { line: line + 1, what, name: (*name).to_owned(), near });
        }
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        let Some(known) = self.names.get(&kind) else { return false };
        known.contains(name)
            || match kind {
                Kind::Member => known.iter().any(|known| normalise(known) == normalise(name)),
                Kind::Choice => self.has_open_labels || known.iter().any(|known| known.trim() == name.trim()),
                _ => false,
            }
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Block => "block",
            Self::Post => "post",
            Self::Field => "field",
            Self::Tag => "tag",
            Self::Member => "member",
            Self::Choice => "option",
        }
    }
}

/// The names that an action uses, and what each may stand for.
fn used_by(action: &Action) -> Vec<(&[Kind], &str)> {
    match action {
        Action::Comment(comment) => vec![(&[Kind::Post], &comment.post)],
        Action::Taps { option, .. } => vec![(&[Kind::Choice], option)],
        Action::Act { member, kind: ActKind::Assign(to), .. } => {
            vec![(&[Kind::Member], member.as_str()), (&[Kind::Member], to.as_str())]
        }
        Action::Act { member, .. } | Action::MemberMessage { member, .. } | Action::Review { member, .. } => {
            vec![(&[Kind::Member], member.as_str())]
        }
        _ => Vec::new(),
    }
}

/// The names that an expectation uses, and what each may stand for.
fn named_in(expected: &Expected) -> Vec<(&[Kind], &str)> {
    match expected {
        Expected::Happens(happening) => match happening {
            Happening::Comment { trigger, .. } | Happening::Begins(trigger) | Happening::Dropped { trigger, .. } => {
                trigger.iter().map(|trigger| (&[Kind::Trigger][..], trigger.as_str())).collect()
            }
            Happening::Order(order) => {
                let to = order.to.iter().map(|to| (&[Kind::Trigger, Kind::Member][..], to.as_str()));
                to.chain(order.block.iter().map(|block| (&[Kind::Block][..], block.as_str()))).collect()
            }
            Happening::Inbox { owner: member, .. } | Happening::Sent { by: member, .. } => {
                member.iter().map(|member| (&[Kind::Member][..], member.as_str())).collect()
            }
            _ => Vec::new(),
        },
        Expected::Is(assertion) => match assertion {
            Assertion::Field(field, _) => vec![(&[Kind::Field], field)],
            Assertion::Tag(tag, _) => vec![(&[Kind::Tag], tag)],
            Assertion::Owner(Some(owner)) => vec![(&[Kind::Member], owner)],
            Assertion::At(Place::Block(block)) => vec![(&[Kind::Block], block)],
            Assertion::NotConsidered(trigger) => vec![(&[Kind::Trigger], trigger)],
            Assertion::Trigger { trigger, winner, .. } => {
                let both = [Some(trigger), winner.as_ref()].into_iter().flatten();
                both.map(|trigger| (&[Kind::Trigger][..], trigger.as_str())).collect()
            }
            _ => Vec::new(),
        },
        Expected::Nothing | Expected::More => Vec::new(),
    }
}

/// The names that look most like one that is not known, best first.
pub(super) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let likeness = |known: &'a str| {
        let lower = known.to_lowercase();
        // Two letters that changed places leave little of a short name, and yet are one slip.
        let slip = wanted.len() > 2 && strsim::damerau_levenshtein(&wanted, &lower) == 1;
        (if slip { 1.0 } else { strsim::jaro_winkler(&wanted, &lower) }, known)
    };
    let mut alike: Vec<_> = known.map(likeness).filter(|(likeness, _)| *likeness > ALIKE).collect();
    alike.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    alike.into_iter().take(SUGGESTED).map(|(_, name)| name.to_owned()).collect()
}

/// The end of a sentence that suggests them.
pub(super) fn suggestion(near: &[String]) -> String {
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}
