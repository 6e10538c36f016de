//! More of what keeps a document from being read than the first place where reading stopped, for people.
//!
//! There is one description of a document, its types. So the rest is found by mending: what stopped the reader is
//! replaced by something it takes, and it reads on. What a stand-in then lacks is not told.

use super::{DocumentError, Format, path_text, read_workspace, toml_document};
use crate::plain::{nearest, quoted, sentence};
use chatsparks_core::workspace::Workspace;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;
use std::collections::BTreeMap;

/// Faults that are told at most.
const TOLD: usize = 20;
/// Times a document is read again at most, and bytes that are read again in all.
const READ_AGAIN: usize = 200;
const BYTES: usize = 64 << 20;

/// An instant that can be read.
const INSTANT: &str = "2026-01-01T00:00:00Z";

/// What keeps a document from being read as a workspace, as far as it can be told at once: first where reading
/// stopped, which [`read_workspace`] says too, then what else would have stopped it. Empty: it can be read.
///
/// In a text that is not JSON or TOML only the first is sure, but for the lines that TOML is read on from.
pub fn every_error(bytes: &[u8], format: Format) -> Vec<DocumentError> {
    let Err(first) = read_workspace(bytes, format) else { return Vec::new() };
    let Ok(text) = std::str::from_utf8(bytes) else { return vec![first] };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let tree = match format {
        Format::Json => serde_json::from_str(text).map_err(|_| Vec::new()),
        Format::Toml => toml_document::tree(text),
    };
    let more = match tree {
        Ok(tree) => Mending { tree, stand_ins: Vec::new(), renamed: Vec::new(), tried: BTreeMap::new() }
            .faults(BYTES / text.len().max(1)),
        Err(errors) => errors,
    };
    let again = |error: &DocumentError| error.path == first.path && error.message == first.message;
    let more: Vec<_> = more.into_iter().filter(|error| !again(error)).take(TOLD - 1).collect();
    std::iter::once(first).chain(more).collect()
}

/// A document that is changed until it can be read.
struct Mending {
    tree: Value,
    /// Where something stands that the document does not have; nothing is told of it.
    stand_ins: Vec<Way>,
    /// Fields that were given the name that was probably meant, and the name that they have.
    renamed: Vec<(Way, String)>,
    /// How many of the values that are known were tried at a place.
    tried: BTreeMap<String, usize>,
}

type Way = Vec<Step>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Item(usize),
}

impl Mending {
    fn faults(mut self, times: usize) -> Vec<DocumentError> {
        let mut faults = Vec::new();
        for _ in 0..times.min(READ_AGAIN) {
            let read: Result<Workspace, _> = serde_path_to_error::deserialize(&self.tree);
            let Err(error) = read else { break };
            let way = way(error.path());
            let said = error.inner().to_string();
            let about = match names_in(&said, "missing field ").first() {
                Some(field) => [&way[..], &[Step::Name((*field).to_owned())]].concat(),
                None => way.clone(),
            };
            if !self.stand_ins.iter().any(|stand_in| about.starts_with(stand_in)) {
                let path = self.written(path_text(&error));
                faults.push(DocumentError::new(path, None, &sentence(error.inner())));
            }
            if faults.len() == TOLD || !self.mend(way, about, &said) {
                break;
            }
        }
        faults
    }

    /// The path as the document has it: fields that were renamed by the name they have there.
    fn written(&self, mut path: String) -> String {
        // What was renamed last lies deepest.
        for (renamed, name) in self.renamed.iter().rev() {
            let at = text(renamed);
            let rest = path.strip_prefix(&at).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            if let Some(rest) = rest {
                let parent = text(&renamed[..renamed.len() - 1]);
                path = format!("{parent}{}{name}{rest}", if parent.is_empty() { "" } else { "." });
            }
        }
        path
    }

    /// Changes what the reader stopped at. False: nothing is known that helps.
    fn mend(&mut self, way: Way, about: Way, said: &str) -> bool {
        if let [name, known @ ..] = &names_in(said, "unknown field ")[..] {
            return self.rename(&way, name, known);
        }
        if let [name, known @ ..] = &names_in(said, "unknown variant ")[..] {
            let mut written = self.tree.pointer_mut(&pointer(&way));
            if let Some(Value::Object(_)) = &mut written
                && nearest(name, known.iter().copied()).is_some()
            {
                return self.rename(&way, name, known);
            }
            // Not every one of them stands for itself, so that each has its turn.
            let tried = self.tried.entry(pointer(&way)).or_default();
            *tried += 1;
            let Some(other) = known.get(*tried - 1) else { return false };
            return self.stand_in(way, json!(other));
        }
        if about != way {
            let Some(Step::Name(field)) = about.last().cloned() else { return false };
            let Some(Value::Object(object)) = self.tree.pointer_mut(&pointer(&way)) else { return false };
            object.insert(field, Value::Null);
            self.stand_ins.push(about);
            return true;
        }
        let stand_in = match said.rsplit_once(", expected ").map(|(_, expected)| expected) {
            Some("a string" | "a borrowed string") => json!("x"),
            // One that does not stand for itself, or as a text: the next is tried.
            Some("newtype variant") => Value::Null,
            Some("a boolean") => json!(false),
            Some("a sequence") => json!([]),
            Some("a map") => json!({}),
            Some("string or map" | "a text or a list of texts") => json!("x"),
            Some(number) if matches!(number.as_bytes(), [b'i' | b'u' | b'f', b'0'..=b'9', ..]) => json!(1),
            Some(object) if object.starts_with("struct ") => json!({}),
            Some(instant) if instant.starts_with("an instant") => json!(INSTANT),
            Some(block) if block.starts_with("a block") => json!({}),
            Some(choice) if choice.starts_with("enum ") => json!("x"),
            _ => return self.mend_sentence(way, said),
        };
        self.stand_in(way, stand_in)
    }

    /// Mends what the types themselves refuse, in sentences of their own.
    fn mend_sentence(&mut self, way: Way, said: &str) -> bool {
        let Some(value) = self.tree.pointer_mut(&pointer(&way)) else { return false };
        match value {
            Value::Object(block) if said.starts_with("a block needs one kind") => {
                block.insert("tag".to_owned(), json!({ "tag": "x" }));
            }
            Value::Object(block) if said.starts_with("a block has one kind") => {
                let mut kinds = 0;
                let kept: Map<_, _> = std::mem::take(block)
                    .into_iter()
                    .filter(|(name, _)| {
                        let is_kind = name != "id" && name != "goto";
                        kinds += usize::from(is_kind);
                        !is_kind || kinds == 1
                    })
                    .collect();
                *block = kept;
            }
            Value::Object(case) if said.starts_with("a case needs one of") => {
                case.retain(|name, _| name == "goto");
                case.insert("equals".to_owned(), json!("x"));
            }
            // Of texts only instants are refused for what they say.
            Value::String(_) if *value != INSTANT => *value = json!(INSTANT),
            _ => return false,
        }
        true
    }

    fn stand_in(&mut self, way: Way, value: Value) -> bool {
        match self.tree.pointer_mut(&pointer(&way)) {
            Some(place) if *place != value => {
                *place = value;
                self.stand_ins.push(way);
                true
            }
            _ => false,
        }
    }

    /// Gives a field the name that was probably meant, and takes it away where that is not known.
    fn rename(&mut self, way: &[Step], name: &str, known: &[&str]) -> bool {
        let parent = match way.split_last() {
            Some((Step::Name(last), parent)) if last == name => parent,
            _ => way,
        };
        let Some(Value::Object(object)) = self.tree.pointer_mut(&pointer(parent)) else { return false };
        let Some(value) = object.remove(name) else { return false };
        if let Some(meant) = nearest(name, known.iter().copied()).filter(|meant| !object.contains_key(*meant)) {
            object.insert(meant.to_owned(), value);
            self.renamed.push(([parent, &[Step::Name(meant.to_owned())]].concat(), name.to_owned()));
        }
        true
    }
}

/// The names that a sentence with this beginning has in backticks.
fn names_in<'t>(sentence: &'t str, beginning: &str) -> Vec<&'t str> {
    sentence.strip_prefix(beginning).map(quoted).unwrap_or_default()
}

/// A path as far as it is known.
fn way(path: &serde_path_to_error::Path) -> Way {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Step::Item(*index)),
        Segment::Map { key: name } | Segment::Enum { variant: name } => Some(Step::Name(name.clone())),
        Segment::Unknown => None,
    };
    path.iter().map_while(step).collect()
}

/// A way as paths are written.
fn text(way: &[Step]) -> String {
    let mut text = String::new();
    for step in way {
        match step {
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Name(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
        }
    }
    text
}

/// The JSON pointer of a way.
fn pointer(way: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Name(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        Step::Item(index) => format!("/{index}"),
    };
    way.iter().map(step).collect()
}
