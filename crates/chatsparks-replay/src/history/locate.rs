//! Where a flaw stands in its line, and what is wrong with a line that serde refused.
//!
//! Only lines that cannot be read come here, so it may take its time: the line is walked again, value
//! by value, each with the place where it is written.

use super::{
    error::{Flaw, HistoryErrorKind as Kind, Place, shown},
    raw::{FIELDS, LINK_FIELDS, ORDER_LINE_FIELDS, ORDER_LINES},
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// A flaw and the byte of the line where it stands.
pub(super) type Found = (usize, Flaw);

/// The byte at which a flaw stands: its value; the end of the object that misses a field.
pub(super) fn place(line: &str, flaw: &Flaw) -> usize {
    find(line, &flaw.place, flaw.kind).unwrap_or(0)
}

fn find(line: &str, place: &Place, kind: Kind) -> Option<usize> {
    let offset = |part: &str| (part.as_ptr() as usize).checked_sub(line.as_ptr() as usize);
    let field = place.field?;
    let mut scope = line;
    let mut name = field;
    if place.index.is_some() || place.inner.is_some() {
        let pairs: Pairs<'_> = serde_json::from_str(line).ok()?;
        scope = pairs.value(field)?.get();
        if let Some(index) = place.index {
            let list: Entries<'_> = serde_json::from_str(scope).ok()?;
            scope = list.0.get(index)?.get();
        }
        name = match place.inner {
            Some(inner) => inner,
            None => return offset(scope),
        };
    }
    if kind == Kind::MissingField {
        return offset(scope).map(|start| start + scope.trim_end().len().saturating_sub(1));
    }
    let pairs: Pairs<'_> = serde_json::from_str(scope).ok()?;
    offset(pairs.value(name)?.get())
}

/// What is wrong with a line that serde refused, and at which byte.
pub(super) fn diagnose(line: &str, error: &serde_json::Error) -> Found {
    let base = line.as_ptr() as usize;
    object(line, base, Place::default(), FIELDS).err().unwrap_or_else(|| {
        (position(line, error), Flaw { kind: Kind::Syntax, place: Place::default(), expected: sentence(error) })
    })
}

/// Walks one object: first whether it is one, then its names, then its values.
fn object(text: &str, base: usize, place: Place, fields: &'static [&'static str]) -> Result<(), Found> {
    let start = (text.as_ptr() as usize).saturating_sub(base);
    let pairs: Pairs<'_> = match serde_json::from_str(text) {
        Ok(pairs) => pairs,
        Err(error) if error.is_data() => {
            let begin = start + (text.len() - text.trim_start().len());
            let subject = if place == Place::default() { "the line".to_owned() } else { format!("field `{place}`") };
            return Err((
                begin,
                flaw(Kind::WrongKind, place, format!("{subject}: expected an object, found {}", kind_of(text))),
            ));
        }
        Err(error) => return Err((start + position(text, &error), flaw(Kind::Syntax, place, sentence(&error)))),
    };
    let within = if place == Place::default() { String::new() } else { format!(" in `{place}`") };
    for (index, (name, value)) in pairs.0.iter().enumerate() {
        let at = (value.get().as_ptr() as usize).saturating_sub(base);
        let Some(field) = fields.iter().find(|field| *field == name) else {
            let meant = crate::plain::nearest(name, fields.iter().copied());
            let meant = meant.map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"));
            let expected = format!("unknown field `{}`{within}{meant}", shown(name));
            return Err((at, flaw(Kind::UnknownField, place, expected)));
        };
        if pairs.0[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err((at, flaw(Kind::RepeatedField, place, format!("field `{field}`{within} is given twice"))));
        }
        let here = match place.field {
            None => Place::field(field),
            Some(_) => Place { inner: Some(field), ..place },
        };
        value_of(field, value.get(), base, here)?;
    }
    Ok(())
}

fn value_of(field: &str, text: &str, base: usize, place: Place) -> Result<(), Found> {
    let at = (text.as_ptr() as usize).saturating_sub(base);
    let wanted = match field {
        _ if text == "null" => return Ok(()),
        "workspace" => return Ok(()),
        "lines" => return lines(text, base, place),
        "link" => return object(text, base, place, LINK_FIELDS),
        "direct_reply" => matches!(text, "true" | "false").then_some(()).ok_or("true or false"),
        "amount_minor" | "total_minor" | "quantity" => {
            serde_json::from_str::<i64>(text).map(drop).map_err(|_| "a whole number within 64 bits")
        }
        _ if !text.starts_with('"') => Err("a text"),
        _ => match serde_json::from_str::<String>(text) {
            Ok(_) => Ok(()),
            Err(error) => return Err((at + position(text, &error), flaw(Kind::Syntax, place, sentence(&error)))),
        },
    };
    wanted.map_err(|wanted| {
        let expected = format!("field `{place}`: expected {wanted}, found {}", kind_of(text));
        (at, flaw(Kind::WrongKind, place, expected))
    })
}

fn lines(text: &str, base: usize, place: Place) -> Result<(), Found> {
    let at = (text.as_ptr() as usize).saturating_sub(base);
    let Ok(Entries(list)) = serde_json::from_str(text) else {
        let expected = format!("field `{place}`: expected a list of order lines, found {}", kind_of(text));
        return Err((at, flaw(Kind::WrongKind, place, expected)));
    };
    if list.len() > ORDER_LINES {
        let expected = format!("field `{place}`: expected at most {ORDER_LINES} lines");
        return Err((at, flaw(Kind::BadValue, place, expected)));
    }
    for (index, line) in list.into_iter().enumerate() {
        object(line.get(), base, Place { index: Some(index), ..place }, ORDER_LINE_FIELDS)?;
    }
    Ok(())
}

fn flaw(kind: Kind, place: Place, expected: String) -> Flaw {
    Flaw { kind, place, expected }
}

/// What kind of value a text of JSON is, without showing it.
fn kind_of(text: &str) -> &'static str {
    match text.trim_start().bytes().next() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The byte that an error of serde_json points at; it counts bytes from 1, in one line of text.
fn position(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut at = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What is wrong with a line that is no JSON.
fn sentence(error: &serde_json::Error) -> String {
    format!("not a JSON object: {}", crate::plain::sentence(error))
}

/// More members than a line can have without one that is unknown or repeated.
const MEMBERS: usize = 64;

/// The first members of an object in order, each value as it is written. The rest is read, so that its
/// syntax counts, and not kept.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Pairs<'a> {
    fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while pairs.len() < MEMBERS {
                    match map.next_entry()? {
                        Some(pair) => pairs.push(pair),
                        None => return Ok(Pairs(pairs)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Members)
    }
}

/// The entries of a list as they are written, as many as an order may have lines and one more.
struct Entries<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Entries<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while entries.len() <= ORDER_LINES {
                    match list.next_element()? {
                        Some(entry) => entries.push(entry),
                        None => return Ok(Entries(entries)),
                    }
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Entries(entries))
            }
        }
        from.deserialize_seq(List)
    }
}
