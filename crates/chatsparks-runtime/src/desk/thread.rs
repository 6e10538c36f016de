//! What was said with one contact, and what was decided of them: folded from their records, with the words from the log
//! (V1, V11).

use crate::Runtime;
use chatsparks_core::{
    ActKind, CommentResult, Contact, DmId, DmStage, Envelope, Event, EventId, Explained, Fact, Instant, Key,
    PendingFor, RefusalReason, Row, Text, UserId, WorkspaceId,
    diagnosis::{Advice, EffectStanding, StageSeen},
    final_state::ContactState,
};
use chatsparks_ports::{Logged, Shard, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Records of one contact that are read: nobody reads further back than the last of them.
const READ: usize = 20_000;
/// Events read at once.
const EVENTS: usize = 1_000;
/// Characters of what a buyer wrote that are shown: a megabyte is no conversation.
const SHOWN: usize = 10_000;
/// Receipts of one DM that are read.
const RECEIPTS: usize = 1_000;
/// DMs and public replies whose stage is looked up: the last of each.
const STAGES: usize = 200;

/// A contact and what happened with them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Thread {
    /// The contact, as in the state.
    pub contact: ContactState,
    /// What they are called on the platform, as last seen.
    pub handle: Option<String>,
    /// A start of theirs that waits: for what, until when, and what to do.
    pub pending: Option<Value>,
    /// What happened, oldest first: each has `at`, `kind` and what belongs to it.
    pub entries: Vec<Value>,
    /// Whether more happened before.
    pub older: bool,
}

/// What is read of a record.
#[derive(Deserialize)]
struct Kept {
    event: Option<EventId>,
    at: Instant,
    outcome: Value,
    #[serde(default)]
    effects: Vec<Value>,
    #[serde(default)]
    facts: Vec<Fact>,
}

impl<S: Store> Runtime<S> {
    /// What was said with a contact and what was decided of them: at most so many records, the last ones; none: they are
    /// not known.
    ///
    /// # Errors
    /// What the store says.
    pub async fn thread(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
        limit: usize,
    ) -> Result<Option<Thread>, StoreError> {
        let row = self.store().row(workspace, &Key::Contact(user_id.clone())).await?;
        let Some(Row::Contact(contact)) = row else { return Ok(None) };
        let records = self.store().records_of(workspace, user_id, READ).await?;
        let older = records.len() > limit;
        let words = self.words_of(workspace, user_id).await?;
        let mut entries = Vec::new();
        for record in &records[records.len().saturating_sub(limit)..] {
            // Ours, and so it can be read; what could not would have nothing to tell.
            if let Ok(kept) = serde_json::from_str::<Kept>(&record.line) {
                tell(&kept, &words, &mut entries);
            }
        }
        let dms = entries.iter_mut().rev().filter(|entry| entry["kind"] == "dm").take(STAGES);
        for dm in dms {
            let dm_id = DmId::from(dm["dm_id"].as_str().unwrap_or_default());
            if let Some(Row::Dm(_, _, stage)) = self.store().row(workspace, &Key::Dm(dm_id)).await? {
                dm["stage"] = json!(stage);
            }
        }
        self.tell_of_replies(workspace, &mut entries).await?;
        let head = self.head(workspace).await?;
        Ok(Some(Thread {
            contact: ContactState::new(&contact, &head),
            handle: contact.handle().map(str::to_owned),
            pending: pending(&contact),
            entries,
            older,
        }))
    }

    /// What became of public replies: the platform tells nothing of them, and so only the queue knows.
    async fn tell_of_replies(&self, workspace: &WorkspaceId, entries: &mut [Value]) -> Result<(), StoreError> {
        let mut replies: Vec<&mut Value> =
            entries.iter_mut().rev().filter(|entry| entry["kind"] == "public_reply").take(STAGES).collect();
        let ids: Vec<String> = replies.iter().filter_map(|reply| reply["effect"].as_str()).map(str::to_owned).collect();
        let known = self.effects(workspace, &ids).await?;
        for reply in &mut replies {
            let Some(seen) = reply["effect"].as_str().and_then(|effect| known.get(effect)) else { continue };
            let EffectStanding { stands, attempts, not_before, why, .. } = &seen.standing;
            let advice = seen.standing.advice();
            (reply["stage"], reply["attempts"]) = (json!(stands), json!(attempts));
            (reply["not_before"], reply["why"]) = (json!(not_before), json!(why));
            (reply["advice"], reply["to_do"]) = (json!(advice), json!(advice.sentence()));
        }
        Ok(())
    }

    /// The stages of a DM, as they were told, the engine's own first; none: no such DM was decided.
    ///
    /// # Errors
    /// What the store says.
    pub async fn dm_stages(&self, workspace: &WorkspaceId, dm_id: &DmId) -> Result<Option<Vec<StageSeen>>, StoreError> {
        let row = self.store().row(workspace, &Key::Dm(dm_id.clone())).await?;
        let Some(Row::Dm(_, user_id, stage)) = row else { return Ok(None) };
        let records = self.store().records_of(workspace, &user_id, READ).await?;
        let mut kept = records.iter().rev().filter_map(|record| serde_json::from_str::<Kept>(&record.line).ok());
        let decided = kept.find(|kept| kept.effects.iter().any(|effect| effect["id"] == dm_id.as_str()));
        // Receipts lie where their DM's contact does.
        let partition = chatsparks_core::home_partition(workspace, user_id.as_str(), self.store().partitions());
        let shard = Shard { workspace: workspace.clone(), partition };
        let receipts = self.store().events_naming(&shard, &[Key::Dm(dm_id.clone())], RECEIPTS).await?;
        let mut stages: Vec<StageSeen> = Vec::new();
        stages.extend(decided.map(|kept| StageSeen { stage: DmStage::Queued, at: kept.at, detail: None }));
        for Logged { envelope, .. } in receipts {
            let Event::Receipt(receipt) = envelope.event else { continue };
            let before = stages.last().map_or(DmStage::Queued, |seen| seen.stage);
            // What is no later stage changed nothing.
            if receipt.status.is_after(before) && before != stage {
                stages.push(StageSeen { stage: receipt.status, at: envelope.at, detail: receipt.detail });
            }
        }
        Ok(Some(stages))
    }

    /// The events of a contact that are kept, by their ids.
    async fn words_of(
        &self,
        workspace: &WorkspaceId,
        user_id: &UserId,
    ) -> Result<HashMap<EventId, Envelope>, StoreError> {
        let (mut words, mut after) = (HashMap::new(), None);
        loop {
            let events = self.store().events_of(workspace, user_id, after, EVENTS).await?;
            let Some((partition, last)) = events.last() else { return Ok(words) };
            after = Some((*partition, last.position));
            for (_, logged) in events {
                // Of one that came twice the first was decided.
                words.entry(logged.envelope.id.clone()).or_insert(logged.envelope);
            }
        }
    }
}

fn pending(contact: &Contact) -> Option<Value> {
    let pending = contact.pending()?;
    let waits = match pending.waits {
        PendingFor::Room => "queued",
        PendingFor::Message => "held",
    };
    Some(json!({
        "waits": waits, "trigger": pending.trigger, "comment_id": pending.comment_id, "until": pending.until,
        "to_do": Advice::about_wait(pending.waits).sentence(), "advice": Advice::about_wait(pending.waits),
    }))
}

/// Whose turn it was, what they said, and what came of it.
fn tell(kept: &Kept, words: &HashMap<EventId, Envelope>, entries: &mut Vec<Value>) {
    let event = kept.event.as_ref().and_then(|id| words.get(id)).map(|envelope| &envelope.event);
    let mut add = |kind: &str, mut told: Value| {
        told["kind"] = kind.into();
        told["at"] = json!(kept.at);
        entries.push(told);
    };
    let refused = serde_json::from_value::<RefusalReason>(kept.outcome["refused"]["reason"].clone()).ok();
    match event {
        Some(Event::Comment(comment)) => {
            let (text, cut) = shown(&comment.text);
            let outcome = &kept.outcome["comment"];
            let result = serde_json::from_value::<CommentResult>(outcome["result"].clone()).ok();
            let advice = result.map(|result| Advice::about_comment(Explained::from(result), None));
            add(
                "comment",
                json!({
                    "comment_id": comment.comment_id, "post_id": comment.post_id, "text": text, "cut": cut,
                    "result": outcome["result"], "trigger": outcome["trigger"], "until": outcome["until"],
                    "advice": advice, "to_do": advice.map(Advice::sentence),
                }),
            );
        }
        Some(Event::Message(message)) => {
            let (text, cut) = message.text.as_ref().map(shown).unzip();
            let result = &kept.outcome["message"]["result"];
            add("message", json!({ "text": text, "cut": cut, "option": message.option, "result": result }));
        }
        Some(Event::Act(act)) => {
            let (name, to) = match &act.kind {
                ActKind::Take => ("take", None),
                ActKind::Assign(to) => ("assign", Some(to)),
                ActKind::HandBack => ("hand_back", None),
                ActKind::Close => ("close", None),
                ActKind::Block => ("block", None),
                ActKind::Unblock => ("unblock", None),
            };
            add("act", json!({ "act": name, "member": act.member, "to": to, "refused": refused }));
        }
        Some(Event::Order(order)) => {
            let outcome = &kept.outcome["order"];
            add(
                "order",
                json!({ "order_id": order.order_id, "result": outcome["result"], "total_minor": order.total_minor,
                    "currency": order.currency }),
            );
        }
        _ => {}
    }
    if let Some(reason) = refused {
        let advice = Advice::about_refusal(reason);
        add("refused", json!({ "reason": reason, "advice": advice, "to_do": advice.sentence() }));
    }
    for fact in &kept.facts {
        tell_fact(fact, &mut add);
    }
    for effect in &kept.effects {
        if let Some(dm) = effect["send_dm"].as_object() {
            let mut told = json!(dm);
            told["dm_id"] = effect["id"].clone();
            add("dm", told);
        } else if let Some(reply) = effect["public_reply"].as_object() {
            let mut told = json!(reply);
            told["effect"] = effect["id"].clone();
            add("public_reply", told);
        } else if let Some(told) = effect["notify_inbox"].as_object() {
            add("inbox", json!(told));
        }
    }
}

fn tell_fact(fact: &Fact, add: &mut impl FnMut(&str, Value)) {
    let waits = |trigger, until, waits: PendingFor| {
        let advice = Advice::about_wait(waits);
        json!({ "trigger": trigger, "until": until, "advice": advice, "to_do": advice.sentence() })
    };
    match fact {
        Fact::ConversationOpened { conversation } => add("opened", json!({ "conversation": conversation })),
        Fact::StateChanged { conversation, from, to, reason } => {
            add("state", json!({ "conversation": conversation, "from": from, "to": to, "reason": reason }));
        }
        Fact::FlowStarted { trigger, flow, version, conversation } => {
            let told = json!({ "trigger": trigger, "flow": flow, "version": version, "conversation": conversation });
            add("flow", told);
        }
        Fact::Queued { trigger, until } => add("queued", waits(trigger, until, PendingFor::Room)),
        Fact::Held { trigger, until } => add("held", waits(trigger, until, PendingFor::Message)),
        Fact::Dropped { trigger, reason } => add("dropped", json!({ "trigger": trigger, "reason": reason })),
        Fact::Tagged { tag } => add("tagged", json!({ "tag": tag })),
        Fact::FieldCaptured { field } => add("captured", json!({ "field": field })),
        Fact::ContactCounted { count, .. } => add("counted", json!({ "count": count })),
        _ => {}
    }
}

/// As much of a text as is shown, and whether it is longer.
pub(crate) fn shown(text: &Text) -> (Text, bool) {
    match text.as_str().char_indices().nth(SHOWN) {
        Some((end, _)) => (Text::from(&text.as_str()[..end]), true),
        None => (text.clone(), false),
    }
}
