//! What the fuzz targets call, each with the bytes that the fuzzer made; an ordinary test gives them the corpora.

#![allow(clippy::panic, reason = "a fuzz target tells the fuzzer by panicking")]

use crate::{BusinessNews, ShopNews, decode, decode_shop};

/// A delivery of the Business API: it is read or refused, the same each time, and every id that is read fits.
pub fn business(data: &[u8]) {
    let read = decode(data);
    assert_eq!(read, decode(data), "the same bytes read the same");
    let Ok(notice) = read else { return };
    let ids: Vec<String> = match &notice.news {
        BusinessNews::Comment(news) => {
            let further =
                news.user_id.iter().map(ToString::to_string).chain(news.reply_to.iter().map(ToString::to_string));
            [news.comment_id.to_string(), news.post_id.to_string()].into_iter().chain(further).collect()
        }
        BusinessNews::Answerable(news) => vec![news.comment_id.to_string(), news.user_id.to_string()],
        BusinessNews::Message(news) => vec![news.message_id.to_string(), news.user_id.to_string()],
        BusinessNews::Echo(news) => vec![news.message_id.to_string(), news.user_id.to_string()],
        BusinessNews::Read { user_id, .. } | BusinessNews::Referral { user_id, .. } => vec![user_id.to_string()],
        BusinessNews::Unseen | BusinessNews::Deauthorised { .. } | BusinessNews::Passed(_) => Vec::new(),
    };
    ids.iter().chain(&notice.account).chain(&notice.client_key).for_each(|id| fits(id));
}

/// A delivery of TikTok Shop: the same.
pub fn shop(data: &[u8]) {
    let read = decode_shop(data);
    assert_eq!(read, decode_shop(data), "the same bytes read the same");
    let Ok(notice) = read else { return };
    fits(&notice.shop_id);
    notice.notification.iter().for_each(|id| fits(id));
    if let ShopNews::Order(order_id) = &notice.news {
        fits(order_id.as_str());
    }
}

/// An id of a thing that the platform names.
fn fits(id: &str) {
    assert!(!id.is_empty() && id.chars().count() <= 256 && !id.chars().any(char::is_control), "an id does not fit");
}
