//! What truly happened, written down.

use super::{Author, Kind, World};
use crate::ledger::{self, Ledger};

impl World {
    /// What truly happened so far.
    pub(crate) fn ledger(&mut self) -> Ledger {
        Ledger {
            at: self.clock.now(),
            comments: self.comments_in_order().map(|it| self.seen_comment(it)).collect(),
            messages: self.messages_in_order().map(|(talk, it)| self.seen_message(talk, it)).collect(),
            orders: self.seen_orders(),
        }
    }

    fn seen_comment(&self, it: &super::Comment) -> ledger::Comment {
        let account = &self.accounts[it.account].username;
        ledger::Comment {
            comment_id: it.id.to_string(),
            account: account.clone(),
            video_id: it.video.to_string(),
            author: match &it.author {
                Author::Person(name) => name.clone(),
                Author::Account => account.clone(),
            },
            unique_identifier: it.unique_identifier.clone(),
            by_account: it.author == Author::Account,
            at: it.at,
            text: it.text.clone(),
            reply_to: it.parent.map(|id| id.to_string()),
            status: it.status.to_owned(),
            high_intent: it.high_intent,
        }
    }

    fn seen_message(&self, talk: &super::Conversation, it: &super::Message) -> ledger::Message {
        let buttons = match &it.kind {
            Kind::Template { buttons, .. } => buttons.iter().map(|(label, _)| label.clone()).collect(),
            _ => Vec::new(),
        };
        ledger::Message {
            message_id: it.id.clone(),
            conversation_id: talk.id.clone(),
            account: self.accounts[talk.account].username.clone(),
            person: talk.person.clone(),
            unique_identifier: self.known(&talk.person).map(|it| it.unique_identifier.clone()).unwrap_or_default(),
            by_account: it.by_account,
            at: it.at,
            text: it.kind.text().to_owned(),
            buttons,
            tapped: it.tapped.as_ref().map(|(_, button)| button.clone()),
            answers_comment: it.answers_comment.map(|id| id.to_string()),
            read: if it.by_account { it.at <= talk.person_read } else { it.at <= talk.account_read },
        }
    }

    fn seen_orders(&self) -> Vec<ledger::Order> {
        let mut orders: Vec<_> = self.orders.values().collect();
        orders.sort_by_key(|it| (it.at, it.id));
        let seen = orders.into_iter().map(|it| {
            let shop = &self.accounts[it.account].shop;
            let person = self.known(&it.person);
            let line = |(product, sku): &(usize, usize)| {
                let product = &shop.products[*product];
                let sku = &product.skus[*sku];
                ledger::OrderLine {
                    product_id: product.id.to_string(),
                    sku_id: sku.id.to_string(),
                    amount_minor: sku.price_minor,
                }
            };
            ledger::Order {
                order_id: it.id.to_string(),
                account: self.accounts[it.account].username.clone(),
                person: it.person.clone(),
                unique_identifier: person.map(|it| it.unique_identifier.clone()).unwrap_or_default(),
                buyer_user_id: person.map(|it| it.buyer_user_id.clone()).unwrap_or_default(),
                at: it.at,
                status: it.status.to_owned(),
                total_minor: it.total_minor,
                currency: shop.currency.clone(),
                lines: it.items.iter().map(line).collect(),
                refunds: (it.returns.iter())
                    .map(|it| ledger::Refund { return_id: it.id.to_string(), at: it.at, amount_minor: it.amount_minor })
                    .collect(),
            }
        });
        seen.collect()
    }
}
