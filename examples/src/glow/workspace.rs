//! The workspace document.

use super::{
    catalogue::Product,
    flows::flows,
    json::{Json, flag, list, number, object, text, texts},
    posts::Post,
    triggers::triggers,
};

/// The shop's own account.
pub(crate) const ACCOUNT: &str = "acct_glow";
/// Who works there.
pub(crate) const OWNER: &str = "owner@glow.example";
pub(crate) const MEMBERS: [&str; 3] = ["mali@glow.example", "linh@glow.example", "putri@glow.example"];

/// The whole document.
pub(crate) fn workspace(posts: &[Post], products: &[Product]) -> Json {
    let flows =
        flows().iter().map(|flow| Json::raw(serde_json::to_string(flow).unwrap_or_default())).collect::<Vec<_>>();
    object([
        ("schema", number(1)),
        (
            "workspace",
            object([("id", text("glow")), ("name", text("Glow Cosmetics")), ("account_user_id", text(ACCOUNT))]),
        ),
        (
            "plan",
            object([
                ("mac_limit", number(100_000)),
                ("subscribed_at", text("2026-01-31T09:00:00Z")),
                ("listening_window_days", number(30)),
            ]),
        ),
        (
            "connections",
            object([
                ("tiktok", connection(["comments", "messages", "posts"])),
                ("shop", connection(["orders", "catalog"])),
            ]),
        ),
        (
            "policy",
            object([
                ("throttle_hours", number(24)),
                ("on_throttled", text("stop")),
                ("max_mismatches", number(2)),
                ("waiting_after_minutes", number(60)),
                ("close_after_hours", number(24)),
                ("attribution_days", number(14)),
                ("queue_hours", number(48)),
                ("reach", object([("mode", text("open"))])),
            ]),
        ),
        ("triggers", list(triggers())),
        ("flows", list(flows)),
        ("sensitive", list(sensitive())),
        ("members", list(members())),
        ("posts", list(posts.iter().map(Post::json))),
        ("products", list(products.iter().map(Product::json))),
    ])
}

fn connection<const N: usize>(scopes: [&'static str; N]) -> Json {
    object([("connected", flag(true)), ("scopes", texts(scopes))])
}

fn sensitive() -> Vec<Json> {
    let entry = |tag: &str, words: &[&'static str], handoff: bool| {
        object([("words", texts(words.iter().copied())), ("handoff", flag(handoff)), ("tag", text(tag))])
    };
    vec![
        entry("refund", &["refund", "คืนเงิน", "hoàn tiền", "trả hàng", "uang kembali"], true),
        entry("fraud", &["scam", "fake", "โกง", "ของปลอม", "lừa đảo", "hàng giả", "penipuan", "palsu"], true),
        entry("law", &["report you", "แจ้งความ", "สคบ", "kiện", "lapor polisi"], true),
        entry("damaged", &["damaged", "แตกหัก", "bị vỡ", "rusak"], true),
        entry("pregnant", &["pregnant", "คนท้อง", "ตั้งครรภ์", "bà bầu", "bumil"], false),
    ]
}

fn members() -> Vec<Json> {
    let member = |email: &str, role: &str, status: &str| {
        object([("email", text(email)), ("role", text(role)), ("status", text(status))])
    };
    let mut members = vec![member(OWNER, "owner", "active")];
    members.extend(MEMBERS.iter().map(|email| member(email, "member", "active")));
    members.push(member("nok@glow.example", "member", "pending"));
    members.push(member("ploy@glow.example", "member", "suspended"));
    members
}
