//! How a condition is read. One name says what it is, as for any other choice; only a pack has a second field beside it.

use super::{Condition, Pack};
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, Unexpected},
};
use std::fmt;

/// What conditions are called.
const NAMES: &[&str] = &[
    "question_mark",
    "first_comment",
    "reply",
    "keywords",
    "pattern",
    "posts",
    "mentions",
    "all",
    "any",
    "not",
    "pack",
];

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Condition;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("string or map")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Condition, E> {
        match name {
            "question_mark" => Ok(Condition::QuestionMark),
            "first_comment" => Ok(Condition::FirstComment),
            "reply" => Ok(Condition::Reply),
            known if NAMES.contains(&known) => Err(E::invalid_type(Unexpected::UnitVariant, &"newtype variant")),
            unknown => Err(E::unknown_variant(unknown, NAMES)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Condition, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(de::Error::custom("a condition needs a name, such as `keywords`"));
        };
        let condition = match name.as_str() {
            "question_mark" => map.next_value().map(|()| Condition::QuestionMark)?,
            "first_comment" => map.next_value().map(|()| Condition::FirstComment)?,
            "reply" => map.next_value().map(|()| Condition::Reply)?,
            "keywords" => Condition::Keywords(map.next_value()?),
            "pattern" => Condition::Pattern(map.next_value()?),
            "posts" => Condition::Posts(map.next_value()?),
            "mentions" => Condition::Mentions(map.next_value()?),
            "all" => Condition::All(map.next_value()?),
            "any" => Condition::Any(map.next_value()?),
            "not" => Condition::Not(map.next_value()?),
            "pack" | "languages" => return pack(&name, map),
            unknown => return Err(de::Error::unknown_variant(unknown, NAMES)),
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(condition),
            Some(_) => {
                Err(de::Error::custom(format_args!("nothing stands beside `{name}`: `all` puts conditions together")))
            }
        }
    }
}

/// A pack, of which the name of the first field was read.
fn pack<'de, A: MapAccess<'de>>(first: &str, mut map: A) -> Result<Condition, A::Error> {
    let (mut pack, mut languages) = (None, None);
    let mut next = Some(first.to_owned());
    while let Some(name) = next {
        match name.as_str() {
            "pack" if pack.is_none() => pack = Some(map.next_value()?),
            "languages" if languages.is_none() => languages = Some(map.next_value()?),
            "pack" => return Err(de::Error::duplicate_field("pack")),
            "languages" => return Err(de::Error::duplicate_field("languages")),
            unknown => return Err(de::Error::unknown_field(unknown, &["pack", "languages"])),
        }
        next = map.next_key()?;
    }
    let pack = pack.ok_or_else(|| de::Error::missing_field("pack"))?;
    Ok(Condition::Pack(Pack { pack, languages: languages.unwrap_or_default() }))
}
