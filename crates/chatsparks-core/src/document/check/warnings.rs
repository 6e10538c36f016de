//! What is only suspicious (F10): told by `check`, and no reason to refuse a document.

mod cases;
pub(super) mod flows;
mod options;
pub(super) mod triggers;

use super::{Place, Report, limits};
use crate::{
    ProblemCode,
    document::workspace::{Connection, MatchMode, Workspace},
};

/// All that stands before the triggers.
pub(super) fn document(workspace: &Workspace, report: &mut Report) {
    let at = Place::top("connections");
    let (tiktok, shop) = (&workspace.connections.tiktok, &workspace.connections.shop);
    scopes(&at.field("tiktok"), tiktok, &["comments", "messages", "posts"], report);
    scopes(&at.field("shop"), shop, &["orders", "catalog"], report);
    let list = Place::top("products");
    for (position, product) in workspace.products.iter().enumerate() {
        let at = list.item(position);
        name(&at.field("name"), &product.name, report);
        for (position, alias) in product.aliases.iter().enumerate() {
            name(&at.field("aliases").item(position), alias, report);
        }
    }
    let list = Place::top("sensitive");
    for (position, entry) in workspace.sensitive.iter().flatten().enumerate() {
        let at = list.item(position);
        if entry.words.is_empty() {
            let message = format_args!("without words this entry never matches");
            report.add(&at.field("words"), ProblemCode::NoEffect, message);
        }
        for (position, word) in entry.words.iter().enumerate() {
            triggers::short(&at.field("words").item(position), word, MatchMode::Contains, false, report);
        }
        if !entry.handoff && entry.tag.is_none() {
            let message = format_args!("this entry neither hands off nor adds a tag, so it does nothing");
            report.add(&at, ProblemCode::NoEffect, message);
        }
    }
}

fn scopes(at: &Place<'_>, connection: &Connection, known: &[&str], report: &mut Report) {
    for (position, scope) in connection.scopes.iter().enumerate() {
        if !known.contains(&scope.as_str()) {
            let message = format_args!("there is no scope `{scope}` here; there are `{}`", known.join("`, `"));
            report.add(&at.field("scopes").item(position), ProblemCode::UnknownScope, message);
        }
    }
}

fn name(at: &Place<'_>, name: &str, report: &mut Report) {
    if limits::is_blank(name) {
        report.add(at, ProblemCode::NoEffect, format_args!("an empty name is never mentioned"));
    }
}

/// `{{` where nothing is expanded (F8).
fn literal_braces(at: &Place<'_>, text: &str, report: &mut Report) {
    if text.contains("{{") {
        let message = format_args!("placeholders are not filled in here: `{{{{` is shown as it stands");
        report.add(at, ProblemCode::Placeholder, message);
    }
}
