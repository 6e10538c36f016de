//! JSON that borrows from the text it was read from: of a delivery few fields are looked at, and none is kept as it stands.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt, marker::PhantomData, ops::Index};

/// JSON, as it was read. Of names that stand there twice the last counts, and what is missing reads as null.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Unsigned(u64),
    Signed(i64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
    /// True, false, and numbers that are not whole: nothing that is looked at is one.
    Other,
}

static NOTHING: Json<'static> = Json::Null;

impl Json<'_> {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<'a> Index<&str> for Json<'a> {
    type Output = Json<'a>;

    fn index(&self, name: &str) -> &Json<'a> {
        let Self::Object(fields) = self else { return &NOTHING };
        fields.iter().rfind(|(known, _)| known == name).map_or(&NOTHING, |(_, value)| value)
    }
}

impl<'a> Index<usize> for Json<'a> {
    type Output = Json<'a>;

    fn index(&self, place: usize) -> &Json<'a> {
        let Self::List(values) = self else { return &NOTHING };
        values.get(place).unwrap_or(&NOTHING)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Values(PhantomData))
    }
}

struct Values<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for Values<'a> {
    type Value = Json<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Json<'a>, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json<'a>, E> {
        Ok(Json::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json<'a>, E> {
        Ok(Json::Signed(number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json<'a>, E> {
        Ok(Json::Other)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'a>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json<'a>, A::Error> {
        // As many as an envelope or a comment has.
        let mut fields = Vec::with_capacity(8);
        while let Some(name) = object.next_key_seed(Name(PhantomData))? {
            fields.push((name, object.next_value()?));
        }
        Ok(Json::Object(fields))
    }
}

/// The name of a field, borrowed where nothing in it is escaped.
struct Name<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Name<'a> {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cow<'a, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Name<'a> {
    type Value = Cow<'a, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_reads_as_null_and_the_last_of_a_name_counts() {
        let read: Json<'_> =
            serde_json::from_str(r#"{"a":1,"b":[-2,"x\ny",{"a\u0062":true}],"a":"last","c":1.5,"d":null}"#)
                .expect("JSON");
        assert_eq!(read["a"], Json::Text("last".into()));
        assert_eq!((&read["b"][0], &read["b"][1]), (&Json::Signed(-2), &Json::Text("x\ny".into())));
        assert_eq!((&read["b"][2]["ab"], &read["c"]), (&Json::Other, &Json::Other));
        for missing in [&read["e"], &read["d"], &read["b"][3], &read["a"]["f"], &read["a"][0]] {
            assert!(missing.is_null(), "{missing:?}");
        }
        // Nothing is copied that stands there as it is.
        assert!(matches!(serde_json::from_str("\"plain\""), Ok(Json::Text(Cow::Borrowed("plain")))));
        assert!(serde_json::from_str::<Json<'_>>(&"[".repeat(100_000)).is_err());
    }
}
