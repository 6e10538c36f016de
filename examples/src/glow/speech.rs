//! What the shop says in its flows and under its posts, in four languages.

mod english;
mod indonesian;
mod thai;
mod vietnamese;

use super::words::Language;

/// Everything that the bot says in one language. Labels stand in the order of their options.
pub(crate) struct Speech {
    pub(crate) price_hello: &'static str,
    pub(crate) price_ask: &'static str,
    pub(crate) sizes: [&'static str; 2],
    /// The option that leads to a person.
    pub(crate) person: &'static str,
    pub(crate) card: &'static str,
    pub(crate) nudge: &'static str,
    pub(crate) shade_ask: &'static str,
    pub(crate) tones: [&'static str; 3],
    /// Parts of a free answer that tell the tone, in the order of `tones`.
    pub(crate) tone_parts: [&'static str; 3],
    pub(crate) shade_describe: &'static str,
    pub(crate) stock_ask: &'static str,
    pub(crate) stock_choices: [&'static str; 3],
    pub(crate) stock_email: &'static str,
    pub(crate) stock_done: &'static str,
    pub(crate) shipping_say: &'static str,
    pub(crate) shipping_code: &'static str,
    pub(crate) shipping_done: &'static str,
    pub(crate) shipping_far: &'static str,
    /// A pattern for the postal codes of the country.
    pub(crate) postal_code: &'static str,
    /// Postal codes of the capital.
    pub(crate) capital: &'static [&'static str],
    pub(crate) skin_ask: &'static str,
    pub(crate) skins: [&'static str; 3],
    pub(crate) skin_patience: &'static str,
    pub(crate) link_say: &'static str,
    pub(crate) link_more: &'static str,
    pub(crate) order_quantity: &'static str,
    pub(crate) order_phone: &'static str,
    pub(crate) order_done: &'static str,
    pub(crate) campaign_say: &'static str,
    pub(crate) campaign_later: &'static str,
    pub(crate) hello_ask: &'static str,
    pub(crate) hello_choices: [&'static str; 3],
    pub(crate) human_say: &'static str,
    /// Public replies: to a question, to an order, to a complaint.
    pub(crate) replied: [&'static str; 4],
    pub(crate) ordered: [&'static str; 2],
    pub(crate) sorry: [&'static str; 2],
}

impl Language {
    /// What the shop says in it.
    pub(crate) fn speech(self) -> &'static Speech {
        match self {
            Self::Thai => &thai::SPEECH,
            Self::Vietnamese => &vietnamese::SPEECH,
            Self::Indonesian => &indonesian::SPEECH,
            Self::English => &english::SPEECH,
        }
    }
}
