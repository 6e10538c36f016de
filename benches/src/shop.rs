//! A small shop whose trigger starts a flow with a question: for what conversations cost.

use chatsparks_core::{
    Comment, Contact, Decision, Engine, Envelope, Event, Head, Instant, Message, Order, OrderLine, Period, Scratch,
    SentLink,
    internal::{Change, Found, HeadChange, IndexRow, Loaded},
    workspace::Workspace,
};
use serde_json::json;
use std::sync::Arc;

/// When the comment comes.
pub const NOW: Instant = crate::synthetic::NOW;

/// The shop and one of its contacts.
pub struct Shop {
    /// The engine.
    pub engine: Engine,
    /// The head.
    pub head: Head,
    /// The buyer.
    pub contact: Contact,
    /// The links sent to them.
    pub links: Vec<SentLink>,
    scratch: Scratch,
}

/// The document of the shop.
pub fn workspace() -> Arc<Workspace> {
    let document = json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "account" },
        "posts": [ { "id": "v1", "kind": "video", "published_at": "2026-03-01T00:00:00Z", "tags": ["launch"] } ],
        "products": [ { "id": "p_serum", "name": "Glow Serum",
            "skus": [ { "id": "s30", "name": "30ml" }, { "id": "s50", "name": "50ml" } ] } ],
        "triggers": [
            { "id": "price", "when": { "keywords": { "words": ["price", "ราคา"] } }, "flow": "price-flow",
              "public_reply": ["Sent you a DM", "Check your inbox"] } ],
        "flows": [ { "id": "price-flow", "version": 1, "blocks": [
            { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } },
            { "id": "size", "quick_replies": { "text": "Which size?", "field": "size", "options": [
                { "id": "30", "label": "30ml" }, { "id": "50", "label": "50ml" } ] } },
            { "id": "card", "shop_link": { "product": "p_serum", "sku": "s50", "text": "Here you go" } },
            { "id": "done", "tag": { "tag": "sent-card" } } ] } ] });
    match serde_json::from_value::<Workspace>(document) {
        Ok(workspace) => Arc::new(workspace),
        Err(error) => unreachable!("the shop's document can be read: {error}"),
    }
}

/// The comment that fires, by somebody.
pub fn comment(user: &str, number: usize, at: Instant) -> Envelope {
    let comment = Comment {
        comment_id: format!("7390000000000{number:06}").into(),
        post_id: "v1".into(),
        user_id: user.into(),
        handle: Some("mint".into()),
        text: "PRICE? ราคาเท่าไหร่คะ อยากได้มากเลย".into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    Envelope { id: format!("comment-{number}").into(), at, event: Event::Comment(comment) }
}

/// The buyer's answer to the question.
pub fn answer(user: &str) -> Envelope {
    let message = Message {
        message_id: "m1".into(),
        user_id: user.into(),
        handle: Some("mint".into()),
        text: Some("50ML".into()),
        option: None,
    };
    Envelope { id: "answer".into(), at: NOW.after(Period::minutes(5)), event: Event::Message(message) }
}

/// The buyer's order of what was linked.
pub fn order(user: &str) -> Envelope {
    let line = OrderLine { sku_id: "s50".into(), product_id: None, quantity: 1, amount_minor: 59_000 };
    let order = Order {
        order_id: "o1".into(),
        user_id: user.into(),
        placed_at: None,
        currency: "THB".into(),
        total_minor: 59_000,
        lines: vec![line],
    };
    Envelope { id: "order".into(), at: NOW.after(Period::hours(2)), event: Event::Order(order) }
}

impl Shop {
    /// The shop, and a buyer who commented before.
    pub fn new(user: &str) -> Self {
        let engine = crate::synthetic::compiled(&workspace());
        let mut head = engine.first_head();
        head.apply(&HeadChange::Latest(NOW));
        head.apply(&HeadChange::Cycle { start: NOW, next: NOW.after(Period::days(30)) });
        Self {
            engine,
            head,
            contact: crate::synthetic::known_contact(&user.into()),
            links: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Decides an event, and changes nothing.
    pub fn decide(&mut self, envelope: &Envelope) -> Decision {
        let found = Found::default();
        let loaded = Loaded { links: &self.links, ..Loaded::new(&self.head, Some(&self.contact), &found) };
        self.engine.decide(&loaded, envelope, &mut self.scratch)
    }

    /// Decides an event, and makes true what was decided.
    pub fn happens(&mut self, envelope: &Envelope) -> Decision {
        let decision = self.decide(envelope);
        for change in &decision.changes {
            match change {
                Change::Head(change) => self.head.apply(change),
                Change::Contact(change) => self.contact.apply(change),
                Change::Index(IndexRow::Link(link)) => self.links.push((**link).clone()),
                Change::Index(_) => {}
            }
        }
        decision
    }
}
