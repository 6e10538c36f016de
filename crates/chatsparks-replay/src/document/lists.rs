//! Lists where a document has objects. The types of a document would take one for the other, field by field in the order
//! in which the program happens to have them: nobody means that, and a field that comes later would change it.

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// The fields that hold lists, wherever they stand. No list stands in a list.
const LISTS: [&str; 18] = [
    "aliases",
    "all",
    "any",
    "blocks",
    "cases",
    "flows",
    "members",
    "one_of",
    "options",
    "posts",
    "products",
    "public_reply",
    "scopes",
    "sensitive",
    "skus",
    "tags",
    "triggers",
    "words",
];

/// What is said of a list where an object, or one value, was meant.
pub(super) const NO_LIST: &str = "expected an object, each value with its name, or one value: found a list";

/// A document that was read, looked at once more: where a list stands in it that may not. It is not kept.
pub(super) struct Listed<const MAY_BE_LIST: bool = false>;

impl<'de, const MAY_BE_LIST: bool> Deserialize<'de> for Listed<MAY_BE_LIST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de, const MAY_BE_LIST: bool> Visitor<'de> for Listed<MAY_BE_LIST> {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if LISTS.contains(&&*name) {
                map.next_value::<Listed<true>>()?;
            } else {
                map.next_value::<Listed>()?;
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        if !MAY_BE_LIST {
            return Err(de::Error::custom(NO_LIST));
        }
        while seq.next_element::<Listed>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(from).map(|_| self)
    }
}
