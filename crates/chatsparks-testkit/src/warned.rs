//! F10's warnings once more, slow and obvious: those that a document alone decides, without patterns and budgets.

use chatsparks_core::{
    BlockId,
    text::normalise,
    workspace::{Block, BlockKind, Condition, Expect, Flow, Replies, Scope, Test, Workspace},
};
use regex::Regex;
use std::collections::BTreeSet;

/// The codes that [`warnings`] knows of.
pub const KNOWN: &[&str] = &[
    "unknown_post",
    "unknown_tag",
    "unused_flow",
    "unreachable",
    "uncaptured_field",
    "long_wait",
    "same_option",
    "dead_case",
    "placeholder",
];

/// Path and code of each warning with a code in [`KNOWN`]; of uncaptured fields, those that a branch asks for. The
/// document has no faults. A case that an `expect` may bring is left out: what that admits is for others to say.
pub fn warnings(workspace: &Workspace) -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    for (at, trigger) in workspace.triggers.iter().enumerate() {
        let at = format!("triggers[{at}]");
        match &trigger.scope {
            Scope::All => {}
            Scope::Posts(posts) => unknown_posts(workspace, &format!("{at}.scope.posts"), posts, &mut found),
            Scope::Tags(tags) => {
                for (place, tag) in tags.iter().enumerate() {
                    if !workspace.posts.iter().any(|post| post.tags.contains(tag)) {
                        found.insert((format!("{at}.scope.tags[{place}]"), "unknown_tag"));
                    }
                }
            }
        }
        condition(workspace, &format!("{at}.when"), &trigger.when, &mut found);
        match &trigger.public_reply {
            Replies::One(text) => braces(format!("{at}.public_reply"), text, &mut found),
            Replies::Many(texts) => {
                for (place, text) in texts.iter().enumerate() {
                    braces(format!("{at}.public_reply[{place}]"), text, &mut found);
                }
            }
        }
    }
    for (at, flow) in workspace.flows.iter().enumerate() {
        let is_named = workspace.triggers.iter().any(|trigger| trigger.flow == flow.id);
        let is_highest = workspace.flows.iter().all(|other| other.id != flow.id || other.version <= flow.version);
        if !is_named && is_highest {
            found.insert((format!("flows[{at}]"), "unused_flow"));
        }
        let reached = reached(flow);
        for (place, block) in flow.blocks.iter().enumerate() {
            let at = format!("flows[{at}].blocks[{place}]");
            if !reached.contains(&place) {
                found.insert((at.clone(), "unreachable"));
            }
            self::block(workspace, &at, block, &mut found);
        }
    }
    found
}

fn condition(workspace: &Workspace, at: &str, when: &Condition, found: &mut BTreeSet<(String, &'static str)>) {
    match when {
        Condition::Posts(posts) => unknown_posts(workspace, &format!("{at}.posts"), posts, found),
        Condition::All(parts) | Condition::Any(parts) => {
            let name = if matches!(when, Condition::All(_)) { "all" } else { "any" };
            for (place, part) in parts.iter().enumerate() {
                condition(workspace, &format!("{at}.{name}[{place}]"), part, found);
            }
        }
        Condition::Not(part) => condition(workspace, &format!("{at}.not"), part, found),
        _ => {}
    }
}

fn unknown_posts(
    workspace: &Workspace,
    at: &str,
    posts: &[chatsparks_core::PostId],
    found: &mut BTreeSet<(String, &'static str)>,
) {
    for (place, post) in posts.iter().enumerate() {
        if !workspace.posts.iter().any(|known| known.id == *post) {
            found.insert((format!("{at}[{place}]"), "unknown_post"));
        }
    }
}

fn braces(at: String, text: &str, found: &mut BTreeSet<(String, &'static str)>) {
    if text.contains("{{") {
        found.insert((at, "placeholder"));
    }
}

fn block(workspace: &Workspace, at: &str, block: &Block, found: &mut BTreeSet<(String, &'static str)>) {
    match &block.kind {
        BlockKind::QuickReplies(ask) => {
            for (place, option) in ask.options.iter().enumerate() {
                let at = format!("{at}.quick_replies.options[{place}].label");
                braces(at.clone(), &option.label, found);
                let alike = |other: &str| {
                    let (this, other) = (normalise(&option.label), normalise(other));
                    this == other || (stripped(&this).is_some() && stripped(&this) == stripped(&other))
                };
                if ask.options[..place].iter().any(|above| alike(&above.label)) {
                    found.insert((at, "same_option"));
                }
            }
        }
        BlockKind::Branch(branch) => {
            let Some(values) = values(workspace, branch.field.as_str()) else { return };
            if values.is_empty() {
                let captured = workspace.flows.iter().flat_map(|flow| &flow.blocks).any(
                    |block| matches!(&block.kind, BlockKind::Question(question) if question.field == branch.field),
                );
                if !captured {
                    found.insert((format!("{at}.branch.field"), "uncaptured_field"));
                }
            }
            for (place, case) in branch.cases.iter().enumerate() {
                // A field that was never captured is empty.
                let may = |holds: &dyn Fn(&str) -> bool| holds("") || values.iter().any(|value| holds(value));
                let (name, comes) = match &case.test {
                    Test::Equals(text) => ("equals", may(&|value| value == normalise(text))),
                    Test::Contains(text) => ("contains", may(&|value| value.contains(&normalise(text)))),
                    Test::OneOf(texts) => ("one_of", may(&|value| texts.iter().any(|text| normalise(text) == value))),
                };
                if !comes && !values.is_empty() {
                    found.insert((format!("{at}.branch.cases[{place}].{name}"), "dead_case"));
                }
            }
        }
        BlockKind::Handoff(handoff) => {
            braces(format!("{at}.handoff.note"), handoff.note.as_deref().unwrap_or_default(), found);
        }
        BlockKind::Wait(wait) => {
            let reach = serde_json::to_value(&workspace.policy.reach).unwrap_or_default();
            let window = reach["window_hours"].as_i64().unwrap_or_default() * 3600;
            if reach["mode"] != "open" && wait.seconds > window {
                found.insert((format!("{at}.wait.seconds"), "long_wait"));
            }
        }
        _ => {}
    }
}

/// From the first letter or number to the last with its marks; none: it has neither.
fn stripped(text: &str) -> Option<String> {
    let kept = Regex::new(r"[\p{L}\p{N}](?:.*(?:\p{L}\p{M}*|\p{N})|\p{M}*)?").ok()?;
    let longest = kept.find(text)?.as_str();
    // A number at the end bears no marks.
    let bare = Regex::new(r"(\p{N})\p{M}+$").ok()?;
    Some(bare.replace(longest, "$1").into_owned())
}

/// What the field may hold, normalised; none: it may hold what a question admits, or anything.
fn values(workspace: &Workspace, field: &str) -> Option<BTreeSet<String>> {
    let mut values = BTreeSet::new();
    for block in workspace.flows.iter().flat_map(|flow| &flow.blocks) {
        match &block.kind {
            BlockKind::Question(question) if question.field == field => return None,
            BlockKind::QuickReplies(ask) => {
                if let Some(free) = &ask.free_text
                    && free.field.as_ref().or(ask.field.as_ref()).is_some_and(|into| into == field)
                {
                    return None;
                }
                if ask.field.as_ref().is_some_and(|into| into == field) {
                    values.extend(ask.options.iter().map(|option| normalise(&option.label)));
                }
            }
            _ => {}
        }
    }
    Some(values)
}

/// The blocks that the flow can come to.
fn reached(flow: &Flow) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([0]);
    loop {
        let more: BTreeSet<usize> = reached.iter().flat_map(|at| next(flow, *at)).collect();
        if more.is_subset(&reached) {
            return reached;
        }
        reached.extend(more);
    }
}

fn next(flow: &Flow, at: usize) -> Vec<usize> {
    let block = &flow.blocks[at];
    let go = |own: Option<&BlockId>| match own.or(block.goto.as_ref()) {
        Some(id) => flow.blocks.iter().position(|block| block.id == *id),
        None => Some(at + 1).filter(|next| *next < flow.blocks.len()),
    };
    let mut ways: Vec<Option<usize>> = Vec::new();
    match &block.kind {
        BlockKind::QuickReplies(ask) => {
            ways.extend(ask.options.iter().map(|option| go(option.goto.as_ref())));
            ways.extend(ask.free_text.as_ref().map(|free| go(free.goto.as_ref())));
        }
        BlockKind::Branch(branch) => {
            ways.extend(branch.cases.iter().map(|case| go(Some(&case.goto))));
            ways.push(go(branch.otherwise.as_ref()));
        }
        _ => ways.push(go(None)),
    }
    ways.into_iter().flatten().collect()
}

/// Whether a question that expects this could take the text (F3).
pub fn may_admit(expect: &Expect, text: &str) -> bool {
    let text = normalise(text);
    let fits = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&text));
    match expect {
        Expect::Number => fits(r"^[+-]?([0-9]+|[0-9]{1,3}([.,][0-9]{3})+)([.,][0-9]+)?$"),
        Expect::Email => fits(r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        Expect::Phone => {
            let kept: String =
                text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{2013}' | '(' | ')')).collect();
            Regex::new(r"^\+?[0-9]{7,15}$").is_ok_and(|pattern| pattern.is_match(&kept))
        }
        Expect::Pattern(pattern) => fits(&format!("(?i){pattern}")),
    }
}
