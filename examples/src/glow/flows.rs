//! The flows: eleven conversations, each in four languages.

use super::{speech::Speech, words::Language};
use chatsparks_core::workspace::{
    Block, BlockKind, Branch, Case, Choice, Expect, Flow, FreeText, Handoff, Link, MessageBlock, Question,
    QuickReplies, ShopLink, TagBlock, Test, Wait,
};

/// The product and SKU of a card.
type Card = (&'static str, &'static str);

/// What the cards of the flows show. All of it stands in the catalogue.
pub(crate) const SERUM: [Card; 2] = [("p_glow_serum", "glow-serum-30"), ("p_glow_serum", "glow-serum-50")];
pub(crate) const CUSHION: [Card; 3] = [
    ("p_glow_cushion", "glow-cushion-21"),
    ("p_glow_cushion", "glow-cushion-23"),
    ("p_glow_cushion", "glow-cushion-25"),
];
pub(crate) const SKIN: [Card; 3] =
    [("p_yuzu_toner", "yuzu-toner-150"), ("p_rice_cream", "rice-cream-50"), ("p_centella_serum", "centella-serum-30")];

/// Every flow, in the order of the document.
pub(crate) fn flows() -> Vec<Flow> {
    let mut flows = Vec::new();
    for language in Language::ALL {
        let (code, say) = (language.code(), language.speech());
        let mut flow = |name: &str, version, blocks| {
            flows.push(Flow { id: format!("{name}-{code}").as_str().into(), version, blocks });
        };
        if language == Language::Thai {
            flow("price", 1, first_price(say));
        }
        flow("price", if language == Language::Thai { 2 } else { 1 }, price(say));
        flow("link", 1, link(say));
        flow("shade", 1, shade(say));
        flow("stock", 1, stock(say));
        flow("shipping", 1, shipping(say));
        flow("skin", 1, skin(say));
        flow("order", 1, order(say));
        flow("campaign", 1, campaign(say));
        flow("hello", 1, hello(say));
        flow("human", 1, human(say));
    }
    flows
}

/// The first version of the price flow, kept for whoever is still in it (F9).
fn first_price(say: &Speech) -> Vec<Block> {
    vec![message("hello", say.price_hello), card("card", SERUM[0], say.card), tag("done", "sent-card")]
}

fn price(say: &Speech) -> Vec<Block> {
    let [small, large] = say.sizes;
    vec![
        message("hello", say.price_hello),
        ask(
            "size",
            say.price_ask,
            Some("size"),
            vec![option("30", small, None), option("50", large, None), option("human", say.person, Some("human"))],
            Some(FreeText { field: Some("wish".into()), goto: Some("human".into()) }),
        ),
        branch("which", "size", vec![equals(large, "card50")], Some("card30")),
        to("done", card("card30", SERUM[0], say.card)),
        to("done", card("card50", SERUM[1], say.card)),
        to("end", handoff("human", "asked for a person about the price")),
        tag("done", "sent-card"),
        wait("later", 20 * 3600),
        message("nudge", say.nudge),
        tag("end", "asked-price"),
    ]
}

fn link(say: &Speech) -> Vec<Block> {
    vec![
        shop_page("page", say.link_say),
        tag("done", "sent-link"),
        wait("later", 2 * 3600),
        message("more", say.link_more),
    ]
}

fn shade(say: &Speech) -> Vec<Block> {
    let [fair, medium, tan] = say.tones;
    let [fair_part, medium_part, tan_part] = say.tone_parts;
    vec![
        ask(
            "tone",
            say.shade_ask,
            Some("tone"),
            vec![
                option("fair", fair, None),
                option("medium", medium, None),
                option("tan", tan, None),
                option("human", say.person, Some("human")),
            ],
            Some(FreeText::default()),
        ),
        branch(
            "which",
            "tone",
            vec![contains(fair_part, "card21"), contains(medium_part, "card23"), contains(tan_part, "card25")],
            Some("describe"),
        ),
        to("done", card("card21", CUSHION[0], say.card)),
        to("done", card("card23", CUSHION[1], say.card)),
        to("done", card("card25", CUSHION[2], say.card)),
        question("describe", say.shade_describe, "foundation", None),
        handoff("human", "needs help with a shade"),
        tag("done", "asked-shade"),
    ]
}

fn stock(say: &Speech) -> Vec<Block> {
    let [serum, cushion, lip] = say.stock_choices;
    vec![
        ask(
            "which",
            say.stock_ask,
            Some("product"),
            vec![option("serum", serum, Some("card")), option("cushion", cushion, None), option("lip", lip, None)],
            None,
        ),
        question("email", say.stock_email, "email", Some(Expect::Email)),
        message("noted", say.stock_done),
        to("end", tag("restock", "tell-when-back")),
        card("card", SERUM[0], say.card),
        tag("end", "asked-stock"),
    ]
}

fn shipping(say: &Speech) -> Vec<Block> {
    vec![
        message("fees", say.shipping_say),
        question("code", say.shipping_code, "postcode", Some(Expect::Pattern(say.postal_code.to_owned()))),
        branch("where", "postcode", vec![one_of(say.capital, "near")], Some("far")),
        to("shop", message("near", say.shipping_done)),
        message("far", say.shipping_far),
        shop_page("shop", say.card),
    ]
}

fn skin(say: &Speech) -> Vec<Block> {
    let [oily, dry, sensitive] = say.skins;
    vec![
        ask(
            "type",
            say.skin_ask,
            Some("skin"),
            vec![
                option("oily", oily, None),
                option("dry", dry, None),
                option("sensitive", sensitive, None),
                option("human", say.person, Some("human")),
            ],
            Some(FreeText { field: None, goto: Some("human".into()) }),
        ),
        branch("which", "skin", vec![one_of(&[oily, "1"], "toner"), one_of(&[dry, "2"], "cream")], Some("serum")),
        to("advice", card("toner", SKIN[0], say.card)),
        to("advice", card("cream", SKIN[1], say.card)),
        card("serum", SKIN[2], say.card),
        message("advice", say.skin_patience),
        to("end", tag("done", "asked-skin")),
        handoff("human", "asks about their skin"),
        tag("end", "skin-care"),
    ]
}

fn order(say: &Speech) -> Vec<Block> {
    vec![
        question("quantity", say.order_quantity, "quantity", Some(Expect::Number)),
        question("phone", say.order_phone, "phone", Some(Expect::Phone)),
        Block {
            id: "confirm".into(),
            kind: BlockKind::Message(MessageBlock { text: say.order_done.to_owned(), link: Some(link_to(SERUM[0])) }),
            goto: None,
        },
        tag("done", "wants-to-buy"),
    ]
}

fn campaign(say: &Speech) -> Vec<Block> {
    vec![
        message("code", say.campaign_say),
        Block {
            id: "card".into(),
            kind: BlockKind::ShopLink(ShopLink {
                product: Some("p_glow_serum".into()),
                sku: None,
                text: Some(say.card.to_owned()),
            }),
            goto: None,
        },
        wait("day", 24 * 3600),
        message("soon", say.campaign_later),
        tag("done", "campaign"),
    ]
}

fn hello(say: &Speech) -> Vec<Block> {
    let [products, offers, person] = say.hello_choices;
    vec![
        ask(
            "menu",
            say.hello_ask,
            Some("wish"),
            vec![
                option("products", products, Some("shop")),
                option("offers", offers, Some("offer")),
                option("human", person, Some("human")),
            ],
            Some(FreeText { field: None, goto: Some("human".into()) }),
        ),
        message("offer", say.campaign_say),
        to("done", shop_page("shop", say.link_say)),
        handoff("human", "wrote at the menu"),
        tag("done", "said-hello"),
    ]
}

fn human(say: &Speech) -> Vec<Block> {
    vec![tag("flag", "complaint"), message("soon", say.human_say), handoff("human", "a skin reaction: answer first")]
}

fn message(id: &str, text: &str) -> Block {
    Block { id: id.into(), kind: BlockKind::Message(MessageBlock { text: text.to_owned(), link: None }), goto: None }
}

fn ask(id: &str, text: &str, field: Option<&str>, options: Vec<Choice>, free_text: Option<FreeText>) -> Block {
    let asked = QuickReplies { text: text.to_owned(), field: field.map(Into::into), options, free_text };
    Block { id: id.into(), kind: BlockKind::QuickReplies(asked), goto: None }
}

fn option(id: &str, label: &str, goto: Option<&str>) -> Choice {
    Choice { id: id.into(), label: label.to_owned(), goto: goto.map(Into::into) }
}

fn question(id: &str, text: &str, field: &str, expect: Option<Expect>) -> Block {
    let asked = Question { text: text.to_owned(), field: field.into(), expect };
    Block { id: id.into(), kind: BlockKind::Question(asked), goto: None }
}

fn branch(id: &str, field: &str, cases: Vec<Case>, otherwise: Option<&str>) -> Block {
    let branch = Branch { field: field.into(), cases, otherwise: otherwise.map(Into::into) };
    Block { id: id.into(), kind: BlockKind::Branch(branch), goto: None }
}

fn equals(text: &str, goto: &str) -> Case {
    Case { test: Test::Equals(text.to_owned()), goto: goto.into() }
}

fn contains(text: &str, goto: &str) -> Case {
    Case { test: Test::Contains(text.to_owned()), goto: goto.into() }
}

fn one_of(texts: &[&str], goto: &str) -> Case {
    Case { test: Test::OneOf(texts.iter().map(|text| (*text).to_owned()).collect()), goto: goto.into() }
}

fn link_to((product, sku): Card) -> Link {
    Link { product: Some(product.into()), sku: Some(sku.into()) }
}

fn card(id: &str, (product, sku): Card, text: &str) -> Block {
    let link = ShopLink { product: Some(product.into()), sku: Some(sku.into()), text: Some(text.to_owned()) };
    Block { id: id.into(), kind: BlockKind::ShopLink(link), goto: None }
}

fn shop_page(id: &str, text: &str) -> Block {
    let link = ShopLink { product: None, sku: None, text: Some(text.to_owned()) };
    Block { id: id.into(), kind: BlockKind::ShopLink(link), goto: None }
}

fn handoff(id: &str, note: &str) -> Block {
    Block { id: id.into(), kind: BlockKind::Handoff(Handoff { note: Some(note.to_owned()) }), goto: None }
}

fn wait(id: &str, seconds: i64) -> Block {
    Block { id: id.into(), kind: BlockKind::Wait(Wait { seconds }), goto: None }
}

fn tag(id: &str, tag: &str) -> Block {
    Block { id: id.into(), kind: BlockKind::Tag(TagBlock { tag: tag.into() }), goto: None }
}

/// The same block, going on elsewhere.
fn to(goto: &str, block: Block) -> Block {
    Block { goto: Some(goto.into()), ..block }
}
