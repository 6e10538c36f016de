//! JSON: pieces of the text are put in the place of others, and all that stands around them stays.

use super::{Change, Double};
use crate::source_map::strict;
use jsonc_parser::{ast, common::Ranged};
use std::ops::Range;

/// Something else in the place of a piece of the text.
type Edit = (Range<usize>, String);

/// The text with the change made; none where it is not the document that the change is of.
pub(super) fn changed(text: &str, change: &Change<'_>) -> Option<String> {
    let parsed = jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict()).ok()?;
    let ast::Value::Object(root) = parsed.value? else { return None };
    let (triggers, flows) = (list(&root, "triggers")?, list(&root, "flows")?);
    let (trigger, flow) = (object(triggers, change.trigger)?, object(flows, change.flow)?);
    let in_trigger = of_trigger(text, trigger, change)?;
    let in_flow = vec![value(flow, "id", quoted(change.new.flow.as_str()))?, value(flow, "version", "1".to_owned())?];
    let mut edits = Vec::new();
    match change.double {
        Double::InItsPlace => edits.extend(in_trigger),
        Double::Below => edits.push(doubled(text, triggers, change.trigger, in_trigger)?),
    }
    if change.keep_flow {
        edits.push(doubled(text, flows, change.flow, in_flow)?);
    } else {
        edits.extend(in_flow);
        edits.extend(change.other_versions.iter().filter_map(|place| without(flows, *place, change.flow)));
    }
    Some(apply(text, 0..text.len(), edits))
}

fn of_trigger(text: &str, trigger: &ast::Object<'_>, change: &Change<'_>) -> Option<Vec<Edit>> {
    let id = value(trigger, "id", quoted(change.new.trigger.as_str()))?;
    let behind_id = id.0.end;
    let mut edits = vec![id, value(trigger, "flow", quoted(change.new.flow.as_str()))?];
    if let Some(status) = change.status {
        // Left out, it goes behind the id, as what follows there does.
        let added = || {
            let starts = trigger.properties.iter().map(|property| property.name.range().start);
            let next = starts.filter(|start| *start > behind_id).min();
            let between = next.and_then(|next| text.get(behind_id..next)).unwrap_or(", ");
            (behind_id..behind_id, format!("{between}\"status\": {}", quoted(status)))
        };
        edits.push(value(trigger, "status", quoted(status)).unwrap_or_else(added));
    }
    Some(edits)
}

fn list<'a, 't>(root: &'a ast::Object<'t>, name: &str) -> Option<&'a [ast::Value<'t>]> {
    match &root.properties.iter().find(|property| property.name.as_str() == name)?.value {
        ast::Value::Array(list) => Some(&list.elements),
        _ => None,
    }
}

fn object<'a, 't>(list: &'a [ast::Value<'t>], place: usize) -> Option<&'a ast::Object<'t>> {
    match list.get(place)? {
        ast::Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Another value for a field that is there.
fn value(object: &ast::Object<'_>, name: &str, written: String) -> Option<Edit> {
    let property = object.properties.iter().find(|property| property.name.as_str() == name)?;
    Some((range(&property.value), written))
}

/// A copy of an item, itself changed, right behind it.
fn doubled(text: &str, list: &[ast::Value<'_>], place: usize, edits: Vec<Edit>) -> Option<Edit> {
    let item = range(list.get(place)?);
    let (before, behind) = (place.checked_sub(1).and_then(|place| list.get(place)), list.get(place + 1));
    // What stands between two items stands between these; of a single one, what stands before it.
    let between = match (before, behind) {
        (Some(before), _) => text.get(range(before).end..item.start)?.to_owned(),
        (None, Some(behind)) => text.get(item.end..range(behind).start)?.to_owned(),
        (None, None) => {
            let blank = text[..item.start].trim_end_matches([' ', '\t', '\r', '\n']).len();
            format!(",{}", &text[blank..item.start])
        }
    };
    let copy = apply(text, item.clone(), edits);
    Some((item.end..item.end, between + &copy))
}

/// An item gone, with the comma that stood between it and the one that stays.
fn without(list: &[ast::Value<'_>], place: usize, stays: usize) -> Option<Edit> {
    let item = range(list.get(place)?);
    let gone = match place < stays {
        true => item.start..range(list.get(place + 1)?).start,
        false => range(list.get(place.checked_sub(1)?)?).end..item.end,
    };
    Some((gone, String::new()))
}

/// A part of the text with edits made that lie in it and do not overlap.
fn apply(text: &str, part: Range<usize>, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(part.len());
    let mut at = part.start;
    for (range, written) in edits {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&written);
        at = range.end;
    }
    out.push_str(text.get(at..part.end).unwrap_or_default());
    out
}

fn range(value: &ast::Value<'_>) -> Range<usize> {
    let range = value.range();
    range.start..range.end
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
