//! Workspace documents: read, checked, compiled, and used once compiled.

use chatsparks_core::{
    BlockId, Comment, Effect, Engine, Envelope, Event, Instant, Message, Period, ProblemCode, Text,
    text::normalise,
    workspace::{Block, BlockKind, Condition, Flow, Workspace},
};
use chatsparks_replay::{DocumentError, Format, Replay, every_error, read_workspace};
use serde_json::Value;
use std::collections::BTreeSet;

const WHOLE: &str = include_str!("decide/workspace.json");

/// A document in JSON or TOML, or, where it begins with `=`, `-` or `+` and a `/`, lines that change one which holds: put a
/// JSON value at a JSON pointer, take one away, or put one at the end of a list.
///
/// It is read or told where reading stopped; it compiles, or every fault is told with a place that is there (F10): never
/// neither, never both. It has a fault where a plainer check finds one. It comes back as it was when it is written and
/// read. What compiles runs: each of its words as a comment, and some replies, with no more DMs in one decision than
/// its longest flow has blocks.
pub fn compile_workspace(data: &[u8]) {
    if let [b'=' | b'-' | b'+', b'/', ..] = data {
        let changed = changed(&String::from_utf8_lossy(data));
        if let Ok(workspace) = read(changed.to_string().as_bytes(), Format::Json) {
            examine(&workspace);
        }
        return;
    }
    for format in [Format::Json, Format::Toml] {
        if let Ok(workspace) = read(data, format) {
            examine(&workspace);
        }
    }
}

fn read(data: &[u8], format: Format) -> Result<Workspace, DocumentError> {
    let read = read_workspace(data, format);
    if let Err(error) = &read {
        assert!(!error.message().is_empty() && !error.to_string().is_empty(), "an error says something");
        // What else would have stopped the reader comes behind the place where it stopped.
        let all = every_error(data, format);
        assert_eq!(all.first(), Some(error), "of {} faults the first is where reading stopped", all.len());
        let lines = data.split(|&byte| byte == b'\n').count();
        assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)), "{error}: past the last line");
        assert!(error.column().is_none_or(|column| (1..=data.len() + 1).contains(&column)), "{error}: past the end");
    }
    read
}

/// The document that holds, with changes made to it.
fn changed(lines: &str) -> Value {
    let mut document: Value = serde_json::from_str(WHOLE).unwrap_or_else(|error| panic!("{error}"));
    for line in lines.lines().take(32) {
        let (pointer, value) = line.split_once(' ').unwrap_or((line, "null"));
        let (Some(how), Some(pointer)) = (pointer.chars().next(), pointer.get(1..)) else { continue };
        // A value that is no JSON is a text; one that begins with `@` is that of another pointer.
        let value = match value.strip_prefix('@') {
            Some(other) => document.pointer(other).cloned().unwrap_or(Value::Null),
            None => serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)),
        };
        let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let place = if how == '+' { document.pointer_mut(pointer) } else { document.pointer_mut(parent) };
        match (how, place) {
            ('+', Some(Value::Array(list))) if list.len() < 300 => list.push(value),
            ('=', Some(Value::Object(map))) => drop(map.insert(key.to_owned(), value)),
            ('-', Some(Value::Object(map))) => drop(map.remove(key)),
            ('=' | '-', Some(Value::Array(list))) => {
                if let Some(place) = key.parse().ok().filter(|place| *place < list.len()) {
                    if how == '=' { list[place] = value } else { drop(list.remove(place)) }
                }
            }
            _ => {}
        }
    }
    document
}

fn examine(workspace: &Workspace) {
    let checked = Engine::check(workspace);
    let written = serde_json::to_value(workspace).unwrap_or_else(|error| panic!("a workspace: {error}"));
    for problem in checked.faults.iter().chain(&checked.warnings) {
        assert!(!problem.message.is_empty(), "{problem:?}");
        is_there(&written, &problem.path);
    }
    let again: Workspace = serde_json::from_value(written).unwrap_or_else(|error| panic!("written and read: {error}"));
    assert_eq!(again, *workspace, "a workspace, written and read");
    assert_eq!(Engine::check(&again), checked, "the same document has the same problems");
    let plain = plain_faults(workspace);
    assert!(plain.is_empty() || !checked.faults.is_empty(), "F10: no fault is told of {plain:?}");
    let endless = checked.faults.iter().any(|fault| fault.code == ProblemCode::EndlessFlow);
    if endless && checked.faults.iter().all(|fault| fault.code == ProblemCode::EndlessFlow) {
        assert!(workspace.flows.iter().any(is_endless), "F10: no flow is endless");
    }
    match Engine::compile(workspace.clone()) {
        Ok(engine) => {
            assert_eq!(checked.faults, [], "what compiles has no fault");
            run(&engine);
            // F9: the same again is no change in place.
            assert!(engine.compile_next(workspace.clone()).is_ok(), "F9: the same document again");
        }
        Err(error) => {
            assert!(!error.faults().is_empty(), "what does not compile has a fault");
            assert_eq!(error.faults(), checked.faults, "`check` and `compile` tell the same");
        }
    }
}

/// A path of a problem leads to a place of the document: no index is past the end of its list.
fn is_there(document: &Value, path: &str) {
    let mut here = Some(document);
    for segment in path.split('.') {
        let (name, indexes) = segment.split_once('[').unwrap_or((segment, ""));
        if !name.is_empty() {
            here = here.and_then(|value| value.get(name));
        }
        for index in indexes.split_terminator('[').filter_map(|index| index.strip_suffix(']')) {
            let index: usize = index.parse().unwrap_or_else(|_| panic!("`{path}` is no path"));
            if let Some(Value::Array(list)) = here {
                assert!(index < list.len(), "`{path}` is not in the document");
                here = list.get(index);
            }
        }
    }
}

/// Faults of F10, looked for the plainest way; not all that there are.
fn plain_faults(workspace: &Workspace) -> Vec<String> {
    let mut faults = Vec::new();
    let mut once = |ids: Vec<String>, what: &str| {
        let count = ids.len();
        if ids.into_iter().collect::<BTreeSet<_>>().len() < count {
            faults.push(format!("{what} twice"));
        }
    };
    once(workspace.triggers.iter().map(|trigger| trigger.id.to_string()).collect(), "a trigger");
    once(workspace.posts.iter().map(|post| post.id.to_string()).collect(), "a post");
    once(workspace.products.iter().map(|product| product.id.to_string()).collect(), "a product");
    let skus = workspace.products.iter().flat_map(|product| &product.skus);
    once(skus.map(|sku| sku.id.to_string()).collect(), "a SKU");
    once(workspace.flows.iter().map(|flow| format!("{} {}", flow.version, flow.id)).collect(), "a flow");
    for flow in &workspace.flows {
        once(flow.blocks.iter().map(|block| block.id.to_string()).collect(), "a block");
        for block in &flow.blocks {
            if let BlockKind::QuickReplies(quick) = &block.kind {
                once(quick.options.iter().map(|option| option.id.to_string()).collect(), "an option");
            }
        }
    }
    for trigger in &workspace.triggers {
        if !workspace.flows.iter().any(|flow| flow.id == trigger.flow) {
            faults.push(format!("no flow `{}`", trigger.flow));
        }
        if words(&trigger.when).iter().any(|word| normalise(word).is_empty()) {
            faults.push("an empty keyword".to_owned());
        }
    }
    for flow in &workspace.flows {
        if flow.blocks.is_empty() {
            faults.push("a flow of no blocks".to_owned());
        }
        for block in &flow.blocks {
            let known = |goto: &&BlockId| flow.blocks.iter().any(|block| block.id == **goto);
            if let Some(goto) = gotos(block).into_iter().find(|goto| !known(goto)) {
                faults.push(format!("nothing at `{goto}`"));
            }
            let text = match &block.kind {
                BlockKind::Message(message) => Some(&message.text),
                BlockKind::Question(question) => Some(&question.text),
                BlockKind::QuickReplies(quick) => {
                    if !(1..=4).contains(&quick.options.len()) {
                        faults.push(format!("{} options", quick.options.len()));
                    }
                    Some(&quick.text)
                }
                BlockKind::Wait(wait) => {
                    if !(1..=30 * 86_400).contains(&wait.seconds) {
                        faults.push(format!("a wait of {} seconds", wait.seconds));
                    }
                    None
                }
                _ => None,
            };
            if text.is_some_and(|text| text.is_empty() || text.chars().count() > 6_000) {
                faults.push("a text empty or too long".to_owned());
            }
        }
        if is_endless(flow) {
            faults.push(format!("`{}` is endless", flow.id));
        }
    }
    faults
}

/// Every block that a block names.
fn gotos(block: &Block) -> Vec<&BlockId> {
    let mut gotos: Vec<&BlockId> = block.goto.iter().collect();
    match &block.kind {
        BlockKind::QuickReplies(quick) => {
            gotos.extend(quick.options.iter().filter_map(|option| option.goto.as_ref()));
            gotos.extend(quick.free_text.iter().filter_map(|free| free.goto.as_ref()));
        }
        BlockKind::Branch(branch) => {
            gotos.extend(branch.cases.iter().map(|case| &case.goto));
            gotos.extend(&branch.otherwise);
        }
        _ => {}
    }
    gotos
}

/// Whether a flow could run for ever without a person: a walk from each block, along what does not wait for one.
fn is_endless(flow: &Flow) -> bool {
    let place = |goto: &BlockId| flow.blocks.iter().position(|block| block.id == *goto);
    let next = |at: usize| -> Vec<usize> {
        let block = &flow.blocks[at];
        let on = block.goto.as_ref().map_or(Some(at + 1), place);
        match &block.kind {
            BlockKind::Question(_) | BlockKind::QuickReplies(_) | BlockKind::Handoff(_) => Vec::new(),
            BlockKind::Branch(branch) => {
                let cases = branch.cases.iter().filter_map(|case| place(&case.goto));
                let otherwise = branch.otherwise.as_ref().map_or(on, place);
                cases.chain(otherwise).collect()
            }
            _ => on.into_iter().collect(),
        }
    };
    (0..flow.blocks.len()).any(|start| {
        let mut seen = BTreeSet::new();
        let mut open = next(start);
        while let Some(at) = open.pop().filter(|_| seen.len() <= flow.blocks.len()) {
            if at == start {
                return true;
            }
            if at < flow.blocks.len() && seen.insert(at) {
                open.extend(next(at));
            }
        }
        false
    })
}

/// The words of a condition.
fn words(condition: &Condition) -> Vec<&String> {
    match condition {
        Condition::Keywords(keywords) => keywords.words.iter().collect(),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(words).collect(),
        Condition::Not(part) => words(part),
        _ => Vec::new(),
    }
}

/// What compiles runs: its words as comments, some replies, and time.
fn run(engine: &Engine) {
    let workspace = engine.workspace().clone();
    let longest = workspace.flows.iter().map(|flow| flow.blocks.len()).max().unwrap_or(0);
    let mut texts: Vec<&str> = vec!["PRICE? 😀", "ราคา 12"];
    for trigger in workspace.triggers.iter().take(12) {
        texts.extend(words(&trigger.when).into_iter().take(2).map(String::as_str));
    }
    texts.extend(workspace.products.iter().take(2).map(|product| product.name.as_str()));
    let post = workspace.posts.first().map_or_else(|| "v-unknown".into(), |post| post.id.clone());
    let start = Instant::from_milliseconds(1_772_445_600_000);
    let mut replay = Replay::new(engine.clone());
    let mut number = 0;
    let mut happen = |gap: Period, event: Event| {
        let envelope = Envelope { id: format!("e{number}").into(), at: start.after(gap), event };
        number += 1;
        replay.push(&envelope, |record| {
            let sent = record.decision.effects.iter().filter(|effect| matches!(effect, Effect::SendDm(_))).count();
            assert!(sent <= longest + 1, "F10: {sent} DMs of {longest} blocks in one decision");
        });
    };
    for (who, text) in (0..).zip(&texts) {
        let user_id = format!("u{}", who % 5);
        let comment = Comment {
            comment_id: format!("c{who}").into(),
            post_id: post.clone(),
            user_id: user_id.as_str().into(),
            handle: Some("mint".into()),
            text: Text::from(*text),
            posted_at: None,
            reply_to: None,
            direct_reply: true,
        };
        happen(Period::minutes(who), Event::Comment(comment));
        for (reply, said) in (0..).zip(["1", "none of it", "7", "2"]) {
            let message = Message {
                message_id: format!("m{who}-{reply}").into(),
                user_id: user_id.as_str().into(),
                handle: None,
                text: Some(Text::from(said)),
                option: None,
            };
            happen(Period::minutes(who), Event::Message(message));
        }
    }
    happen(Period::days(400), Event::Clock);
    let mut scratch = chatsparks_core::Scratch::default();
    engine.try_text(texts.last().unwrap_or(&""), Some(post.as_str()), &mut scratch).explain_all().for_each(drop);
}
