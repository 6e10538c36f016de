#![allow(clippy::unwrap_used)]

use super::*;
use crate::{Format, Reader, Replay, read_workspace};
use chatsparks_core::Engine;

const WORKSPACE: &str = r#"{
  "workspace": { "id": "w", "name": "Moon & <b>Sun</b>", "account_user_id": "acct" },
  "plan": { "mac_limit": 4, "subscribed_at": "2026-03-01T00:00:00Z", "listening_window_days": 300 },
  "products": [ { "id": "p", "name": "Serum", "skus": [ { "id": "s", "name": "30ml" } ] } ],
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price", "<img src=x onerror=alert(1)>"] } }, "flow": "f" } ],
  "flows": [ { "id": "f", "version": 1, "blocks": [
    { "id": "hello", "message": { "text": "Hi" } },
    { "id": "size", "question": { "text": "Which?", "field": "size" } },
    { "id": "card", "shop_link": { "product": "p", "sku": "s" } } ] } ] }"#;

const HISTORY: &str = r#"
{"id":"e1","at":"2026-03-02T10:00:00Z","type":"comment","comment_id":"c1","post_id":"v1","user_id":"u1","text":"price?"}
{"id":"e2","at":"2026-03-02T10:01:00Z","type":"message","message_id":"m1","user_id":"u1","text":"30ml"}
{"id":"e3","at":"2026-03-03T10:00:00Z","type":"comment","comment_id":"c2","post_id":"<script>alert(2)</script>","user_id":"u2","text":"<img src=x onerror=alert(1)>"}
{"id":"e4","at":"2026-03-03T10:00:30Z","type":"comment","comment_id":"c3","post_id":"v2","user_id":"u3","text":"SECRET WORDS"}
{"id":"e5","at":"2026-03-03T10:00:40Z","type":"comment","comment_id":"c4","post_id":"v2","user_id":"u3","text":"SECRET WORDS again"}
{"id":"e6","at":"2026-03-04T10:00:00Z","type":"order","order_id":"o1","user_id":"u1","currency":"THB","total_minor":59000,"lines":[{"sku_id":"s","amount_minor":59000}]}
{"id":"e7","at":"2026-03-05T10:00:00Z","type":"order","order_id":"o2","user_id":"u1","currency":"THB","total_minor":10000,"lines":[{"sku_id":"other","amount_minor":10000}]}
"#;

fn page(history: &str) -> String {
    let engine = Engine::compile(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap()).unwrap();
    let (mut replay, mut report) = (Replay::new(engine), Report::new());
    for line in Reader::new(history.as_bytes(), "history") {
        replay.push_observed(&line.unwrap().envelope, &mut report);
    }
    report.page(replay.engine().workspace())
}

/// The elements of a page in order, each as its name, with what a reader of screens is told; drawings as one.
fn outline(page: &str) -> String {
    let mut outline = String::new();
    let mut rest = page.split_once("<body>").unwrap().1;
    while let Some((text, after)) = rest.split_once('<') {
        let text = text.trim();
        if !text.is_empty() {
            outline += &format!("{text}\n");
        }
        let (tag, after) = after.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        rest = after;
        match name {
            "svg" => {
                outline += &format!("<{tag}>\n");
                rest = after.split_once("</svg>").unwrap().1;
            }
            "h1" | "h2" | "h3" | "table" | "details" | "figure" => outline += &format!("<{name}>\n"),
            _ => {}
        }
    }
    outline
}

#[test]
fn i1_the_page_tells_what_sold_and_why_the_rest_did_not() {
    insta::assert_snapshot!("page", outline(&page(HISTORY)));
}

#[test]
fn i1_the_page_holds_all_that_it_needs_and_nothing_runs_in_it() {
    let page = page(HISTORY);
    for outside in [
        "http://",
        "https://",
        "//cdn",
        "url(",
        "@import",
        "src=\"",
        "href=",
        "<script",
        "<link",
        "<iframe",
        "onerror=\"",
    ] {
        let found = page.matches(outside).count();
        // The name of the language that drawings are written in is no address to load from.
        let named = page.matches("http://www.w3.org/2000/svg").count();
        assert_eq!(found - if outside == "http://" { named } else { 0 }, 0, "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.is_char_boundary(page.len()) && page.ends_with("</html>\n"));
}

#[test]
fn i1_nothing_that_somebody_named_is_taken_for_markup_and_no_buyer_is_quoted() {
    let page = page(HISTORY);
    for named in ["<img", "<script>", "<b>Sun"] {
        assert!(!page.contains(named), "{named}");
    }
    assert!(page.contains("Moon &amp; &lt;b&gt;Sun&lt;/b&gt;"));
    assert!(page.contains("&lt;script&gt;alert(2)&lt;/script&gt;"));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "the keyword is the shop's own");
    assert!(!page.contains("SECRET WORDS"));
    // Every element is closed by its own name, so that nothing runs into anything.
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).map(|part| part.split('>').next().unwrap()) {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') && !["!doctype", "meta", "br"].contains(&tag.split(' ').next().unwrap()) {
            open.push(tag.split([' ', '\n']).next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn i1_soft_orders_are_dotted_and_drawings_have_roles_for_colors() {
    let page = page(HISTORY);
    let drawing = page.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    // One line is drawn at once, the dotted one piece by piece.
    assert!(drawing.matches("stroke=\"var(--sure)\"").count() > 20, "{drawing}");
    assert!(!page.contains("#010203") && !page.contains("#070809"));
    assert!(page.contains("<i class=\"dotted\"></i> soft"));
}

#[test]
fn i1_an_empty_history_and_a_long_one_have_a_page_too() {
    let empty = page("");
    assert!(empty.contains("there is nothing to tell yet") && !empty.contains("<svg"));
    let many: String = (0..3_000)
        .map(|number| {
            let day = chatsparks_core::Instant::from_milliseconds(1_772_400_000_000 + number * 8_000_000);
            format!(
                "{{\"id\":\"e{number}\",\"at\":\"{day}\",\"type\":\"comment\",\"comment_id\":\"c{number}\",\"post_id\":\"v{number}\",\"user_id\":\"u{number}\",\"text\":\"price\"}}\n"
            )
        })
        .collect();
    let page = page(&many);
    assert!(page.len() < 300_000, "{} bytes", page.len());
    assert!(page.contains("week by week") && page.contains("and 2,970 more that sold less"));
}

/// What a store keeps: the insights, and records as lines, of one partition or of several; older ones deleted.
#[test]
fn i2_a_page_of_records_is_the_page_of_their_history() {
    let engine = Engine::compile(read_workspace(WORKSPACE.as_bytes(), Format::Json).unwrap()).unwrap();
    let (mut replay, mut insights, mut lines) = (Replay::new(engine), Insights::new(), Vec::new());
    for line in Reader::new(HISTORY.as_bytes(), "history") {
        replay.push(&line.unwrap().envelope, |record| {
            insights.add(record.user_id(), record.decision.facts.iter());
            lines.push(serde_json::to_string(record).unwrap());
        });
    }
    let workspace = replay.engine().workspace();
    let of = |each: &dyn Fn(usize) -> u32, from: usize| {
        let mut report = Report::of(insights.clone());
        for (number, line) in lines.iter().enumerate().skip(from) {
            report.add_line(each(number), line).unwrap();
        }
        if from > 0 {
            report.begins_later();
        }
        report.page(workspace)
    };
    assert_eq!(of(&|_| 0, 0), page(HISTORY));
    // Of records that are gone the days are gone too, and it is said; the sums are not.
    let cut = of(&|_| 0, 4);
    assert!(cut.contains("older records are not kept"), "{cut}");
    let sums = |page: &str| {
        page.split("<section class=\"numbers\">").nth(1).unwrap().split("</section>").next().unwrap().to_owned()
    };
    assert_eq!(sums(&cut), sums(&page(HISTORY)));
    // Each partition counts its own contacts: together they are what the page says.
    let counted = |partition: u32, count: u64, day: u32| {
        let line = format!(
            r#"{{"seq":0,"at":"2026-03-0{day}T10:00:00Z","facts":[{{"contact_counted":{{"cycle":"2026-03-01T00:00:00Z","count":{count}}}}}]}}"#
        );
        (partition, line)
    };
    let mut report = Report::of(insights.clone());
    for (partition, line) in [counted(0, 1, 2), counted(1, 1, 3), counted(0, 2, 4)] {
        report.add_line(partition, &line).unwrap();
    }
    assert!(report.page(workspace).contains("3 of 4 since 2026-03-01"));
    assert!(report.add_line(0, "no record").is_err());
}
