//! What two workspaces make of one history, and the digest of records.

use chatsparks_core::{Engine, Envelope, Event, Instant, Period, workspace::Workspace};
use chatsparks_replay::{Compare, Comparison, RecordsDigest, compare::Numbers};
use chatsparks_testkit::{
    drive,
    generate::{Case, Focus, case, document, read},
    properties,
};
use proptest::prelude::*;
use std::{cmp::Reverse, collections::BTreeSet};

fn compare(old: &Workspace, new: &Workspace, history: &[Envelope]) -> Comparison {
    let [old, new] = [old, new].map(|workspace| Engine::compile(workspace.clone()).unwrap());
    let mut comparing = Compare::new(old, new);
    history.iter().for_each(|envelope| comparing.push(envelope));
    comparing.finish()
}

proptest! {
    #![proptest_config(properties::cases(60))]

    #[test]
    fn compare_finds_nothing_between_a_workspace_and_itself(Case { workspace, history } in case(Focus::Everything, 40)) {
        let comparison = compare(&workspace, &workspace, &history);
        prop_assert!(!comparison.differs(), "{:?}", comparison);
        prop_assert!(comparison.changes.is_empty());
    }

    #[test]
    fn compare_the_other_way_round_has_the_other_signs(
        Case { workspace, history } in case(Focus::Everything, 40),
        other in document(Focus::Everything),
    ) {
        let other = read(&other);
        let (there, back) = (compare(&workspace, &other, &history), compare(&other, &workspace, &history));
        prop_assert_eq!(there.differs(), back.differs());
        prop_assert_eq!(there.comments.anew, back.comments.no_longer);
        prop_assert_eq!(there.comments.no_longer, back.comments.anew);
        prop_assert_eq!(there.comments.elsewhere, back.comments.elsewhere);
        prop_assert_eq!(there.comments.otherwise, back.comments.otherwise);
        prop_assert_eq!((there.orders, there.said_otherwise), (back.orders, back.said_otherwise));
        let turned = |numbers: Numbers| Numbers { old: numbers.new, new: numbers.old };
        prop_assert_eq!(there.dms, turned(back.dms));
        prop_assert_eq!(there.contacts_counted, turned(back.contacts_counted));
        let mut turned: Vec<_> =
            back.changes.into_iter().map(|change| (change.new, change.old, change.comments)).collect();
        let mut changes: Vec<_> =
            there.changes.into_iter().map(|change| (change.old, change.new, change.comments)).collect();
        turned.sort();
        changes.sort();
        prop_assert_eq!(changes, turned);
    }

    /// Any record that says something else gives another digest; so does one that is missing.
    #[test]
    fn digest_sees_every_outcome(Case { workspace, history } in case(Focus::Everything, 30), which in any::<usize>()) {
        let records = drive(&workspace, &history).records;
        prop_assume!(!records.is_empty());
        let of = |records: &[serde_json::Value]| {
            let mut digest = RecordsDigest::new();
            records.iter().for_each(|record| digest.line(0, &serde_json::to_vec(record).unwrap()).unwrap());
            digest.finish()
        };
        let whole = of(&records);
        let which = which % records.len();
        let mut other = records.clone();
        other[which]["outcome"] = serde_json::json!({ "refused": { "reason": "told_otherwise" } });
        prop_assert_ne!(&whole, &of(&other));
        other.remove(which);
        prop_assert_ne!(&whole, &of(&other));
        // What depends on the order between contacts is left out.
        let mut moved = records.clone();
        moved[which]["seq"] = serde_json::json!(1_000_000);
        prop_assert_eq!(whole, of(&moved));
    }

    /// Where no limit binds, contacts have nothing to do with one another: who comes first at one instant changes no digest.
    #[test]
    fn digest_does_not_hang_on_the_order_between_contacts(Case { workspace, history } in case(Focus::Talk, 40)) {
        let hour = Period::hours(1).as_milliseconds();
        let mut seen = BTreeSet::new();
        // What comes twice comes first for somebody, and that is told: each thing once, many at one instant.
        let mut history: Vec<Envelope> = history.into_iter().filter(|envelope| match &envelope.event {
            Event::Comment(comment) => seen.insert(envelope.id.to_string()) & seen.insert(format!("c {}", comment.comment_id)),
            Event::Message(message) => seen.insert(envelope.id.to_string()) & seen.insert(format!("m {}", message.message_id)),
            _ => false,
        }).collect();
        for envelope in &mut history {
            let at = envelope.at.as_milliseconds();
            envelope.at = Instant::from_milliseconds(at - at.rem_euclid(hour));
        }
        history.sort_by_key(|envelope| envelope.at);
        let mut turned = history.clone();
        turned.sort_by_key(|envelope| (envelope.at, Reverse(envelope.event.user_id().cloned())));
        let of = |history: &[Envelope]| {
            let mut digest = RecordsDigest::new();
            for record in drive(&workspace, history).records {
                digest.line(0, &serde_json::to_vec(&record).unwrap()).unwrap();
            }
            digest.finish()
        };
        prop_assert_eq!(of(&history), of(&turned));
    }
}
