//! Why candidates lost: an order held against the links of several conversations (A2, A3, D4).

use chatsparks_core::{
    Candidate, CandidateVerdict, Email, Engine, Instant, Order, OrderLine, SentBy, SentLink, workspace::Link,
};
use chatsparks_replay::{Format, read_workspace};

const DAY: i64 = 86_400_000;

fn engine() -> Engine {
    let workspace = br#"{ "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct" },
        "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ] }"#;
    Engine::compile(read_workspace(workspace, Format::Json).unwrap()).unwrap()
}

fn at(milliseconds: i64) -> Instant {
    let noon: Instant = "2026-03-02T12:00:00Z".parse().unwrap();
    Instant::from_milliseconds(noon.as_milliseconds() + milliseconds)
}

fn link(conversation: u32, milliseconds: i64, sku: Option<&str>) -> SentLink {
    let link = Link { product: None, sku: sku.map(Into::into) };
    SentLink { conversation, at: at(milliseconds), link, by: SentBy::Member(Email::from("owner@x")) }
}

fn candidates(links: &[SentLink], placed: i64) -> Vec<Candidate> {
    let line = OrderLine { sku_id: "s".into(), product_id: None, quantity: 1, amount_minor: 100 };
    let order = Order {
        order_id: "o1".into(),
        user_id: "u1".into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 100,
        lines: vec![line],
    };
    engine().order_candidates(links, &order, at(placed))
}

fn verdicts(links: &[SentLink], placed: i64) -> Vec<(u32, CandidateVerdict)> {
    candidates(links, placed).iter().map(|candidate| (candidate.conversation, candidate.verdict)).collect()
}

#[test]
fn a2_exactly_14_days_still_counts_and_a_millisecond_more_does_not() {
    use CandidateVerdict::{AfterTheOrder, Credited, NotLatest, TooOld};
    for (placed, wanted) in
        [(-1, AfterTheOrder), (0, Credited), (14 * DAY - 1, Credited), (14 * DAY, Credited), (14 * DAY + 1, TooOld)]
    {
        assert_eq!(verdicts(&[link(1, 0, Some("s"))], placed), [(1, wanted)], "{placed}");
    }
    // Also of a candidate that is not credited: it lost to another, and not to its age.
    for (placed, wanted) in [(14 * DAY, NotLatest), (14 * DAY + 1, TooOld)] {
        let links = [link(1, 0, Some("s")), link(2, DAY, Some("s"))];
        assert_eq!(verdicts(&links, placed), [(1, wanted), (2, Credited)], "{placed}");
    }
    // The last link of a conversation decides, also for its older ones.
    let links = [link(1, -DAY, Some("s")), link(1, 0, None)];
    assert_eq!(verdicts(&links, 14 * DAY), [(1, Credited)]);
    assert_eq!(verdicts(&links, 14 * DAY + 1), [(1, TooOld)]);
}

#[test]
fn a3_the_latest_link_is_credited_and_ties_go_to_the_later_conversation_then_the_later_link() {
    let credited = |links: &[SentLink]| -> Vec<(u32, usize)> {
        let all = candidates(links, 10);
        let places = all.iter().flat_map(|one| one.links.iter().enumerate().map(|link| (one.conversation, link)));
        places.filter(|(_, (_, link))| link.credited).map(|(conversation, (place, _))| (conversation, place)).collect()
    };
    let s = Some("s");
    // An instant comes before a conversation: the later link of the earlier conversation is credited.
    assert_eq!(credited(&[link(2, 1, s), link(1, 2, s)]), [(1, 0)]);
    assert_eq!(credited(&[link(1, 2, s), link(2, 1, s)]), [(1, 0)]);
    // At one instant the later conversation, in whatever order they were sent.
    assert_eq!(credited(&[link(1, 2, s), link(2, 2, s)]), [(2, 0)]);
    assert_eq!(credited(&[link(2, 2, s), link(1, 2, s)]), [(2, 0)]);
    // In one conversation at one instant the later link.
    assert_eq!(credited(&[link(1, 2, s), link(1, 2, s)]), [(1, 1)]);
    // The same of soft orders, where no link is to what was ordered.
    for (links, wanted) in [
        ([link(2, 1, None), link(1, 2, None)], (1, 0)),
        ([link(2, 2, None), link(1, 2, None)], (2, 0)),
        ([link(1, 2, None), link(1, 2, None)], (1, 1)),
    ] {
        assert_eq!(credited(&links), [wanted]);
    }
}
