//! The input side of a story: what happens at a step.

use super::{
    cast::{Cast, Person},
    words::{Flaw, Words},
};
use chatsparks_core::{
    ActKind, Currency, DmStage, Email, Instant, OrderId, OrderLine, Period, RefundId, ReviewVerdict, workspace::Link,
};

/// What happens at a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Time passes.
    Clock,
    /// The last event arrives again, under its own id (T3).
    Again,
    Comment(CommentAction),
    Removed {
        who: Person,
        comment: String,
    },
    Answerable {
        who: Person,
        comment: String,
    },
    Message {
        who: Person,
        id: String,
        text: Option<String>,
    },
    /// An option of the last DM that has it, by its label or id.
    Taps {
        who: Person,
        id: String,
        option: String,
        text: Option<String>,
    },
    Act {
        member: Email,
        who: Person,
        kind: ActKind,
    },
    MemberMessage {
        member: Email,
        who: Person,
        id: String,
        text: String,
        link: Option<Link>,
    },
    /// Of the contact's last DM.
    Receipt {
        who: Person,
        status: DmStage,
        detail: Option<String>,
    },
    /// Of a DM by its id.
    ReceiptOf {
        dm: String,
        status: DmStage,
        detail: Option<String>,
    },
    Order(OrderAction),
    Cancelled(OrderId),
    Refund {
        id: RefundId,
        order: OrderId,
        amount: i64,
    },
    Review {
        member: Email,
        order: OrderId,
        verdict: ReviewVerdict,
    },
    Identity {
        who: Person,
        shop: String,
    },
    Configure(Configuring),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct CommentAction {
    pub(super) who: Person,
    pub(super) id: String,
    pub(super) post: String,
    pub(super) reply_to: Option<String>,
    pub(super) answerable: bool,
    pub(super) posted: Option<When>,
    pub(super) text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct OrderAction {
    pub(super) who: Person,
    pub(super) id: OrderId,
    pub(super) lines: Vec<OrderLine>,
    pub(super) total: i64,
    pub(super) currency: Currency,
    pub(super) placed: Option<When>,
}

/// An instant that the platform tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum When {
    At(Instant),
    Ago(Period),
}

/// How the workspace changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Configuring {
    /// Into another document.
    File(String),
    /// At one place of its document.
    With { path: String, value: serde_json::Value },
}

/// What may stand after a time, told to whoever wrote something else.
pub(super) const EXPECTED: &str = "expected what happens, such as `mint comments on v1: PRICE?`, `mint: 50ml`, \
     `mint taps [50ml]`, `owner@shop.example takes mint`, `receipt delivered for mint`, `clock`, or an expectation";

/// Words that begin an action which nobody in particular does.
const UNPERSONAL: [&str; 6] = ["clock", "again", "receipt", "comment", "configure", "order"];

/// Reads an action; `cast` knows the names and ids so far.
pub(super) fn read(words: &mut Words<'_>, cast: &mut Cast) -> Result<Action, Flaw> {
    let first = words.peek();
    if UNPERSONAL.contains(&first) {
        let mut ahead = words.clone();
        ahead.eat(first);
        // `order: hello` is said by somebody of that name.
        if !ahead.mark(':') {
            return unpersonal(words, cast);
        }
    }
    if let Some(owner) = first.strip_suffix("'s").or_else(|| first.strip_suffix("’s")) {
        words.eat(first);
        return about_comment(words, cast, owner);
    }
    let start = words.clone();
    let name = match words.named() {
        Some(name) => format!("@{name}"),
        None => words.word("a name")?,
    };
    if words.mark(':') {
        let (who, id) = (Person::new(&name), cast.message(None));
        let text = Some(words.text()?);
        return Ok(Action::Message { who, id, text });
    }
    let verb = words.peek();
    match verb {
        "comments" | "writes" | "sends" | "taps" | "orders" | "is" | "takes" | "assigns" | "hands" | "closes"
        | "blocks" | "unblocks" | "confirms" | "rejects" => {
            words.eat(verb);
        }
        _ if words.is_at_end() => return Err(start.flaw(EXPECTED)),
        _ => return Err(words.flaw(EXPECTED)),
    }
    match verb {
        "comments" => comment(words, cast, &name),
        "writes" if words.peek() == "to" => member_message(words, cast, &name),
        "writes" => {
            words.needs_word("as")?;
            let given = words.word("the id of the message")?;
            let (who, id) = (Person::new(&name), cast.message(Some(given)));
            words.needs(':', "the text")?;
            Ok(Action::Message { who, id, text: Some(words.text()?) })
        }
        "sends" => {
            words.needs_word("nothing")?;
            words.end()?;
            Ok(Action::Message { who: Person::new(&name), id: cast.message(None), text: None })
        }
        "taps" => {
            let option = words.label()?.ok_or_else(|| words.flaw("expected a button such as `[50ml]`"))?;
            let text = if words.mark(':') { Some(words.text()?) } else { None };
            words.end()?;
            Ok(Action::Taps { who: Person::new(&name), id: cast.message(None), option, text })
        }
        "orders" => order(words, cast, &name),
        "is" => {
            let flaw = words.flaw("expected an id of the shop such as `shop:7494`");
            let word = words.word("an id of the shop such as `shop:7494`")?;
            let shop = word.strip_prefix("shop:").ok_or(flaw)?.to_owned();
            words.end()?;
            Ok(Action::Identity { who: Person::new(&name), shop })
        }
        "confirms" | "rejects" => {
            words.needs_word("order")?;
            let order = words.word("the id of the order")?.into();
            words.end()?;
            let verdict = if verb == "confirms" { ReviewVerdict::Confirm } else { ReviewVerdict::Reject };
            Ok(Action::Review { member: name.as_str().into(), order, verdict })
        }
        _ => act(words, &name, verb),
    }
}

/// What a member does with a contact.
fn act(words: &mut Words<'_>, member: &str, verb: &str) -> Result<Action, Flaw> {
    if verb == "hands" {
        words.needs_word("back")?;
    }
    let who = words.word("the contact's name")?;
    let who = Person::new(&who);
    let kind = match verb {
        "takes" => ActKind::Take,
        "assigns" => {
            words.needs_word("to")?;
            ActKind::Assign(words.word("a member's email")?.into())
        }
        "hands" => ActKind::HandBack,
        "closes" => ActKind::Close,
        "blocks" => ActKind::Block,
        _ => ActKind::Unblock,
    };
    words.end()?;
    Ok(Action::Act { member: member.into(), who, kind })
}

/// What the platform, the shop or time does.
fn unpersonal(words: &mut Words<'_>, cast: &mut Cast) -> Result<Action, Flaw> {
    let first = words.word("what happens")?;
    match &*first {
        "receipt" => receipt(words),
        "comment" => {
            let flaw = words.flaw("expected the id of a comment that came before");
            let comment = words.word("the id of a comment")?;
            let who = cast.author(&comment).ok_or(flaw)?;
            about(words, who, comment)
        }
        "configure" => Ok(Action::Configure(configuring(words)?)),
        "order" => {
            let order: OrderId = words.word("the id of the order")?.into();
            words.needs_word("is")?;
            if words.eat("cancelled") {
                words.end()?;
                return Ok(Action::Cancelled(order));
            }
            if !words.eat("refunded") {
                return Err(words.flaw("expected `cancelled` or `refunded` and the amount in minor units"));
            }
            let amount = words.number("the amount in minor units")?;
            let given = if words.eat("as") { Some(words.word("the id of the refund")?) } else { None };
            words.end()?;
            Ok(Action::Refund { id: cast.refund(given).into(), order, amount })
        }
        word => {
            words.end()?;
            Ok(if word == "again" { Action::Again } else { Action::Clock })
        }
    }
}

/// `mint's comment [ID] is removed` or `becomes answerable`.
fn about_comment(words: &mut Words<'_>, cast: &mut Cast, owner: &str) -> Result<Action, Flaw> {
    words.needs_word("comment")?;
    let who = Person::new(owner);
    let comment = match words.peek() {
        "is" | "becomes" => {
            cast.last_comment(&who).ok_or_else(|| words.flaw("expected the id of a comment: there is none before"))?
        }
        _ => words.word("the id of the comment")?,
    };
    about(words, who, comment)
}

fn about(words: &mut Words<'_>, who: Person, comment: String) -> Result<Action, Flaw> {
    let action = if words.eat_all(&["is", "removed"]) {
        Action::Removed { who, comment }
    } else if words.eat_all(&["becomes", "answerable"]) {
        Action::Answerable { who, comment }
    } else {
        return Err(words.flaw("expected `is removed` or `becomes answerable`"));
    };
    words.end()?;
    Ok(action)
}

/// `on POST {modifier}: TEXT`
fn comment(words: &mut Words<'_>, cast: &mut Cast, name: &str) -> Result<Action, Flaw> {
    words.needs_word("on")?;
    let post = words.word("the id of a post")?;
    let (mut id, mut reply_to, mut answerable, mut posted) = (None, None, false, None);
    while !words.mark(':') {
        words.mark(',');
        if words.eat("as") {
            id = Some(words.word("the id of the comment")?);
        } else if words.eat_all(&["replying", "to"]) {
            reply_to = Some(words.word("the id of a comment")?);
        } else if words.eat("replying") {
            reply_to = Some("c0".to_owned());
        } else if words.eat("answerable") {
            answerable = true;
        } else if words.eat("posted") {
            posted = Some(when(words)?);
        } else {
            return Err(words.flaw(
                "expected `:` and the text, or before it `as ID`, `replying to ID`, `answerable`, `posted TIME`",
            ));
        }
    }
    let text = words.text()?;
    let who = Person::new(name);
    let id = cast.comment(id, &who);
    Ok(Action::Comment(CommentAction { who, id, post, reply_to, answerable, posted, text }))
}

/// A time that the platform tells: `2026-03-02 09:00`, or `49h ago`.
fn when(words: &mut Words<'_>) -> Result<When, Flaw> {
    if let Some(at) = words.instant()? {
        return Ok(When::At(at));
    }
    let flaw = words.flaw("expected a time such as `2026-03-02 09:00` or `49h ago`");
    let period = super::words::period(words.peek()).ok_or_else(|| flaw.clone())?;
    words.eat(words.peek());
    if words.eat("ago") { Ok(When::Ago(period)) } else { Err(flaw) }
}

/// `to NAME [with card LINK]: TEXT`
fn member_message(words: &mut Words<'_>, cast: &mut Cast, member: &str) -> Result<Action, Flaw> {
    words.needs_word("to")?;
    let who = words.word("the contact's name")?;
    let who = Person::new(&who);
    words.mark(',');
    let link = if words.eat_all(&["with", "card"]) { Some(link(words)?) } else { None };
    words.needs(':', "the text")?;
    let text = words.text()?;
    Ok(Action::MemberMessage { member: member.into(), who, id: cast.message(None), text, link })
}

/// `PRODUCT`, `PRODUCT/SKU`, or `shop` for the shop's own page.
pub(super) fn link(words: &mut Words<'_>) -> Result<Link, Flaw> {
    let is_quoted = words.rest().starts_with('"');
    let (product, sku) = words.pair("a product, `product/sku`, or `shop`")?;
    if product == "shop" && sku.is_none() && !is_quoted {
        return Ok(Link::default());
    }
    Ok(Link { product: Some(product.into()), sku: sku.map(Into::into) })
}

/// `STATUS for NAME` or `STATUS for dm ID`, and perhaps `: DETAIL`
fn receipt(words: &mut Words<'_>) -> Result<Action, Flaw> {
    let status = stage(words)?;
    words.needs_word("for")?;
    let dm = if words.eat("dm") { Some(words.word("the id of a DM")?) } else { None };
    let who = if dm.is_none() { Some(words.word("the contact's name, or `dm` and its id")?) } else { None };
    let detail = if words.mark(':') { Some(words.text()?) } else { None };
    words.end()?;
    Ok(match (dm, who) {
        (Some(dm), _) => Action::ReceiptOf { dm, status, detail },
        (None, who) => Action::Receipt { who: Person::new(&who.unwrap_or_default()), status, detail },
    })
}

/// A stage in the life of a DM (V11).
pub(super) fn stage(words: &mut Words<'_>) -> Result<DmStage, Flaw> {
    let flaw = words.flaw("expected `sent`, `delivered`, `read` or `failed`");
    match words.word("a stage")?.as_str() {
        "queued" => Ok(DmStage::Queued),
        "sent" => Ok(DmStage::Sent),
        "delivered" => Ok(DmStage::Delivered),
        "read" => Ok(DmStage::Read),
        "failed" => Ok(DmStage::Failed),
        _ => Err(flaw),
    }
}

/// `[as ID]: LINE {, LINE} [= TOTAL] CURRENCY [, placed TIME]`, a line being `[PRODUCT/]SKU [xN] AMOUNT`.
fn order(words: &mut Words<'_>, cast: &mut Cast, name: &str) -> Result<Action, Flaw> {
    let id = if words.eat("as") { Some(words.word("the id of the order")?) } else { None };
    words.needs(':', "what is ordered, such as `s50 59000 THB`")?;
    let mut lines = Vec::new();
    loop {
        let (product, sku) = match words.pair("a SKU")? {
            (product, Some(sku)) => (Some(product.into()), sku.into()),
            (sku, None) => (None, sku.into()),
        };
        let count = words.peek().strip_prefix('x').and_then(|count| count.parse().ok());
        if count.is_some() {
            words.eat(words.peek());
        }
        let amount_minor = words.number("the amount in minor units")?;
        lines.push(OrderLine { sku_id: sku, product_id: product, quantity: count.unwrap_or(1), amount_minor });
        if !words.mark(',') {
            break;
        }
    }
    let sum = lines.iter().fold(0i64, |sum, line| sum.saturating_add(line.amount_minor));
    let total = if words.eat("=") { words.number("the total in minor units")? } else { sum };
    let currency = words.word("a currency such as `THB`")?.into();
    let placed = if words.mark(',') {
        words.needs_word("placed")?;
        Some(when(words)?)
    } else {
        None
    };
    words.end()?;
    let who = Person::new(name);
    let id = cast.order(id);
    Ok(Action::Order(OrderAction { who, id, lines, total, currency, placed }))
}

/// `FILE`, or `PATH = JSON`.
pub(super) fn configuring(words: &mut Words<'_>) -> Result<Configuring, Flaw> {
    let word = words.word("a file, or a place of the document such as `plan.mac_limit = 5`")?;
    if !words.eat("=") {
        words.end()?;
        return Ok(Configuring::File(word));
    }
    let flaw = words.flaw("expected a value as JSON, such as `5`, `\"draft\"` or `[\"a\", \"b\"]`");
    let value = serde_json::from_str(words.take_rest()).map_err(|_| flaw)?;
    Ok(Configuring::With { path: word, value })
}
