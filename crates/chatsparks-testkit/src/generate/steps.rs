//! Histories: steps, and how they become events.

use super::{Case, Focus, documents, read, texts};
use chatsparks_core::*;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Histories begin here, near the ends of cycles and listening windows.
const BEGIN: &str = "2026-02-27T09:00:00Z";
const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// One thing that happens, and how long after the one before.
#[derive(Clone, Debug)]
pub struct Step {
    /// Milliseconds by which time goes on, before the event.
    pub after: i64,
    /// Milliseconds by which this event is late.
    pub late: i64,
    /// What happens.
    pub what: What,
}

/// What happens. Numbers count back from the last of its kind.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of the events")]
pub enum What {
    Comment {
        user: usize,
        post: &'static str,
        text: String,
        handle: bool,
        posted_before: Option<i64>,
        reply: bool,
        direct: bool,
    },
    Removed {
        back: usize,
    },
    Answerable {
        back: usize,
    },
    Message {
        user: Option<usize>,
        text: Option<String>,
        option: Option<&'static str>,
        handle: bool,
    },
    MemberMessage {
        user: usize,
        member: &'static str,
        link: Option<Value>,
        /// Under the id of the contact's last message, their own or a member's.
        known: bool,
    },
    Act {
        user: Option<usize>,
        member: &'static str,
        to: &'static str,
        kind: usize,
    },
    Order {
        /// None: whoever was sent a link by a member last, or commented last.
        user: Option<&'static str>,
        placed_before: Option<i64>,
        total: i64,
        lines: Vec<(&'static str, i64, bool)>,
    },
    Cancel {
        order: Back,
    },
    Refund {
        order: Back,
        amount: i64,
        again: bool,
    },
    Review {
        order: Back,
        confirm: bool,
        member: &'static str,
    },
    Identity {
        user: usize,
        shop: &'static str,
    },
    Receipt {
        event: Back,
        position: usize,
        status: DmStage,
    },
    Configure(Change),
    Clock,
    /// The same event under the same id (T3).
    Again {
        back: usize,
    },
    /// The same event under a new id (T3).
    Twin {
        back: usize,
    },
}

/// One of those so far, counted back from the last; none: the next one, which is not known yet.
pub(super) type Back = Option<usize>;

/// How a document changes.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they say what they do")]
pub enum Change {
    Nothing,
    Limit(i64),
    Plan(Option<Value>),
    Policy(Value),
    Scopes(Vec<&'static str>),
    Version {
        flow: usize,
        blocks: Value,
        drop_old: bool,
    },
    /// Whatever its triggers start is the other flow from now on.
    WithoutFlow {
        flow: usize,
    },
    FirstTriggerLast,
    Status {
        trigger: usize,
    },
    InPlace,
    OtherId,
    NoSuchFlow,
}

fn gap() -> impl Strategy<Value = i64> {
    let short = prop_oneof![
        8 => Just(0),
        8 => select(vec![1, SECOND, 30 * 60 * SECOND, HOUR - 1]),
        4 => Just(HOUR),
        2 => select(vec![HOUR + 1, 6 * HOUR]),
        2 => Just(DAY),
        2 => select(vec![DAY - HOUR, DAY - 1, 2 * DAY]),
    ];
    // Rarely, or histories would be over before they began.
    prop_oneof![40 => short, 1 => select(vec![14 * DAY, 31 * DAY])]
}

fn change(focus: Focus) -> impl Strategy<Value = Change> {
    let all = vec!["comments", "messages", "posts"];
    let scopes = select(vec![all.clone(), all.clone(), all, vec!["comments"], vec!["messages"]]);
    let version = (1usize..=2, documents::version(focus), any::<bool>())
        .prop_map(|(flow, blocks, drop_old)| Change::Version { flow, blocks, drop_old });
    let always = prop_oneof![
        1 => Just(Change::Nothing),
        2 => scopes.prop_map(Change::Scopes),
        3 => version,
        1 => (1usize..=2).prop_map(|flow| Change::WithoutFlow { flow }),
        1 => Just(Change::FirstTriggerLast),
        1 => (0usize..4).prop_map(|trigger| Change::Status { trigger }),
        1 => select(vec![Change::InPlace, Change::OtherId, Change::NoSuchFlow]),
        2 => documents::policy(focus).prop_map(Change::Policy),
    ];
    if focus == Focus::Queue {
        prop_oneof![
            1 => always,
            6 => (1i64..4).prop_map(Change::Limit),
            1 => option::weighted(0.8, documents::plan()).prop_map(Change::Plan),
        ]
        .boxed()
    } else if focus == Focus::Everything {
        prop_oneof![
            6 => always,
            5 => (1i64..6).prop_map(Change::Limit),
            1 => option::weighted(0.7, documents::plan()).prop_map(Change::Plan),
        ]
        .boxed()
    } else {
        always.boxed()
    }
}

/// One step of a case.
pub fn step(focus: Focus) -> impl Strategy<Value = Step> {
    // Seldom the account that the workspace speaks as.
    let users = || prop_oneof![15 => 0usize..3, 1 => Just(4)];
    // Else the contact who commented last.
    let someone = || option::weighted(0.3, users());
    let member = || select(vec!["owner@x.example", "M2@X.example", "owner@x.example", "m2@x.example", "m3@x.example"]);
    let back = || 0usize..3;
    let known = || option::weighted(0.8, 0usize..3);
    let before = || option::weighted(0.3, select(vec![0, HOUR, DAY, 2 * DAY - 1, 2 * DAY, 14 * DAY, 15 * DAY]));
    let comment = (
        prop_oneof![30 => 0usize..3, 1 => 3usize..5],
        select(vec!["v1", "v1", "v2", "v9", "v9"]),
        texts::text(),
        any::<bool>(),
        before(),
        proptest::bool::weighted(0.2),
        any::<bool>(),
    )
        .prop_map(|(user, post, text, handle, posted_before, reply, direct)| What::Comment {
            user,
            post,
            text,
            handle,
            posted_before,
            reply,
            direct,
        });
    let quiet = prop_oneof![
        20 => comment,
        2 => back().prop_map(|back| What::Removed { back }),
        1 => (someone(), member(), member(), 4usize..6).prop_map(|(user, member, to, kind)| What::Act { user, member, to, kind }),
        3 => change(focus).prop_map(What::Configure),
        2 => Just(What::Clock),
        1 => back().prop_map(|back| What::Again { back }),
        1 => back().prop_map(|back| What::Twin { back }),
    ];
    let message = (
        someone(),
        option::weighted(0.8, texts::reply()),
        option::weighted(0.3, select(vec!["30", "h", "two", "ac", "xx"])),
        any::<bool>(),
    )
        .prop_map(|(user, text, option, handle)| What::Message { user, text, option, handle });
    let link = option::of(select(vec![
        json!({}),
        json!({ "product": "p_serum", "sku": "s50" }),
        json!({ "product": "p_cream" }),
    ]));
    let stage = select(vec![DmStage::Sent, DmStage::Delivered, DmStage::Read, DmStage::Failed]);
    let talk = prop_oneof![
        6 => message,
        1 => (users(), member(), link, proptest::bool::weighted(0.2))
            .prop_map(|(user, member, link, known)| What::MemberMessage { user, member, link, known }),
        4 => (someone(), member(), member(), select(vec![0usize, 1, 2, 2, 2, 3, 3, 3])).prop_map(|(user, member, to, kind)| What::Act { user, member, to, kind }),
        1 => back().prop_map(|back| What::Answerable { back }),
        2 => (option::weighted(0.9, 0usize..5), 0usize..3, stage).prop_map(|(event, position, status)| {
            What::Receipt { event, position, status }
        }),
        1 => back().prop_map(|back| What::Again { back }),
    ];
    let line = (select(vec!["s30", "s50", "cs", "cxl", "zz"]), select(vec![0, 1, 50, 333]), any::<bool>());
    let order = (
        option::weighted(0.3, select(vec!["u0", "u1", "u2", "s_a", "nobody"])),
        before(),
        select(vec![1, 3, 100, 341, 59_000]),
        vec(line, 0..3),
    )
        .prop_map(|(user, placed_before, total, lines)| What::Order { user, placed_before, total, lines });
    let books = prop_oneof![
        4 => order,
        1 => known().prop_map(|order| What::Cancel { order }),
        2 => (known(), select(vec![0, 1, 50, 333, 60_000]), proptest::bool::weighted(0.3))
            .prop_map(|(order, amount, again)| What::Refund { order, amount, again }),
        3 => (known(), any::<bool>(), member())
            .prop_map(|(order, confirm, member)| What::Review { order, confirm, member }),
        2 => back().prop_map(|back| What::Again { back }),
        1 => (users(), select(vec!["s_a", "u1"])).prop_map(|(user, shop)| What::Identity { user, shop }),
    ];
    let what = match focus {
        Focus::Comments => quiet.boxed(),
        Focus::Queue => prop_oneof![6 => quiet, 1 => talk].boxed(),
        Focus::Talk => prop_oneof![4 => quiet, 4 => talk].boxed(),
        Focus::Everything => prop_oneof![6 => quiet, 5 => talk, 2 => books].boxed(),
    };
    let late = prop_oneof![
        10 => Just(0),
        2 => select(vec![1, 30 * 60 * SECOND, HOUR, 6 * HOUR, DAY, 2 * DAY]),
    ];
    let late = prop_oneof![60 => late, 1 => select(vec![400 * DAY, 400 * DAY + 1])];
    (gap(), late, what).prop_map(|(after, late, what)| Step { after, late, what })
}

/// What the steps so far have made.
struct Made {
    document: Value,
    now: i64,
    envelopes: Vec<Envelope>,
    comments: Vec<(CommentId, UserId)>,
    orders: Vec<OrderId>,
    last_messages: BTreeMap<UserId, MessageId>,
    /// To whom a member sent a link last.
    linked: Option<UserId>,
}

/// Steps become a case.
pub fn assemble(document: &Value, steps: &[Step]) -> Case {
    let begin = BEGIN.parse().map_or(0, Instant::as_milliseconds);
    let mut made = Made {
        document: document.clone(),
        now: begin,
        envelopes: Vec::new(),
        comments: Vec::new(),
        orders: Vec::new(),
        last_messages: BTreeMap::new(),
        linked: None,
    };
    for (number, step) in steps.iter().enumerate() {
        made.now += step.after;
        let at = Instant::from_milliseconds(made.now - step.late);
        let mut id = EventId::from(format!("e{}", number + 1));
        let event = match &step.what {
            What::Again { back } | What::Twin { back } => {
                let Some(old) = from_end(&made.envelopes, *back) else { continue };
                if matches!(step.what, What::Again { .. }) {
                    id = old.id.clone();
                }
                old.event.clone()
            }
            what => made.event(what, number + 1, at),
        };
        made.envelopes.push(Envelope { id, at, event });
    }
    Case { workspace: read(document), history: made.envelopes }
}

fn from_end<T>(all: &[T], back: usize) -> Option<&T> {
    all.iter().rev().nth(back.min(all.len().saturating_sub(1)))
}

fn user(number: usize) -> UserId {
    if number == 4 { UserId::from("acct") } else { UserId::from(format!("u{number}")) }
}

impl Made {
    fn comment_of(&self, back: usize) -> CommentOf {
        match from_end(&self.comments, back) {
            Some((comment_id, user_id)) => CommentOf { comment_id: comment_id.clone(), user_id: user_id.clone() },
            None => CommentOf { comment_id: CommentId::from("c0"), user_id: user(0) },
        }
    }

    /// The id of a contact's message: one of its own, or that of their last.
    fn message(&mut self, user: &UserId, number: usize, known: bool) -> MessageId {
        let last = known.then(|| self.last_messages.get(user).cloned()).flatten();
        let id = last.unwrap_or_else(|| MessageId::from(format!("m{number}")));
        self.last_messages.insert(user.clone(), id.clone());
        id
    }

    fn someone(&self, number: Option<usize>) -> UserId {
        number.map_or_else(|| self.comments.last().map_or(user(0), |(_, user)| user.clone()), user)
    }

    fn buyer(&self) -> UserId {
        self.linked.clone().unwrap_or_else(|| self.someone(None))
    }

    fn next_order(&self) -> OrderId {
        OrderId::from(format!("o{}", self.orders.len() + 1))
    }

    fn order_of(&self, back: Back) -> OrderId {
        back.and_then(|back| from_end(&self.orders, back)).cloned().unwrap_or_else(|| self.next_order())
    }

    fn event(&mut self, what: &What, number: usize, at: Instant) -> Event {
        let before =
            |milliseconds: &Option<i64>| milliseconds.map(|by| Instant::from_milliseconds(at.as_milliseconds() - by));
        let handle = |says: bool, user: usize| says.then(|| Text::from(["mint", "นก", "", "u3", "acct"][user]));
        match what {
            What::Comment { user: by, post, text, handle: says, posted_before, reply, direct } => {
                let comment_id = CommentId::from(format!("c{number}"));
                let reply_to = reply.then(|| CommentId::from("c0"));
                self.comments.push((comment_id.clone(), user(*by)));
                Event::Comment(Comment {
                    comment_id,
                    post_id: PostId::from(*post),
                    user_id: user(*by),
                    handle: handle(*says, *by),
                    text: Text::from(text.as_str()),
                    posted_at: before(posted_before),
                    reply_to,
                    direct_reply: *direct,
                })
            }
            What::Removed { back } => Event::CommentRemoved(self.comment_of(*back)),
            What::Answerable { back } => Event::CommentAnswerable(self.comment_of(*back)),
            What::Message { user: by, text, option, handle: says } => Event::Message(Message {
                message_id: self.message(&self.someone(*by), number, false),
                user_id: self.someone(*by),
                handle: handle(*says, by.unwrap_or(0)),
                text: text.as_deref().map(Text::from),
                option: option.map(OptionId::from),
            }),
            What::MemberMessage { user: to, member, link, known } => {
                if link.is_some() {
                    self.linked = Some(user(*to));
                }
                Event::MemberMessage(MemberMessage {
                    message_id: self.message(&user(*to), number, *known),
                    user_id: user(*to),
                    member: Email::from(*member),
                    text: Text::from("Hello {{handle}} from us"),
                    link: link.clone().and_then(|link| serde_json::from_value(link).ok()),
                })
            }
            What::Act { user: of, member, to, kind } => {
                let to = Email::from(*to);
                let kinds = [
                    ActKind::Take,
                    ActKind::Assign(to),
                    ActKind::HandBack,
                    ActKind::Close,
                    ActKind::Block,
                    ActKind::Unblock,
                ];
                Event::Act(Act { user_id: self.someone(*of), member: Email::from(*member), kind: kinds[*kind].clone() })
            }
            What::Order { user: by, placed_before, total, lines } => {
                let order_id = self.next_order();
                self.orders.push(order_id.clone());
                let lines = lines.iter().map(|(sku, amount, named)| OrderLine {
                    sku_id: SkuId::from(*sku),
                    product_id: named.then(|| ProductId::from("p_cream")),
                    quantity: 1,
                    amount_minor: *amount,
                });
                Event::Order(Order {
                    order_id,
                    user_id: by.map_or_else(|| self.buyer(), UserId::from),
                    placed_at: before(placed_before),
                    currency: Currency::from(if number.is_multiple_of(2) { "THB" } else { "VND" }),
                    total_minor: *total,
                    lines: lines.collect(),
                })
            }
            What::Cancel { order } => Event::OrderCancelled(self.order_of(*order)),
            What::Refund { order, amount, again } => Event::Refund(Refund {
                refund_id: RefundId::from(if *again { "r0".to_owned() } else { format!("r{number}") }),
                order_id: self.order_of(*order),
                amount_minor: *amount,
            }),
            What::Review { order, confirm, member } => Event::OrderReview {
                order_id: self.order_of(*order),
                verdict: if *confirm { ReviewVerdict::Confirm } else { ReviewVerdict::Reject },
                member: Email::from(*member),
            },
            What::Identity { user: of, shop } => {
                Event::Identity { user_id: user(*of), shop_user_id: ShopUserId::from(*shop) }
            }
            What::Receipt { event, position, status } => {
                // Of an event so far, or of the next one, whose DMs are not known yet.
                let next = format!("e{}", number + 1);
                let of = event.and_then(|back| from_end(&self.envelopes, back));
                let of = of.map_or(next.as_str(), |envelope| envelope.id.as_str());
                Event::Receipt(Receipt {
                    dm_id: DmId::from(format!("{of}/{position}")),
                    status: *status,
                    detail: (*status == DmStage::Failed).then(|| "no".into()),
                })
            }
            What::Configure(change) => Event::Configure(Box::new(self.configure(change).into())),
            What::Clock | What::Again { .. } | What::Twin { .. } => Event::Clock,
        }
    }

    fn configure(&mut self, change: &Change) -> workspace::Workspace {
        let mut new = self.document.clone();
        let mut holds = true;
        match change {
            Change::Nothing => {}
            Change::Limit(limit) => {
                if new.get("plan").is_some() {
                    new["plan"]["mac_limit"] = json!(limit);
                }
            }
            Change::Plan(plan) => match plan {
                Some(plan) => new["plan"] = plan.clone(),
                None => {
                    new.as_object_mut().map(|fields| fields.remove("plan"));
                }
            },
            Change::Policy(policy) => new["policy"] = policy.clone(),
            Change::Scopes(scopes) => new["connections"] = json!({ "tiktok": { "connected": true, "scopes": scopes } }),
            Change::Version { flow, blocks, drop_old } => {
                let id = format!("f{flow}");
                let flows = new["flows"].as_array().cloned().unwrap_or_default();
                let highest =
                    flows.iter().filter(|flow| flow["id"] == id).filter_map(|flow| flow["version"].as_i64()).max();
                let mut flows: Vec<Value> = flows.into_iter().filter(|flow| !*drop_old || flow["id"] != id).collect();
                flows.push(json!({ "id": id, "version": highest.unwrap_or(0) + 1, "blocks": blocks }));
                new["flows"] = json!(flows);
            }
            Change::WithoutFlow { flow } => {
                let (id, other) = (format!("f{flow}"), format!("f{}", 3 - flow));
                let flows = new["flows"].as_array().cloned().unwrap_or_default();
                if flows.iter().any(|flow| flow["id"] == other) {
                    let triggers = new["triggers"].as_array_mut().into_iter().flatten();
                    triggers.filter(|trigger| trigger["flow"] == id).for_each(|trigger| trigger["flow"] = json!(other));
                    new["flows"] = flows.into_iter().filter(|flow| flow["id"] != id).collect();
                }
            }
            Change::FirstTriggerLast => {
                if let Some(triggers) = new["triggers"].as_array_mut() {
                    triggers.rotate_left(1);
                }
            }
            Change::Status { trigger } => {
                if let Some(trigger) = new["triggers"].get_mut(*trigger) {
                    trigger["status"] = json!(if trigger["status"] == "draft" { "active" } else { "draft" });
                }
            }
            Change::InPlace => {
                new["flows"][0]["blocks"] = json!([{ "id": "other", "message": { "text": "changed in place" } }]);
                holds = false;
            }
            Change::OtherId => {
                new["workspace"]["id"] = json!("other");
                holds = false;
            }
            Change::NoSuchFlow => {
                new["triggers"][0]["flow"] = json!("nowhere");
                holds = false;
            }
        }
        if holds {
            self.document = new.clone();
        }
        read(&new)
    }
}
