//! TOML: `toml_edit` keeps what it does not change, comments too.

use super::{Change, Double};
use toml_edit::{Array, ArrayOfTables, Decor, DocumentMut, Item, TableLike, Value};

/// The text with the change made; none where it is not the document that the change is of.
pub(super) fn changed(text: &str, change: &Change<'_>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let new = change.new;
    let of_trigger = |trigger: &mut dyn TableLike| {
        set(trigger, "id", new.trigger.as_str().into());
        set(trigger, "flow", new.flow.as_str().into());
        if let Some(status) = change.status {
            set(trigger, "status", status.into());
        }
    };
    let triggers = document.get_mut("triggers")?;
    match change.double {
        Double::InItsPlace => of_trigger(table(triggers, change.trigger)?),
        Double::Below => double(triggers, change.trigger, of_trigger)?,
    }
    let of_flow = |flow: &mut dyn TableLike| {
        set(flow, "id", new.flow.as_str().into());
        set(flow, "version", 1.into());
    };
    let flows = document.get_mut("flows")?;
    if change.keep_flow {
        double(flows, change.flow, of_flow)?;
    } else {
        of_flow(table(flows, change.flow)?);
        for place in change.other_versions.iter().rev() {
            remove(flows, *place)?;
        }
    }
    let written = document.to_string();
    // Line ends are all written alike.
    Some(if text.contains("\r\n") { written.replace("\r\n", "\n").replace('\n', "\r\n") } else { written })
}

/// Another value for a field, with what stands around the one that was there.
fn set(table: &mut dyn TableLike, name: &str, mut value: Value) {
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => {
            // The blank before a closing brace stays there.
            let last = table.iter_mut().last().and_then(|(_, last)| last.as_value_mut());
            let blank = |last: &Value| {
                let behind = last.decor().suffix().and_then(|behind| behind.as_str());
                behind.filter(|behind| behind.trim().is_empty()).map(str::to_owned)
            };
            if let Some(last) = last
                && let Some(behind) = blank(last)
            {
                last.decor_mut().set_suffix("");
                *value.decor_mut() = Decor::new(" ", behind);
            }
            table.insert(name, Item::Value(value));
        }
    }
}

fn table(list: &mut Item, place: usize) -> Option<&mut dyn TableLike> {
    match list {
        Item::ArrayOfTables(tables) => tables.get_mut(place).map(|table| table as &mut dyn TableLike),
        Item::Value(Value::Array(array)) => {
            array.get_mut(place)?.as_inline_table_mut().map(|table| table as &mut dyn TableLike)
        }
        _ => None,
    }
}

/// A copy of an item, itself changed, right behind it.
fn double(list: &mut Item, place: usize, change: impl FnOnce(&mut dyn TableLike)) -> Option<()> {
    match list {
        Item::ArrayOfTables(tables) => {
            let mut copy = tables.get(place)?.clone();
            // Without a place of its own it is written behind the one before it, all of it together.
            forget_place(&mut copy);
            change(&mut copy);
            let mut all = ArrayOfTables::new();
            for (at, table) in tables.iter().enumerate() {
                all.push(table.clone());
                if at == place {
                    all.push(copy.clone());
                }
            }
            *tables = all;
        }
        Item::Value(Value::Array(array)) => {
            let mut copy = array.get(place)?.clone();
            change(copy.as_inline_table_mut()?);
            insert_behind(array, place, copy);
        }
        _ => return None,
    }
    Some(())
}

/// The copy of an item goes behind it; what stands behind the last item, before the bracket, stays there.
fn insert_behind(array: &mut Array, place: usize, mut copy: Value) {
    if let Some(item) = array.get_mut(place) {
        let behind = item.decor().suffix().cloned();
        item.decor_mut().set_suffix("");
        if let Some(behind) = behind {
            copy.decor_mut().set_suffix(behind);
        }
        // A single item of a list in one line stands right behind the bracket.
        if copy.decor().prefix().and_then(|prefix| prefix.as_str()).is_some_and(str::is_empty) {
            copy.decor_mut().set_prefix(" ");
        }
    }
    array.insert_formatted(place + 1, copy);
}

fn remove(list: &mut Item, place: usize) -> Option<()> {
    match list {
        Item::ArrayOfTables(tables) => {
            tables.get(place)?;
            tables.remove(place);
        }
        Item::Value(Value::Array(array)) => {
            array.get(place)?;
            array.remove(place);
        }
        _ => return None,
    }
    Some(())
}

fn forget_place(table: &mut toml_edit::Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(table) => forget_place(table),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(forget_place),
            _ => {}
        }
    }
}
