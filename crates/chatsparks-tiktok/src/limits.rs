//! The platform's limits, as dated data: each with where it is said, and since when it is known here. They change without
//! notice; where sources differ, the safe one holds, and most can be set otherwise.

/// A limit, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    /// What it is.
    pub name: &'static str,
    /// How much, in the unit that the name says.
    pub value: T,
    /// Where it is said.
    pub source: &'static str,
    /// When it was read there, as year and month.
    pub read: &'static str,
}

const fn limit<T>(name: &'static str, value: T, source: &'static str, read: &'static str) -> Limit<T> {
    Limit { name, value, source, read }
}

const SEND: &str = "business-api.tiktok.com, document 1832184403754242 (message/send)";
const RATES: &str = "business-api.tiktok.com, rate limits v1.3, Basic tier";

/// Characters of a public reply. Older documents say 150, those of August 2026 say 1,200.
pub const PUBLIC_REPLY: Limit<usize> =
    limit("characters of a public reply", 150, "business-api.tiktok.com, document 1762228448779266", "2026-08");
/// Characters of a message.
pub const MESSAGE_TEXT: Limit<usize> = limit("characters of a message", 6_000, SEND, "2026-08");
/// Characters of a template's question.
pub const TEMPLATE_TITLE: Limit<usize> = limit("characters of a template's question", 40, SEND, "2026-08");
/// Buttons of a template.
pub const BUTTONS: Limit<usize> = limit("buttons of a template", 3, SEND, "2026-08");
/// Characters of a button.
pub const BUTTON_TITLE: Limit<usize> = limit("characters of a button", 20, SEND, "2026-08");
/// Characters of a button's id.
pub const BUTTON_ID: Limit<usize> = limit("characters of a button's id", 40, SEND, "2026-08");
/// Messages in a window. One source of August 2026 says that each word of the buyer opens 48 hours without a number.
pub const WINDOW_MESSAGES: Limit<u32> = limit("messages in a window", 10, SEND, "2026-08");
/// Hours of a window.
pub const WINDOW_HOURS: Limit<u32> = limit("hours of a window", 48, SEND, "2026-08");
/// Hours for which a comment may be answered by a message.
pub const COMMENT_HOURS: Limit<u32> =
    limit("hours for which a comment may be answered by a message", 48, SEND, "2026-08");
/// Calls in a second, of an app.
pub const CALLS_PER_SECOND: Limit<u32> = limit("calls in a second, of an app", 10, RATES, "2026-11");
/// Calls in a minute, of an app.
pub const CALLS_PER_MINUTE: Limit<u32> = limit("calls in a minute, of an app", 600, RATES, "2026-11");
/// Calls in a day, of an app.
pub const CALLS_PER_DAY: Limit<u32> = limit("calls in a day, of an app", 864_000, RATES, "2026-11");
/// Calls in a minute, of one account to one endpoint for comments and videos.
pub const ACCOUNT_CALLS_PER_MINUTE: Limit<u32> = limit(
    "calls in a minute, of one account to one endpoint for comments",
    40,
    "second-hand, several sources agree (Accounts API)",
    "2026-11",
);
/// Comments that are asked for by their ids in one call.
pub const COMMENTS_BY_ID: Limit<usize> =
    limit("comments by their ids in one call", 30, "business-api.tiktok.com, document 1760232109619202", "2026-08");
/// Seconds by which the time of a signature may differ. The platform gives no number; five were too few in production.
pub const SIGNATURE_SECONDS: Limit<u32> =
    limit("seconds by which a signature's time may differ", 300, "ChatbotX pull request 844", "2026-09");

/// Every limit as a line for people: name, value, source, date.
pub fn all() -> Vec<[String; 4]> {
    let line = |name: &str, value: u64, source: &str, read: &str| {
        [name.to_owned(), value.to_string(), source.to_owned(), read.to_owned()]
    };
    let sizes = [PUBLIC_REPLY, MESSAGE_TEXT, TEMPLATE_TITLE, BUTTONS, BUTTON_TITLE, BUTTON_ID, COMMENTS_BY_ID];
    let numbers = [
        WINDOW_MESSAGES,
        WINDOW_HOURS,
        COMMENT_HOURS,
        CALLS_PER_SECOND,
        CALLS_PER_MINUTE,
        CALLS_PER_DAY,
        ACCOUNT_CALLS_PER_MINUTE,
        SIGNATURE_SECONDS,
    ];
    let sizes = sizes.iter().map(|limit| line(limit.name, limit.value as u64, limit.source, limit.read));
    sizes.chain(numbers.iter().map(|limit| line(limit.name, limit.value.into(), limit.source, limit.read))).collect()
}
