//! The parts of the head, each stored by itself; and the head of version 1, in which they were one.

use super::{Sealed, Version, unknown_version};
use crate::{Clock, Head, Instant, Room, Terms};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Instant>,
    seq: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycle_start: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_cycle: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomV1 {
    #[serde(skip_deserializing)]
    v: Version<1>,
    /// None: a sole owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granted: Option<u64>,
    used: u64,
    told: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release_due: Option<Instant>,
}

/// The head of version 1: all parts in one, and no `seq`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV1 {
    #[serde(default)]
    latest: Option<Instant>,
    revision: u32,
    #[serde(default)]
    cycle_start: Option<Instant>,
    #[serde(default)]
    next_cycle: Option<Instant>,
    count: u64,
    #[serde(default)]
    limit: Option<u64>,
    told: u8,
    #[serde(default)]
    release_due: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV2 {
    #[serde(skip_deserializing)]
    v: Version<2>,
    clock: ClockForm,
    terms: TermsForm,
    room: RoomForm,
}

/// A part within a head: its version stands with it, and is read with it.
type ClockForm = super::Stored<'static, Clock>;
type TermsForm = super::Stored<'static, Terms>;
type RoomForm = super::Stored<'static, Room>;

impl Sealed for Clock {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { latest, seq } = *self;
        ClockV1 { v: Version, latest, seq }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            1 => {
                let ClockV1 { v: Version, latest, seq } = ClockV1::deserialize(rest)?;
                Ok(Self { latest, seq })
            }
            _ => Err(unknown_version(version, 1)),
        }
    }
}

impl Sealed for Terms {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { revision, limit, cycle_start, next_cycle } = *self;
        TermsV1 { v: Version, revision, limit, cycle_start, next_cycle }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            1 => {
                let TermsV1 { v: Version, revision, limit, cycle_start, next_cycle } = TermsV1::deserialize(rest)?;
                Ok(Self { revision, limit, cycle_start, next_cycle })
            }
            _ => Err(unknown_version(version, 1)),
        }
    }
}

impl Sealed for Room {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { granted, used, told, release_due } = *self;
        RoomV1 { v: Version, granted, used, told, release_due }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            1 => {
                let RoomV1 { v: Version, granted, used, told, release_due } = RoomV1::deserialize(rest)?;
                Ok(Self { granted, used, told, release_due })
            }
            _ => Err(unknown_version(version, 1)),
        }
    }
}

impl Sealed for Head {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { clock, terms, room } = *self;
        HeadV2 { v: Version, clock: clock.into(), terms: terms.into(), room: room.into() }.serialize(to)
    }

    fn read<'de, D: Deserializer<'de>>(version: u32, rest: D) -> Result<Self, D::Error> {
        match version {
            1 => {
                let HeadV1 { latest, revision, cycle_start, next_cycle, count, limit, told, release_due } =
                    HeadV1::deserialize(rest)?;
                Ok(Self {
                    clock: Clock { latest, seq: 0 },
                    terms: Terms { revision, limit, cycle_start, next_cycle },
                    room: Room { granted: None, used: count, told, release_due },
                })
            }
            2 => {
                let HeadV2 { v: Version, clock, terms, room } = HeadV2::deserialize(rest)?;
                Ok(Self { clock: clock.into_inner(), terms: terms.into_inner(), room: room.into_inner() })
            }
            _ => Err(unknown_version(version, 2)),
        }
    }
}
