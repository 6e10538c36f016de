//! Business Messaging: direct messages.

use super::{Answer, Call, Endpoint, Gate, business::image};
use crate::world::{Conversation, Kind, Message, Rate, Refusal, Sending, World};
use axum::http::Method;
use serde_json::{Value, json};

const READ: Gate = Gate::Business("message.list.read", Rate::Messaging);
const SEND: Gate = Gate::Business("message.list.send", Rate::Messaging);
const MANAGE: Gate = Gate::Business("message.list.manage", Rate::Messaging);

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/message/send/", gate: SEND, run: send },
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/message/conversation/list/",
        gate: READ,
        run: conversations,
    },
    Endpoint { verb: Method::GET, path: "/open_api/v1.3/business/message/content/list/", gate: READ, run: content },
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/message/capabilities/get/",
        gate: READ,
        run: capabilities,
    },
    Endpoint {
        verb: Method::POST,
        path: "/open_api/v1.3/business/message/direct_reply/update/",
        gate: MANAGE,
        run: update_direct_reply,
    },
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/message/direct_reply/get/",
        gate: READ,
        run: direct_reply,
    },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/message/media/upload/", gate: SEND, run: not_here },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/message/media/download/", gate: READ, run: not_here },
    Endpoint {
        verb: Method::POST,
        path: "/open_api/v1.3/business/message/auto_message/create/",
        gate: MANAGE,
        run: not_here,
    },
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/message/auto_message/get/",
        gate: MANAGE,
        run: not_here,
    },
];

/// TikTok's own code for an endpoint that is not there.
fn not_here(_: &mut World, _: &Call) -> Answer {
    Answer::refused(40_008, "The endpoint is not implemented by this simulator.")
}

fn invalid(what: &str) -> Refusal {
    Refusal::new(40_002, format!("{what} is invalid."))
}

fn send(world: &mut World, call: &Call) -> Answer {
    sent(world, call).unwrap_or_else(Answer::from)
}

fn sent(world: &mut World, call: &Call) -> Result<Answer, Refusal> {
    let to = recipient(call)?;
    let blocks = ["text", "image", "share_post", "template"].into_iter().filter(|it| !call.json[*it].is_null());
    if blocks.count() > 1 {
        return Err(Refusal::new(40_002, "A message has one of text, image, share_post and template."));
    }
    let of_comment = matches!(to, Sending::Comment(_));
    let kind = match call.text("message_type") {
        Some("TEXT") => Kind::Text(limited(&call.json["text"]["body"], 6_000, "text.body")?),
        Some(_) if of_comment => return Err(invalid("message_type: a direct reply is a text; it")),
        Some("SHARE_POST") => {
            let id = call.json["share_post"]["item_id"].as_str().and_then(|id| id.parse().ok());
            let own = id.filter(|id| world.accounts[call.account].videos.contains(id));
            Kind::SharePost(own.ok_or_else(|| invalid("share_post.item_id"))?)
        }
        Some("TEMPLATE") => template(&call.json["template"])?,
        Some("SENDER_ACTION") => return action(world, call, &to),
        Some("IMAGE") => return Err(invalid("image.media_id")),
        _ => return Err(invalid("message_type")),
    };
    let quotes = match &call.json["referenced_message_info"]["referenced_message_id"] {
        Value::Null => None,
        Value::String(id) if matches!(kind, Kind::Text(_)) => Some(id.clone()),
        _ => return Err(invalid("referenced_message_info")),
    };
    let (message_id, echo) = world.send(call.at, call.account, &to, kind, quotes)?;
    Ok(Answer::with_echo(json!({ "message": { "message_id": message_id } }), echo))
}

/// A conversation; or a comment, and then no conversation may be named.
fn recipient(call: &Call) -> Result<Sending, Refusal> {
    let direct = &call.json["direct_reply"];
    let (kind, recipient) = (call.text("recipient_type"), call.text("recipient"));
    if direct.is_null() {
        return match (kind, recipient) {
            (Some("CONVERSATION"), Some(id)) => Ok(Sending::Conversation(id.to_owned())),
            (Some("CONVERSATION"), None) => Err(invalid("recipient")),
            _ => Err(invalid("recipient_type")),
        };
    }
    if kind.is_some() || recipient.is_some() {
        return Err(Refusal::new(40_002, "recipient_type and recipient are not supported with direct_reply."));
    }
    let id = direct["comment_reply"]["comment_id"].as_str().and_then(|id| id.parse().ok());
    let id = id.filter(|_| direct["reply_type"] == "COMMENT_REPLY");
    id.map(Sending::Comment).ok_or_else(|| invalid("direct_reply"))
}

fn limited(value: &Value, most: usize, name: &str) -> Result<String, Refusal> {
    let fits = |text: &&str| !text.trim().is_empty() && text.chars().count() <= most;
    let text = value.as_str().filter(fits);
    text.map(str::to_owned).ok_or_else(|| Refusal::new(40_002, format!("{name}: 1 to {most} characters.")))
}

fn template(template: &Value) -> Result<Kind, Refusal> {
    let (links, label) = match template["type"].as_str() {
        Some("QA_BUTTON_CARD") => (false, 20),
        Some("QA_LINK_CARD") => (true, 40),
        _ => return Err(invalid("template.type")),
    };
    let title = limited(&template["title"], 40, "template.title")?;
    let all = template["buttons"].as_array().filter(|all| (1..=3).contains(&all.len()));
    let all = all.ok_or_else(|| Refusal::new(40_002, "template.buttons: 1 to 3."))?;
    let mut buttons = Vec::new();
    for button in all {
        if button["type"] != "REPLY" {
            return Err(invalid("template.buttons.type"));
        }
        let id = limited(&button["id"], 40, "template.buttons.id")?;
        buttons.push((limited(&button["title"], label, "template.buttons.title")?, id));
    }
    Ok(Kind::Template { links, title, buttons })
}

/// Typing, and marks of reading: no message, so no id.
fn action(world: &mut World, call: &Call, to: &Sending) -> Result<Answer, Refusal> {
    let Sending::Conversation(id) = to else { return Err(invalid("message_type")) };
    let talk = world.conversations.get_mut(id).filter(|talk| talk.account == call.account);
    let talk = talk.ok_or_else(|| invalid("recipient"))?;
    match call.text("sender_action") {
        Some("TYPING") => {}
        Some("MARK_READ") => talk.account_read = call.at,
        _ => return Err(invalid("sender_action")),
    }
    Ok(Answer::ok(json!({ "message": { "message_id": "" } })))
}

fn conversations(world: &mut World, call: &Call) -> Answer {
    let answered = match call.asked("conversation_type") {
        Some("SINGLE") => true,
        Some("STRANGER") => false,
        _ => return invalid("conversation_type").into(),
    };
    let number = |name, otherwise| call.asked(name).map_or(Some(otherwise), |value: &str| value.parse::<usize>().ok());
    let (Some(limit @ 1..=100), Some(cursor)) = (number("limit", 100), number("cursor", 0)) else {
        return invalid("limit or cursor").into();
    };
    let since = call.at - 90 * 86_400_000;
    let of_account = |it: &&Conversation| it.account == call.account && it.answered == answered && it.last_at > since;
    let mut all: Vec<_> =
        world.conversations.values().filter(of_account).filter(|it| !it.messages.is_empty()).collect();
    all.sort_by_key(|it| std::cmp::Reverse((it.last_at, &it.id)));
    all.truncate(100);
    let page: Vec<_> = all
        .iter()
        .skip(cursor)
        .take(limit)
        .map(|it| {
            let mut seen = json!({ "conversation_id": it.id, "update_time": it.last_at });
            if !it.references.is_empty() {
                let links: Vec<_> = it.references.iter().map(|it| json!({ "ref": it })).collect();
                seen["referral"] = json!({ "short_link": links });
            }
            seen
        })
        .collect();
    let next = cursor + page.len();
    Answer::ok(json!({ "conversations": page, "cursor": next, "has_more": next < all.len() }))
}

fn content(world: &mut World, call: &Call) -> Answer {
    let asked = call.asked("conversation_id").unwrap_or_default();
    let Some(talk) = world.conversations.get(asked).filter(|it| it.account == call.account) else {
        // A `+` that was not written as %2B has become a space.
        return Answer::refused(40_002, "Param conversation_id is invalid.");
    };
    let (account, Some(person)) = (&world.accounts[call.account], world.known(&talk.person)) else {
        return Answer::refused(51_065, "System error.");
    };
    let business = json!({ "role": "BUSINESS_ACCOUNT", "id": account.business_id });
    let personal = json!({ "role": "PERSONAL_ACCOUNT", "id": person.unique_identifier });
    let seen = |it: &Message| {
        let (sender, recipient) = (&account.username, &person.name);
        let (sender, recipient) = if it.by_account { (sender, recipient) } else { (recipient, sender) };
        let (from, to) = if it.by_account { (&business, &personal) } else { (&personal, &business) };
        let name = it.kind.name();
        let mut seen = json!({
            "sender": sender, "recipient": recipient,
            "conversation_id": talk.id,
            "message_id": it.id,
            "timestamp": it.at,
            "message_tag": { "source": if it.by_account { "API" } else { "APP" } },
            "message_type": name.to_uppercase(),
            "from_user": from, "to_user": to,
        });
        seen[name] = rest_block(&it.kind);
        if let Some(quoted) = &it.quotes {
            seen["referenced_message_info"] = json!({ "referenced_message_id": quoted });
        }
        seen
    };
    // The twenty latest, and no page before them.
    let messages: Vec<_> = talk.messages.iter().rev().take(20).map(seen).collect();
    let with = |mut of: Value, name: &str, username: &str| {
        of["display_name"] = name.into();
        of["profile_image"] = image(username, call.at).into();
        of
    };
    let mut other = with(personal.clone(), &person.name, &person.name);
    other["is_follower"] = person.follower.into();
    let participants = [with(business.clone(), &account.display_name, &account.username), other];
    Answer::ok(json!({ "messages": messages, "participants": participants }))
}

/// A message's block as REST has it: a template is not what webhooks make of it.
fn rest_block(kind: &Kind) -> Value {
    match kind {
        Kind::Text(text) => json!({ "body": text }),
        Kind::SharePost(id) => {
            json!({ "item_id": id.to_string(), "embed_url": format!("https://www.tiktok.com/player/v1/{id}") })
        }
        Kind::Template { links, title, buttons } => {
            let kind = if *links { "QA_LINK_CARD" } else { "QA_BUTTON_CARD" };
            let buttons = buttons.iter().map(|(title, id)| json!({ "type": "REPLY", "title": title, "id": id }));
            json!({ "type": kind, "title": title, "buttons": buttons.collect::<Vec<_>>() })
        }
    }
}

fn capabilities(world: &mut World, call: &Call) -> Answer {
    let known = call.asked("conversation_id").is_some_and(|id| world.conversations.contains_key(id));
    if !known {
        return Answer::refused(40_002, "Param conversation_id is invalid.");
    }
    let asked = call.asked("capability_types").unwrap_or_default();
    let Ok(types) = serde_json::from_str::<Vec<String>>(asked) else { return invalid("capability_types").into() };
    // Images cannot be sent here.
    let infos = types.iter().map(|it| json!({ "capability_type": it, "capability_result": false }));
    Answer::ok(json!({ "capability_infos": infos.collect::<Vec<_>>() }))
}

fn update_direct_reply(world: &mut World, call: &Call) -> Answer {
    if call.text("direct_reply_type") != Some("COMMENT_TO_MESSAGE") {
        return invalid("direct_reply_type").into();
    }
    let account = &mut world.accounts[call.account];
    match call.text("operation_status") {
        Some("ENABLE") if !matches!(account.region.as_str(), "VN" | "ID" | "TH") => {
            Answer::refused(40_001, "Comment-to-Message is available for accounts in Vietnam, Indonesia and Thailand.")
        }
        Some(status @ ("ENABLE" | "DISABLE")) => {
            account.comment_to_message = status == "ENABLE";
            direct_reply(world, call)
        }
        _ => invalid("operation_status").into(),
    }
}

fn direct_reply(world: &mut World, call: &Call) -> Answer {
    let status = if world.accounts[call.account].comment_to_message { "ENABLE" } else { "DISABLE" };
    Answer::ok(json!({ "direct_reply_type": "COMMENT_TO_MESSAGE", "operation_status": status }))
}
