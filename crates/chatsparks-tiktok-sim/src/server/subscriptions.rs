//! Who is told what: `business/webhook`. No access token: the app's own key and secret.

use super::{Answer, Call, Endpoint, Gate};
use crate::{
    sign,
    world::{EVENT_TYPES, World},
};
use axum::http::Method;
use serde_json::{Value, json};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/webhook/update/", gate: Gate::Open, run: update },
    Endpoint { verb: Method::GET, path: "/open_api/v1.3/business/webhook/list/", gate: Gate::Open, run: list },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/webhook/delete/", gate: Gate::Open, run: delete },
];

/// The event type that the app asks for, if it is who it says.
fn asked<'a>(
    world: &World,
    app: Option<&str>,
    secret: Option<&str>,
    event_type: Option<&'a str>,
) -> Result<&'a str, Answer> {
    let known = app == Some(world.app.key.as_str()) && secret.is_some_and(|it| sign::equal(it, &world.app.secret));
    if !known {
        return Err(Answer::refused(40_001, "app_id or secret is incorrect."));
    }
    let event_type = event_type.unwrap_or_default();
    let known = EVENT_TYPES.contains(&event_type);
    // The names of events, such as `comment.update`, are none of these.
    if known { Ok(event_type) } else { Err(Answer::refused(40_002, "event_type: Not a valid choice.")) }
}

fn seen(world: &World, event_type: &str) -> Value {
    let Some(url) = world.hooks.of_app.get(event_type) else { return json!({}) };
    let mut data = json!({ "app_id": world.app.key, "event_type": event_type, "callback_url": url });
    if event_type == "COMMENT" && !world.hooks.videos.is_empty() {
        data["item_list"] = json!(world.hooks.videos);
    }
    data
}

fn update(world: &mut World, call: &Call) -> Answer {
    let event_type = match asked(world, call.text("app_id"), call.text("secret"), call.text("event_type")) {
        Ok(event_type) => event_type,
        Err(refused) => return refused,
    };
    let callback = call.text("callback_url").unwrap_or_default();
    let Some(url) = url::Url::parse(callback).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
        return Answer::refused(40_002, "callback_url: Not a valid URL.");
    };
    if !is_here(&url) {
        return Answer::refused(40_002, "callback_url: this simulator calls addresses of this machine alone.");
    }
    let items: Vec<String> = match &call.json["item_list"] {
        Value::Null => Vec::new(),
        Value::Array(items) if items.len() <= 100 && items.iter().all(Value::is_string) => {
            items.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        }
        _ => return Answer::refused(40_002, "item_list: up to 100 ids as text."),
    };
    world.hooks.of_app.insert(event_type.to_owned(), callback.to_owned());
    // Once there is a list it only grows, and leaving it out no longer means all of them.
    world.hooks.videos.extend(items);
    Answer::ok(seen(world, event_type))
}

fn list(world: &mut World, call: &Call) -> Answer {
    match asked(world, call.asked("app_id"), call.asked("secret"), call.asked("event_type")) {
        Ok(event_type) => Answer::ok(seen(world, event_type)),
        Err(refused) => refused,
    }
}

fn delete(world: &mut World, call: &Call) -> Answer {
    match asked(world, call.text("app_id"), call.text("secret"), call.text("event_type")) {
        Ok(event_type) => {
            world.hooks.of_app.remove(event_type);
            Answer::ok(json!({}))
        }
        Err(refused) => refused,
    }
}

/// Whether an address is one of this machine.
pub(super) fn is_here(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
