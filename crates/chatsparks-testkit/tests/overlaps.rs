//! What `overlaps` claims, against a naive reading of the conditions and against the driver, on random documents.

use chatsparks_core::{
    Comment, Engine, Envelope, Event, Explained, Instant, Outcome, OverlapKind, Witness,
    workspace::{OnThrottled, Scope, Trigger, TriggerStatus, Workspace},
};
use chatsparks_replay::Replay;
use chatsparks_testkit::{
    Looked,
    generate::{Focus, document, read, text},
    holds, properties,
};
use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeSet};

fn is_in_scope(trigger: &Trigger, workspace: &Workspace, post: &str) -> bool {
    let known = workspace.posts.iter().find(|known| known.id == *post);
    match &trigger.scope {
        Scope::All => true,
        Scope::Posts(posts) => known.is_some_and(|known| posts.contains(&known.id)),
        Scope::Tags(tags) => known.is_some_and(|known| known.tags.iter().any(|tag| tags.contains(tag))),
    }
}

/// The active triggers that match a comment, highest first.
fn matching<'w>(workspace: &'w Workspace, comment: &Looked<'_>) -> Vec<&'w Trigger> {
    let active = workspace.triggers.iter().filter(|trigger| trigger.status == TriggerStatus::Active);
    let in_scope = active.filter(|trigger| is_in_scope(trigger, workspace, comment.post));
    in_scope.filter(|trigger| holds(&trigger.when, workspace, comment)).collect()
}

/// The trigger that the driver names for a comment, which follows another where it is not the first.
fn driven(engine: &Engine, witness: &Witness) -> Option<String> {
    let posts = &engine.workspace().posts;
    let post = posts.iter().find(|post| post.id == witness.post_id);
    // At this instant every post is new.
    let at = post.map_or(Instant::from_milliseconds(0), |post| post.published_at);
    let mut replay = Replay::new(engine.clone());
    let mut named = None;
    let before = (!witness.is_first).then_some("🙂");
    for (number, text) in before.into_iter().chain([witness.text.as_str()]).enumerate() {
        let comment = Comment {
            comment_id: format!("c{number}").into(),
            post_id: witness.post_id.clone(),
            user_id: "somebody".into(),
            handle: None,
            text: text.into(),
            posted_at: None,
            reply_to: witness.is_reply.then(|| "c".into()),
            direct_reply: false,
        };
        let envelope = Envelope { id: format!("e{number}").into(), at, event: Event::Comment(comment) };
        replay.push(&envelope, |record| {
            if let Outcome::Comment(outcome) = &record.decision.outcome {
                named = outcome.trigger.as_ref().map(ToString::to_string);
            }
        });
    }
    named
}

#[test]
fn c2_every_witness_decides_as_claimed_and_what_never_fires_never_does() {
    let met = RefCell::new(BTreeSet::new());
    let documents = prop_oneof![document(Focus::Comments), document(Focus::Everything)];
    // The same documents each time, so that each kind is met or never is.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(properties::cases(500), rng);
    let held = runner.run(&(documents, prop::collection::vec(text(), 6)), |(document, texts)| {
        let workspace = read(&document);
        let Ok(engine) = Engine::compile(workspace.clone()) else { return Ok(()) };
        let found = engine.overlaps();
        prop_assert_eq!(&found, &engine.overlaps(), "the same twice");
        for overlap in &found.triggers {
            met.borrow_mut().insert(overlap.kind);
            let witness = &overlap.witness;
            let place = |id: &str| workspace.triggers.iter().position(|trigger| trigger.id == *id).unwrap();
            let trigger = &workspace.triggers[place(overlap.trigger.as_str())];
            prop_assert_eq!(trigger.status, TriggerStatus::Active);
            let looked = Looked {
                text: &witness.text,
                post: witness.post_id.as_str(),
                first: witness.is_first,
                reply: witness.is_reply,
            };
            let matching = matching(&workspace, &looked);
            let winner = matching.first().map(|trigger| &trigger.id);
            prop_assert_eq!(winner, witness.winner.as_ref(), "{:?}", overlap);
            let is_match = matching.iter().any(|matching| matching.id == trigger.id);
            match overlap.kind {
                OverlapKind::NoPost => {
                    prop_assert_eq!(witness.result, Explained::OutOfScope);
                    prop_assert!(!workspace.posts.iter().any(|post| is_in_scope(
                        trigger,
                        &workspace,
                        post.id.as_str()
                    )));
                }
                OverlapKind::Impossible => prop_assert!(!is_match, "{:?}", overlap),
                OverlapKind::NeverFirst | OverlapKind::Contradicts | OverlapKind::Shadowed => {
                    prop_assert!(is_match && winner != Some(&trigger.id), "{:?}", overlap);
                    prop_assert_eq!(witness.result, Explained::Outranked);
                    prop_assert!(overlap.by.iter().all(|by| place(by.as_str()) < place(trigger.id.as_str())));
                }
            }
            if matches!(overlap.kind, OverlapKind::Contradicts | OverlapKind::Shadowed) {
                prop_assert_eq!(Some(&overlap.by[0]), winner);
                let taker = &workspace.triggers[place(overlap.by[0].as_str())];
                prop_assert_eq!(taker.flow == trigger.flow, overlap.kind == OverlapKind::Shadowed);
            }
            if found.hears_comments && workspace.policy.on_throttled == OnThrottled::Stop {
                prop_assert_eq!(driven(&engine, witness), winner.map(ToString::to_string), "{:?}", overlap);
            }
            if overlap.kind.is_never() {
                for (text, (post, first, reply)) in texts.iter().chain([&witness.text]).zip(
                    [("v1", true, false), ("v2", false, false), ("v9", true, true), ("v1", false, true)]
                        .into_iter()
                        .cycle(),
                ) {
                    let looked = Looked { text, post, first, reply };
                    let winner = self::matching(&workspace, &looked).first().map(|winner| winner.id.clone());
                    prop_assert_ne!(winner.as_ref(), Some(&trigger.id), "{:?} fires all the same", overlap);
                }
            }
        }
        Ok(())
    });
    held.unwrap();
    // Each kind was met, or this says nothing of it.
    let kinds = ["no_post", "impossible", "never_first", "contradicts", "shadowed"];
    assert_eq!(met.into_inner().into_iter().map(OverlapKind::as_str).collect::<Vec<_>>(), kinds);
}
