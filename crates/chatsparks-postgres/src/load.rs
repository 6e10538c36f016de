//! What partitions want of the state: that of several is read with one statement a table (decision 055).

use crate::{
    append::Place,
    form::{instant, key, read, signed, small, unkey},
    statement::{found, soon},
    store::Inner,
};
use chatsparks_core::{Answer, CommentId, Contact, EventId, Instant, Key, MessageId, RefundId, Row, UserId, Wants};
use chatsparks_ports::{Shard, StoreError};
use deadpool_postgres::Object;
use futures_util::future::join_all;
use std::{collections::HashMap, sync::Arc};
use tokio_postgres::{Row as Found, types::ToSql};

/// How many contacts that are due or queued are listed at once, ties apart.
const LISTED: usize = 500;

/// What a partition wants, as columns: made by whoever asks.
#[derive(Default)]
pub(crate) struct Asked {
    seen: (Vec<i16>, Vec<String>),
    contacts: Vec<String>,
    links: (Vec<String>, Vec<i64>, Vec<i64>),
    items: (Vec<&'static str>, Vec<String>),
    /// Whose links are wanted, all of them.
    linked: Vec<String>,
    due: Option<(i64, i64)>,
    queued: Option<(i64, String)>,
}

/// A partition that asks.
pub(crate) struct Job {
    pub(crate) shard: Shard,
    pub(crate) asked: Asked,
}

pub(crate) fn weight(job: &Job) -> usize {
    let Asked { seen, contacts, links, items, linked, .. } = &job.asked;
    1 + seen.1.len() + contacts.len() + links.0.len() + items.1.len() + linked.len()
}

impl Asked {
    pub(crate) fn of(wants: &Wants) -> Self {
        let mut asked = Self::default();
        let text = |id: &str| key(id).into_owned();
        for of in &wants.keys {
            let (kind, id) = match of {
                Key::Event(id) => (0, id.as_str()),
                Key::Comment(id) => (1, id.as_str()),
                Key::Message(id) => (2, id.as_str()),
                Key::Refund(id) => (3, id.as_str()),
                Key::Contact(user_id) => {
                    asked.contacts.push(text(user_id.as_str()));
                    continue;
                }
                Key::Link(user_id, seq, position) => {
                    asked.links.0.push(text(user_id.as_str()));
                    asked.links.1.push(signed(*seq));
                    asked.links.2.push(i64::from(*position));
                    continue;
                }
                of => {
                    asked.items.0.push(of.kind());
                    asked.items.1.push(text(&of.name()));
                    continue;
                }
            };
            asked.seen.0.push(kind);
            asked.seen.1.push(text(id));
        }
        asked.linked = wants.links.iter().map(|user_id| text(user_id.as_str())).collect();
        asked.due =
            wants.due.map(|due| (due.after.map_or(i64::MIN, Instant::as_milliseconds), due.until.as_milliseconds()));
        asked.queued = wants.queued.as_ref().map(|queued| match &queued.after {
            Some((at, user_id)) => (at.as_milliseconds(), text(user_id.as_str())),
            None => (i64::MIN, String::new()),
        });
        asked
    }
}

/// What was found for a partition, as it came: read by whoever asked.
#[derive(Default)]
pub(crate) struct Rows {
    seen: Vec<Found>,
    contacts: Vec<Found>,
    links: Vec<Found>,
    items: Vec<Found>,
    linked: Vec<Found>,
    due: Vec<Found>,
    queued: Vec<Found>,
}

impl Rows {
    /// The answer to what was wanted.
    pub(crate) fn answer(self, wants: &Wants) -> Result<Answer, StoreError> {
        let contact =
            |row: &Found, column| Ok::<_, StoreError>(Row::Contact(Box::new(read::<Contact>(row.get(column))?)));
        let mut rows = self.seen.iter().map(seen_row).collect::<Result<Vec<Row>, StoreError>>()?;
        for row in &self.contacts {
            rows.push(contact(row, 1)?);
        }
        for row in self.links.iter().chain(&self.items) {
            rows.push(read::<Row>(row.get(1))?);
        }
        // Whoever asks looks rows up by key; in the order asked they are read as they would be one by one.
        if rows.len() > 1 {
            let places: HashMap<&Key, usize> = wants.keys.iter().zip(0..).collect();
            rows.sort_by_key(|row| places.get(&row.key()).copied());
        }
        for row in &self.linked {
            rows.push(read::<Row>(row.get(1))?);
        }
        let mut answer = Answer::default();
        if let Some(due) = wants.due {
            let mut listed = self.due;
            listed.sort_by(|one, other| turn(one).cmp(&turn(other)));
            for row in &listed {
                rows.push(contact(row, 1)?);
            }
            // All that are due at the instant of the last are listed with it.
            let last = listed.last().filter(|_| listed.len() >= LISTED);
            answer.due_until = last.and_then(|row| instant(row.get(2))).filter(|last| *last < due.until);
        }
        for row in &self.queued {
            rows.push(contact(row, 1)?);
        }
        let last = self.queued.last().filter(|_| self.queued.len() >= LISTED);
        answer.queued_until =
            last.and_then(|row| Some((instant(row.get(2))?, UserId::from(unkey(row.get(3)).as_ref()))));
        answer.rows = rows;
        Ok(answer)
    }
}

/// When a contact is due, and who it is.
fn turn(row: &Found) -> (i64, &str) {
    (row.get(2), row.get(3))
}

fn seen_row(row: &Found) -> Result<Row, StoreError> {
    let (kind, id, at): (i16, &str, i64) = (row.get(1), row.get(2), row.get(3));
    let (id, at) = (unkey(id), Instant::from_milliseconds(at));
    Ok(match kind {
        0 => Row::Event(EventId::from(id.as_ref()), at),
        1 => Row::Comment(CommentId::from(id.as_ref()), at),
        2 => Row::Message(MessageId::from(id.as_ref()), at),
        3 => Row::Refund(RefundId::from(id.as_ref()), at),
        _ => return Err(StoreError::Unusable("the database does not hold what its schema says".to_owned())),
    })
}

/// Reads what all of them want.
pub(crate) async fn run(inner: Arc<Inner>, jobs: Vec<Job>) -> Result<Vec<Result<Rows, StoreError>>, StoreError> {
    let client = inner.unsorted().await?;
    soon(inner.patience, client, async |client| run_within(&inner, client, &jobs).await).await
}

async fn run_within(inner: &Inner, client: &Object, jobs: &[Job]) -> Result<Vec<Result<Rows, StoreError>>, StoreError> {
    let mut columns = Columns::default();
    for (n, job) in (0..).zip(jobs) {
        if let Some(workspace) = inner.known(client, &job.shard.workspace).await? {
            columns.take(n, (workspace, small(job.shard.partition)), &job.asked);
        }
    }
    Ok(columns.find(client, jobs.len()).await?.into_iter().map(Ok).collect())
}

/// Answers one, within a transaction or without.
pub(crate) async fn load(client: &Object, place: Place, wants: &Wants) -> Result<Answer, StoreError> {
    let asked = Asked::of(wants);
    let mut columns = Columns::default();
    columns.take(0, place, &asked);
    columns.find(client, 1).await?.pop().unwrap_or_default().answer(wants)
}

/// Who asks, and of which partition: first in every list.
#[derive(Default)]
struct Askers(Vec<i32>, Vec<i32>, Vec<i32>);

impl Askers {
    fn push(&mut self, n: i32, place: Place, times: usize) {
        for (column, value) in [(&mut self.0, n), (&mut self.1, place.0), (&mut self.2, place.1)] {
            column.extend(std::iter::repeat_n(value, times));
        }
    }

    fn with<'a>(&'a self, others: &[&'a (dyn ToSql + Sync)]) -> Vec<&'a (dyn ToSql + Sync)> {
        let own: [&(dyn ToSql + Sync); 3] = [&self.0, &self.1, &self.2];
        own.into_iter().chain(others.iter().copied()).collect()
    }
}

/// What several partitions want, a list a column.
#[derive(Default)]
struct Columns<'a> {
    seen: (Askers, Vec<i16>, Vec<&'a str>),
    contacts: (Askers, Vec<&'a str>),
    links: (Askers, Vec<&'a str>, Vec<i64>, Vec<i64>),
    items: (Askers, Vec<&'a str>, Vec<&'a str>),
    linked: (Askers, Vec<&'a str>),
    due: (Askers, Vec<i64>, Vec<i64>),
    queued: (Askers, Vec<i64>, Vec<&'a str>),
}

fn texts(own: &[String]) -> impl Iterator<Item = &str> {
    own.iter().map(String::as_str)
}

impl<'a> Columns<'a> {
    fn take(&mut self, n: i32, place: Place, asked: &'a Asked) {
        self.seen.0.push(n, place, asked.seen.1.len());
        self.seen.1.extend(&asked.seen.0);
        self.seen.2.extend(texts(&asked.seen.1));
        self.contacts.0.push(n, place, asked.contacts.len());
        self.contacts.1.extend(texts(&asked.contacts));
        self.links.0.push(n, place, asked.links.0.len());
        self.links.1.extend(texts(&asked.links.0));
        self.links.2.extend(&asked.links.1);
        self.links.3.extend(&asked.links.2);
        self.items.0.push(n, place, asked.items.1.len());
        self.items.1.extend(&asked.items.0);
        self.items.2.extend(texts(&asked.items.1));
        self.linked.0.push(n, place, asked.linked.len());
        self.linked.1.extend(texts(&asked.linked));
        if let Some((after, until)) = asked.due {
            self.due.0.push(n, place, 1);
            self.due.1.push(after);
            self.due.2.push(until);
        }
        if let Some((at, user)) = &asked.queued {
            self.queued.0.push(n, place, 1);
            self.queued.1.push(*at);
            self.queued.2.push(user);
        }
    }

    /// Finds all of it, statement after statement, without waiting for the answers in between.
    async fn find(&self, client: &Object, askers: usize) -> Result<Vec<Rows>, StoreError> {
        let Self { seen, contacts, links, items, linked, due, queued } = self;
        type Part = fn(&mut Rows) -> &mut Vec<Found>;
        let statements: [(&Askers, Vec<&(dyn ToSql + Sync)>, &str, Part); 7] = [
            (&seen.0, seen.0.with(&[&seen.1, &seen.2]), SEEN, |rows| &mut rows.seen),
            (&contacts.0, contacts.0.with(&[&contacts.1]), CONTACTS, |rows| &mut rows.contacts),
            (&links.0, links.0.with(&[&links.1, &links.2, &links.3]), LINKS, |rows| &mut rows.links),
            (&items.0, items.0.with(&[&items.1, &items.2]), ITEMS, |rows| &mut rows.items),
            (&linked.0, linked.0.with(&[&linked.1]), LINKED, |rows| &mut rows.linked),
            (&due.0, due.0.with(&[&due.1, &due.2]), DUE, |rows| &mut rows.due),
            (&queued.0, queued.0.with(&[&queued.1, &queued.2]), QUEUED, |rows| &mut rows.queued),
        ];
        let asked = statements.into_iter().filter(|(askers, ..)| !askers.0.is_empty());
        let finding =
            asked.map(async |(_, values, sql, part)| Ok::<_, StoreError>((part, found(client, sql, &values).await?)));
        let mut all: Vec<Rows> = (0..askers).map(|_| Rows::default()).collect();
        for told in join_all(finding).await {
            let (part, rows) = told?;
            for row in rows {
                let n: i32 = row.get(0);
                if let Some(of) = usize::try_from(n).ok().and_then(|n| all.get_mut(n)) {
                    part(of).push(row);
                }
            }
        }
        Ok(all)
    }
}

// The last part of a key between itself and itself, and its order: on connections that do not sort, the table's own key is
// then the only way to find it. Where a table has no statistics yet, an index on something else that begins with workspace
// and partition looks as good to the server, which then reads all of the partition for each key.
const SEEN: &str = "SELECT k.n, s.kind, s.id, s.at
     FROM unnest($1::int[], $2::int[], $3::int[], $4::smallint[], $5::text[]) AS k (n, workspace, partition, kind, id)
     CROSS JOIN LATERAL (SELECT s.kind, s.id, s.at FROM seen s
         WHERE s.workspace = k.workspace AND s.partition = k.partition AND s.kind = k.kind
             AND s.id >= k.id AND s.id <= k.id
         ORDER BY s.id LIMIT 1) s";

const CONTACTS: &str = "SELECT k.n, c.form
     FROM unnest($1::int[], $2::int[], $3::int[], $4::text[]) AS k (n, workspace, partition, user_id)
     JOIN contact c ON c.workspace = k.workspace AND c.partition = k.partition AND c.user_id = k.user_id";

const LINKS: &str = "SELECT k.n, l.form
     FROM unnest($1::int[], $2::int[], $3::int[], $4::text[], $5::bigint[], $6::bigint[])
         AS k (n, workspace, partition, user_id, seq, place)
     CROSS JOIN LATERAL (SELECT l.form FROM link l
         WHERE l.workspace = k.workspace AND l.partition = k.partition AND l.user_id = k.user_id AND l.seq = k.seq
             AND l.place >= k.place AND l.place <= k.place
         ORDER BY l.place LIMIT 1) l";

const ITEMS: &str = "SELECT k.n, i.form
     FROM unnest($1::int[], $2::int[], $3::int[], $4::text[], $5::text[]) AS k (n, workspace, partition, kind, name)
     JOIN item i ON i.workspace = k.workspace AND i.partition = k.partition AND i.kind = k.kind AND i.name = k.name";

const LINKED: &str = "SELECT k.n, l.form
     FROM unnest($1::int[], $2::int[], $3::int[], $4::text[]) WITH ORDINALITY
         AS k (n, workspace, partition, user_id, turn)
     CROSS JOIN LATERAL (SELECT l.form, l.seq, l.place FROM link l
         WHERE l.workspace = k.workspace AND l.partition = k.partition
             AND l.user_id >= k.user_id AND l.user_id <= k.user_id
         ORDER BY l.user_id, l.seq, l.place OFFSET 0) l
     ORDER BY k.turn, l.seq, l.place";

const DUE: &str = "SELECT k.n, c.form, c.next_due, c.user_id
     FROM unnest($1::int[], $2::int[], $3::int[], $4::bigint[], $5::bigint[]) AS k (n, workspace, partition, after, until)
     CROSS JOIN LATERAL (SELECT c.form, c.next_due, c.user_id FROM contact c
         WHERE c.workspace = k.workspace AND c.partition = k.partition
             AND c.next_due > k.after AND c.next_due <= k.until AND c.next_due IS NOT NULL
         ORDER BY c.next_due FETCH FIRST 500 ROWS WITH TIES) c";

const QUEUED: &str = "SELECT k.n, c.form, c.queued_at, c.user_id
     FROM unnest($1::int[], $2::int[], $3::int[], $4::bigint[], $5::text[]) WITH ORDINALITY
         AS k (n, workspace, partition, at, user_id, turn)
     CROSS JOIN LATERAL (SELECT c.form, c.queued_at, c.user_id FROM contact c
         WHERE c.workspace = k.workspace AND c.partition = k.partition AND c.queued_at IS NOT NULL
             AND (c.queued_at, c.user_id) > (k.at, k.user_id)
         ORDER BY c.queued_at, c.user_id LIMIT 500) c
     ORDER BY k.turn, c.queued_at, c.user_id";
