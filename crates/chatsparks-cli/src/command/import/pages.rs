//! Pages of TikTok's `/business/comment/list/`: the whole answer, its `data`, or a list of either; one or many in a file.

use super::{Reading, field};
use crate::failure::Failure;
use chatsparks_core::{Comment, Event, Text};
use serde::{
    Deserialize,
    de::{Deserializer, Error, IgnoredAny},
};

#[derive(Deserialize)]
#[serde(untagged)]
enum Pages {
    Many(Vec<Page>),
    One(Box<Page>),
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
    data: Option<Data>,
    comments: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    comments: Vec<Row>,
}

/// One comment of a page: what is wrong with it is its own matter.
#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Read(Box<Written>),
    Unread(IgnoredAny),
}

/// A comment, as far as a history has it.
#[derive(Deserialize)]
struct Written {
    #[serde(default, deserialize_with = "id")]
    comment_id: String,
    #[serde(default, deserialize_with = "id")]
    video_id: String,
    #[serde(default, deserialize_with = "id")]
    unique_identifier: String,
    #[serde(default, deserialize_with = "id")]
    user_id: String,
    #[serde(default, deserialize_with = "id")]
    create_time: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    owner: bool,
    #[serde(default)]
    username: Option<String>,
    #[serde(default, deserialize_with = "id")]
    parent_comment_id: String,
    #[serde(default)]
    reply_list: Option<Vec<Row>>,
}

/// TikTok writes ids as texts, and as numbers of 19 digits; never as a fraction.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
        Nothing(()),
    }
    match Id::deserialize(from) {
        Ok(Id::Text(text)) => Ok(text),
        Ok(Id::Number(number)) => Ok(number.to_string()),
        Ok(Id::Nothing(())) => Ok(String::new()),
        Err(_) => Err(D::Error::custom("expected an id: a text, or a whole number")),
    }
}

impl Reading<'_> {
    /// Takes the comments of pages.
    pub(super) fn pages(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let mut taken = 0;
        for pages in serde_json::Deserializer::from_str(text).into_iter::<Pages>() {
            let pages = match pages.map_err(|error| (error.line(), error.column(), error)) {
                Ok(Pages::One(page)) => vec![*page],
                Ok(Pages::Many(pages)) => pages,
                Err((line, column, error)) => {
                    // What is wrong in one of several shapes is found by the commonest.
                    let error = serde_json::from_str::<Page>(text).err().unwrap_or(error);
                    let (line, column) = if error.line() > 0 { (error.line(), error.column()) } else { (line, column) };
                    let told = error.to_string();
                    let told = told.split_once(" at line ").map_or(told.as_str(), |(told, _)| told);
                    // The library shows what stood there, which a buyer may have written.
                    let is_shown = told.starts_with("invalid type") || told.starts_with("invalid value");
                    let told = if is_shown { "a field holds another kind of value than TikTok writes" } else { told };
                    return Err(Failure::new(format!("`{name}`, line {line}, column {column}: {told}")).help(
                        "expected answers of `/business/comment/list/` as they came: `{\"code\": 0, \"data\": {\"comments\": [..]}}`",
                    ));
                }
            };
            for page in pages {
                taken += 1;
                if page.code != 0 {
                    let told =
                        format!("`{name}`, page {taken}: TikTok refused it, code {}: {}", page.code, page.message);
                    return Err(Failure::new(told).help("ask for the page again, and keep the answer"));
                }
                let Some(comments) = page.comments.or(page.data.map(|data| data.comments)) else {
                    return Err(Failure::new(format!("`{name}`, page {taken}: it has no `data.comments`"))
                        .help("expected an answer of `/business/comment/list/` as it came"));
                };
                for (place, written) in (1..).zip(comments) {
                    self.written(written, None, None, &format!("{name}, page {taken}, comment {place}"));
                }
            }
        }
        Ok(())
    }

    fn written(&mut self, row: Row, post_id: Option<&str>, parent: Option<&str>, place: &str) {
        let Row::Read(written) = row else {
            return self.fault(format!("{place}: a field holds another kind of value than TikTok writes"));
        };
        let Written { comment_id, video_id, unique_identifier, user_id, create_time, text, owner, username, .. } =
            *written;
        let author = if unique_identifier.is_empty() { user_id } else { unique_identifier };
        let author = self.import.account.clone().filter(|_| owner).unwrap_or(author);
        let post = if video_id.is_empty() { post_id.unwrap_or_default() } else { &video_id };
        let lacks = [
            ("comment_id", comment_id.is_empty()),
            ("video_id", post.is_empty()),
            ("unique_identifier", author.is_empty()),
            ("create_time", create_time.is_empty()),
        ];
        if let Some((field, _)) = lacks.into_iter().find(|(_, lacks)| *lacks) {
            return self.fault(format!("{place}: it has no `{field}`; ask for the page again with every field"));
        }
        let at = match field::at(&create_time, &self.import.zone, self.import.dates) {
            Ok(at) => at,
            Err(why) => return self.fault(format!("{place}, `create_time`: {why}")),
        };
        let own =
            Some(written.parent_comment_id.as_str()).filter(|id| !id.is_empty() && *id != "0" && *id != comment_id);
        let event = Comment {
            comment_id: comment_id.as_str().into(),
            post_id: post.into(),
            user_id: author.into(),
            handle: username.filter(|name| !name.is_empty()).map(|name| Text::from(name.as_str())),
            text: Text::from(text.unwrap_or_default().as_str()),
            posted_at: None,
            reply_to: own.or(parent).map(Into::into),
            direct_reply: false,
        };
        let post = post.to_owned();
        self.take(format!("comment:{comment_id}"), at, Event::Comment(event), place.to_owned());
        for (number, reply) in (1..).zip(written.reply_list.unwrap_or_default()) {
            self.written(reply, Some(&post), Some(&comment_id), &format!("{place}, reply {number}"));
        }
    }
}
