//! The rows of commits, a list a column, so that one statement writes all rows of a table.

use super::{Written, decided, optional};
use crate::{
    append::Place,
    form::{key, milliseconds, signed},
    settle::{IN_DOUBT, WAITING},
    statement::Script,
};
use chatsparks_core::Row;
use chatsparks_ports::{Lane, StoreError, bot_conversation, kind_of};
use std::{borrow::Cow, collections::HashSet};

type Text<'a> = Cow<'a, str>;

/// Where rows stand: first in every table.
#[derive(Default)]
struct Places(Vec<i32>, Vec<i32>);

impl Places {
    fn push(&mut self, place: Place) {
        self.0.push(place.0);
        self.1.push(place.1);
    }
}

#[derive(Default)]
struct Seen<'a>(Places, Vec<i16>, Vec<Text<'a>>, Vec<i64>);

#[derive(Default)]
struct Contacts<'a>(Places, Vec<Text<'a>>, Vec<Option<i64>>, Vec<Option<i64>>, Vec<&'a str>);

#[derive(Default)]
struct Links<'a>(Places, Vec<Text<'a>>, Vec<i64>, Vec<i64>, Vec<i64>, Vec<&'a str>);

#[derive(Default)]
struct Items<'a>(Places, Vec<&'static str>, Vec<String>, Vec<Option<i64>>, Vec<&'a str>);

#[derive(Default)]
struct Records<'a> {
    places: Places,
    seqs: Vec<i64>,
    ats: Vec<i64>,
    events: Vec<Option<Text<'a>>>,
    users: Vec<Option<Text<'a>>>,
    comments: Vec<Option<Text<'a>>>,
    lines: Vec<&'a str>,
    evaluations: Vec<Option<&'a str>>,
}

#[derive(Default)]
struct Effects<'a> {
    places: Places,
    ids: Vec<Text<'a>>,
    seqs: Vec<i64>,
    positions: Vec<i64>,
    users: Vec<Option<Text<'a>>>,
    lanes: Vec<Option<Text<'a>>>,
    frees: Vec<bool>,
    kinds: Vec<&'static str>,
    conversations: Vec<Option<i64>>,
    states: Vec<i16>,
    firsts: Vec<bool>,
    not_afters: Vec<i64>,
    forms: Vec<&'a str>,
    contexts: Vec<&'a str>,
    /// Lanes that something of these commits is in.
    taken: HashSet<(Place, &'a str)>,
}

/// All rows of some commits.
#[derive(Default)]
pub(super) struct Columns<'a> {
    seen: Seen<'a>,
    contacts: Contacts<'a>,
    links: Links<'a>,
    items: Items<'a>,
    records: Records<'a>,
    effects: Effects<'a>,
    documents: (Vec<i32>, Vec<i64>, Vec<&'a str>),
    granted: (Places, Vec<i64>, Vec<i32>, Vec<&'a str>),
    insights: (Places, Vec<&'a str>, Vec<&'a str>),
    shards: (Places, Vec<i64>),
}

impl<'a> Columns<'a> {
    /// Takes in a commit.
    pub(super) fn take(&mut self, place: Place, written: &'a Written) {
        let commit = &written.commit;
        for (row, form) in commit.rows.iter().zip(&written.rows) {
            self.row(place, row, form);
        }
        for ((revision, _), form) in commit.documents.iter().zip(&written.documents) {
            self.documents.0.push(place.0);
            self.documents.1.push(i64::from(*revision));
            self.documents.2.push(form);
        }
        for (record, evaluation) in commit.records.iter().zip(&written.evaluations) {
            let to = &mut self.records;
            to.places.push(place);
            to.seqs.push(signed(record.seq));
            to.ats.push(record.at.as_milliseconds());
            to.events.push(optional(record.event.as_ref().map(|id| id.as_str())));
            to.users.push(optional(record.user_id.as_ref().map(|id| id.as_str())));
            to.comments.push(optional(record.evaluation.as_ref().map(|(id, _)| id.as_str())));
            to.lines.push(record.line.get());
            to.evaluations.push(evaluation.as_deref());
        }
        for (effect, (form, context)) in commit.effects.iter().zip(&written.effects) {
            let (lane, free) = match &effect.lane {
                Lane::Contact(user_id) => (Some(user_id.as_str()), false),
                Lane::Free(user_id) => (user_id.as_ref().map(|user_id| user_id.as_str()), true),
            };
            let contact = written.contact_of(effect.decided.0).map(|user_id| user_id.as_str()).or(lane);
            let to = &mut self.effects;
            to.places.push(place);
            to.ids.push(key(&effect.id));
            to.seqs.push(signed(effect.decided.0));
            to.positions.push(i64::from(effect.decided.1));
            to.users.push(optional(contact));
            to.lanes.push(optional(lane));
            to.frees.push(free);
            to.kinds.push(kind_of(&effect.effect));
            to.conversations.push(bot_conversation(&effect.effect).map(i64::from));
            to.states.push(if effect.in_doubt { IN_DOUBT } else { WAITING });
            to.firsts.push(free || lane.is_some_and(|lane| to.taken.insert((place, lane))));
            to.not_afters.push(milliseconds(effect.context.not_after).unwrap_or(i64::MAX));
            to.forms.push(form);
            to.contexts.push(context);
        }
        for (name, by) in &written.insights {
            self.insights.0.push(place);
            self.insights.1.push(name);
            self.insights.2.push(by);
        }
        let mut before = (u64::MAX, 0);
        for (placed, form) in commit.granted.iter().zip(&written.granted) {
            before = if before.0 == placed.before { (before.0, before.1 + 1) } else { (placed.before, 0) };
            self.granted.0.push(place);
            self.granted.1.push(signed(placed.before));
            self.granted.2.push(before.1);
            self.granted.3.push(form);
        }
        self.shards.0.push(place);
        self.shards.1.push(decided(written));
    }

    fn row(&mut self, place: Place, row: &'a Row, form: &'a str) {
        let mut see = |kind: i16, id: &'a str, at: chatsparks_core::Instant| {
            self.seen.0.push(place);
            self.seen.1.push(kind);
            self.seen.2.push(key(id));
            self.seen.3.push(at.as_milliseconds());
        };
        match row {
            Row::Event(id, at) => see(0, id.as_str(), *at),
            Row::Comment(id, at) => see(1, id.as_str(), *at),
            Row::Message(id, at) => see(2, id.as_str(), *at),
            Row::Refund(id, at) => see(3, id.as_str(), *at),
            Row::Contact(contact) => {
                self.contacts.0.push(place);
                self.contacts.1.push(key(contact.user_id().as_str()));
                self.contacts.2.push(milliseconds(row.next_due()));
                self.contacts.3.push(milliseconds(row.queued_at()));
                self.contacts.4.push(form);
            }
            Row::Link(user_id, seq, position, link) => {
                self.links.0.push(place);
                self.links.1.push(key(user_id.as_str()));
                self.links.2.push(signed(*seq));
                self.links.3.push(i64::from(*position));
                self.links.4.push(link.at.as_milliseconds());
                self.links.5.push(form);
            }
            row => {
                let of = row.key();
                self.items.0.push(place);
                self.items.1.push(of.kind());
                self.items.2.push(key(&of.name()).into_owned());
                self.items.3.push(milliseconds(row.remembered_from()));
                self.items.4.push(form);
            }
        }
    }

    /// Writes all of it.
    pub(super) async fn write(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        let (places, positions, numbers, forms) = &self.granted;
        if !forms.is_empty() {
            let sql = "INSERT INTO granted (workspace, partition, position, place, form)
                 SELECT k.workspace, k.partition, k.position, k.n + (SELECT count(*)::int FROM granted g
                     WHERE g.workspace = k.workspace AND g.partition = k.partition AND g.position = k.position), k.form
                 FROM unnest($1::int[], $2::int[], $3::bigint[], $4::int[], $5::text[])
                     AS k (workspace, partition, position, n, form)";
            script.add(sql, vec![&places.0, &places.1, positions, numbers, forms]).await?;
        }
        self.write_rows(script).await?;
        let (workspaces, revisions, forms) = &self.documents;
        if !forms.is_empty() {
            let sql = "INSERT INTO document (workspace, revision, form)
                 SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING";
            script.add(sql, vec![workspaces, revisions, forms]).await?;
        }
        let Records { places, seqs, ats, events, users, comments, lines, evaluations } = &self.records;
        if !seqs.is_empty() {
            let sql = "INSERT INTO record (workspace, partition, seq, at, event, user_id, comment_id, line, evaluation)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::text[])";
            let values: Vec<&'a (dyn tokio_postgres::types::ToSql + Sync)> =
                vec![&places.0, &places.1, seqs, ats, events, users, comments, lines, evaluations];
            script.add(sql, values).await?;
        }
        self.write_effects(script).await?;
        let (places, decided) = &self.shards;
        let sql = "UPDATE shard s SET decided = k.decided, opened_in_vain = 0
             FROM unnest($1::int[], $2::int[], $3::bigint[]) AS k (workspace, partition, decided)
             WHERE s.workspace = k.workspace AND s.partition = k.partition";
        script.add(sql, vec![&places.0, &places.1, decided]).await
    }

    async fn write_rows(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        let Seen(places, kinds, ids, ats) = &self.seen;
        if !ids.is_empty() {
            let sql = "INSERT INTO seen (workspace, partition, kind, id, at)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[], $5::bigint[])
                 ON CONFLICT (workspace, partition, kind, id) DO UPDATE SET at = excluded.at";
            script.add(sql, vec![&places.0, &places.1, kinds, ids, ats]).await?;
        }
        let Contacts(places, users, due, queued, forms) = &self.contacts;
        if !users.is_empty() {
            let sql = "INSERT INTO contact (workspace, partition, user_id, next_due, queued_at, form)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
                 ON CONFLICT (workspace, partition, user_id) DO UPDATE SET
                     next_due = excluded.next_due, queued_at = excluded.queued_at, form = excluded.form";
            script.add(sql, vec![&places.0, &places.1, users, due, queued, forms]).await?;
        }
        let Links(places, users, seqs, positions, ats, forms) = &self.links;
        if !users.is_empty() {
            let sql = "INSERT INTO link (workspace, partition, user_id, seq, place, at, form)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
                 ON CONFLICT (workspace, partition, user_id, seq, place) DO UPDATE SET
                     at = excluded.at, form = excluded.form";
            script.add(sql, vec![&places.0, &places.1, users, seqs, positions, ats, forms]).await?;
        }
        let (places, names, sums) = &self.insights;
        if !names.is_empty() {
            let sql = "INSERT INTO insight (workspace, partition, name, sum)
                 SELECT workspace, partition, name, by::numeric
                 FROM unnest($1::int[], $2::int[], $3::text[], $4::text[]) AS k (workspace, partition, name, by)
                 ON CONFLICT (workspace, partition, name) DO UPDATE SET sum = insight.sum + excluded.sum";
            script.add(sql, vec![&places.0, &places.1, names, sums]).await?;
        }
        let Items(places, kinds, names, ats, forms) = &self.items;
        if !names.is_empty() {
            let sql = "INSERT INTO item (workspace, partition, kind, name, at, form)
                 SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[])
                 ON CONFLICT (workspace, partition, kind, name) DO UPDATE SET at = excluded.at, form = excluded.form";
            script.add(sql, vec![&places.0, &places.1, kinds, names, ats, forms]).await?;
        }
        Ok(())
    }

    /// Each at the end of its lane; who is the first there may go.
    async fn write_effects(&'a self, script: &mut Script<'a>) -> Result<(), StoreError> {
        let of = &self.effects;
        if of.ids.is_empty() {
            return Ok(());
        }
        let sql =
            "INSERT INTO effect (workspace, partition, id, seq, place, user_id, lane, free, kind, bot_conversation,
                 state, front, not_after, form, context)
             SELECT k.workspace, k.partition, k.id, k.seq, k.place, k.user_id, k.lane, k.free, k.kind, k.conversation,
                 k.state, k.free OR (k.first AND ahead.number IS NULL), k.not_after, k.form, k.context
             FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                 $8::bool[], $9::text[], $10::bigint[], $11::smallint[], $12::bool[], $13::bigint[], $14::text[],
                 $15::text[]) WITH ORDINALITY
                 AS k (workspace, partition, id, seq, place, user_id, lane, free, kind, conversation, state, first,
                     not_after, form, context, n)
             LEFT JOIN LATERAL (SELECT x.number FROM effect x
                 WHERE k.first AND NOT k.free AND x.workspace = k.workspace AND x.partition = k.partition
                     AND x.lane = k.lane AND NOT x.free AND x.state <> 2
                 ORDER BY x.seq, x.place LIMIT 1) ahead ON TRUE
             WHERE NOT EXISTS (SELECT FROM outcome o
                 WHERE o.workspace = k.workspace AND o.partition = k.partition AND o.id = k.id)
             ORDER BY k.n ON CONFLICT DO NOTHING";
        let values: Vec<&'a (dyn tokio_postgres::types::ToSql + Sync)> = vec![
            &of.places.0,
            &of.places.1,
            &of.ids,
            &of.seqs,
            &of.positions,
            &of.users,
            &of.lanes,
            &of.frees,
            &of.kinds,
            &of.conversations,
            &of.states,
            &of.firsts,
            &of.not_afters,
            &of.forms,
            &of.contexts,
        ];
        script.add_unsorted(sql, values).await
    }
}
