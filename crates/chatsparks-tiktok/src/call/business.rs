//! What is asked of the Business API: replies under comments, messages, and what was said.

use super::{
    CallError, Client, answer,
    client::{Body, Call},
};
use crate::webhook::{any_id, id, id_unless_zero, instant};
use chatsparks_core::{CommentId, Instant, PostId, Text, UserId};
use reqwest::Method;
use serde_json::{Value, json};

/// The Business API as one account uses it.
#[derive(Clone, Debug)]
pub(crate) struct BusinessApi {
    client: Client,
    business_id: String,
}

/// A message as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// What it says.
    pub(crate) text: String,
    /// Buttons under it: id and title.
    pub(crate) buttons: Vec<(String, String)>,
}

/// A comment as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListedComment {
    pub(crate) comment_id: CommentId,
    pub(crate) user_id: Option<UserId>,
    pub(crate) text: Option<Text>,
    pub(crate) handle: Option<Text>,
    pub(crate) at: Option<Instant>,
    pub(crate) owner: bool,
    pub(crate) public: bool,
    pub(crate) parent: Option<CommentId>,
}

/// A page of comments.
pub(crate) struct CommentPage {
    pub(crate) comments: Vec<ListedComment>,
    pub(crate) next: Option<i64>,
}

/// A page of videos, newest first, each with when it was published.
pub(crate) struct VideoPage {
    pub(crate) videos: Vec<(PostId, Instant)>,
    pub(crate) next: Option<i64>,
}

/// A message as a thread lists it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ThreadMessage {
    pub(crate) message_id: String,
    pub(crate) from: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) at: Option<Instant>,
}

/// What was said in a thread last, and with whom it is.
pub(crate) struct ThreadContent {
    pub(crate) messages: Vec<ThreadMessage>,
    pub(crate) people: Vec<UserId>,
}

/// Threads, each with when something was said in it last.
pub(crate) struct ListedThreads {
    pub(crate) threads: Vec<(String, Option<Instant>)>,
    /// Whether there may be more of them, that rested for longer.
    pub(crate) is_cut_off: bool,
}

/// Threads that the platform lists.
const MOST_THREADS: usize = 100;

impl BusinessApi {
    pub(crate) fn new(client: Client, business_id: String) -> Self {
        Self { client, business_id }
    }

    /// Answers a comment in public: the new comment's id, and the account's own name in comments.
    pub(crate) async fn reply(
        &self,
        token: &str,
        now: Instant,
        (video, comment): (&str, &str),
        text: &str,
    ) -> Result<(Option<String>, Option<String>), CallError> {
        let body = json!({
            "business_id": self.business_id, "video_id": video, "comment_id": comment, "text": text,
        });
        let data = self.post(token, now, "/business/comment/reply/create/", &body).await?;
        Ok((id_unless_zero(&data["comment_id"]), id(&data["unique_identifier"])))
    }

    /// Sends a message into a thread, or as the answer to a comment: its id.
    pub(crate) async fn send(
        &self,
        token: &str,
        now: Instant,
        to: &To<'_>,
        message: &Outgoing,
    ) -> Result<Option<String>, CallError> {
        let mut body = json!({ "business_id": self.business_id });
        match to {
            To::Thread(conversation) => {
                body["recipient_type"] = "CONVERSATION".into();
                body["recipient"] = (*conversation).into();
            }
            To::Comment(comment) => {
                body["direct_reply"] =
                    json!({ "reply_type": "COMMENT_REPLY", "comment_reply": { "comment_id": comment } });
            }
        }
        if message.buttons.is_empty() {
            body["message_type"] = "TEXT".into();
            body["text"] = json!({ "body": message.text });
        } else {
            let button = |(id, title): &(String, String)| json!({ "type": "REPLY", "title": title, "id": id });
            body["message_type"] = "TEMPLATE".into();
            body["template"] = json!({
                "type": "QA_BUTTON_CARD",
                "title": message.text,
                "buttons": message.buttons.iter().map(button).collect::<Vec<_>>(),
            });
        }
        let data = self.post(token, now, "/business/message/send/", &body).await?;
        Ok(any_id(&data["message"]["message_id"]))
    }

    /// Marks a thread as read.
    pub(crate) async fn mark_read(&self, token: &str, now: Instant, conversation: &str) -> Result<(), CallError> {
        let body = json!({
            "business_id": self.business_id, "recipient_type": "CONVERSATION", "recipient": conversation,
            "message_type": "SENDER_ACTION", "sender_action": "MARK_READ",
        });
        self.post(token, now, "/business/message/send/", &body).await.map(drop)
    }

    /// The threads in which something was said last, a hundred at most: with people who were answered (`SINGLE`), or not
    /// (`STRANGER`).
    pub(crate) async fn threads(&self, token: &str, now: Instant, kind: &str) -> Result<ListedThreads, CallError> {
        let query = [
            ("business_id", self.business_id.clone()),
            ("conversation_type", kind.to_owned()),
            ("limit", MOST_THREADS.to_string()),
        ];
        let data = self.get(token, now, "/business/message/conversation/list/", &query).await?;
        let listed = data["conversations"].as_array().map(Vec::as_slice).unwrap_or_default();
        let thread = |one: &Value| Some((one["conversation_id"].as_str()?.to_owned(), instant(&one["update_time"])));
        let is_cut_off = data["has_more"].as_bool().unwrap_or(false) || listed.len() >= MOST_THREADS;
        Ok(ListedThreads { threads: listed.iter().filter_map(thread).collect(), is_cut_off })
    }

    /// The twenty latest messages of a thread, and with whom it is.
    pub(crate) async fn thread(
        &self,
        token: &str,
        now: Instant,
        conversation: &str,
    ) -> Result<ThreadContent, CallError> {
        let query = [("business_id", self.business_id.clone()), ("conversation_id", conversation.to_owned())];
        let data = self.get(token, now, "/business/message/content/list/", &query).await?;
        let messages = data["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let people = data["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
        let sides = messages.iter().flat_map(|message| [&message["from_user"]["id"], &message["to_user"]["id"]]);
        let people = people.iter().map(|person| &person["id"]).chain(sides).filter_map(id).collect();
        Ok(ThreadContent { messages: messages.iter().filter_map(thread_message).collect(), people })
    }

    /// Comments by their ids, thirty at most, all under one video.
    pub(crate) async fn comments(
        &self,
        token: &str,
        now: Instant,
        video: &str,
        ids: &[&str],
    ) -> Result<Vec<ListedComment>, CallError> {
        let query = [
            ("business_id", self.business_id.clone()),
            ("video_id", video.to_owned()),
            ("comment_ids", json!(ids).to_string()),
            ("include_replies", "true".to_owned()),
            ("max_count", "30".to_owned()),
        ];
        let data = self.get(token, now, "/business/comment/list/", &query).await?;
        Ok(listed(&data))
    }

    /// The newest comments under a video, a page at a time.
    pub(crate) async fn newest(
        &self,
        token: &str,
        now: Instant,
        video: &str,
        cursor: i64,
    ) -> Result<CommentPage, CallError> {
        let query = [
            ("business_id", self.business_id.clone()),
            ("video_id", video.to_owned()),
            ("include_replies", "true".to_owned()),
            ("status", "PUBLIC".to_owned()),
            ("sort_field", "create_time".to_owned()),
            ("sort_order", "desc".to_owned()),
            ("cursor", cursor.to_string()),
            ("max_count", "30".to_owned()),
        ];
        Ok(page(&self.get(token, now, "/business/comment/list/", &query).await?, cursor))
    }

    /// The newest videos of the account, a page at a time: those that were published before an instant in milliseconds.
    pub(crate) async fn videos(&self, token: &str, now: Instant, before: Option<i64>) -> Result<VideoPage, CallError> {
        let mut query = vec![
            ("business_id", self.business_id.clone()),
            ("fields", json!(["item_id", "create_time"]).to_string()),
            ("max_count", "20".to_owned()),
        ];
        query.extend(before.map(|before| ("cursor", before.to_string())));
        let data = self.get(token, now, "/business/video/list/", &query).await?;
        let listed = data["videos"].as_array().map(Vec::as_slice).unwrap_or_default();
        let video = |one: &Value| Some((id_unless_zero(&one["item_id"])?, instant(&one["create_time"])?));
        let next = data["has_more"].as_bool().unwrap_or(false).then(|| number(&data["cursor"])).flatten();
        Ok(VideoPage { videos: listed.iter().filter_map(video).collect(), next })
    }

    /// The newest replies under a comment, a page at a time.
    pub(crate) async fn replies(
        &self,
        token: &str,
        now: Instant,
        (video, comment): (&str, &str),
        cursor: i64,
    ) -> Result<CommentPage, CallError> {
        let query = [
            ("business_id", self.business_id.clone()),
            ("video_id", video.to_owned()),
            ("comment_id", comment.to_owned()),
            ("sort_field", "create_time".to_owned()),
            ("sort_order", "desc".to_owned()),
            ("cursor", cursor.to_string()),
            ("max_count", "30".to_owned()),
        ];
        Ok(page(&self.get(token, now, "/business/comment/reply/list/", &query).await?, cursor))
    }

    async fn get(&self, token: &str, now: Instant, path: &str, query: &[(&str, String)]) -> Result<Value, CallError> {
        self.call(token, now, Method::GET, path, query, None).await
    }

    async fn post(&self, token: &str, now: Instant, path: &str, body: &Value) -> Result<Value, CallError> {
        let body = Some(Body::Json(body.to_string().into_bytes()));
        self.call(token, now, Method::POST, path, &[], body).await
    }

    async fn call(
        &self,
        token: &str,
        now: Instant,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Body>,
    ) -> Result<Value, CallError> {
        let headers = [("access-token", token)];
        let answered = self.client.call(Call { method, path, query, headers: &headers, body }).await?;
        enveloped(answered, now, self.client.who())
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To<'a> {
    /// Into a thread.
    Thread(&'a str),
    /// To whoever wrote a comment.
    Comment(&'a str),
}

/// The `data` of an answer, or what its code means.
pub(crate) fn enveloped(answered: super::client::Answer, now: Instant, who: &str) -> Result<Value, CallError> {
    let code = answered.json.as_ref().and_then(|json| number(&json["code"]));
    let Some((mut json, code)) = answered.json.zip(code) else {
        answer::of_status(answered.status, answered.retry_after, who)?;
        return Err(CallError::Unknown("what the platform answered is no envelope"));
    };
    match answer::of_business(code, json["message"].as_str().unwrap_or_default(), now) {
        // A limit may be told by the status as well.
        Ok(()) if answered.status == 429 => {
            Err(CallError::Again { after: answered.retry_after, why: "too many calls".to_owned() })
        }
        Err(CallError::Again { after, why }) => Err(CallError::Again { after: answered.retry_after.or(after), why }),
        Ok(()) => Ok(json["data"].take()),
        Err(error) => Err(error),
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A page that was asked for from here on.
fn page(data: &Value, cursor: i64) -> CommentPage {
    let next = data["has_more"].as_bool().unwrap_or(false).then(|| number(&data["cursor"])).flatten();
    CommentPage { comments: listed(data), next: next.filter(|next| *next > cursor) }
}

/// Comments of a page, replies after what they answer.
fn listed(data: &Value) -> Vec<ListedComment> {
    let mut all = Vec::new();
    for comment in data["comments"].as_array().map(Vec::as_slice).unwrap_or_default() {
        all.extend(listed_comment(comment, None));
        let parent: Option<CommentId> = id(&comment["comment_id"]);
        for reply in comment["reply_list"].as_array().map(Vec::as_slice).unwrap_or_default() {
            all.extend(listed_comment(reply, parent.clone()));
        }
    }
    all
}

fn listed_comment(value: &Value, parent: Option<CommentId>) -> Option<ListedComment> {
    Some(ListedComment {
        comment_id: id_unless_zero(&value["comment_id"])?,
        user_id: id(&value["unique_identifier"]),
        text: value["text"].as_str().map(Text::from),
        handle: value["username"].as_str().filter(|name| name.chars().count() <= 256).map(Text::from),
        at: instant(&value["create_time"]),
        owner: value["owner"].as_bool().unwrap_or(false),
        public: value["status"].as_str().is_none_or(|status| status == "PUBLIC"),
        parent: id_unless_zero(&value["parent_comment_id"]).or(parent),
    })
}

fn thread_message(value: &Value) -> Option<ThreadMessage> {
    let text = [&value["text"]["body"], &value["template"]["elements"][0]["title"], &value["template"]["title"]];
    let from = [&value["from_user"]["id"], &value["sender"], &value["from"]];
    Some(ThreadMessage {
        message_id: any_id(&value["message_id"])?,
        from: from.into_iter().find_map(id),
        text: text.into_iter().find_map(|text| text.as_str().map(str::to_owned)),
        at: instant(&value["timestamp"]),
    })
}
