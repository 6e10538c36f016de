//! Diagnoses of what happened with one contact: their past is lived through again, from what the store keeps of them, and
//! watched for what was asked about (D2, D4, D5).

use crate::{Kind, Problem, calls::At, router::Shared};
use chatsparks_core::{CommentId, Event, Key, OrderId, Row, Scratch, UserId, diagnosis::Diagnosis};
use chatsparks_ports::{Shard, Store};
use chatsparks_replay::{Asked, Evidence, Replay, driver::observe};
use chatsparks_runtime::{Past, PastError, Wanted};
use serde_json::{Value, json};

/// More events than anybody has of one thing.
const ALL: usize = 1 << 20;

/// D2: why a trigger did not fire for a comment.
pub(super) async fn of_comment<S: Store>(
    service: &Shared<S>,
    at: &At,
    comment: String,
    trigger: String,
) -> Result<Diagnosis, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "nothing is kept of such a comment");
    let evaluation = service.runtime.store().evaluation(&at.workspace, &CommentId::from(comment.as_str())).await?;
    let user_id = evaluation.ok_or_else(unknown)?.comment.user_id;
    let wanted = wanted(service, at, Vec::new(), Some(comment.as_str().into()))?;
    let past = Past::of(&**service.runtime.store(), &at.workspace, &user_id, &wanted).await.map_err(not_lived)?;
    let evidence = lived(past.ok_or_else(unknown)?, Asked::Comment(comment)).await?;
    let diagnosis = evidence.diagnose_comment(&trigger, &mut Scratch::default());
    diagnosis.ok_or_else(|| Problem::new(Kind::NotFound, "the revision that decided the comment had no such trigger"))
}

/// D5: why a flow repeats its question.
pub(super) async fn of_contact<S: Store>(service: &Shared<S>, at: &At, contact: String) -> Result<Diagnosis, Problem> {
    let store = service.runtime.store();
    let unknown = || Problem::new(Kind::NotFound, "the workspace has no such contact");
    let user_id = UserId::from(contact.as_str());
    let row = store.row(&at.workspace, &Key::Contact(user_id.clone())).await?.ok_or_else(unknown)?;
    let wanted = wanted(service, at, Vec::new(), None)?;
    let past = Past::of(&**store, &at.workspace, &user_id, &wanted).await.map_err(not_lived)?.ok_or_else(unknown)?;
    let heads = store.heads(&at.workspace).await?;
    let mut rows = heads.into_iter().nth(past.shard().partition as usize).unwrap_or_default();
    rows.push(row);
    let evidence = lived(past, Asked::Contact(contact)).await?;
    // Another revision may be in force by now: then nobody can say how they stand.
    let stands = Replay::restore(at.engine(service)?, rows);
    let stands = stands.map_err(|_| Problem::new(Kind::Busy, "the document was changed just now: ask again"))?;
    evidence.diagnose_contact(&stands).ok_or_else(unknown)
}

/// D4: why an order was not attributed; and beside it the conversations that it could have come from and why each lost, and
/// its ledger.
pub(crate) async fn of_order<S: Store>(
    service: &Shared<S>,
    at: &At,
    order: String,
) -> Result<(Diagnosis, Value), Problem> {
    let store = service.runtime.store();
    let unknown = || Problem::new(Kind::NotFound, "the workspace has no such order");
    let key = Key::Order(OrderId::from(order.as_str()));
    let Some(Row::Order(_, entry)) = store.row(&at.workspace, &key).await? else { return Err(unknown()) };
    let mut found = None;
    for partition in 0..store.partitions() {
        let shard = Shard { workspace: at.workspace.clone(), partition };
        let naming = store.events_naming(&shard, std::slice::from_ref(&key), ALL).await?;
        let ordered = naming.into_iter().find(|logged| matches!(logged.envelope.event, Event::Order(_)));
        if let Some(ordered) = ordered {
            found = Some((shard, ordered.envelope));
            break;
        }
    }
    let gone = || Problem::new(Kind::RecordsGone, "what was ordered is not kept any more");
    let (shard, ordered) = found.ok_or_else(gone)?;
    let bears = ordered.event.user_id().cloned().unwrap_or_else(|| "".into());
    // A1: an order is its buyer's by the id it bears, else by the shop's id, as it was linked when it came.
    let shop_id = Key::ShopUser(bears.as_str().into());
    let user_id = match entry.user_id.clone() {
        Some(credited) => credited,
        None if store.row(&at.workspace, &Key::Contact(bears.clone())).await?.is_some() => bears.clone(),
        None => {
            let identities = store.events_naming(&shard, std::slice::from_ref(&shop_id), ALL).await?;
            let before = identities.iter().rfind(|one| one.envelope.at <= ordered.at);
            let linked = before.or(identities.first()).and_then(|one| one.envelope.event.user_id());
            linked.unwrap_or(&bears).clone()
        }
    };
    let wanted = wanted(service, at, vec![key, shop_id], None)?;
    let past = Past::in_partition(&**store, &shard, &user_id, &wanted).await.map_err(not_lived)?.ok_or_else(gone)?;
    let evidence = lived(past, Asked::Order(order)).await?;
    let notes = evidence.order_notes().map(|notes| json!(notes));
    Ok((evidence.diagnose_order().ok_or_else(gone)?, notes.unwrap_or_default()))
}

fn wanted<S: Store>(
    service: &Shared<S>,
    at: &At,
    things: Vec<Key>,
    comment: Option<CommentId>,
) -> Result<Wanted, Problem> {
    Ok(Wanted { things, comment, in_force: Some(at.engine(service)?), ..Wanted::default() })
}

/// What a past shows of a question. It may be long, and is lived through where it holds up nobody.
async fn lived(past: Past, asked: Asked) -> Result<Evidence, Problem> {
    let work = move || {
        let mut evidence = Evidence::new(asked, false);
        past.live(|record| observe(record, &mut evidence)).map(|_| evidence)
    };
    let lived = tokio::task::spawn_blocking(work).await;
    lived.map_err(|_| Problem::new(Kind::Internal, "this is a bug of ours"))?.map_err(not_lived)
}

fn not_lived(error: PastError) -> Problem {
    match error {
        PastError::Store(error) => error.into(),
        error => Problem::new(Kind::RecordsGone, error.to_string()),
    }
}
