//! Webhooks: who wants them, how they are signed, how often they are tried, and what goes wrong with them.

use super::{Due, Refusal, World};
use crate::{
    control::{Webhook, WebhookFault, WebhookMishap, WebhookState},
    sign,
};
use rand::RngExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the Business API lets an app subscribe to.
pub(crate) const EVENT_TYPES: [&str; 4] = ["DIRECT_MESSAGE", "COMMENT", "VIDEO", "BRAND_MENTION"];

/// The shop tries again after 2 and 30 minutes, 3 and 12 hours.
const SHOP_RETRIES: [i64; 4] = [120, 1_800, 10_800, 43_200];
/// The Business API goes on for 72 hours.
const GIVES_UP_AFTER: i64 = 72 * 3_600_000;

/// Who wants webhooks, and every webhook there was.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    /// Callback URLs of the app by event type.
    pub(crate) of_app: BTreeMap<String, String>,
    /// The videos whose comments are told; none: all. Only ever grows.
    pub(crate) videos: BTreeSet<String>,
    /// Callback URLs of shops, by shop and event type.
    pub(crate) of_shops: BTreeMap<(usize, String), String>,
    all: Vec<Hook>,
    pub(crate) faults: Vec<WebhookFault>,
    paused: bool,
    held: Vec<usize>,
}

#[derive(Debug)]
struct Hook {
    seen: Webhook,
    of_shop: bool,
    forged: bool,
    /// How many deliveries of it are due or on their way.
    outstanding: u32,
    failures: u32,
}

/// A delivery that goes out now.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) number: usize,
    pub(crate) url: String,
    pub(crate) header: (&'static str, String),
    pub(crate) body: String,
}

impl Hooks {
    /// Whether the next webhook of this event comes without its text: asked once for each.
    pub(crate) fn takes_text(&mut self, event: &str) -> bool {
        self.meets(event, |what| matches!(what, WebhookMishap::WithoutText)).is_some()
    }

    fn meets(&mut self, event: &str, fits: impl Fn(&WebhookMishap) -> bool) -> Option<WebhookMishap> {
        let named = |it: &WebhookFault| it.event == "*" || it.event == event;
        let place = self.faults.iter().position(|it| it.times > 0 && named(it) && fits(&it.what))?;
        let fault = &mut self.faults[place];
        fault.times -= 1;
        let what = fault.what;
        self.faults.retain(|it| it.times > 0);
        Some(what)
    }

    pub(crate) fn seen(&self) -> Vec<Webhook> {
        self.all.iter().map(|hook| hook.seen.clone()).collect()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.all.iter().filter(|hook| hook.seen.state == WebhookState::Waiting).count()
    }

    pub(crate) fn is_tried(&self, number: usize) -> bool {
        self.all.get(number).is_none_or(|hook| hook.seen.url.is_none() || !hook.seen.attempts.is_empty())
    }
}

impl World {
    /// A webhook of the Business API comes to be: its content is JSON within JSON.
    pub(super) fn tell(
        &mut self,
        at: i64,
        later: i64,
        account: usize,
        event_type: &str,
        event: &str,
        content: &Value,
    ) -> Option<usize> {
        let mut body = json!({
            "client_key": self.app.key,
            "event": event,
            "create_time": at / 1000,
            "user_openid": self.accounts[account].business_id,
        });
        body["content"] = content.to_string().into();
        let chosen = &self.hooks.videos;
        let outside =
            event_type == "COMMENT" && !chosen.is_empty() && !chosen.contains(&content["video_id"].to_string());
        let url = self.hooks.of_app.get(event_type).filter(|_| !outside).cloned();
        Some(self.queue(at, later, event, url, body.to_string(), false))
    }

    /// A webhook of the shop comes to be.
    pub(super) fn tell_shop(&mut self, at: i64, account: usize, number: u32, event_type: &str, data: Value) {
        let shop = &self.accounts[account].shop;
        let id = self.ids.long(at, &["notification", &data.to_string()]).to_string();
        let body = json!({
            "type": number,
            "tts_notification_id": id,
            "shop_id": shop.id,
            "timestamp": at / 1000,
            "data": data,
        });
        let url = self.hooks.of_shops.get(&(account, event_type.to_owned())).cloned();
        self.queue(at, 0, &format!("shop.{number}"), url, body.to_string(), true);
    }

    fn queue(&mut self, at: i64, later: i64, event: &str, url: Option<String>, body: String, of_shop: bool) -> usize {
        let number = self.hooks.all.len();
        let wanted = url.is_some();
        let state = if wanted { WebhookState::Waiting } else { WebhookState::Unwanted };
        let seen = Webhook { number, event: event.to_owned(), at, body, url, state, attempts: Vec::new() };
        // Accidents hang on what is told, not on how many were told before.
        let mut dice = self.ids.dice(&["accident", &seen.body]);
        self.hooks.all.push(Hook { seen, of_shop, forged: false, outstanding: 0, failures: 0 });
        if !wanted {
            return number;
        }
        let settings = &self.settings.webhooks;
        let mut hits = |of_1000: u32| dice.random_range(0..1000) < of_1000;
        let drawn = [
            hits(settings.lost_of_1000).then_some(WebhookMishap::Lose),
            hits(settings.doubled_of_1000).then_some(WebhookMishap::Repeat { times: 2 }),
            hits(settings.late_of_1000).then_some(WebhookMishap::Late { seconds: 120 }),
        ];
        let asked = self.hooks.meets(event, |what| !matches!(what, WebhookMishap::WithoutText));
        let (mut times, mut due) = (1, at + later);
        for what in drawn.into_iter().flatten().chain(asked) {
            match what {
                WebhookMishap::Lose => times = 0,
                WebhookMishap::Repeat { times: asked } => times *= asked.min(100),
                WebhookMishap::Late { seconds } => due += i64::from(seconds) * 1000,
                WebhookMishap::Forge => self.hooks.all[number].forged = true,
                WebhookMishap::WithoutText => {}
            }
        }
        let hook = &mut self.hooks.all[number];
        hook.outstanding = times;
        if times == 0 {
            hook.seen.state = WebhookState::Lost;
        }
        for copy in 0..times {
            self.due(due + i64::from(copy) * 1000, Due::Deliver(number));
        }
        number
    }

    /// What goes out for a webhook whose time has come: signed anew each time.
    pub(super) fn request(&mut self, number: usize) -> Option<Request> {
        if self.hooks.paused {
            self.hooks.held.push(number);
            return None;
        }
        let seconds = self.clock.outside().div_euclid(1000);
        let hook = self.hooks.all.get(number)?;
        let url = hook.seen.url.clone()?;
        let body = hook.seen.body.clone();
        let mut header = if hook.of_shop {
            ("authorization", sign::shop_webhook(&self.shop_app.key, &self.shop_app.secret, body.as_bytes()))
        } else {
            ("tiktok-signature", sign::webhook(&self.app.secret, seconds, body.as_bytes()))
        };
        if hook.forged {
            header.1 = header.1.chars().rev().map(|c| if c == '0' { '1' } else { c }).collect();
        }
        Some(Request { number, url, header, body })
    }

    /// What came of a delivery: only 200 is taken for an answer.
    pub(crate) fn delivered(&mut self, number: usize, status: Option<u16>) {
        let now = self.clock.now();
        let first_wait = i64::from(self.settings.webhooks.retry_seconds.max(1));
        let Some(hook) = self.hooks.all.get_mut(number) else { return };
        hook.seen.attempts.push((now, status));
        hook.outstanding = hook.outstanding.saturating_sub(1);
        if status == Some(200) {
            hook.seen.state = WebhookState::Delivered;
        }
        if hook.seen.state != WebhookState::Waiting || hook.outstanding > 0 {
            return;
        }
        let wait = if hook.of_shop {
            SHOP_RETRIES.get(hook.failures as usize).copied()
        } else {
            let wait = first_wait.saturating_mul(1 << hook.failures.min(20));
            (now + wait * 1000 <= hook.seen.at + GIVES_UP_AFTER).then_some(wait)
        };
        hook.failures += 1;
        match wait {
            Some(wait) => {
                hook.outstanding = 1;
                self.due(now + wait * 1000, Due::Deliver(number));
            }
            None => hook.seen.state = WebhookState::GivenUp,
        }
    }

    /// Keeps what is to be delivered, or lets it go.
    pub(crate) fn pause(&mut self, paused: bool) {
        self.hooks.paused = paused;
        if !paused {
            let now = self.clock.now();
            for number in std::mem::take(&mut self.hooks.held) {
                self.due(now, Due::Deliver(number));
            }
        }
    }

    /// Lets webhooks go wrong.
    pub(crate) fn webhook_fault(&mut self, fault: WebhookFault) -> Result<(), Refusal> {
        if self.hooks.faults.len() >= 1_000 {
            return Err(Refusal::new(40_002, "there are a thousand faults already"));
        }
        self.hooks.faults.push(fault);
        Ok(())
    }
}
