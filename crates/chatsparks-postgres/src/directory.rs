//! What finding places needs to know (R4), read at once for all events of a transaction that holds the logs.

use crate::{
    append::{Logging, Place},
    form::{key, large, read, small, unsigned},
    route::{Owned, Puts},
    statement::found,
};
use chatsparks_core::{Envelope, Event, EventId, Instant, UserId, home_partition};
use chatsparks_ports::{
    Position, StoreError,
    places::{Directory, PlaceKey, names as names_of},
};
use deadpool_postgres::Object;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    convert::Infallible,
};

/// A key's kind, and its name as it is stored.
pub(crate) type Named = (&'static str, String);

pub(crate) fn named(of: &PlaceKey) -> Named {
    (of.kind(), key(of.name()).into_owned())
}

/// Whether an event goes to every partition.
pub(crate) fn is_everywhere(event: &Event) -> bool {
    matches!(event, Event::Configure(_) | Event::Clock)
}

/// What the events of a workspace ask for.
pub(crate) struct Needs {
    partitions: u32,
    /// Each with the partition of its row.
    places: BTreeSet<(i32, Named)>,
    dms: BTreeSet<String>,
    /// Users and their homes.
    users: BTreeSet<(i32, String)>,
}

impl Needs {
    pub(crate) fn of(partitions: u32) -> Self {
        Self { partitions, places: BTreeSet::new(), dms: BTreeSet::new(), users: BTreeSet::new() }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.places.is_empty() && self.dms.is_empty()
    }

    /// Takes in what an event asks for; whether it asks for anything.
    pub(crate) fn take(&mut self, owned: &Owned, id: &EventId, event: &Event) -> bool {
        let keys = match event {
            Event::Order(order) => {
                let home = home_partition(&owned.workspace, order.user_id.as_str(), self.partitions);
                self.users.insert((small(home), key(order.user_id.as_str()).into_owned()));
                vec![PlaceKey::Order(order.order_id.clone()), PlaceKey::ShopUser(order.user_id.as_str().into())]
            }
            Event::OrderCancelled(order_id) | Event::OrderReview { order_id, .. } => {
                vec![PlaceKey::Order(order_id.clone())]
            }
            Event::Refund(refund) => {
                vec![PlaceKey::Refund(refund.refund_id.clone()), PlaceKey::Order(refund.order_id.clone())]
            }
            Event::Identity { .. } => vec![PlaceKey::Link(id.clone())],
            Event::Receipt(receipt) => {
                self.dms.insert(key(receipt.dm_id.as_str()).into_owned());
                return true;
            }
            _ => return false,
        };
        self.places.extend(keys.iter().map(|of| (row_of(owned, self.partitions, of), named(of))));
        true
    }

    /// Reads all of it.
    ///
    /// INVARIANT: how far is decided is read first. What is decided later is then taken as undecided, and waited for;
    /// never the other way round.
    pub(crate) async fn know(self, client: &Object, workspace: i32) -> Result<Known, StoreError> {
        let mut known = Known { workspace, partitions: self.partitions, ..Known::default() };
        if self.is_nothing() {
            return Ok(known);
        }
        let decided = "SELECT decided FROM shard WHERE workspace = $1 ORDER BY partition";
        let decided = found(client, decided, &[&workspace]).await?;
        known.decided = decided.iter().map(|row| unsigned(row.get(0))).collect();
        let all: Vec<i32> = (0..small(self.partitions)).collect();
        if !self.dms.is_empty() {
            let names: Vec<&String> = self.dms.iter().collect();
            let sql = "SELECT partition, name FROM item
                 WHERE workspace = $1 AND partition = ANY ($2) AND kind = 'dm' AND name = ANY ($3) ORDER BY partition";
            for row in found(client, sql, &[&workspace, &all, &names]).await? {
                known.dms.entry(row.get(1)).or_insert(large(row.get(0)));
            }
        }
        let homes: Vec<i32> = self.places.iter().map(|(home, _)| *home).collect();
        let kinds: Vec<&str> = self.places.iter().map(|(_, (kind, _))| *kind).collect();
        let names: Vec<&str> = self.places.iter().map(|(_, (_, name))| name.as_str()).collect();
        let sql =
            "SELECT p.kind, p.name, p.lives FROM unnest($2::int[], $3::text[], $4::text[]) AS k (partition, kind, name)
             JOIN place p ON p.workspace = $1 AND p.partition = k.partition AND p.kind = k.kind AND p.name = k.name";
        for row in found(client, sql, &[&workspace, &homes, &kinds, &names]).await? {
            known.places.insert((row.get(0), row.get(1)), large(row.get(2)));
        }
        // Few orders wait, and never long: whose they are their forms say.
        let sql = "SELECT kind, name, CASE WHEN kind = 'order' THEN form END FROM waiting
             WHERE workspace = $1 AND (name = ANY ($2) OR kind = 'order' AND $3)";
        let names: Vec<&str> = names.into_iter().chain(self.dms.iter().map(String::as_str)).collect();
        for row in found(client, sql, &[&workspace, &names, &!self.users.is_empty()]).await? {
            known.awaited.insert((row.get(0), row.get(1)));
            if let Some(form) = row.get::<_, Option<&str>>(2) {
                let keys = names_of(&read::<Envelope>(form)?.event);
                known.awaited.extend(keys.iter().map(named).map(|(kind, name)| (kind.to_owned(), name)));
            }
        }
        let homes: Vec<i32> = self.users.iter().map(|(home, _)| *home).collect();
        let names: Vec<&str> = self.users.iter().map(|(_, name)| name.as_str()).collect();
        // One statement, and so one moment: a comment is either not decided, or its writer is known.
        let sql = "SELECT k.partition, k.name,
                 EXISTS (SELECT FROM contact c
                     WHERE c.workspace = $1 AND c.partition = k.partition AND c.user_id = k.name),
                 (SELECT max(l.position) FROM log l
                     WHERE l.workspace = $1 AND l.partition = k.partition AND l.user_id = k.name AND l.position >
                         (SELECT decided FROM shard s WHERE s.workspace = $1 AND s.partition = k.partition))
             FROM unnest($2::int[], $3::text[]) AS k (partition, name)";
        if !names.is_empty() {
            for row in found(client, sql, &[&workspace, &homes, &names]).await? {
                let undecided: Option<i64> = row.get(3);
                known.users.insert((large(row.get(0)), row.get(1)), (row.get(2), undecided.map(unsigned)));
            }
        }
        Ok(known)
    }
}

/// The partition in which a key's row stands.
pub(crate) fn row_of(owned: &Owned, partitions: u32, of: &PlaceKey) -> i32 {
    small(home_partition(&owned.workspace, of.name(), partitions))
}

/// What is known of a workspace.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) workspace: i32,
    partitions: u32,
    pub(crate) decided: Vec<Position>,
    places: HashMap<(String, String), u32>,
    dms: HashMap<String, u32>,
    awaited: HashSet<(String, String)>,
    /// Whether each is a contact in their home, and the last event there that names them and is not decided.
    users: HashMap<(u32, String), (bool, Option<Position>)>,
}

/// A workspace, as a directory, with what was logged in this transaction.
pub(crate) struct Within<'a> {
    pub(crate) known: &'a mut Known,
    pub(crate) logging: &'a Logging,
    pub(crate) puts: &'a mut Puts,
    pub(crate) owned: &'a Owned,
    pub(crate) at: Instant,
}

impl Within<'_> {
    fn of(&self, partition: u32) -> Place {
        (self.known.workspace, small(partition))
    }
}

impl Directory for Within<'_> {
    type Error = Infallible;

    fn place(&mut self, of: &PlaceKey) -> Result<Option<u32>, Infallible> {
        let (kind, name) = named(of);
        if let PlaceKey::Dm(_) = of {
            return Ok(self.known.dms.get(&name).copied());
        }
        Ok(self.known.places.get(&(kind.to_owned(), name)).copied())
    }

    fn put(&mut self, of: &PlaceKey, partition: u32) -> Result<(), Infallible> {
        let (kind, name) = named(of);
        let at = Some(self.at).filter(|_| of.is_of_an_event());
        let row = row_of(self.owned, self.known.partitions, of);
        self.puts.put(self.known.workspace, row, (kind, name.clone()), partition, at);
        self.known.places.insert((kind.to_owned(), name), partition);
        Ok(())
    }

    fn is_contact(&mut self, partition: u32, user_id: &UserId) -> Result<bool, Infallible> {
        let user = (partition, key(user_id.as_str()).into_owned());
        Ok(self.known.users.get(&user).is_some_and(|(is_contact, _)| *is_contact))
    }

    fn undecided(&mut self, partition: u32, user_id: Option<&UserId>) -> Result<Option<Position>, Infallible> {
        let place = self.of(partition);
        let Some(user_id) = user_id else {
            let (end, decided) = (self.logging.end(place).0, self.known.decided.get(partition as usize));
            return Ok(Some(end).filter(|end| *end > decided.copied().unwrap_or(0)));
        };
        let user = key(user_id.as_str()).into_owned();
        let here = self.logging.naming(place, &user);
        let before = self.known.users.get(&(partition, user)).and_then(|(_, undecided)| *undecided);
        Ok(here.or(before))
    }

    fn is_awaited(&mut self, of: &PlaceKey) -> Result<bool, Infallible> {
        let (kind, name) = named(of);
        Ok(self.puts.awaits(self.known.workspace, &(kind, name.clone()))
            || self.known.awaited.contains(&(kind.to_owned(), name)))
    }
}

/// Of events that name a contact, nothing is asked.
pub(crate) struct Nothing;

impl Directory for Nothing {
    type Error = Infallible;

    fn place(&mut self, _key: &PlaceKey) -> Result<Option<u32>, Infallible> {
        Ok(None)
    }

    fn put(&mut self, _key: &PlaceKey, _partition: u32) -> Result<(), Infallible> {
        Ok(())
    }

    fn is_contact(&mut self, _partition: u32, _user_id: &UserId) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn undecided(&mut self, _partition: u32, _user_id: Option<&UserId>) -> Result<Option<Position>, Infallible> {
        Ok(None)
    }

    fn is_awaited(&mut self, _key: &PlaceKey) -> Result<bool, Infallible> {
        Ok(false)
    }
}
