//! Things to put into a store, in a few words.

use chatsparks_core::{
    Comment, CommentId, Effect, Evaluation, Event, Instant, Message, Period, Row, SendDm, Storable, Stored, Text,
    TimerKind, UserId,
};
use chatsparks_ports::{
    Commit, Context, Input, Lane, Limit, NewEffect, NewRecord, Opened, Shard, Stamp, Store, StoreError,
};
use serde_json::value::RawValue;

/// A partition of the workspace that the suite uses.
pub fn shard(partition: u32) -> Shard {
    Shard { workspace: "glow".into(), partition }
}

/// So many seconds after a morning in March.
pub fn at(seconds: i64) -> Instant {
    "2026-03-02T10:00:00Z".parse::<Instant>().unwrap().after(Period::seconds(seconds))
}

/// A comment.
pub fn comment(id: &str, user: &str, text: &str) -> Event {
    Event::Comment(Comment {
        comment_id: id.into(),
        post_id: "v1".into(),
        user_id: user.into(),
        handle: Some(Text::from(text)),
        text: Text::from(text),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    })
}

/// A message.
pub fn message(id: &str, user: &str, text: &str) -> Event {
    Event::Message(Message {
        message_id: id.into(),
        user_id: user.into(),
        handle: None,
        text: Some(Text::from(text)),
        option: None,
    })
}

/// An event to be logged.
pub fn input(id: &str, stamp: Stamp, event: Event) -> Input {
    Input { id: id.into(), stamp, event }
}

/// An event that brings its own instant.
pub fn brought(id: &str, at: Instant, event: Event) -> Input {
    input(id, Stamp::Brought(at), event)
}

/// More than anybody logs here.
pub const ALL: Limit = Limit { events: 1_000_000, bytes: usize::MAX };

/// A row by what its stored form has after `v`.
pub fn row(form: &str) -> Row {
    read(&format!(r#"{{"v":1,{form}}}"#))
}

fn read<T: Storable>(form: &str) -> T {
    serde_json::from_str::<Stored<'static, T>>(form).unwrap_or_else(|error| panic!("{error}: {form}")).into_inner()
}

/// A contact, by their stored form's `talk`.
pub fn contact(user: &str, talk: &str) -> Row {
    row(&format!(r#""contact":{{"v":2,"user_id":"{user}","talk":{talk}}}"#))
}

/// A contact whose next timer is due then.
pub fn due(user: &str, due: Instant) -> Row {
    contact(user, &format!(r#"{{"conversation":{{"id":1,"state":"bot","idle":"{due}"}}}}"#))
}

/// A contact whose start was queued then.
pub fn queued(user: &str, since: Instant) -> Row {
    let until = since.after(Period::days(5));
    contact(
        user,
        &format!(
            r#"{{"pending":{{"waits":"room","until":"{until}","trigger":"t","flow":"f","comment_id":"c","comment_at":"{since}","posted_at":"{since}","post_id":"v","is_reply":false,"answerable":true}}}}"#
        ),
    )
}

/// The clock of a partition.
pub fn clock(seq: u64, latest: Instant) -> Row {
    row(&format!(r#""clock":{{"v":1,"latest":"{latest}","seq":{seq}}}"#))
}

/// The terms of a revision.
pub fn terms(revision: u32) -> Row {
    row(&format!(r#""terms":{{"v":1,"revision":{revision}}}"#))
}

/// A row of each kind; which it is can be told from the rest.
pub fn every_row(instant: Instant, times: u32) -> Vec<Row> {
    vec![
        clock(7, instant),
        terms(times),
        row(&format!(r#""room":{{"v":1,"used":{times},"told":0}}"#)),
        due("u1", instant),
        Row::Event("x".into(), instant),
        Row::Comment("x".into(), instant),
        Row::Message("x".into(), instant),
        Row::Refund("x".into(), instant),
        row(&format!(r#""shop_user":{{"id":"x","user_id":"u{times}"}}"#)),
        row(&format!(r#""dm":{{"id":"x","user_id":"u{times}","stage":"sent"}}"#)),
        Row::Fired("u1".into(), TimerKind::Idle, at(5), times),
        link("u1", 3, 1, instant),
    ]
}

/// A link to a contact.
pub fn link(user: &str, seq: u64, position: u32, at: Instant) -> Row {
    row(&format!(
        r#""link":{{"user_id":"{user}","seq":{seq},"position":{position},"link":{{"at":"{at}","conversation":1,"link":{{"product":"p{seq}-{position}"}},"by":{{"member":"a@b"}}}}}}"#
    ))
}

/// A record about a contact; its line says what its effects say.
pub fn record(seq: u64, at: Instant, user: &str, says: &str) -> NewRecord {
    let line = format!(
        r#"{{"seq":{seq},"event":"e{seq}","at":"{at}","user_id":"{user}","effects":[{{"id":"e{seq}/0","send_dm":{{"user_id":"{user}","text":"{says}"}}}}]}}"#
    );
    let line = RawValue::from_string(line).unwrap();
    NewRecord { seq, at, event: Some(format!("e{seq}").into()), user_id: Some(user.into()), line, evaluation: None }
}

/// The evaluation of a comment that matched nothing.
pub fn evaluation(id: &str, user: &str, at: Instant, text: &str) -> (CommentId, Box<Evaluation>) {
    let form = format!(
        r#"{{"v":1,"at":"{at}","revision":1,"comment":{{"comment_id":"{id}","post_id":"v1","user_id":"{user}","text":"{text}"}},"result":"no_match"}}"#
    );
    (id.into(), Box::new(read::<Evaluation>(&form)))
}

/// A bot's DM to a contact, in their first conversation, of the record of this `seq`.
pub fn dm(user: &str, seq: u64, not_after: Option<Instant>, text: &str) -> NewEffect {
    let dm = SendDm {
        user_id: user.into(),
        conversation: 1,
        text: Some(Text::from(text)),
        options: Vec::new(),
        card: None,
        member: None,
    };
    effect(seq, 0, Lane::Contact(user.into()), not_after, Effect::SendDm(Box::new(dm)))
}

/// A notification about the owners' limit.
pub fn notification(seq: u64, place: u32) -> NewEffect {
    effect(seq, place, Lane::Free(None), None, Effect::NotifyOwners { level: 80, count: 8, limit: 10 })
}

/// Any effect, its id as the record's gives it.
pub fn effect(seq: u64, place: u32, lane: Lane, not_after: Option<Instant>, effect: Effect) -> NewEffect {
    let context = Context { not_after, ..Context::default() };
    NewEffect { id: format!("e{seq}/{place}"), decided: (seq, place), lane, effect, context, in_doubt: false }
}

/// A commit that has decided so far.
pub fn commit(decided: u64) -> Commit {
    let mut commit = Commit::default();
    commit.decided = decided;
    commit
}

/// A commit of records, each with its DM, to a contact each.
pub fn decided(decided: u64, dms: impl IntoIterator<Item = NewEffect>) -> Commit {
    let mut commit = commit(decided);
    for dm in dms {
        let user = match &dm.lane {
            Lane::Contact(user_id) | Lane::Free(Some(user_id)) => user_id.as_str(),
            Lane::Free(None) => "nobody",
        };
        if commit.records.last().is_none_or(|last| last.seq != dm.decided.0) {
            commit.records.push(record(dm.decided.0, at(dm.decided.0 as i64), user, "hello"));
        }
        commit.effects.push(dm);
    }
    commit
}

/// Opens a partition and commits something to it.
pub async fn put<S: Store>(store: &S, shard: &Shard, commit: Commit) -> Result<Opened, StoreError> {
    let opened = store.open(shard).await?;
    store.commit(shard, opened.fence, commit).await?;
    Ok(opened)
}

/// The ids of contacts among rows.
pub fn users<'a>(rows: &'a [Row]) -> Vec<&'a UserId> {
    let user = |row: &'a Row| match row {
        Row::Contact(contact) => Some(contact.user_id()),
        _ => None,
    };
    rows.iter().filter_map(user).collect()
}

/// Everything that can be read of the suite's workspace, for telling whether anything changed.
pub async fn picture<S: Store>(store: &S) -> String {
    use chatsparks_ports::{Cursor, EffectState};
    let id = "glow".into();
    let mut parts = Vec::new();
    parts.push(format!(
        "{:?}",
        store.records(&id, &Cursor::default(), 1_000_000).await.map_err(|error| error.to_string())
    ));
    parts.push(format!("{:?}", store.heads(&id).await));
    for kind in ["contact", "order", "shop_user", "dm", "fired"] {
        parts.push(format!("{:?}", store.rows(&id, kind, None, 1_000_000).await));
    }
    for state in [EffectState::Waiting, EffectState::InDoubt, EffectState::Dead, EffectState::Sent, EffectState::Failed]
    {
        parts.push(format!("{:?}", store.list(&id, state, 1_000_000).await));
    }
    parts.push(format!("{:?}", store.count(&id).await));
    for partition in 0..store.partitions() {
        let shard = shard(partition);
        parts.push(format!("{:?}", store.read(&shard, 0, ALL).await));
        parts.push(format!("{:?}", store.end(&shard).await));
        parts.push(format!("{:?}", store.decided(&shard).await));
        parts.push(format!("{:?}", store.stretch(&shard).await));
        parts.push(format!("{:?}", store.next_due(&shard).await));
    }
    parts.join("\n")
}
