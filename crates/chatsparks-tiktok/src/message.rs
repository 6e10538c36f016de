//! How what was decided is written as a message of TikTok's: buttons where they fit, a list where they do not, a card as
//! text with the product's link.

use crate::{call::Outgoing, limits};
use chatsparks_core::{
    SendDm, SentOption,
    workspace::{Link, Workspace},
};

/// A DM as it goes out; none: there is nothing that it could say.
///
/// `buttons`: whether the way it goes takes any; an answer to a comment is text alone.
pub(crate) fn write(
    dm: &SendDm,
    document: Option<&Workspace>,
    shop_url: Option<&str>,
    buttons: bool,
) -> Option<Outgoing> {
    let mut lines: Vec<String> = dm.text.iter().map(|text| text.as_str().to_owned()).collect();
    if let Some(link) = &dm.card {
        lines.extend(card(link, document, shop_url, lines.is_empty()));
    }
    let text = lines.join("\n");
    if buttons && dm.card.is_none() && fit(&text, &dm.options) {
        let button = |option: &SentOption| (option.id.to_string(), option.label.as_str().to_owned());
        return Some(Outgoing { text, buttons: dm.options.iter().map(button).collect() });
    }
    let listed = list(&dm.options);
    // The list is what the buyer answers by: it is the text before it that is cut.
    let room = limits::MESSAGE_TEXT.value.saturating_sub(listed.chars().count());
    let mut text: String = text.chars().take(room).collect();
    text.push_str(&listed);
    (!text.trim().is_empty()).then_some(Outgoing { text, buttons: Vec::new() })
}

/// Whether a question and its options fit into a template.
fn fit(text: &str, options: &[SentOption]) -> bool {
    let short = |text: &str, limit: usize| (1..=limit).contains(&text.chars().count());
    (1..=limits::BUTTONS.value).contains(&options.len())
        && !text.trim().is_empty()
        && short(text, limits::TEMPLATE_TITLE.value)
        && options.iter().all(|option| {
            short(option.label.as_str(), limits::BUTTON_TITLE.value)
                && short(option.id.as_str(), limits::BUTTON_ID.value)
        })
}

/// Options as lines. A number of the list is taken as an answer only where no label holds a digit (F4): else the label
/// is what a buyer types, and a number before it would mislead.
fn list(options: &[SentOption]) -> String {
    let digits = options.iter().any(|option| option.label.as_str().chars().any(|letter| letter.is_numeric()));
    let line = |(index, option): (usize, &SentOption)| match digits {
        true => format!("\n• {}", option.label.as_str()),
        false => format!("\n{}. {}", index + 1, option.label.as_str()),
    };
    options.iter().enumerate().map(line).collect()
}

/// The product's name, where nothing else is said, and its link.
fn card(link: &Link, document: Option<&Workspace>, shop_url: Option<&str>, named: bool) -> Vec<String> {
    let product = link
        .product
        .as_ref()
        .zip(document)
        .and_then(|(product, document)| document.products.iter().find(|one| one.id == *product));
    let name = product.filter(|_| named).map(|product| product.name.to_string());
    let url = product.and_then(|product| product.url.as_deref()).or(shop_url).map(str::to_owned);
    name.into_iter().chain(url).collect()
}
