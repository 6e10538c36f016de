//! The operations: lines of text, so that a corpus can be read and written by hand.
//!
//! The first line is the workspace (see [`workspace`]). Each other line is `KIND USER THING GAP` and a text, a character
//! each and nothing between: `ca1hPRICE?` is a comment of user `a` under post `1`, an hour after the operation before.
//! An upper-case kind comes late: its gap is counted back from the latest instant, and time does not move.
//!
//! | kind | what | thing |
//! | --- | --- | --- |
//! | `c`, `s`, `g` | comment; one that may be answered by a DM; a reply | the post |
//! | `r`, `k` | the comment is removed; may be answered | which comment of the user, counted back |
//! | `m` | message | `1` to `4`: an option of that id; else none |
//! | `p` | receipt (text: `s`ent, `d`elivered, `r`ead, `f`ailed) | which DM, counted back |
//! | `o` | order: each character of the text a line | `s` a shop id |
//! | `x`, `f`, `v` | cancellation; refund (text: how much); review (text: `c`onfirm) | which order, counted back |
//! | `i` | identity | |
//! | `t`, `a`, `h`, `q`, `b`, `u` | take, assign, hand back, close, block, unblock | the member |
//! | `w` | a member's message | the member |
//! | `j` | configure: the text is a first line; after a few of them a clock | |
//! | `d`, `e` | an event again, under a new id; under its own | which, counted back |
//! | else | clock | |
//!
//! Gaps: `n` none, `l` a millisecond, `s` a second, `m` a minute, `h` an hour, `d` a day less a millisecond, `D` a day,
//! `w` 48 hours, `W` two weeks, `M` a month, `y` 401 days; on the first of these lines, `Z` the last hour that there is
//! (on a later one a hundred thousand cycles would begin, and take seconds).

use chatsparks_core::{
    Act, ActKind, Comment, CommentOf, DmId, DmStage, Email, Envelope, Event, EventId, Instant, MemberMessage, Message,
    Order, OrderId, OrderLine, Period, Receipt, Refund, ReviewVerdict, Text, UserId,
    workspace::{Link, OnThrottled, ReachMode, Workspace},
};

const WORKSPACE: &str = include_str!("workspace.json");

/// Revisions of one run: each is compiled, which takes as long as a hundred other operations.
const REVISIONS: usize = 6;

/// The last hour of the last year (T2).
const LAST_HOUR: Instant = Instant::from_milliseconds(253_402_297_200_000);

/// The workspace that a line of settings makes, a character each:
///
/// a digit: the limit, `0` no plan · `b` buyer first, `c` comment to message · `1 message`: `w` · an hour to hold `H`, to
/// queue `Q`, to close `C`, to close in Human `P` · `n` on_throttled stop · `m` no members · `i` waiting at once · `z` one mismatch ·
/// `v` a second version of `ask` · `g` without the first version · `x` without the flows that send cards · `o` without
/// the scope to send · `p` a plan of another day · `t` a trigger less
pub(super) fn workspace(settings: &str) -> Workspace {
    let mut workspace: Workspace = serde_json::from_str(WORKSPACE).unwrap_or_else(|error| panic!("{error}"));
    for setting in settings.chars().take(16) {
        let policy = &mut workspace.policy;
        match setting {
            '0' => workspace.plan = None,
            '1'..='9' => {
                if let Some(plan) = &mut workspace.plan {
                    plan.mac_limit = i64::from(setting.to_digit(10).unwrap_or(1));
                }
            }
            'b' => policy.reach.mode = ReachMode::BuyerFirst,
            'c' => policy.reach.mode = ReachMode::CommentToMessage,
            'w' => policy.reach.messages_per_window = 1,
            'H' => policy.reach.hold_hours = 1,
            'Q' => policy.queue_hours = 1,
            'C' => policy.close_after_hours = 1,
            'P' => policy.human_close_hours = 1,
            'i' => policy.waiting_after_minutes = 0,
            'z' => policy.max_mismatches = 1,
            'n' => policy.on_throttled = OnThrottled::Stop,
            'm' => workspace.members.clear(),
            'v' | 'g' => {
                if let Some(place) = workspace.flows.iter().position(|flow| flow.id == "ask" && flow.version == 1) {
                    let mut next = workspace.flows[place].clone();
                    next.version = 2;
                    next.blocks.swap(0, 1);
                    if !workspace.flows.iter().any(|flow| flow.id == "ask" && flow.version == 2) {
                        workspace.flows.push(next);
                    }
                    if setting == 'g' {
                        workspace.flows.remove(place);
                    }
                }
            }
            'x' => {
                workspace.triggers.retain(|trigger| trigger.flow != "cards");
                workspace.flows.retain(|flow| flow.id != "cards");
            }
            'o' => workspace.connections.tiktok.scopes.retain(|scope| scope != "messages"),
            'p' => {
                if let Some(plan) = &mut workspace.plan {
                    plan.subscribed_at = plan.subscribed_at.after(Period::hours(50));
                }
            }
            't' => drop(workspace.triggers.pop()),
            _ => {}
        }
    }
    workspace
}

/// Makes an envelope of each line, and remembers what later lines may name.
pub(super) struct Operations {
    at: Instant,
    number: usize,
    revisions: usize,
    comments: Vec<Comment>,
    events: Vec<Envelope>,
    /// The DMs sent so far, for receipts.
    pub(super) dms: Vec<DmId>,
}

/// What is named by a place counted back from the last.
fn back<T>(list: &[T], thing: char) -> Option<&T> {
    let back = thing.to_digit(36).unwrap_or(0) as usize;
    list.len().checked_sub(1 + back).and_then(|place| list.get(place))
}

impl Operations {
    pub(super) fn new() -> Self {
        Self {
            at: Instant::from_milliseconds(1_772_445_600_000),
            number: 0,
            revisions: 0,
            comments: Vec::new(),
            events: Vec::new(),
            dms: Vec::new(),
        }
    }

    /// The next envelope.
    pub(super) fn next(&mut self, line: &str) -> Envelope {
        let mut characters = line.chars();
        let [kind, user, thing, gap] = [(); 4].map(|()| characters.next().unwrap_or('n'));
        let text = characters.as_str();
        let late = kind.is_ascii_uppercase();
        let at = if late { self.at.before(length(gap)) } else { self.later(gap) };
        // Before 1970 there is no instant (T2).
        let at = at.max(Instant::from_milliseconds(0));
        if !late {
            self.at = at;
        }
        self.number += 1;
        let kind = kind.to_ascii_lowercase();
        if kind == 'e'
            && let Some(envelope) = back(&self.events, thing)
        {
            return Envelope { at, ..envelope.clone() };
        }
        let user_id = UserId::from(format!("u{user}"));
        let event = self.event(kind, &user_id, thing, text);
        let envelope = Envelope { id: EventId::from(format!("e{}", self.number)), at, event };
        self.events.push(envelope.clone());
        envelope
    }

    fn later(&self, gap: char) -> Instant {
        if gap == 'Z' && self.number == 0 { LAST_HOUR } else { self.at.after(length(gap)) }
    }

    fn event(&mut self, kind: char, user_id: &UserId, thing: char, text: &str) -> Event {
        let number = self.number;
        let user_id = user_id.clone();
        let act = |kind| Event::Act(Act { user_id: user_id.clone(), member: member(thing), kind });
        match kind {
            'c' | 's' | 'g' | 'l' => {
                let comment = Comment {
                    comment_id: format!("c{number}").into(),
                    post_id: format!("v{thing}").into(),
                    handle: Some(user_id.as_str().into()),
                    user_id,
                    text: Text::from(text),
                    posted_at: None,
                    reply_to: (kind == 'g').then(|| "c0".into()),
                    direct_reply: kind == 's',
                };
                self.comments.push(comment.clone());
                Event::Comment(comment)
            }
            'r' | 'k' => {
                let own: Vec<_> = self.comments.iter().filter(|comment| comment.user_id == user_id).collect();
                let comment_id = back(&own, thing).map_or_else(|| "c0".into(), |comment| comment.comment_id.clone());
                let of = CommentOf { comment_id, user_id };
                if kind == 'r' { Event::CommentRemoved(of) } else { Event::CommentAnswerable(of) }
            }
            'm' => {
                let option = match thing {
                    '1' => Some("30"),
                    '2' => Some("xl"),
                    '3' => Some("person"),
                    '4' => Some("no"),
                    _ => None,
                };
                Event::Message(Message {
                    message_id: format!("m{number}").into(),
                    user_id,
                    handle: None,
                    text: (!text.is_empty()).then(|| Text::from(text)),
                    option: option.map(Into::into),
                })
            }
            'p' => Event::Receipt(Receipt {
                dm_id: back(&self.dms, thing).cloned().unwrap_or_else(|| "e0/0".into()),
                status: match text.chars().next() {
                    Some('d') => DmStage::Delivered,
                    Some('r') => DmStage::Read,
                    Some('f') => DmStage::Failed,
                    _ => DmStage::Sent,
                },
                detail: None,
            }),
            'o' => {
                let lines: Vec<OrderLine> = text.chars().take(8).zip(1..).map(order_line).collect();
                let amounts = lines.iter().fold(0i64, |sum, line| sum.saturating_add(line.amount_minor));
                Event::Order(Order {
                    order_id: format!("o{number}").into(),
                    user_id: if thing == 's' { format!("s{user_id}").into() } else { user_id },
                    placed_at: (thing == 'p').then(|| self.at.before(Period::hours(30))),
                    currency: if text.contains('$') { "USD".into() } else { "THB".into() },
                    total_minor: amounts.saturating_add(50),
                    lines,
                })
            }
            'x' => Event::OrderCancelled(self.order(thing)),
            'f' => Event::Refund(Refund {
                refund_id: format!("r{number}").into(),
                order_id: self.order(thing),
                amount_minor: text.parse::<i64>().unwrap_or(77).max(0),
            }),
            'v' => Event::OrderReview {
                order_id: self.order(thing),
                verdict: if text.starts_with('c') { ReviewVerdict::Confirm } else { ReviewVerdict::Reject },
                member: member('1'),
            },
            'i' => Event::Identity { shop_user_id: format!("s{}", user_id.as_str()).as_str().into(), user_id },
            't' => act(ActKind::Take),
            'a' => act(ActKind::Assign(member(text.chars().next().unwrap_or('2')))),
            'h' => act(ActKind::HandBack),
            'q' => act(ActKind::Close),
            'b' => act(ActKind::Block),
            'u' => act(ActKind::Unblock),
            'w' => Event::MemberMessage(MemberMessage {
                message_id: format!("w{number}").into(),
                user_id,
                member: member(thing),
                link: match text.chars().next() {
                    Some('s') => Some(Link { product: Some("serum".into()), sku: Some("s30".into()) }),
                    Some('p') => Some(Link { product: Some("cream".into()), sku: None }),
                    Some('l') => Some(Link { product: None, sku: None }),
                    _ => None,
                },
                text: Text::from(if text.is_empty() { "hello" } else { text }),
            }),
            'j' => self.revised(Event::Configure(Box::new(workspace(text).into()))),
            'd' => match back(&self.events, thing).map(|envelope| envelope.event.clone()) {
                Some(event @ Event::Configure(_)) => self.revised(event),
                event => event.unwrap_or(Event::Clock),
            },
            _ => Event::Clock,
        }
    }

    fn revised(&mut self, event: Event) -> Event {
        self.revisions += 1;
        if self.revisions > REVISIONS { Event::Clock } else { event }
    }

    /// An order counted back in numbers, so that some are not known.
    fn order(&self, thing: char) -> OrderId {
        let orders = self.events.iter().filter_map(|envelope| match &envelope.event {
            Event::Order(order) => Some(&order.order_id),
            _ => None,
        });
        let orders: Vec<_> = orders.collect();
        back(&orders, thing).map_or_else(|| "o0".into(), |id| OrderId::clone(id))
    }
}

fn length(gap: char) -> Period {
    match gap {
        'l' => Period::milliseconds(1),
        's' => Period::seconds(1),
        'm' => Period::minutes(1),
        'h' => Period::hours(1),
        'd' => Period::milliseconds(Period::hours(24).as_milliseconds() - 1),
        'D' => Period::hours(24),
        'w' => Period::hours(48),
        'W' => Period::days(14),
        'M' => Period::days(31),
        'y' => Period::days(401),
        _ => Period::ZERO,
    }
}

fn member(thing: char) -> Email {
    match thing {
        '2' => "SECOND@glow.example".into(),
        '3' => "gone@glow.example".into(),
        _ => "owner@glow.example".into(),
    }
}

fn order_line((line, number): (char, i64)) -> OrderLine {
    let (sku, product) = match line {
        's' => ("s30", None),
        'x' => ("xl", None),
        'c' => ("c1", None),
        'p' => ("other", Some("serum".into())),
        _ => ("unknown", None),
    };
    let amount_minor = if line == '!' { i64::MAX / 2 } else { 100 * number + 1 };
    OrderLine { sku_id: sku.into(), product_id: product, quantity: 1, amount_minor }
}
