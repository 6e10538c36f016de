//! Accounts, videos and comments.

use super::{Answer, Call, Endpoint, Gate};
use crate::{
    control::Removal,
    world::{Author, Comment, Rate, Refusal, World},
};
use axum::http::Method;
use serde_json::{Value, json};

const READ: Gate = Gate::Business("comment.list", Rate::Account);
const WRITE: Gate = Gate::Business("comment.list.manage", Rate::Account);

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/get/",
        gate: Gate::Business("user.info.basic", Rate::Account),
        run: profile,
    },
    Endpoint {
        verb: Method::GET,
        path: "/open_api/v1.3/business/video/list/",
        gate: Gate::Business("video.list", Rate::Account),
        run: videos,
    },
    Endpoint { verb: Method::GET, path: "/open_api/v1.3/business/comment/list/", gate: READ, run: list },
    Endpoint { verb: Method::GET, path: "/open_api/v1.3/business/comment/reply/list/", gate: READ, run: replies },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/comment/create/", gate: WRITE, run: create },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/comment/reply/create/", gate: WRITE, run: reply },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/comment/like/", gate: WRITE, run: like },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/comment/hide/", gate: WRITE, run: hide },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/business/comment/delete/", gate: WRITE, run: delete },
];

fn profile(world: &mut World, call: &Call) -> Answer {
    let account = &world.accounts[call.account];
    Answer::ok(json!({
        "username": account.username,
        "display_name": account.display_name,
        "profile_image": image(&account.username, call.at),
    }))
}

/// The newest first, those that were published before the cursor.
fn videos(world: &mut World, call: &Call) -> Answer {
    listed_videos(world, call).unwrap_or_else(Answer::from)
}

fn listed_videos(world: &World, call: &Call) -> Result<Answer, Refusal> {
    let cursor = number(call, "cursor", call.at)?;
    let count = number(call, "max_count", 10)?;
    if !(1..=20).contains(&count) {
        return Err(Refusal::new(40_002, "max_count: Must be between 1 and 20."));
    }
    let fields = call.asked("fields").map_or(Ok(vec!["item_id".to_owned()]), serde_json::from_str);
    let fields: Vec<String> = fields.map_err(|_| Refusal::new(40_002, "fields: Not a valid list."))?;
    let account = &world.accounts[call.account];
    let created = |id: u64| i64::try_from(id >> 32).unwrap_or(i64::MAX);
    let mut before: Vec<u64> = account.videos.iter().copied().filter(|id| created(*id) * 1000 < cursor).collect();
    before.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    let page = before.get(..count).unwrap_or(&before);
    let seen = page.iter().map(|id| {
        let mut whole = json!({ "item_id": id.to_string(), "create_time": created(*id).to_string(), "caption": "",
            "share_url": share(account, *id) });
        if let Some(whole) = whole.as_object_mut() {
            whole.retain(|field, _| fields.contains(field));
        }
        whole
    });
    let next = page.last().map_or(cursor, |id| created(*id) * 1000);
    let seen: Vec<_> = seen.collect();
    Ok(Answer::ok(json!({ "videos": seen, "cursor": next, "has_more": page.len() < before.len() })))
}

/// A number of the query.
fn number<T: std::str::FromStr>(call: &Call, name: &str, otherwise: T) -> Result<T, Refusal> {
    match call.asked(name) {
        None => Ok(otherwise),
        Some(value) => value.parse().map_err(|_| Refusal::new(40_002, format!("{name}: Not a valid integer."))),
    }
}

fn share(account: &crate::world::Account, id: u64) -> String {
    format!("https://www.tiktok.com/@{}/video/{id}", account.username)
}

/// A picture's address, which is over after a day.
pub(super) fn image(username: &str, at: i64) -> String {
    format!("https://p16-sign-sg.tiktokcdn.com/{username}.jpeg?x-expires={}", at / 1000 + 86_400)
}

/// An id of digits as REST writes it: text. A number is one too.
fn id(value: &Value, name: &str) -> Result<u64, Refusal> {
    let id = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    id.ok_or_else(|| Refusal::new(40_002, format!("{name}: Missing data for required field.")))
}

fn comment_json(world: &World, comment: &Comment, at: i64, replies: usize) -> Value {
    let account = &world.accounts[comment.account];
    let owner = comment.author == Author::Account;
    let username = match &comment.author {
        Author::Person(name) => name,
        Author::Account => &account.username,
    };
    let answers: Vec<_> = world.under(comment.id).filter(|it| it.status != "DELETED").collect();
    let mut seen = json!({
        "comment_id": comment.id.to_string(),
        "video_id": comment.video.to_string(),
        "user_id": comment.unique_identifier,
        "unique_identifier": comment.unique_identifier,
        "create_time": (comment.at / 1000).to_string(),
        "text": comment.text,
        "likes": comment.likes,
        "replies": answers.len(),
        "owner": owner,
        "liked": comment.liked,
        "pinned": false,
        "status": comment.status,
        "username": username,
        "display_name": if owner { &account.display_name } else { username },
        "profile_image": image(username, at),
    });
    if let Some(parent) = comment.parent {
        seen["parent_comment_id"] = parent.to_string().into();
    }
    if replies > 0 {
        seen["reply_list"] = answers.iter().take(replies).map(|it| comment_json(world, it, at, 0)).collect();
    }
    seen
}

fn list(world: &mut World, call: &Call) -> Answer {
    page(world, call, None).unwrap_or_else(Answer::from)
}

fn replies(world: &mut World, call: &Call) -> Answer {
    let parent = id(&call.asked("comment_id").unwrap_or_default().into(), "comment_id");
    parent.and_then(|parent| page(world, call, Some(parent))).unwrap_or_else(Answer::from)
}

fn page(world: &World, call: &Call, parent: Option<u64>) -> Result<Answer, Refusal> {
    let video = id(&call.asked("video_id").unwrap_or_default().into(), "video_id")?;
    if !world.accounts[call.account].videos.contains(&video) {
        return Err(Refusal::new(40_002, "Param video_id is invalid."));
    }
    let (cursor, count): (usize, usize) = (number(call, "cursor", 0)?, number(call, "max_count", 20)?);
    if !(1..=30).contains(&count) {
        return Err(Refusal::new(40_002, "max_count: Must be between 1 and 30."));
    }
    let chosen = call.asked("comment_ids").map(serde_json::from_str::<Vec<Value>>).transpose();
    let chosen = chosen.map_err(|_| Refusal::new(40_002, "comment_ids: Not a valid list."))?;
    let chosen = chosen.map(|ids| ids.iter().map(|it| id(it, "comment_ids")).collect::<Result<Vec<_>, _>>());
    let chosen = chosen.transpose()?;
    if chosen.as_ref().is_some_and(|ids| ids.len() > 30) {
        return Err(Refusal::new(40_002, "comment_ids: Longer than maximum length 30."));
    }
    let all = match call.asked("status").unwrap_or("ALL") {
        "ALL" => true,
        "PUBLIC" => false,
        _ => return Err(Refusal::new(40_002, "status: Not a valid choice.")),
    };
    let mut found: Vec<_> = (world.comments_in_order())
        .filter(|it| it.video == video && it.status != "DELETED" && (all || it.status == "PUBLIC"))
        .filter(|it| chosen.as_ref().map_or(it.parent == parent, |ids| ids.contains(&it.id)))
        .collect();
    let order = call.asked("sort_order").unwrap_or("smart");
    match call.asked("sort_field").unwrap_or("create_time") {
        "create_time" => found.sort_by_key(|it| (it.at, it.id)),
        "likes" => found.sort_by_key(|it| it.likes),
        "replies" => found.sort_by_key(|it| world.under(it.id).count()),
        _ => return Err(Refusal::new(40_002, "sort_field: Not a valid choice.")),
    }
    match order {
        "asc" => {}
        "desc" | "smart" => found.reverse(),
        _ => return Err(Refusal::new(40_002, "sort_order: Not a valid choice.")),
    }
    let with = if call.asked("include_replies") == Some("true") { 3 } else { 0 };
    let page: Vec<_> = found.iter().skip(cursor).take(count).map(|it| comment_json(world, it, call.at, with)).collect();
    let next = cursor + page.len();
    Ok(Answer::ok(json!({ "comments": page, "cursor": next, "has_more": next < found.len() })))
}

fn create(world: &mut World, call: &Call) -> Answer {
    written(world, call, None).unwrap_or_else(Answer::from)
}

fn reply(world: &mut World, call: &Call) -> Answer {
    let parent = id(&call.json["comment_id"], "comment_id");
    parent.and_then(|parent| written(world, call, Some(parent))).unwrap_or_else(Answer::from)
}

fn written(world: &mut World, call: &Call, parent: Option<u64>) -> Result<Answer, Refusal> {
    let video = id(&call.json["video_id"], "video_id")?;
    let text = call.text("text").ok_or_else(|| Refusal::new(40_002, "text: Missing data for required field."))?;
    let comment = world.account_comment(call.at, call.account, video, text, parent)?;
    let Some(comment) = world.comments.get(&comment) else { return Ok(Answer::refused(51_065, "System error.")) };
    let mut data = json!({
        "comment_id": comment.id.to_string(),
        "video_id": comment.video.to_string(),
        "user_id": comment.unique_identifier,
        "unique_identifier": comment.unique_identifier,
        "create_time": (comment.at / 1000).to_string(),
        "text": comment.text,
    });
    if let Some(parent) = comment.parent {
        data["parent_comment_id"] = parent.to_string().into();
    }
    Ok(Answer::ok(data))
}

/// A comment under one of the account's videos.
fn own<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Comment, Refusal> {
    let id = id(&call.json["comment_id"], "comment_id")?;
    let account = call.account;
    let found = world.comments.get_mut(&id).filter(|it| it.account == account && it.status != "DELETED");
    found.ok_or_else(|| Refusal::new(40_002, "Param comment_id is invalid."))
}

fn like(world: &mut World, call: &Call) -> Answer {
    let likes = match call.text("action") {
        Some("LIKE") => true,
        Some("UNLIKE") => false,
        _ => return Answer::refused(40_002, "action: Not a valid choice."),
    };
    match own(world, call) {
        Ok(comment) if comment.liked != likes => {
            comment.liked = likes;
            comment.likes = if likes { comment.likes + 1 } else { comment.likes.saturating_sub(1) };
            Answer::ok(json!({}))
        }
        Ok(_) => Answer::ok(json!({})),
        Err(refusal) => refusal.into(),
    }
}

fn hide(world: &mut World, call: &Call) -> Answer {
    let how = match call.text("action") {
        Some("HIDE") => Removal::Hide,
        Some("UNHIDE") => Removal::Show,
        _ => return Answer::refused(40_002, "action: Not a valid choice."),
    };
    let removed = own(world, call).map(|comment| comment.id).and_then(|id| world.remove(call.at, id, how));
    removed.map_or_else(Answer::from, |()| Answer::ok(json!({})))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let removed = own(world, call).and_then(|comment| match comment.author {
        Author::Account => Ok(comment.id),
        Author::Person(_) => Err(Refusal::new(40_001, "Only comments of the account itself can be deleted.")),
    });
    let removed = removed.and_then(|id| world.remove(call.at, id, Removal::Delete));
    removed.map_or_else(Answer::from, |()| Answer::ok(json!({})))
}
