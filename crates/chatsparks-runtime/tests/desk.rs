//! What the desk lists is what the state has, whatever happened, in whichever pages it is asked for (V1, M5, A6, C10).

use chatsparks_core::{
    ConversationState, Envelope, Event, Explained, Instant, PendingFor, Row, Scratch, UserId, WorkspaceId,
    text::normalise,
};
use chatsparks_ports::{Archive, ManualClock, MemoryStore};
use chatsparks_runtime::{ClockMode, Find, NewEvent, Runtime, Settings, WorkspaceSetup};
use chatsparks_testkit::{
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const STATES: [ConversationState; 4] =
    [ConversationState::Bot, ConversationState::Waiting, ConversationState::Human, ConversationState::Closed];

async fn start(case: &Case, partitions: u32) -> Runtime<MemoryStore> {
    let mut settings = Settings::default();
    (settings.clock, settings.trust_at) = (ClockMode::Events, true);
    let clock = Arc::new(ManualClock::new(Instant::from_milliseconds(1_772_000_000_000)));
    let setup = WorkspaceSetup::new(case.workspace.clone(), "digest");
    Runtime::start(Arc::new(MemoryStore::new(partitions)), clock, settings, vec![setup]).await.unwrap()
}

async fn happens(runtime: &Runtime<MemoryStore>, id: &WorkspaceId, history: &[Envelope]) {
    let event = |envelope: &Envelope| NewEvent {
        id: envelope.id.clone(),
        at: Some(envelope.at),
        event: envelope.event.clone(),
    };
    runtime.accept(id, history.iter().map(event).collect()).await.unwrap();
    let mut commits = runtime.commits();
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        let _ = tokio::time::timeout(Duration::from_millis(200), commits.changed()).await;
    }
}

fn runs<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(what)
}

/// Every conversation, page by page.
async fn listed(runtime: &Runtime<MemoryStore>, id: &WorkspaceId, limit: usize) -> Vec<(Instant, UserId)> {
    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = runtime.inbox(id, &STATES, None, before.as_ref(), limit).await.unwrap();
        assert!(page.conversations.len() <= limit);
        listed.extend(page.conversations.into_iter().map(|one| (one.last_at, one.contact.user_id)));
        before = page.next;
        if before.is_none() {
            return listed;
        }
    }
}

proptest! {
    #![proptest_config(properties::cases(30))]

    /// V1: each conversation once, the last spoken in first, also where the index was made before the rest happened.
    #[test]
    fn v1_the_inbox_lists_every_conversation_once(
        case in case(Focus::Everything, 60), partitions in 1u32..4, limit in 1usize..6, until in 0usize..60,
    ) {
        runs(async {
            let (runtime, id) = (start(&case, partitions).await, &case.workspace.workspace.id);
            let (first, rest) = case.history.split_at(until.min(case.history.len()));
            happens(&runtime, id, first).await;
            listed(&runtime, id, limit).await;
            happens(&runtime, id, rest).await;
            let mut wanted: Vec<(Instant, UserId)> = Vec::new();
            let mut human = 0;
            for row in runtime.store().rows(id, "contact", None, 10_000).await.unwrap() {
                let Row::Contact(contact) = row else { panic!("{row:?}") };
                let Some(conversation) = contact.conversation() else { continue };
                human += usize::from(conversation.state == ConversationState::Human);
                let last = contact.last_spoken().unwrap_or(Instant::from_milliseconds(0));
                wanted.push((last, contact.user_id().clone()));
            }
            wanted.sort_unstable_by(|one, other| other.cmp(one));
            assert_eq!(listed(&runtime, id, limit).await, wanted);
            let page = runtime.inbox(id, &[ConversationState::Human], None, None, 1_000).await.unwrap();
            assert_eq!((page.conversations.len(), page.counts.human), (human, human));
            runtime.stop(Duration::from_secs(10)).await;
        });
    }

    /// V1: a search finds whose user id or handle begins so, page by page, and counts them; also where the index was made
    /// before the rest happened.
    #[test]
    fn v1_the_inbox_finds_by_handle_and_by_id(
        case in case(Focus::Everything, 60), partitions in 1u32..4, limit in 1usize..6, until in 0usize..60,
        typed in "[@]?[a-zA-Z]?[a-z0-9]{1,2}",
    ) {
        runs(async {
            let (runtime, id) = (start(&case, partitions).await, &case.workspace.workspace.id);
            let (first, rest) = case.history.split_at(until.min(case.history.len()));
            happens(&runtime, id, first).await;
            listed(&runtime, id, limit).await;
            happens(&runtime, id, rest).await;
            let rows = runtime.store().rows(id, "contact", None, 10_000).await.unwrap();
            let with_conversation = rows.iter().filter_map(|row| match row {
                Row::Contact(contact) => contact.conversation().map(|_| contact),
                _ => None,
            });
            let mut contacts: Vec<_> = with_conversation.collect();
            contacts.sort_by_key(|one| std::cmp::Reverse((one.last_spoken().unwrap_or(Instant::from_milliseconds(0)), one.user_id().clone())));
            // What somebody typed at random; and the beginnings of who is there.
            let mut asked = vec![typed];
            for contact in contacts.iter().take(3) {
                asked.push(contact.user_id().as_str().chars().take(2).collect());
                asked.push(format!("@{}", contact.handle().unwrap_or("?").chars().take(3).collect::<String>()));
            }
            for typed in asked {
                let Some(find) = Find::new(&typed) else { continue };
                let folded = normalise(typed.trim().trim_start_matches('@'));
                let wanted = contacts.iter().filter(|contact| {
                    contact.user_id().as_str().starts_with(typed.trim())
                        || contact.handle().is_some_and(|handle| normalise(handle).trim_start_matches('@').starts_with(&folded))
                });
                let wanted: Vec<_> = wanted.map(|contact| contact.user_id().clone()).collect();
                let (mut found, mut before) = (Vec::new(), None);
                loop {
                    let page = runtime.inbox(id, &STATES, Some(&find), before.as_ref(), limit).await.unwrap();
                    let counts = page.counts.bot + page.counts.waiting + page.counts.human + page.counts.closed;
                    assert_eq!((counts, page.cut), (wanted.len(), false));
                    found.extend(page.conversations.into_iter().map(|one| one.contact.user_id));
                    before = page.next;
                    if before.is_none() {
                        break;
                    }
                }
                assert_eq!(found, wanted, "{typed}");
            }
            runtime.stop(Duration::from_secs(10)).await;
        });
    }

    /// P2: whose start is held, until when, oldest first; also where the index was made before the rest happened.
    #[test]
    fn p2_who_waits_to_write_is_listed_once(
        case in case(Focus::Queue, 60), partitions in 1u32..4, limit in 1usize..4, until in 0usize..60,
    ) {
        runs(async {
            let (runtime, id) = (start(&case, partitions).await, &case.workspace.workspace.id);
            let (first, rest) = case.history.split_at(until.min(case.history.len()));
            happens(&runtime, id, first).await;
            runtime.held_starts(id, None, 1).await.unwrap();
            happens(&runtime, id, rest).await;
            let (mut starts, mut after) = (Vec::new(), None);
            let rows = runtime.store().rows(id, "contact", None, 10_000).await.unwrap();
            let held = |row: &Row| match row {
                Row::Contact(contact) => contact
                    .pending()
                    .filter(|pending| pending.waits == PendingFor::Message)
                    .map(|pending| (pending.comment_at, contact.user_id().clone(), pending.until)),
                _ => None,
            };
            let mut wanted: Vec<_> = rows.iter().filter_map(held).collect();
            wanted.sort_unstable();
            loop {
                let (page, count) = runtime.held_starts(id, after.as_ref(), limit).await.unwrap();
                assert_eq!(count, wanted.len());
                starts.extend(page.starts.into_iter().map(|start| (start.since, start.user_id, start.until)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(starts, wanted);
            runtime.stop(Duration::from_secs(10)).await;
        });
    }

    /// M5, A6: who waits, in the order in which they go; and every order.
    #[test]
    fn m5_who_waits_and_every_order_are_listed_once(
        case in case(Focus::Queue, 60), partitions in 1u32..4, limit in 1usize..4,
    ) {
        runs(async {
            let (runtime, id) = (start(&case, partitions).await, &case.workspace.workspace.id);
            happens(&runtime, id, &case.history).await;
            let (mut starts, mut after) = (Vec::new(), None);
            loop {
                let page = runtime.waiting_starts(id, after.as_ref(), limit).await.unwrap();
                starts.extend(page.starts.into_iter().map(|start| (start.since, start.user_id)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let rows = runtime.store().rows(id, "contact", None, 10_000).await.unwrap();
            let waits = |row: &Row| match row {
                Row::Contact(contact) => contact.queued_at().map(|since| (since, contact.user_id().clone())),
                _ => None,
            };
            let mut wanted: Vec<_> = rows.iter().filter_map(waits).collect();
            wanted.sort_unstable();
            assert_eq!(starts, wanted);
            let (mut orders, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = runtime.orders(id, None, after.as_deref(), limit).await.unwrap();
                orders.extend(page.orders.into_iter().map(|order| order.order.order_id.to_string()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let rows = runtime.store().rows(id, "order", None, 10_000).await.unwrap();
            assert_eq!(orders, rows.iter().map(|row| row.key().name()).collect::<Vec<_>>());
            runtime.stop(Duration::from_secs(10)).await;
        });
    }

    /// C10: a trigger's log has every comment in its scope that was looked at, explained as it is by itself.
    #[test]
    fn c10_a_triggers_log_has_every_comment_in_its_scope(
        case in case(Focus::Everything, 50), partitions in 1u32..4, limit in 1usize..6,
    ) {
        runs(async {
            let (runtime, id) = (start(&case, partitions).await, &case.workspace.workspace.id);
            happens(&runtime, id, &case.history).await;
            let mut ids = BTreeSet::new();
            for envelope in &case.history {
                if let Event::Comment(comment) = &envelope.event {
                    ids.insert(comment.comment_id.clone());
                }
            }
            let engine = runtime.engine(id).unwrap();
            for trigger in &engine.workspace().triggers {
                let (mut found, mut before) = (BTreeSet::new(), None);
                loop {
                    let page = runtime.trigger_log(id, trigger.id.as_str(), before.as_ref(), limit).await.unwrap();
                    found.extend(page.comments.iter().map(|one| serde_json::to_value(one).unwrap()["comment_id"].to_string()));
                    before = page.next;
                    if before.is_none() {
                        break;
                    }
                }
                let mut wanted = BTreeSet::new();
                for comment_id in &ids {
                    let Some(evaluation) = runtime.store().evaluation(id, comment_id).await.unwrap() else { continue };
                    let document = runtime.store().document(id, evaluation.revision).await.unwrap().unwrap();
                    let decided_by = chatsparks_core::Engine::restore(document, evaluation.revision).unwrap();
                    let explained = decided_by.explain(&evaluation, trigger.id.as_str(), &mut Scratch::default());
                    let Some(explained) = explained else { continue };
                    let mut verdicts = std::iter::once(&explained.verdict).chain(&explained.also);
                    if verdicts.all(|verdict| verdict.result != Explained::OutOfScope) {
                        wanted.insert(format!("\"{comment_id}\""));
                    }
                }
                assert_eq!(found, wanted, "{}", trigger.id);
            }
            runtime.stop(Duration::from_secs(10)).await;
        });
    }
}
