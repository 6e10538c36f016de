//! A contact's past, from what a store keeps of them alone: every decision about them once more, as it was made (C10, D).
//!
//! It takes time in proportion to what happened with the contact, and not to what happened in the workspace. Each record
//! that comes out is held against the one that is kept; where one differs there is no answer, rather than a wrong one.

use chatsparks_core::{
    CommentId, Engine, Envelope, Event, EventId, Instant, Key, Partition, Record, Retrace, Row, Scratch, Source, Timer,
    Told, UserId, WorkspaceId,
};
use chatsparks_ports::{KeptRecord, Logged, Position, Shard, Store, StoreError, erasure::forget_line};
use kept::Line;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

mod begin;
mod kept;
mod stood;

pub use stood::{Standing, Stood, position};

/// Events read at once.
const PAGE: usize = 2_000;
/// More records than anybody has.
const ALL: usize = 1 << 24;

/// What happened with a contact, ready to be lived through.
#[derive(Debug)]
pub struct Past {
    shard: Shard,
    begins: Vec<Row>,
    /// The revision that it begins with, and every other that decided something.
    first: u32,
    engines: BTreeMap<u32, Engine>,
    steps: Vec<Step>,
    erased_since: Option<Instant>,
    /// As of when, and what stood then; none: all that happened.
    ends: Option<(Instant, Told, u32)>,
}

/// What is wanted of a contact's past beside their own events.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Things whose events are wanted too, such as an order of theirs that bears another id (A1).
    pub things: Vec<Key>,
    /// The comment at which the count has to be known (M).
    pub comment: Option<CommentId>,
    /// An engine that is compiled already.
    pub in_force: Option<Engine>,
    /// As of this instant: what happened once the contact's partition had passed it is left out. None: all of it.
    pub by: Option<Instant>,
}

/// Why there is no past to be lived through.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document of a revision is not kept any more.
    #[error("the document of revision {0} is not kept any more")]
    DocumentGone(u32),
    /// Some of what it needs is deleted, or is being deleted.
    #[error("not all that is needed is kept: what is old was deleted")]
    Gone,
    /// The person was forgotten: what they wrote is not known (R12).
    #[error("somebody was forgotten: from {0} on it cannot be said again how it was decided")]
    Forgotten(Instant),
    /// The present engine decides otherwise.
    #[error("this version decides otherwise than the one that wrote record {0}: `verify` names what differs")]
    Otherwise(u64),
}

/// One thing that was decided.
#[derive(Debug)]
struct Step {
    what: What,
    /// Its record; none is kept by the contact of what names only a thing.
    line: Option<Line>,
    /// The id of it that others had used up, if the contact's own past does not have it (T3).
    used_up: Option<Row>,
}

#[derive(Debug)]
enum What {
    Event(Box<Envelope>),
    Timer(Timer),
}

impl Step {
    fn of(what: What, line: Option<Line>) -> Self {
        Self { what, line, used_up: None }
    }

    fn at(&self) -> Instant {
        match &self.what {
            What::Event(envelope) => envelope.at,
            What::Timer(timer) => timer.due,
        }
    }
}

impl Past {
    /// What a store has of a contact; none: nothing.
    ///
    /// # Errors
    /// When what is needed is not kept, and what the store says.
    pub async fn of<S: Store>(
        store: &S,
        workspace: &WorkspaceId,
        user_id: &UserId,
        wanted: &Wanted,
    ) -> Result<Option<Self>, PastError> {
        let partition = chatsparks_core::home_partition(workspace, user_id.as_str(), store.partitions());
        Self::in_partition(store, &Shard { workspace: workspace.clone(), partition }, user_id, wanted).await
    }

    /// The same of a partition other than the contact's own: an order that matches nobody lives with the id it bears.
    ///
    /// # Errors
    /// When what is needed is not kept, and what the store says.
    pub async fn in_partition<S: Store>(
        store: &S,
        shard: &Shard,
        user_id: &UserId,
        wanted: &Wanted,
    ) -> Result<Option<Self>, PastError> {
        // In this order: what is on record has happened, whatever else happens while it is read.
        let mut lines = lines_of(store, shard, user_id).await?;
        let stretch = store.stretch(shard).await?;
        let mut events = theirs(store, shard, user_id).await?;
        let of_others = of_others(store, shard, user_id, &events).await?;
        events.retain(|logged| !of_others.contains(&logged.envelope.id));
        lines.retain(|line| !line.event().is_some_and(|id| of_others.contains(id)));
        for (logged, line) in by_shop_ids(store, shard, user_id, &events).await? {
            events.push(logged);
            lines.push(line);
        }
        let mut keys: Vec<Key> = lines.iter().flat_map(Line::dms).map(|id| Key::Dm(id.into())).collect();
        keys.extend(wanted.things.iter().cloned());
        let named = store.events_naming(shard, &keys, ALL).await?;
        let decided = store.decided(shard).await?;
        for other in named.iter().filter_map(|logged| logged.envelope.event.user_id()).filter(|id| *id != user_id) {
            // An order by a shop's id: its record bears that id.
            let ids: Vec<&EventId> = named.iter().map(|logged| &logged.envelope.id).collect();
            let theirs = lines_of(store, shard, other).await?;
            lines.extend(theirs.into_iter().filter(|line| line.event().is_some_and(|id| ids.contains(&id))));
        }
        lines.sort_by_key(|line| line.seq);
        lines.dedup_by_key(|line| line.seq);
        events.extend(named);
        events.sort_by_key(|logged| logged.position);
        events.dedup_by_key(|logged| logged.position);
        events.retain(|logged| logged.position <= decided);
        let begin = begin::begin(store, shard, user_id, &stretch, &events).await?;
        let is_known = begin.rows.iter().any(|row| matches!(row, Row::Contact(_)));
        if events.is_empty() && lines.is_empty() && !is_known {
            return Ok(None);
        }
        events.retain(|logged| logged.position > begin.position);
        lines.retain(|line| line.seq >= begin.seq);
        let first = begin.revision.or(lines.first().map(|line| line.revision)).unwrap_or(1);
        let mut engines = BTreeMap::new();
        for revision in lines.iter().map(|line| line.revision).chain([first]) {
            if let std::collections::btree_map::Entry::Vacant(place) = engines.entry(revision) {
                let known = wanted.in_force.clone().filter(|engine| engine.revision() == revision);
                place.insert(match known {
                    Some(known) => known,
                    None => compiled(store, &shard.workspace, revision).await?,
                });
            }
        }
        let mut steps = in_order(user_id, lines, events)?;
        begin::used_up_by_others(store, shard, &mut steps).await?;
        let mut ends = None;
        if let Some(by) = wanted.by {
            let stood = match Standing::find(store, shard, by).await? {
                Standing::At(stood) => stood,
                Standing::Nothing => return Ok(None),
                Standing::Gone => return Err(PastError::Gone),
            };
            let is_later = |step: &Step| match &step.line {
                Some(line) => line.seq >= stood.next || (step.at() > by && !line.is_repeated),
                None => step.at() > by,
            };
            let later = steps.iter().position(is_later);
            steps.truncate(later.unwrap_or(steps.len()));
            if stood.next < begin.seq {
                return Err(PastError::Gone);
            }
            if let std::collections::btree_map::Entry::Vacant(place) = engines.entry(stood.revision) {
                place.insert(compiled(store, &shard.workspace, stood.revision).await?);
            }
            // However long nobody was counted: a cycle's beginning says so too.
            let count = kept::count_before(store, shard, stood.next, stretch.first_record, u64::MAX).await?;
            let count = Some(count.ok_or(PastError::Gone)?);
            ends = Some((by, Told { seq: stood.next, count, ..Told::default() }, stood.revision));
        }
        for step in &mut steps {
            let is_asked = |event: &Event| matches!(event, Event::Comment(one) if Some(&one.comment_id) == wanted.comment.as_ref());
            let is_asked = matches!(&step.what, What::Event(envelope) if is_asked(&envelope.event));
            if let Some(line) = step.line.as_mut().filter(|line| is_asked || line.is_queued) {
                line.count_before =
                    kept::count_before(store, shard, line.seq, stretch.first_record, kept::LOOKED_AT).await?;
            }
        }
        let (shard, erased_since) = (shard.clone(), stretch.erased_since);
        Ok(Some(Self { shard, begins: begin.rows, first, engines, steps, erased_since, ends }))
    }

    /// The partition that it lies in.
    pub fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Whether how many were counted before a comment is known: where nobody was counted for long before it, it is not.
    pub fn is_count_known(&self, comment_id: &CommentId) -> bool {
        self.steps.iter().any(|step| match &step.what {
            What::Event(envelope) => {
                matches!(&envelope.event, Event::Comment(comment) if comment.comment_id == *comment_id)
                    && step.line.as_ref().is_some_and(|line| line.told().count.is_some())
            }
            What::Timer(_) => false,
        })
    }

    /// Lives through it: each decision is shown as it was made, with the contact as they were before it. Gives back the
    /// state after it, of this contact alone.
    ///
    /// # Errors
    /// Where a record comes out otherwise than it is kept.
    pub fn live(&self, mut on_record: impl FnMut(&Record<'_>)) -> Result<Partition, PastError> {
        let engine = |revision| self.engines.get(revision).cloned().ok_or(PastError::DocumentGone(*revision));
        let mut retrace =
            Retrace::new(engine(&self.first)?, self.begins.iter().cloned()).map_err(|_| PastError::Gone)?;
        let mut scratch = Scratch::default();
        let mut seq = 0;
        for Step { what, line, used_up } in &self.steps {
            if let (What::Event(envelope), Some(row)) = (what, used_up)
                && !retrace.repeats(envelope)
            {
                retrace.is_used_up(row.clone());
            }
            let told = match line {
                Some(line) => {
                    if line.revision != retrace.partition().engine().revision() {
                        retrace.goes_on_by(engine(&line.revision)?);
                    }
                    line.told()
                }
                None => Told { seq, ..Told::default() },
            };
            seq = told.seq;
            let mut held = line.is_none();
            let mut show = |record: &Record<'_>| {
                held |= line.as_ref().is_some_and(|line| line.is_of(record));
                on_record(record);
            };
            match what {
                What::Event(envelope) if line.as_ref().is_some_and(|line| line.is_fault) => {
                    retrace.set_aside(envelope, told, &mut show);
                }
                What::Event(envelope) => retrace.event(envelope, told, &mut scratch, &mut show),
                What::Timer(timer) => retrace.timer(timer.clone(), told, &mut scratch, &mut show),
            }
            if !held {
                return Err(self.erased_since.map_or(PastError::Otherwise(seq), PastError::Forgotten));
            }
        }
        if let Some((by, told, revision)) = &self.ends {
            if *revision != retrace.partition().engine().revision() {
                retrace.goes_on_by(engine(revision)?);
            }
            // Whatever was due by then has fired: its record says so.
            let passes = Envelope { id: "timer:past".into(), at: *by, event: Event::Clock };
            retrace.event(&passes, *told, &mut scratch, |_| ());
        }
        Ok(retrace.partition().clone())
    }
}

/// The engine of a revision.
pub(crate) async fn compiled<S: Store>(store: &S, id: &WorkspaceId, revision: u32) -> Result<Engine, PastError> {
    let gone = || PastError::DocumentGone(revision);
    let document = store.document(id, revision).await?.ok_or_else(gone)?;
    Engine::restore(document, revision).map_err(|_| gone())
}

/// The contact's events in a partition.
async fn theirs<S: Store>(store: &S, shard: &Shard, user_id: &UserId) -> Result<Vec<Logged>, StoreError> {
    let (mut after, mut events): (Option<(u32, Position)>, Vec<Logged>) = (None, Vec::new());
    loop {
        let page = store.events_of(&shard.workspace, user_id, after, PAGE).await?;
        let Some((partition, last)) = page.last() else { return Ok(events) };
        after = Some((*partition, last.position));
        events.extend(page.into_iter().filter(|(of, _)| *of == shard.partition).map(|(_, logged)| logged));
    }
}

/// Orders that bear the contact's id, and were another's, to whom it was linked as a shop's id before there was such a
/// contact (A1).
async fn of_others<S: Store>(
    store: &S,
    shard: &Shard,
    user_id: &UserId,
    events: &[Logged],
) -> Result<BTreeSet<EventId>, StoreError> {
    let mut of_others = BTreeSet::new();
    for Logged { envelope, .. } in events {
        if credited(store, shard, &envelope.event).await?.is_some_and(|credited| credited != *user_id) {
            of_others.insert(envelope.id.clone());
        }
    }
    Ok(of_others)
}

/// The contact to whom an order was credited; none: it is no order, or nobody's.
async fn credited<S: Store>(store: &S, shard: &Shard, event: &Event) -> Result<Option<UserId>, StoreError> {
    let Event::Order(order) = event else { return Ok(None) };
    Ok(match store.row(&shard.workspace, &Key::Order(order.order_id.clone())).await? {
        Some(Row::Order(_, entry)) => entry.user_id,
        _ => None,
    })
}

/// Orders that bear the id of a shop which was linked to the contact when they came (A1), each with its record.
async fn by_shop_ids<S: Store>(
    store: &S,
    shard: &Shard,
    user_id: &UserId,
    events: &[Logged],
) -> Result<Vec<(Logged, Line)>, PastError> {
    let linked = events.iter().filter_map(|logged| match &logged.envelope.event {
        Event::Identity { shop_user_id, .. } => Some(shop_user_id.clone()),
        _ => None,
    });
    let mut found = Vec::new();
    for shop_id in linked.collect::<BTreeSet<_>>() {
        let bears = UserId::from(shop_id.as_str());
        if bears == *user_id {
            continue;
        }
        // A contact's own id comes first, from when they are one: until then the order was the shop's buyer's.
        let is_contact = store.row(&shard.workspace, &Key::Contact(bears.clone())).await?.is_some();
        let identities = store.events_naming(shard, &[Key::ShopUser(shop_id)], ALL).await?;
        let mut lines = lines_of(store, shard, &bears).await?;
        for order in theirs(store, shard, &bears).await? {
            let given = identities.iter().rfind(|identity| identity.position < order.position);
            let is_theirs = given.is_some_and(|identity| identity.envelope.event.user_id() == Some(user_id));
            let is_theirs = is_theirs
                && (!is_contact || credited(store, shard, &order.envelope.event).await?.as_ref() == Some(user_id));
            // T3: an id that came twice has a record each time, in the same order.
            let line = lines.iter().position(|line| line.event() == Some(&order.envelope.id));
            if let Some(line) = line.map(|place| lines.remove(place)).filter(|_| is_theirs) {
                found.push((order, line));
            }
        }
    }
    Ok(found)
}

async fn lines_of<S: Store>(store: &S, shard: &Shard, user_id: &UserId) -> Result<Vec<Line>, PastError> {
    let records = store.records_of(&shard.workspace, user_id, ALL).await?;
    let of_it = records.into_iter().filter(|record| record.partition == shard.partition);
    of_it.map(|KeptRecord { line, .. }| Line::read(line).ok_or(PastError::Gone)).collect()
}

/// Events and timers in the order in which they were decided. Records say which timer fired between which events; what has
/// no record stands where the log has it, behind whatever was due by then.
fn in_order(user_id: &UserId, lines: Vec<Line>, events: Vec<Logged>) -> Result<Vec<Step>, PastError> {
    let mut by_id: BTreeMap<EventId, VecDeque<Logged>> = BTreeMap::new();
    for logged in events {
        by_id.entry(logged.envelope.id.clone()).or_default().push_back(logged);
    }
    let mut placed: Vec<(Position, Step)> = Vec::new();
    let mut timers: Vec<Line> = Vec::new();
    let mut between: Vec<(Position, Vec<Line>)> = Vec::new();
    for line in lines {
        let Some(id) = line.event() else {
            timers.push(line);
            continue;
        };
        let logged = by_id.get_mut(id).and_then(VecDeque::pop_front).ok_or(PastError::Gone)?;
        between.push((logged.position, std::mem::take(&mut timers)));
        placed.push((logged.position, Step::of(What::Event(Box::new(logged.envelope)), Some(line))));
    }
    between.push((Position::MAX, timers));
    // What bears an id and has no record was decided since the records were read, if at all.
    let mut rest: Vec<Logged> = by_id.into_values().flatten().collect();
    rest.retain(|logged| logged.envelope.event.user_id().is_none());
    rest.sort_by_key(|logged| logged.position);
    // Each timer stands before the next event, and before whatever else came once it was due.
    let (mut steps, mut before) = (Vec::new(), 0);
    for (position, timers) in between {
        for line in timers {
            let Some(kind) = line.timer() else { return Err(PastError::Gone) };
            let passes =
                |logged: &&Logged| (before..position).contains(&logged.position) && logged.envelope.at >= line.at;
            let place = rest.iter().find(passes).map_or(position, |logged| logged.position);
            let timer = Timer { due: line.at, kind, user_id: Some(user_id.clone()) };
            steps.push(((place, 0, line.seq), Step::of(What::Timer(timer), Some(line))));
        }
        before = position;
    }
    let unrecorded =
        rest.into_iter().map(|logged| (logged.position, Step::of(What::Event(Box::new(logged.envelope)), None)));
    steps.extend(placed.into_iter().chain(unrecorded).map(|(position, step)| ((position, 1, 0), step)));
    steps.sort_by_key(|(place, _)| *place);
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

impl Line {
    /// Whether a record is the one that is kept, or what forgetting left of it (R12).
    fn is_of(&self, record: &Record<'_>) -> bool {
        let is_source = match record.source {
            Source::Event(id) => self.event() == Some(id),
            Source::Timer { timer, .. } => self.timer() == Some(timer.kind),
        };
        let Ok(again) = serde_json::to_string(record) else { return false };
        is_source && (again == self.text || forget_line(&again).is_ok_and(|forgotten| forgotten == self.text))
    }
}
