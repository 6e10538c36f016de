//! A reset (D7) in the author's own text: JSON stays JSON and TOML stays TOML, with its layout and its comments, and
//! only what has to change does.

use crate::document::Document;
use chatsparks_core::{NewIds, TriggerId, workspace::TriggerStatus, workspace::Workspace};
use chatsparks_replay::{Format, read_workspace};

mod json;
mod toml;

/// What is to be changed, by places in the document.
struct Change<'a> {
    new: &'a NewIds,
    /// The trigger.
    trigger: usize,
    /// The flow's highest version.
    flow: usize,
    /// What becomes of the trigger.
    double: Double,
    /// The status that the double must be given; none: what it has will do.
    status: Option<&'static str>,
    /// Whether the flow stays as it is beside its double.
    keep_flow: bool,
    /// Other versions of the flow, that go with it.
    other_versions: Vec<usize>,
}

/// Where a trigger's double stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Double {
    InItsPlace,
    Below,
}

/// The document's text with a trigger reset or duplicated, as `changed` is. None: the text cannot be changed so that it
/// says that.
pub(crate) fn reset(
    document: &Document,
    old: &Workspace,
    changed: &Workspace,
    trigger: &TriggerId,
    new: &NewIds,
) -> Option<String> {
    let place = old.triggers.iter().position(|one| one.id == *trigger)?;
    let flow = &old.triggers[place].flow;
    let versions = || old.flows.iter().enumerate().filter(|(_, one)| one.id == *flow);
    let highest = versions().max_by_key(|(_, one)| one.version).map(|(place, _)| place)?;
    let double = if changed.triggers.iter().any(|one| one.id == *trigger) { Double::Below } else { Double::InItsPlace };
    let is_draft = old.triggers[place].status == TriggerStatus::Draft;
    let keep_flow = changed.flows.iter().any(|one| one.id == *flow);
    let change = Change {
        new,
        trigger: place,
        flow: highest,
        double,
        status: match double {
            Double::InItsPlace => is_draft.then_some("active"),
            Double::Below => (!is_draft).then_some("draft"),
        },
        keep_flow,
        other_versions: versions().map(|(place, _)| place).filter(|place| !keep_flow && *place != highest).collect(),
    };
    let text = match document.format {
        Format::Json => json::changed(&document.text, &change)?,
        Format::Toml => toml::changed(&document.text, &change)?,
    };
    // The text is only taken for the same when it reads as the same.
    let read = read_workspace(text.as_bytes(), document.format).ok()?;
    (flows_in_order(read) == flows_in_order(changed.clone())).then_some(text)
}

/// Flows have no order but that of their names and versions.
fn flows_in_order(mut workspace: Workspace) -> Workspace {
    workspace.flows.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
    workspace
}
