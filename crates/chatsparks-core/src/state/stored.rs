//! Stored forms: everything that a store keeps, read back for ever.
//!
//! The types that the engine works on may change from version to version; these do not. Each form says its version in
//! `v`, its first field, and knows every field by name: what a newer version wrote is refused with an error that says
//! so, and never read in part. They are meant for formats that name their fields and keep their order, such as JSON.
//!
//! ```
//! use chatsparks_core::{Contact, Stored, UserId};
//! let contact = Contact::new(UserId::from("u1"));
//! let written = serde_json::to_string(&Stored::from(&contact))?;
//! assert_eq!(written, r#"{"v":2,"user_id":"u1"}"#);
//! let read: Contact = serde_json::from_str::<Stored<'_, Contact>>(&written)?.into_inner();
//! assert_eq!(read, contact);
//! let newer = serde_json::from_str::<Stored<'_, Contact>>(r#"{"v":9,"user_id":"u1","mood":"fine"}"#);
//! assert!(newer.unwrap_err().to_string().contains("version 9"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A form that has to change keeps its old type beside the new one, and [`Storable::read`] chooses by version.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

mod contact;
mod effect;
mod envelope;
mod evaluation;
mod head;
mod row;

pub use contact::ContactOfVersion1;

/// The newest forms that this release writes. A store says which level it is at, and its forms are written no newer than
/// that, until `chatsparks store upgrade` raises it: so that in a rolling upgrade the release before reads what this one
/// writes (S3). Every level below is read for ever.
///
/// | level | since | contacts |
/// | --- | --- | --- |
/// | 0 | never released: kept for what it shows | of version 1, where they hold nothing that it lacks |
/// | 1 | 0.1.0 | of version 2 |
pub const FORMS: u32 = 1;

/// A value as it is stored at a level of forms: see [`FORMS`].
#[derive(Clone, Copy, Debug)]
pub struct StoredAt<'a, T: Storable> {
    value: &'a T,
    forms: u32,
}

impl<'a, T: Storable> StoredAt<'a, T> {
    /// A value, written no newer than the level says; the level above all that are known is the newest.
    pub fn new(value: &'a T, forms: u32) -> Self {
        Self { value, forms }
    }
}

impl<T: Storable> Serialize for StoredAt<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.value.write_at(self.forms, to)
    }
}

/// A value as it is stored: borrowed to be written, owned when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<'a, T: Storable>(Cow<'a, T>);

/// What has a stored form: [`Contact`](crate::Contact), the parts of the head, [`Row`](crate::Row),
/// [`OrderEntry`](crate::OrderEntry), [`Evaluation`](crate::Evaluation), [`Effect`](crate::Effect),
/// [`Envelope`](crate::Envelope).
pub trait Storable: Clone + Sealed + 'static {}

/// Nobody else's types have stored forms of ours.
#[doc(hidden)]
pub trait Sealed: Sized {
    /// Writes the newest form, `v` first.
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;

    /// Writes the newest form of a level.
    fn write_at<S: Serializer>(&self, _forms: u32, to: S) -> Result<S::Ok, S::Error> {
        self.write(to)
    }

    /// Reads the fields after `v`, by the version that it told.
    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error>;
}

impl<T: Sealed + Clone + 'static> Storable for T {}

impl<T: Storable> Stored<'_, T> {
    /// What was stored.
    pub fn into_inner(self) -> T {
        self.0.into_owned()
    }
}

impl<'a, T: Storable> From<&'a T> for Stored<'a, T> {
    fn from(value: &'a T) -> Self {
        Self(Cow::Borrowed(value))
    }
}

impl<T: Storable> From<T> for Stored<'static, T> {
    fn from(value: T) -> Self {
        Self(Cow::Owned(value))
    }
}

impl<T: Storable> Serialize for Stored<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }
}

impl<'de, T: Storable> Deserialize<'de> for Stored<'static, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Versioned(PhantomData)).map(|value| Self(Cow::Owned(value)))
    }
}

/// Reads `v`, and leaves what follows to the form of that version.
struct Versioned<T>(PhantomData<T>);

impl<'de, T: Storable> Visitor<'de> for Versioned<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a stored form, its version `v` first")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        match map.next_key::<Cow<'_, str>>()? {
            Some(key) if key == "v" => {}
            _ => return Err(de::Error::missing_field("v")),
        }
        let version = map.next_value::<u32>()?;
        T::read(version, MapAccessDeserializer::new(map))
    }
}

/// The version of a form, where it is written. It was read already when the rest is.
#[derive(Clone, Copy, Debug, Default)]
struct Version<const NUMBER: u32>;

impl<const NUMBER: u32> Serialize for Version<NUMBER> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(NUMBER)
    }
}

/// A version that this build does not know.
fn unknown_version<E: de::Error>(version: u32, newest: u32) -> E {
    de::Error::custom(format_args!(
        "stored as version {version}: this build reads versions up to {newest} only; use a newer one"
    ))
}

fn is_false(truth: &bool) -> bool {
    !truth
}
