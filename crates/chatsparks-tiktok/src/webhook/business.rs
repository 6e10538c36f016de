//! Deliveries of the Business API: comments, messages, echoes, reading, deauthorisations.

use super::{
    json::Json,
    read::{self, DecodeError, Scalar},
};
use chatsparks_core::{CommentId, Instant, MessageId, OptionId, PostId, Text, UserId};

/// A delivery of the Business API, read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BusinessNotice {
    /// The app that it was sent to, as it says itself.
    pub client_key: Option<String>,
    /// The account that it is about: its `business_id`; none, where the event has none.
    pub account: Option<String>,
    /// When the platform made it.
    pub created: Option<Instant>,
    /// What it says.
    pub news: BusinessNews,
}

/// What a delivery of the Business API says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BusinessNews {
    /// A comment came, went, or changed who may see it.
    Comment(CommentNews),
    /// A comment may be answered by a message (P3).
    Answerable(AnswerableNews),
    /// A buyer wrote.
    Message(MessageNews),
    /// The account wrote: this app, another one, or a person in TikTok's own.
    Echo(EchoNews),
    /// The buyer has read everything until an instant.
    Read {
        /// Who read.
        user_id: UserId,
        /// Until when.
        until: Instant,
    },
    /// Somebody came by a link or an advertisement, and has written nothing yet.
    Referral {
        /// Who came.
        user_id: UserId,
        /// The thread that is open now.
        conversation: Option<String>,
        /// What the link was made with.
        reference: Option<String>,
    },
    /// Somebody in Europe wrote: the platform says that, and nothing else.
    Unseen,
    /// The account took its permission back (O8): the platform's number for the reason.
    Deauthorised {
        /// 0 unknown, 1 the user, 2 account deleted, 3 age, 4 banned, 5 the developer.
        reason: Option<i64>,
    },
    /// Nothing that a decision needs, or nothing that is known yet: a stable word for metrics.
    Passed(&'static str),
}

/// What became of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentAction {
    /// It was written, or can be seen again.
    Came,
    /// It was deleted or hidden (P5).
    Went,
}

/// News of a comment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CommentNews {
    /// The comment.
    pub comment_id: CommentId,
    /// The video that it stands under.
    pub post_id: PostId,
    /// Who wrote it; none: it has to be asked for.
    pub user_id: Option<UserId>,
    /// What became of it.
    pub action: CommentAction,
    /// When.
    pub at: Option<Instant>,
    /// What it says; none: it has to be asked for.
    pub text: Option<Text>,
    /// The comment that it answers.
    pub reply_to: Option<CommentId>,
    /// Whether it answers a comment: also where it does not say which.
    pub is_reply: bool,
}

/// A comment that may be answered by a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AnswerableNews {
    /// The comment.
    pub comment_id: CommentId,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their handle.
    pub handle: Option<Text>,
    /// What it says.
    pub text: Option<Text>,
}

/// A message of a buyer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageNews {
    /// The message.
    pub message_id: MessageId,
    /// Who wrote it.
    pub user_id: UserId,
    /// Their handle.
    pub handle: Option<Text>,
    /// The thread that it stands in.
    pub conversation: Option<String>,
    /// What it says; a picture says nothing.
    pub text: Option<Text>,
    /// The button that was tapped.
    pub option: Option<OptionId>,
    /// When it was written.
    pub at: Option<Instant>,
}

/// A message of the account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EchoNews {
    /// The message.
    pub message_id: MessageId,
    /// To whom.
    pub user_id: UserId,
    /// The thread that it stands in.
    pub conversation: Option<String>,
    /// What it says.
    pub text: Option<Text>,
    /// What it was written with.
    pub source: EchoSource,
    /// When it was written.
    pub at: Option<Instant>,
}

/// What a message of the account was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoSource {
    /// The API.
    Api,
    /// By a person, in TikTok's app or its pages.
    Person,
    /// By the platform itself: a welcome, an answer to a suggested question.
    Automatic,
    /// It does not say.
    Unsaid,
}

/// Reads a delivery whose signature was verified.
///
/// # Errors
/// When it is not an envelope, or lacks what its kind of event needs.
pub fn decode(body: &[u8]) -> Result<BusinessNotice, DecodeError> {
    let body = read::mended(body);
    let envelope: Json<'_> = read::json(&body)?;
    let event = envelope["event"].text().ok_or(DecodeError::NotAnEnvelope)?;
    // A text in which there is JSON; whoever sends it as it is, is understood too.
    let (written, held);
    let content = match &envelope["content"] {
        Json::Text(content) if content.trim().is_empty() => &Json::Null,
        Json::Text(content) => {
            written = read::mended(content.as_bytes());
            held = read::json(&written)?;
            &held
        }
        other => other,
    };
    let news = match event {
        "comment.update" => comment(content)?,
        "im_receive_high_intent_comment" => BusinessNews::Answerable(answerable(content)?),
        "im_receive_msg" => message(content)?,
        "im_receive_msg_eu" => BusinessNews::Unseen,
        "im_send_msg" => echo(content)?,
        "im_mark_read_msg" => BusinessNews::Read {
            user_id: buyer(content, "from_user")?,
            until: read::instant(&content["read"]["last_read_timestamp"])
                .ok_or(DecodeError::Lacks("read.last_read_timestamp"))?,
        },
        "im_referral_msg" => BusinessNews::Referral {
            user_id: buyer(content, "from_user")?,
            conversation: conversation(content),
            reference: content["referral"]["short_link"]["ref"].text().map(|text| text.chars().take(2_083).collect()),
        },
        "authorization.removed" => BusinessNews::Deauthorised { reason: content["reason"].signed() },
        "im_auto_message_config_update" | "im_auto_message_audit_update" => BusinessNews::Passed("auto_message"),
        "video.upload.failed" | "video.publish.completed" | "portability.download.ready" => {
            BusinessNews::Passed("posting")
        }
        _ => BusinessNews::Passed("unknown"),
    };
    Ok(BusinessNotice {
        client_key: read::id(&envelope["client_key"]),
        account: read::id(&envelope["user_openid"]),
        created: read::instant(&envelope["create_time"]),
        news,
    })
}

/// The account that a delivery names, also where the rest of it cannot be read.
#[cfg(feature = "axum")]
pub(super) fn named_account(body: &[u8]) -> Option<String> {
    let body = read::mended(body);
    let envelope: Json<'_> = read::json(&body).ok()?;
    read::id(&envelope["user_openid"])
}

fn comment(content: &Json<'_>) -> Result<BusinessNews, DecodeError> {
    let action = match content["comment_action"].text() {
        Some("insert" | "set_to_public") => CommentAction::Came,
        Some("delete" | "set_to_hidden" | "set_to_friends_only") => CommentAction::Went,
        _ => return Ok(BusinessNews::Passed("unknown_comment_action")),
    };
    let comment_id = read::id_unless_zero(&content["comment_id"]).ok_or(DecodeError::Lacks("comment_id"))?;
    let reply_to: Option<CommentId> = read::id_unless_zero(&content["parent_comment_id"]);
    // The kind says it; where it is missing, the parent does.
    let is_reply = content["comment_type"].text().map_or(reply_to.is_some(), |kind| kind == "reply");
    Ok(BusinessNews::Comment(CommentNews {
        comment_id,
        post_id: read::id_unless_zero(&content["video_id"]).ok_or(DecodeError::Lacks("video_id"))?,
        user_id: read::id(&content["unique_identifier"]),
        action,
        at: read::instant(&content["timestamp"]),
        text: read::text(&content["text"]),
        reply_to: reply_to.filter(|_| is_reply),
        is_reply,
    }))
}

fn answerable(content: &Json<'_>) -> Result<AnswerableNews, DecodeError> {
    Ok(AnswerableNews {
        comment_id: read::id_unless_zero(&content["comment_id"]).ok_or(DecodeError::Lacks("comment_id"))?,
        user_id: buyer(content, "from_user")?,
        handle: read::handle(&content["from"]),
        text: read::text(&content["comment_text"]),
    })
}

fn message(content: &Json<'_>) -> Result<BusinessNews, DecodeError> {
    if content["type"].text() == Some("reaction") {
        // It answers nothing, and the bot would take it for an answer.
        return Ok(BusinessNews::Passed("reaction"));
    }
    Ok(BusinessNews::Message(MessageNews {
        message_id: read::any_id(&content["message_id"]).ok_or(DecodeError::Lacks("message_id"))?,
        user_id: buyer(content, "from_user")?,
        handle: read::handle(&content["from"]),
        conversation: conversation(content),
        text: read::text(&content["text"]["body"]),
        option: read::id(&content["reply_source_payload"]["reply_source_unique_id"])
            .filter(|option: &OptionId| option.as_str().chars().count() <= 64),
        at: read::instant(&content["timestamp"]),
    }))
}

fn echo(content: &Json<'_>) -> Result<BusinessNews, DecodeError> {
    let automatic = !content["auto_message_type"].is_null();
    let source = content["message_tag"]["source"].text().or_else(|| content["source"].text());
    let source = match source {
        _ if automatic => EchoSource::Automatic,
        Some("API") => EchoSource::Api,
        Some("APP" | "WEB") => EchoSource::Person,
        _ => EchoSource::Unsaid,
    };
    // Of a template the question is what the buyer reads; it is known by that.
    let text = [&content["text"]["body"], &content["template"]["elements"][0]["title"], &content["template"]["title"]];
    Ok(BusinessNews::Echo(EchoNews {
        message_id: read::any_id(&content["message_id"]).ok_or(DecodeError::Lacks("message_id"))?,
        // On echoes the customer is `to_user.id`.
        user_id: read::id(&content["to_user"]["id"]).ok_or(DecodeError::Lacks("to_user.id"))?,
        conversation: conversation(content),
        text: text.into_iter().find_map(read::text),
        source,
        at: read::instant(&content["timestamp"]),
    }))
}

/// The buyer: by the name that comments have for them too.
fn buyer(content: &Json<'_>, side: &'static str) -> Result<UserId, DecodeError> {
    let known = read::id(&content["unique_identifier"]).or_else(|| read::id(&content[side]["id"]));
    known.ok_or(DecodeError::Lacks("unique_identifier"))
}

/// Longer than any that was seen; it is sent back as it came.
fn conversation(content: &Json<'_>) -> Option<String> {
    content["conversation_id"].text().filter(|id| !id.is_empty() && id.len() <= 1_024).map(str::to_owned)
}
