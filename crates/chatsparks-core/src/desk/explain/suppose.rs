//! The smallest change that would have let a trigger fire, checked by looking at the comment again with the change made
//! (C10).

use super::{Evaluation, Gate, GateKind, LookedWord, Part, PartKind, Why, WhyKnown};
use crate::{
    CommentResult, Engine, Instant, Period, PostId, ProductId, Scratch, Text, TriggerId, UserId,
    document::workspace::{Condition, MatchMode, Post, Scope, Trigger, TriggerStatus, Workspace},
};
use serde::Serialize;
use std::sync::Arc;

mod start;

/// How often a change may call for another one, such as a trigger that is active now and outranked.
const ROUNDS: usize = 4;
/// Days that a listening window may have (F10).
const LONGEST_WINDOW: i64 = 365;

/// Changes that together would have let a trigger fire for a comment: the fewest that were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Counterfactual {
    /// The changes, in the order in which they are made.
    pub changes: Vec<Supposed>,
}

/// One change, to the workspace, to the comment, or to how its contact stood.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Supposed {
    /// Somebody else wrote it, not the workspace's own account (C1).
    AnotherAuthor,
    /// The creator account is connected, with the scope `comments` (C1).
    Connect,
    /// The listening window is longer (C1).
    Listen {
        /// So many days.
        days: i64,
    },
    /// The trigger is active (C2).
    Activate,
    /// The post is in the trigger's scope (C3).
    Scope {
        /// What the scope is then.
        scope: Scope,
    },
    /// A list of words is compared in another mode (N2).
    Match {
        /// Where the words stand.
        path: String,
        /// Their mode then.
        to: MatchMode,
        /// Their mode now.
        instead_of: MatchMode,
    },
    /// A list of words is compared without accents (N5).
    IgnoreAccents {
        /// Where the words stand.
        path: String,
    },
    /// A list of words is compared with runs of a letter squeezed (N6).
    Squeeze {
        /// Where the words stand.
        path: String,
    },
    /// A list of words has one more.
    AddWord {
        /// Where the words stand.
        path: String,
        /// The word.
        word: Text,
    },
    /// A list of words lacks some.
    RemoveWords {
        /// Where the words stand.
        path: String,
        /// Those that go.
        words: Vec<String>,
    },
    /// A list of posts has the comment's too.
    AddPost {
        /// Where the posts stand.
        path: String,
        /// The post.
        post: PostId,
    },
    /// A list of products has one more.
    AddProduct {
        /// Where the products stand.
        path: String,
        /// The product.
        product: ProductId,
    },
    /// The comment ends with a question mark (N8).
    QuestionMark,
    /// It is the contact's first comment (C4).
    FirstComment,
    /// It answers another comment (C4).
    Reply,
    /// A part of the condition is left out.
    LeaveOut {
        /// The part.
        path: String,
    },
    /// The trigger stands above another (C2).
    RankAbove {
        /// The other.
        trigger: TriggerId,
    },
    /// The contact is not blocked (C5).
    Unblock,
    /// The comment comes when the throttle has ended (C6).
    Later {
        /// When it ends.
        at: Instant,
    },
    /// No person has the conversation (C5).
    HandBack,
    /// The plan's limit is higher (M5).
    RaiseLimit {
        /// What it is then.
        to: u64,
    },
    /// The buyer writes a message in time (P2).
    BuyerWrites {
        /// Before then.
        until: Instant,
    },
    /// The scope `messages` is granted (C8).
    GrantMessages,
}

impl Counterfactual {
    /// Makes the changes.
    pub fn apply(&self, trigger: &str, workspace: &mut Workspace, evaluation: &mut Evaluation) {
        self.changes.iter().for_each(|change| change.apply(trigger, workspace, evaluation));
    }
}

impl Engine {
    /// The smallest change found that would have let a trigger fire for a comment; none: it did fire, there is no such
    /// trigger, or nothing near enough is known. Each answer was looked at again with the change made, and fires.
    ///
    /// It compiles the changed workspace, and so takes longer than explaining does.
    pub fn counterfactual(
        &self,
        evaluation: &Evaluation,
        trigger: &str,
        scratch: &mut Scratch,
    ) -> Option<Counterfactual> {
        let fires = |evaluation: &Evaluation| {
            evaluation.outcome.result.is_firing() && evaluation.outcome.trigger.as_ref().is_some_and(|id| id == trigger)
        };
        if fires(evaluation) || evaluation.outcome.result == CommentResult::Duplicate {
            return None;
        }
        let mut workspace = Workspace::clone(self.workspace());
        let (mut engine, mut supposed, mut changes) = (self.clone(), evaluation.clone(), Vec::new());
        for _ in 0..ROUNDS {
            let (_, why) = engine.why(&supposed, trigger, &WhyKnown::default(), scratch)?;
            let next = next_changes(&why, &supposed, engine.workspace())?;
            if next.is_empty() {
                return None;
            }
            next.iter().for_each(|change| change.apply(trigger, &mut workspace, &mut supposed));
            changes.extend(next);
            // Some of these are changes of the document that it cannot have, such as a condition left without parts.
            engine = Engine::compile(Arc::new(workspace.clone())).ok()?;
            supposed.outcome = engine.judge_again(&supposed, scratch);
            if fires(&supposed) {
                return Some(Counterfactual { changes });
            }
        }
        None
    }
}

/// A change for every gate that refuses; none: one of them has none.
fn next_changes(why: &Why, evaluation: &Evaluation, workspace: &Workspace) -> Option<Vec<Supposed>> {
    let mut changes = Vec::new();
    for Gate { kind, .. } in why.gates.iter().filter(|gate| gate.refuses) {
        changes.push(match kind {
            GateKind::NoMatch => {
                changes.extend(mend(&why.condition, true)?.changes);
                continue;
            }
            GateKind::OwnComment { .. } => Supposed::AnotherAuthor,
            GateKind::NotConnected { .. } => Supposed::Connect,
            GateKind::OutsideWindow { published_at, .. } => {
                let age = evaluation.at.as_milliseconds() - (*published_at)?.as_milliseconds();
                let days = age / Period::days(1).as_milliseconds() + 1;
                (days <= LONGEST_WINDOW).then_some(Supposed::Listen { days })?
            }
            GateKind::Draft => Supposed::Activate,
            GateKind::OutOfScope { scope, post_id, known, .. } => Supposed::Scope {
                scope: match scope {
                    Scope::Posts(posts) if *known => Scope::Posts(posts.iter().chain([post_id]).cloned().collect()),
                    Scope::Tags(tags) if *known => match tag_of(workspace, post_id) {
                        Some(tag) => Scope::Tags(tags.iter().cloned().chain([tag]).collect()),
                        None => Scope::Posts(vec![post_id.clone()]),
                    },
                    _ => Scope::All,
                },
            },
            GateKind::Outranked { winner } => Supposed::RankAbove { trigger: winner.clone()? },
            GateKind::BlockedContact => Supposed::Unblock,
            GateKind::Throttled { until, .. } => Supposed::Later { at: (*until)? },
            GateKind::WithHuman { .. } => Supposed::HandBack,
            GateKind::Duplicate
            | GateKind::Undeliverable { .. }
            | GateKind::Queued { .. }
            | GateKind::AwaitingMessage { .. } => return None,
        });
    }
    // Where parts go, the paths of those behind them change: they go last, and from the last on.
    changes.sort_by_key(|change| matches!(change, Supposed::LeaveOut { .. }));
    let from = changes.partition_point(|change| !matches!(change, Supposed::LeaveOut { .. }));
    changes[from..].reverse();
    Some(changes)
}

fn tag_of(workspace: &Workspace, post_id: &PostId) -> Option<crate::Tag> {
    let post: Option<&Post> = workspace.posts.iter().find(|post| post.id == *post_id);
    post?.tags.first().cloned()
}

/// What makes a part hold, or not hold, and how much that is.
struct Mended {
    changes: Vec<Supposed>,
    cost: usize,
}

impl Mended {
    fn one(change: Supposed, cost: usize) -> Option<Self> {
        Some(Self { changes: vec![change], cost })
    }

    fn all(mut parts: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        parts.try_fold(Self { changes: Vec::new(), cost: 0 }, |mut all, one| {
            let one = one?;
            all.changes.extend(one.changes);
            all.cost += one.cost;
            Some(all)
        })
    }

    fn cheapest(parts: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        parts.flatten().min_by_key(|mended| mended.cost)
    }
}

/// The cheapest change after which a part holds as wanted. What is nearest in the text costs least; leaving out what
/// stands beside the words costs most; and words are never left out, for then anything would fire.
fn mend(part: &Part, wanted: bool) -> Option<Mended> {
    if part.holds == wanted {
        return Some(Mended { changes: Vec::new(), cost: 0 });
    }
    let path = || part.path.clone();
    match (&part.kind, wanted) {
        (PartKind::All { parts }, true) => Mended::all(parts.iter().map(|one| {
            let beside = !matches!(
                one.kind,
                PartKind::Keywords { .. }
                    | PartKind::Pack { .. }
                    | PartKind::Pattern { .. }
                    | PartKind::Mentions { .. }
                    | PartKind::Any { .. }
            );
            let left_out = Mended::one(Supposed::LeaveOut { path: one.path.clone() }, 5);
            let left_out = left_out.filter(|_| beside && !one.holds && parts.len() > 1);
            Mended::cheapest([mend(one, true), left_out].into_iter())
        })),
        (PartKind::Any { parts }, true) | (PartKind::All { parts }, false) => {
            Mended::cheapest(parts.iter().map(|one| mend(one, wanted)))
        }
        (PartKind::Any { parts }, false) => Mended::all(parts.iter().map(|one| mend(one, false))),
        (PartKind::Not { of }, _) => mend(of, !wanted),
        (PartKind::Keywords { words, mode, .. }, true) => {
            let near = words.iter().filter_map(|word| Some((word, word.nearest.as_ref()?)));
            let (_, near) = near.filter(|(_, near)| !near.mark).min_by_key(|(_, near)| near.cost())?;
            let mut changes = Vec::new();
            if near.letter {
                changes.push(Supposed::AddWord { path: path(), word: near.text.clone() });
            }
            changes.extend(near.mode.map(|to| Supposed::Match { path: path(), to, instead_of: *mode }));
            changes.extend(near.ignore_accents.then(|| Supposed::IgnoreAccents { path: path() }));
            changes.extend(near.squeeze.then(|| Supposed::Squeeze { path: path() }));
            Some(Mended { changes, cost: near.cost() })
        }
        (PartKind::Keywords { words, others, .. }, false) => {
            let going = |word: &&LookedWord| word.holds;
            let gone: Vec<_> = words.iter().filter(going).map(|word| word.word.clone()).collect();
            let stays = *others > 0 || gone.len() < words.len();
            Mended::one(Supposed::RemoveWords { path: path(), words: gone }, 4).filter(|_| stays)
        }
        (PartKind::QuestionMark { .. }, true) => Mended::one(Supposed::QuestionMark, 2),
        (PartKind::FirstComment { .. }, true) => Mended::one(Supposed::FirstComment, 3),
        (PartKind::Reply { .. }, true) => Mended::one(Supposed::Reply, 3),
        (PartKind::Posts { post_id, .. }, true) => {
            Mended::one(Supposed::AddPost { path: path(), post: post_id.clone() }, 2)
        }
        (PartKind::Mentions { found, .. }, true) => {
            let product = found.first()?.product.clone();
            Mended::one(Supposed::AddProduct { path: path(), product }, 2)
        }
        _ => None,
    }
}

impl Supposed {
    /// Makes the change.
    pub fn apply(&self, trigger: &str, workspace: &mut Workspace, evaluation: &mut Evaluation) {
        let Evaluation { comment, at, seen, .. } = evaluation;
        match self {
            Self::AnotherAuthor => {
                comment.user_id = UserId::from(format!("{}-customer", comment.user_id));
            }
            Self::Connect => {
                let tiktok = &mut workspace.connections.tiktok;
                tiktok.connected = true;
                if !tiktok.scopes.iter().any(|scope| scope == "comments") {
                    tiktok.scopes.push("comments".to_owned());
                }
            }
            Self::Listen { days } => {
                workspace.plan.iter_mut().for_each(|plan| plan.listening_window_days = *days);
            }
            Self::GrantMessages => {
                let tiktok = &mut workspace.connections.tiktok;
                if !tiktok.scopes.iter().any(|scope| scope == "messages") {
                    tiktok.scopes.push("messages".to_owned());
                }
            }
            Self::RaiseLimit { to } => {
                let limit = i64::try_from(*to).unwrap_or(i64::MAX);
                workspace.plan.iter_mut().for_each(|plan| plan.mac_limit = limit);
            }
            // What the buyer does next is no part of the comment.
            Self::BuyerWrites { .. } => {}
            Self::QuestionMark => comment.text = Text::from(format!("{}?", comment.text.as_str())),
            Self::FirstComment => seen.commented = false,
            Self::Reply => comment.reply_to = Some("another".into()),
            Self::Unblock => seen.blocked = false,
            Self::Later { at: ends } => *at = (*at).max(*ends),
            Self::HandBack => seen.with_human = false,
            Self::RankAbove { trigger: other } => {
                let place = |id: &str| workspace.triggers.iter().position(|trigger| trigger.id == *id);
                if let (Some(from), Some(to)) = (place(trigger), place(other.as_str()))
                    && to < from
                {
                    workspace.triggers[to..=from].rotate_right(1);
                }
            }
            Self::Activate
            | Self::Scope { .. }
            | Self::Match { .. }
            | Self::IgnoreAccents { .. }
            | Self::Squeeze { .. }
            | Self::AddWord { .. }
            | Self::RemoveWords { .. }
            | Self::AddPost { .. }
            | Self::AddProduct { .. }
            | Self::LeaveOut { .. } => {
                let ours = workspace.triggers.iter_mut().find(|one| one.id == *trigger);
                ours.into_iter().for_each(|trigger| self.change(trigger));
            }
        }
    }

    /// Changes the trigger itself.
    fn change(&self, trigger: &mut Trigger) {
        match self {
            Self::Activate => trigger.status = TriggerStatus::Active,
            Self::Scope { scope } => trigger.scope = scope.clone(),
            Self::LeaveOut { path } => leave_out(&mut trigger.when, path),
            Self::Match { path, .. }
            | Self::IgnoreAccents { path }
            | Self::Squeeze { path }
            | Self::AddWord { path, .. }
            | Self::RemoveWords { path, .. }
            | Self::AddPost { path, .. }
            | Self::AddProduct { path, .. } => {
                if let Some(part) = part_at(&mut trigger.when, path) {
                    self.change_part(part);
                }
            }
            _ => {}
        }
    }

    fn change_part(&self, part: &mut Condition) {
        match (self, part) {
            (Self::Match { to, .. }, Condition::Keywords(keywords)) => keywords.mode = *to,
            (Self::IgnoreAccents { .. }, Condition::Keywords(keywords)) => keywords.ignore_accents = true,
            (Self::Squeeze { .. }, Condition::Keywords(keywords)) => keywords.squeeze = true,
            (Self::AddWord { word, .. }, Condition::Keywords(keywords)) => {
                keywords.words.push(word.as_str().to_owned());
            }
            (Self::RemoveWords { words, .. }, Condition::Keywords(keywords)) => {
                keywords.words.retain(|word| !words.contains(word));
            }
            (Self::AddPost { post, .. }, Condition::Posts(posts)) => posts.push(post.clone()),
            (Self::AddProduct { product, .. }, Condition::Mentions(mentions)) => {
                mentions.products.push(product.clone());
            }
            _ => {}
        }
    }
}

/// The part of a condition that a path of [`Part`] names.
fn part_at<'c>(when: &'c mut Condition, path: &str) -> Option<&'c mut Condition> {
    let mut steps = path.strip_prefix("when")?.split('.').skip(1);
    steps.try_fold(when, |part, step| match part {
        Condition::Not(part) => Some(&mut **part),
        Condition::All(parts) | Condition::Any(parts) => parts.get_mut(place(step)?),
        _ => None,
    })
}

/// Where a step of a path leads among the parts: `any[1]`.
fn place(step: &str) -> Option<usize> {
    step.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}

fn leave_out(when: &mut Condition, path: &str) {
    let Some((parent, step)) = path.rsplit_once('.') else { return };
    if let (Some(Condition::All(parts) | Condition::Any(parts)), Some(place)) = (part_at(when, parent), place(step))
        && place < parts.len()
    {
        parts.remove(place);
    }
}
