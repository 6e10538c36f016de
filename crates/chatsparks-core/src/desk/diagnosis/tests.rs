//! Each diagnosis, at each of its answers.

use super::*;
use crate::{
    CandidateVerdict, Comment, CommentOutcome, Contact, DmId, DmStage, DropReason, Email, Engine, Evaluation, Order,
    OrderOutcome, OrderResult, OrganicReason, PendingFor, Period, PostId, Scratch, Seen, Throttles, TriggerId,
    WebhookTimes,
    document::workspace::{Block, Workspace},
};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "plan": { "mac_limit": 10, "subscribed_at": "2026-01-01T00:00:00Z", "listening_window_days": 30 },
        "posts": [ { "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z" } ],
        "triggers": [
            { "id": "price", "when": { "keywords": { "words": ["price"] } }, "flow": "f" },
            { "id": "any", "when": { "keywords": { "words": ["p"] } }, "flow": "f", "status": "draft" } ],
        "flows": [ { "id": "f", "version": 1, "blocks": [ { "id": "hi", "message": { "text": "Hi" } } ] } ],
        "members": [
            { "email": "Owner@glow.example", "role": "owner", "status": "active" },
            { "email": "bee@glow.example", "role": "member", "status": "pending" },
            { "email": "cid@glow.example", "role": "member", "status": "suspended" } ],
    })
}

fn workspace() -> Workspace {
    serde_json::from_value(document()).unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The answers in their order, and the first that failed.
fn answers(diagnosis: &Diagnosis) -> (Vec<(&'static str, &'static str)>, Option<&'static str>) {
    let checks = diagnosis.checks.iter().map(|check| (check.code.as_str(), check.answer.as_str()));
    (checks.collect(), diagnosis.first_failed.map(CheckCode::as_str))
}

fn outcome(diagnosis: &Diagnosis) -> String {
    let letters = diagnosis.checks.iter().map(|check| match check.answer {
        Answer::Pass => 'p',
        Answer::Fail => 'f',
        Answer::Unknown => 'u',
    });
    format!("{} {}", letters.collect::<String>(), diagnosis.next.as_str())
}

#[test]
fn d1_a_webhook_that_does_not_receive() {
    let now = at("2026-03-10T10:00:00Z");
    let quiet = Some(now.before(Period::minutes(15)).before(Period::milliseconds(1)));
    let times = |last_event, others_active| WebhookTimes { connected_at: None, last_event, others_active };
    let known = |workspace: &Workspace, incident, times, now| {
        let post = PostId::from("v1");
        outcome(&WebhookKnown { workspace, incident, post: Some(&post), refused: None, times, now }.diagnose())
    };
    let sound = workspace();
    assert_eq!(known(&sound, Some(false), times(Some(now), None), now), "ppppp try_a_comment");
    assert_eq!(known(&sound, None, times(Some(now), None), now), "ppupp look_at_platform_status");
    assert_eq!(known(&sound, Some(true), times(Some(now), None), now), "ppfpp wait_for_platform");
    assert_eq!(known(&sound, Some(false), times(quiet, Some(now)), now), "ppppf contact_support");
    assert_eq!(known(&sound, Some(false), times(quiet, None), now), "ppppu try_a_comment");
    assert_eq!(known(&sound, Some(false), times(quiet, quiet), now), "ppppp try_a_comment");
    assert_eq!(known(&sound, Some(false), times(None, None), now), "ppppu try_a_comment");
    let fifteen = Some(now.before(Period::minutes(15)));
    assert_eq!(known(&sound, Some(false), times(fifteen, Some(now)), now), "ppppp try_a_comment");
    let end = at("2026-03-31T00:00:00Z");
    assert_eq!(known(&sound, Some(false), times(Some(end), None), end), "pppfp listen_longer");
    let before = end.before(Period::milliseconds(1));
    assert_eq!(known(&sound, Some(false), times(Some(before), None), before), "ppppp try_a_comment");
    let mut cut = workspace();
    cut.connections.tiktok.scopes.retain(|scope| scope != "comments");
    assert_eq!(known(&cut, Some(false), times(Some(now), None), now), "pfppp grant_scopes");
    cut.connections.tiktok.connected = false;
    assert_eq!(known(&cut, Some(false), times(Some(now), None), now), "fuppp reconnect");
    let refused = Some("the access token is not taken");
    let told = WebhookKnown { workspace: &cut, incident: None, post: None, refused, times: times(None, None), now };
    assert_eq!(outcome(&told.diagnose()), "fuupu authorise_again");
}

fn evaluation(engine: &Engine, text: &str, contact: Option<&Contact>) -> Evaluation {
    let comment = Comment {
        comment_id: "c1".into(),
        post_id: "v1".into(),
        user_id: "u1".into(),
        handle: None,
        text: text.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    let at = at("2026-03-02T10:00:00Z");
    let outcome = engine.judge(contact, &comment, at, &mut Scratch::default());
    Evaluation { comment, at, revision: 1, outcome, seen: Seen::of(contact) }
}

#[test]
fn d2_an_automation_that_did_not_fire() {
    let engine = Engine::compile(workspace()).unwrap();
    let usage = UsageKnown { count: 3, limit: Some(10), counted: false, counted_by: None };
    let diagnose = |evaluation: &Evaluation, trigger: &str, usage, start| {
        let explanation = engine.explain(evaluation, trigger, &mut Scratch::default()).unwrap();
        let known = AutomationKnown {
            workspace: engine.workspace(),
            evaluation,
            explanation: &explanation,
            usage,
            start,
            duplicates: 0,
        };
        known.diagnose()
    };
    let fired = evaluation(&engine, "price?", None);
    let began = Some(StartFate::Began(fired.at));
    assert_eq!(outcome(&diagnose(&fired, "price", usage, began)), "pppppp diagnose_the_dm");
    assert_eq!(outcome(&diagnose(&fired, "any", usage, None)), "fppppf activate_trigger");
    let missed = evaluation(&engine, "hello", None);
    assert_eq!(outcome(&diagnose(&missed, "price", usage, None)), "pfpppf widen_condition");

    let mut throttles = Throttles::default();
    throttles.fire(&TriggerId::from("price"), at("2026-03-02T09:00:00Z"));
    let mut throttled = evaluation(&engine, "price?", None);
    throttled.seen.throttles = throttles;
    throttled.outcome = CommentOutcome {
        result: crate::CommentResult::Throttled,
        trigger: Some("price".into()),
        until: Some(at("2026-03-03T09:00:00Z")),
    };
    let diagnosis = diagnose(&throttled, "price", usage, None);
    assert_eq!(outcome(&diagnosis), "pppfpf wait_for_throttle");
    let check = diagnosis.check(CheckCode::NotThrottled).unwrap();
    assert_eq!(check.found("until"), Some(&Found::At(at("2026-03-03T09:00:00Z"))));

    // M5: at the limit a contact who is counted is served, and another is queued.
    let full = UsageKnown { count: 10, limit: Some(10), ..usage };
    let mut queued = fired.clone();
    queued.outcome.result = crate::CommentResult::Queued;
    let until = at("2026-03-04T10:00:00Z");
    let diagnosis = diagnose(&queued, "price", full, Some(StartFate::Waits { waits: PendingFor::Room, until }));
    assert_eq!(outcome(&diagnosis), "ppppff raise_limit");
    assert_eq!(
        serde_json::to_value(&diagnosis).unwrap()["checks"][4],
        json!({ "code": "not_at_limit", "answer": "fail", "advice": "raise_limit", "looked_at": {
            "count": 10, "limit": 10, "contact_counted": false, "counted_by": null,
            "queued_until": "2026-03-04T10:00:00Z" } })
    );
    let dropped = StartFate::Dropped { at: until, reason: DropReason::Expired, waited: PendingFor::Room, until };
    let diagnosis = diagnose(&queued, "price", full, Some(dropped));
    assert_eq!(diagnosis.check(CheckCode::Evaluation).unwrap().advice, Advice::WriteYourself);
    let counted = UsageKnown { counted: true, counted_by: Some("e1"), ..full };
    assert_eq!(outcome(&diagnose(&fired, "price", counted, began)), "pppppp diagnose_the_dm");
}

#[test]
fn d3_a_dm_that_the_buyer_never_saw() {
    let dm_id = DmId::from("e1/0");
    let stages = |list: &[(DmStage, Option<&str>)]| -> Vec<StageSeen> {
        let seen = |(stage, detail): &(DmStage, Option<&str>)| StageSeen {
            stage: *stage,
            at: at("2026-03-02T10:00:00Z"),
            detail: detail.map(Into::into),
        };
        list.iter().map(seen).collect()
    };
    use DmStage::{Delivered, Failed, Queued, Read, Sent};
    for (list, cause, wanted) in [
        (vec![(Queued, None)], None, "uuuuuu wait_for_receipt"),
        (vec![(Queued, None), (Sent, None)], None, "puuuuu wait_for_receipt"),
        (vec![(Sent, None), (Delivered, None)], None, "ppuppp ask_to_look_in_requests"),
        (vec![(Read, None)], None, "pppppp buyer_saw_it"),
        (vec![(Sent, None), (Failed, Some("blocked"))], None, "pffuuu reach_otherwise"),
        (vec![(Failed, Some("friends_only"))], Some(DeliveryCause::FriendsOnly), "fffufu reach_otherwise"),
    ] {
        let stages = stages(&list);
        let diagnosis = DeliveryKnown { dm_id: &dm_id, stages: &stages, cause, standing: None }.diagnose();
        assert_eq!(outcome(&diagnosis), wanted, "{list:?}");
    }
    // D8: the platform's own words stay here, its codes may go.
    for (detail, wanted) in [("call mint", "left out"), ("friends_only", "friends_only")] {
        let stages = stages(&[(Failed, Some(detail))]);
        let diagnosis = DeliveryKnown { dm_id: &dm_id, stages: &stages, cause: None, standing: None }.diagnose();
        assert_eq!(diagnosis.checks[0].found("detail"), Some(&Found::Said(detail.into())));
        let mut bundle = SupportBundle::new("glow".into(), 1, at("2026-03-02T10:00:00Z"));
        bundle.add(diagnosis);
        assert_eq!(bundle.diagnoses[0].checks[0].found("detail"), Some(&Found::Word(wanted.into())));
    }
    assert_eq!(DeliveryCause::named_by("spam_throttling"), Some(DeliveryCause::Throttled));
    assert_eq!(DeliveryCause::named_by("something else"), None);
}

#[test]
fn d4_an_order_that_was_not_attributed() {
    let sound = workspace();
    let placed_at = at("2026-03-20T00:00:00Z");
    let order = Order {
        order_id: "o1".into(),
        user_id: "u1".into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 100,
        lines: Vec::new(),
    };
    let organic = |reason| OrderOutcome {
        result: OrderResult::Organic,
        reason: Some(reason),
        credit: None,
        total_minor: 100,
        overlap_minor: 0,
        currency: "THB".into(),
    };
    let soft = OrderOutcome { result: OrderResult::Soft, reason: None, ..organic(OrganicReason::NoRecentLink) };
    let candidate = |verdict| crate::Candidate {
        conversation: 1,
        last_link_at: (verdict != CandidateVerdict::AfterTheOrder).then_some(at("2026-03-01T00:00:00Z")),
        verdict,
        links: Vec::new(),
    };
    let user_id = UserId::from("u1");
    let diagnose = |workspace: &Workspace, contact, candidates: &[crate::Candidate], result: &OrderOutcome| {
        let known = OrderKnown {
            workspace,
            order: &order,
            placed_at,
            outcome: result,
            counts_as: result.result,
            contact,
            linked_by: None,
            linked_later: None,
            candidates,
        };
        outcome(&known.diagnose())
    };
    let unknown = organic(OrganicReason::UnknownContact);
    assert_eq!(diagnose(&sound, None, &[], &unknown), "pfuu link_shop_id");
    let late = organic(OrganicReason::NoRecentLink);
    assert_eq!(diagnose(&sound, Some(&user_id), &[], &late), "ppff send_links_in_flows");
    let too_old = candidate(CandidateVerdict::TooOld);
    assert_eq!(diagnose(&sound, Some(&user_id), &[too_old], &late), "ppff link_sooner");
    let after = candidate(CandidateVerdict::AfterTheOrder);
    assert_eq!(diagnose(&sound, Some(&user_id), &[after], &late), "ppff send_links_in_flows");
    let credited = candidate(CandidateVerdict::Credited);
    assert_eq!(diagnose(&sound, Some(&user_id), &[credited], &soft), "pppf review_soft_order");
    // A6: what was confirmed since is attributed, and needs no review.
    for (counts_as, case, next) in [
        (OrderResult::Soft, Case::OrderSoft, Advice::ReviewSoftOrder),
        (OrderResult::Attributed, Case::OrderAttributed, Advice::LinkTheSku),
        (OrderResult::Organic, Case::OrderOrganic, Advice::LinkTheSku),
    ] {
        let known = OrderKnown {
            workspace: &sound,
            order: &order,
            placed_at,
            outcome: &soft,
            counts_as,
            contact: Some(&user_id),
            linked_by: None,
            linked_later: None,
            candidates: &[candidate(CandidateVerdict::Credited)],
        };
        let diagnosis = known.diagnose();
        assert_eq!((diagnosis.case, diagnosis.next), (case, next));
    }
    let mut cut = workspace();
    cut.connections.shop.scopes.clear();
    assert_eq!(diagnose(&cut, None, &[], &unknown), "ffuu grant_shop_scopes");
    cut.connections.shop.connected = false;
    assert_eq!(diagnose(&cut, None, &[], &unknown), "ffuu connect_shop");
}

#[test]
fn d5_a_flow_that_repeats_its_question() {
    let block = |value| serde_json::from_value::<Block>(value).unwrap();
    let options = json!([{ "id": "1", "label": "30ml" }]);
    let strict = block(json!({ "id": "size", "quick_replies": { "text": "?", "options": options } }));
    let free = block(json!({ "id": "size", "quick_replies": { "text": "?", "options": options, "free_text": {} } }));
    let number = block(json!({ "id": "n", "question": { "text": "?", "field": "n", "expect": "number" } }));
    let open = block(json!({ "id": "n", "question": { "text": "?", "field": "n" } }));
    let once = [at("2026-03-02T10:00:00Z")];
    let twice = [once[0], once[0]];
    for (block, mismatches, entered, with_human, wanted) in [
        (Some(&strict), &twice[..1], &once[..], false, "ffp add_free_text"),
        (Some(&strict), &twice[..], &once[..], true, "ffp answer_yourself"),
        (Some(&number), &twice[..1], &once[..], false, "ffp loosen_expect"),
        (Some(&free), &twice[..1], &once[..], false, "fpp tap_or_write"),
        (Some(&open), &twice[..1], &once[..], false, "fpp ask_to_write_text"),
        (Some(&open), &[][..], &twice[..], false, "ppf look_at_gotos"),
        (Some(&open), &[][..], &once[..], false, "ppp flow_waits_for_reply"),
        (None, &[][..], &[][..], false, "uuu nothing_asks"),
    ] {
        let in_a_row = u32::try_from(mismatches.len()).unwrap();
        let known =
            QuestionKnown { block, mismatches, in_a_row, max_mismatches: 2, entered, with_human, pending: None };
        assert_eq!(outcome(&known.diagnose()), wanted);
    }
}

#[test]
fn d5_the_heading_says_what_is_the_case() {
    let open: Block = serde_json::from_value(json!({ "id": "n", "question": { "text": "?", "field": "n" } })).unwrap();
    let once = [at("2026-03-02T10:00:00Z")];
    let twice = [once[0], once[0]];
    for (block, mismatches, entered, pending, wanted, next) in [
        (Some(&open), &once[..], &once[..], None, Case::QuestionRepeats, Advice::AskToWriteText),
        (Some(&open), &[][..], &twice[..], None, Case::QuestionRepeats, Advice::LookAtGotos),
        (Some(&open), &[][..], &once[..], None, Case::QuestionAskedOnce, Advice::FlowWaitsForReply),
        (None, &[][..], &[][..], None, Case::NothingAsked, Advice::NothingAsks),
        (None, &[][..], &[][..], Some(PendingFor::Room), Case::StartForRoom, Advice::RaiseLimit),
        (None, &[][..], &[][..], Some(PendingFor::Message), Case::StartForBuyer, Advice::AskToWrite),
    ] {
        let in_a_row = u32::try_from(mismatches.len()).unwrap();
        let known =
            QuestionKnown { block, mismatches, in_a_row, max_mismatches: 2, entered, with_human: false, pending };
        let diagnosis = known.diagnose();
        assert_eq!((diagnosis.case, diagnosis.next), (wanted, next));
    }
}

#[test]
fn d2_the_heading_says_what_is_the_case() {
    let engine = Engine::compile(workspace()).unwrap();
    let usage = UsageKnown::default();
    let now = at("2026-03-02T10:00:00Z");
    let waits = |waits| Some(StartFate::Waits { waits, until: now });
    let dropped =
        Some(StartFate::Dropped { at: now, reason: DropReason::Expired, waited: PendingFor::Room, until: now });
    use crate::CommentResult::{AwaitingMessage, Fired, Queued, Undeliverable};
    for (result, start, wanted) in [
        (Fired, Some(StartFate::Began(now)), Case::Fired),
        (Queued, waits(PendingFor::Room), Case::FiredForRoom),
        (Queued, waits(PendingFor::Message), Case::FiredForBuyer),
        (Queued, None, Case::FiredForRoom),
        (Queued, Some(StartFate::Began(now)), Case::FiredLater),
        (Queued, dropped, Case::FiredAndDropped),
        (AwaitingMessage, None, Case::FiredForBuyer),
        (AwaitingMessage, Some(StartFate::Began(now)), Case::FiredLater),
        (Undeliverable, None, Case::FiredUnsent),
    ] {
        let mut evaluation = evaluation(&engine, "price?", None);
        evaluation.outcome.result = result;
        for (trigger, wanted) in [("price", wanted), ("any", Case::DidNotFire)] {
            let explanation = engine.explain(&evaluation, trigger, &mut Scratch::default()).unwrap();
            let known = AutomationKnown {
                workspace: engine.workspace(),
                evaluation: &evaluation,
                explanation: &explanation,
                usage,
                start,
                duplicates: 0,
            };
            assert_eq!(known.diagnose().case, wanted, "{result:?} {start:?} {trigger}");
        }
    }
}

#[test]
fn d2_advice_fits_what_refused() {
    let mut document = document();
    let words = json!({ "keywords": { "words": ["price"] } });
    document["triggers"] = json!([
        { "id": "elsewhere", "when": words, "scope": { "posts": ["v2"] }, "flow": "f" },
        { "id": "other_post", "when": { "all": [words, { "posts": ["v2"] }] }, "flow": "f" },
        { "id": "unasked", "when": { "all": [words, { "not": { "keywords": { "words": ["again"] } } }] }, "flow": "f" },
        { "id": "size", "when": { "keywords": { "words": ["size"] } }, "flow": "f" },
    ]);
    let engine = Engine::compile(serde_json::from_value::<Workspace>(document).unwrap()).unwrap();
    let missed = evaluation(&engine, "price again", None);
    let all = engine.explain_all(&missed, &mut Scratch::default());
    let advice = |trigger: &str| {
        let explanation = all.iter().find(|one| one.trigger == trigger).unwrap();
        let known = AutomationKnown {
            workspace: engine.workspace(),
            evaluation: &missed,
            explanation,
            usage: UsageKnown::default(),
            start: None,
            duplicates: 0,
        };
        let diagnosis = known.diagnose();
        assert_eq!(diagnosis.next, Advice::about_explanation(explanation, None), "{trigger}");
        diagnosis.next
    };
    assert_eq!(advice("elsewhere"), Advice::WidenScope);
    assert_eq!(advice("other_post"), Advice::LoosenCondition);
    assert_eq!(advice("unasked"), Advice::LoosenCondition);
    assert_eq!(advice("size"), Advice::WidenCondition);
    // Of the comment as a whole: the trigger that would have matched but for its scope.
    assert_eq!(Advice::about_no_match(&all), Advice::WidenScope);
    assert_eq!(Advice::about_no_match(&all[1..]), Advice::LoosenCondition);
    assert_eq!(Advice::about_no_match(&all[3..]), Advice::WidenCondition);
}

#[test]
fn what_nobody_knows_is_not_called_none() {
    let workspace = workspace();
    let now = at("2026-03-10T10:00:00Z");
    let times = WebhookTimes { connected_at: None, last_event: None, others_active: None };
    let webhook = WebhookKnown { workspace: &workspace, incident: None, post: None, refused: None, times, now };
    let webhook = webhook.diagnose();
    let found = |diagnosis: &Diagnosis, code, what| diagnosis.check(code).unwrap().found(what).cloned();
    assert_eq!(found(&webhook, CheckCode::NoPlatformIncident, "incident"), Some(Found::Unknown));
    assert_eq!(found(&webhook, CheckCode::NotSilent, "others_active"), Some(Found::Unknown));
    assert_eq!(found(&webhook, CheckCode::NotSilent, "last_event"), Some(Found::Nothing));
    assert_eq!(webhook.case, Case::WebhookUnknown);
    let dm_id = DmId::from("e1/0");
    let stages = [StageSeen { stage: DmStage::Queued, at: now, detail: None }];
    let dm = DeliveryKnown { dm_id: &dm_id, stages: &stages, cause: None, standing: None }.diagnose();
    assert_eq!(found(&dm, CheckCode::Sent, "at"), Some(Found::Unknown));
    assert_eq!(found(&dm, CheckCode::SignedIn, "platform_says"), Some(Found::Unknown));
    assert_eq!(serde_json::to_value(Found::Unknown).unwrap(), Value::Null);
}

#[test]
fn d6_a_teammate_who_cannot_see_the_workspace() {
    let workspace = workspace();
    for (email, invite, wanted) in [
        ("owner@GLOW.example", None, "ppp member_sees_it"),
        ("bee@glow.example", None, "fpp accept_invite"),
        ("cid@glow.example", None, "ppf reinstate"),
        ("me@mail.example", Some("owner@glow.example"), "pfp sign_in_with_invited_email"),
        ("me@mail.example", Some("bee@glow.example"), "ffp accept_invite"),
        ("me@mail.example", Some("cid@glow.example"), "pff sign_in_with_invited_email"),
        ("me@mail.example", None, "fuu invite"),
    ] {
        let (email, invite) = (Email::from(email), invite.map(Email::from));
        let known = TeammateKnown { workspace: &workspace, email: &email, invite: invite.as_ref() };
        assert_eq!(outcome(&known.diagnose()), wanted, "{email}");
    }
}

#[test]
fn d6_checks_stand_in_the_order_of_the_rule() {
    let workspace = workspace();
    let email = Email::from("bee@glow.example");
    let diagnosis = TeammateKnown { workspace: &workspace, email: &email, invite: None }.diagnose();
    let wanted = vec![("invite_accepted", "fail"), ("same_email", "pass"), ("not_suspended", "pass")];
    assert_eq!(answers(&diagnosis), (wanted, Some("invite_accepted")));
}

#[test]
fn every_code_is_its_own_and_has_a_sentence() {
    let mut codes: Vec<_> = CheckCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.extend(Advice::ALL.iter().map(|advice| advice.as_str()));
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    assert!(Advice::ALL.iter().all(|advice| advice.sentence().ends_with('.')));
    assert!(CheckCode::ALL.iter().all(|code| !code.sentence().ends_with('.')));
}

#[test]
fn d8_a_bundle_holds_open_diagnoses_and_the_last_events_only() {
    let mut bundle = SupportBundle::new("glow".into(), 1, at("2026-03-02T10:00:00Z"));
    let workspace = workspace();
    let diagnose = |email: &str| TeammateKnown { workspace: &workspace, email: &email.into(), invite: None }.diagnose();
    bundle.add(diagnose("owner@glow.example"));
    bundle.add(diagnose("bee@glow.example"));
    assert_eq!(bundle.diagnoses.len(), 1);
    let event = BundledEvent {
        source: "e1".to_owned(),
        kind: "comment".to_owned(),
        at: bundle.at,
        user_id: None,
        result: "no_match",
        trigger: None,
        until: None,
        effects: 0,
        facts: Vec::new(),
    };
    for number in 0..BUNDLED_EVENTS + 5 {
        bundle.remember(BundledEvent { source: format!("e{number}"), ..event.clone() });
    }
    assert_eq!(bundle.events.len(), BUNDLED_EVENTS);
    assert_eq!(bundle.events[0].source, "e5");
}
