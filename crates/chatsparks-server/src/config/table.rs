//! Tables of a configuration, read key by key: everything wrong is gathered, each thing with its line and column.

use super::{Fault, Faults};
use std::{collections::BTreeMap, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is read, and what was wrong so far.
pub(super) struct Reading<'t> {
    pub(super) text: &'t str,
    pub(super) faults: Faults,
}

impl Reading<'_> {
    /// Something wrong at a place in the text.
    pub(super) fn fault(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let (line, column) = place(self.text, span.start);
        self.faults.push(Fault { line, column, message: message.into(), help: help.into() });
    }
}

/// Line and column of a byte, both from 1; columns count characters.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A table, and which of its keys were asked for.
pub(super) struct Table<'t> {
    /// Where it stands.
    pub(super) span: Range<usize>,
    /// What it is called in messages, such as `[limits]`.
    name: &'static str,
    entries: BTreeMap<&'t str, Entry<'t>>,
    known: Vec<&'static str>,
}

#[derive(Clone)]
struct Entry<'t> {
    key: Range<usize>,
    value: &'t Spanned<DeValue<'t>>,
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'t> Table<'t> {
    pub(super) fn new(name: &'static str, table: &'t DeTable<'t>, span: Range<usize>) -> Self {
        let entries = table.iter().map(|(key, value)| (key.get_ref().as_ref(), Entry { key: key.span(), value }));
        Self { span, name, entries: entries.collect(), known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Entry<'t>> {
        self.known.push(key);
        self.entries.remove(key)
    }

    /// A text.
    pub(super) fn text(&mut self, reading: &mut Reading<'_>, key: &'static str) -> Option<At<&'t str>> {
        let entry = self.take(key)?;
        let Some(value) = entry.value.get_ref().as_str() else {
            return wrong(reading, key, entry.value, "a text in quotes");
        };
        Some(At { value, span: entry.value.span() })
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, reading: &mut Reading<'_>, key: &'static str, help: &str) -> Option<At<&'t str>> {
        if !self.entries.contains_key(key) {
            let span = self.span.clone();
            reading.fault(&span, format!("{}: missing key `{key}`", self.name), help);
        }
        self.text(reading, key)
    }

    /// A whole number within bounds.
    pub(super) fn whole(
        &mut self,
        reading: &mut Reading<'_>,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let entry = self.take(key)?;
        let wanted = || format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let Some(integer) = entry.value.get_ref().as_integer() else {
            return wrong(reading, key, entry.value, &wanted());
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Some(number),
            None => wrong(reading, key, entry.value, &wanted()),
        }
    }

    /// True or false.
    pub(super) fn truth(&mut self, reading: &mut Reading<'_>, key: &'static str) -> Option<At<bool>> {
        let entry = self.take(key)?;
        match entry.value.get_ref().as_bool() {
            Some(value) => Some(At { value, span: entry.value.span() }),
            None => wrong(reading, key, entry.value, "true or false"),
        }
    }

    /// Texts: one, or a list of them.
    pub(super) fn texts(&mut self, reading: &mut Reading<'_>, key: &'static str) -> Vec<At<&'t str>> {
        let wanted = "a text in quotes, or a list of such texts";
        self.several(key)
            .into_iter()
            .filter_map(|value| match value.get_ref().as_str() {
                Some(text) => Some(At { value: text, span: value.span() }),
                None => wrong(reading, key, value, wanted),
            })
            .collect()
    }

    /// One value, or each of a list.
    pub(super) fn several(&mut self, key: &'static str) -> Vec<&'t Spanned<DeValue<'t>>> {
        match self.take(key).map(|entry| entry.value) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(list) => list.iter().collect(),
                _ => vec![value],
            },
        }
    }

    /// A table inside this one.
    pub(super) fn table(
        &mut self,
        reading: &mut Reading<'_>,
        key: &'static str,
        name: &'static str,
    ) -> Option<Table<'t>> {
        let entry = self.take(key)?;
        match entry.value.get_ref() {
            DeValue::Table(table) => Some(Table::new(name, table, entry.key)),
            _ => wrong(reading, key, entry.value, &format!("a table: `{name}`")),
        }
    }

    /// Tables inside this one, at least one.
    pub(super) fn tables(
        &mut self,
        reading: &mut Reading<'_>,
        key: &'static str,
        name: &'static str,
    ) -> Vec<Table<'t>> {
        let wanted = format!("tables: each begins with `{name}`");
        let Some(entry) = self.take(key) else {
            reading.fault(
                &self.span.clone(),
                format!("there is no `{name}`"),
                format!("add one: it begins with `{name}`"),
            );
            return Vec::new();
        };
        let DeValue::Array(list) = entry.value.get_ref() else {
            let none: Option<Table<'_>> = wrong(reading, key, entry.value, &wanted);
            return none.into_iter().collect();
        };
        let tables = list.iter().filter_map(|value| match value.get_ref() {
            DeValue::Table(table) => Some(Table::new(name, table, value.span())),
            _ => wrong(reading, key, value, &wanted),
        });
        tables.collect()
    }

    /// Nothing else may stand in it.
    pub(super) fn end(self, reading: &mut Reading<'_>) {
        for (key, entry) in &self.entries {
            let shown: String = key.chars().take(64).collect();
            let nearest = self
                .known
                .iter()
                .max_by(|one, other| strsim::jaro_winkler(key, one).total_cmp(&strsim::jaro_winkler(key, other)));
            let help = match nearest.filter(|near| strsim::jaro_winkler(key, near) > 0.8) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("what may stand here: {}", self.known.join(", ")),
            };
            reading.fault(&entry.key, format!("{}: unknown key `{shown}`", self.name), help);
        }
    }
}

/// A value of the wrong kind, which is not shown: it may be a secret.
fn wrong<T>(reading: &mut Reading<'_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "an instant",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = match found == wanted || wanted.starts_with(found) {
        true => format!("`{key}`: expected {wanted}"),
        false => format!("`{key}`: expected {wanted}, found {found}"),
    };
    reading.fault(&value.span(), message, "");
    None
}
