//! Sixty posts: videos and Lives of three months, each for one market.

use super::{
    clock::{day, instant},
    dice::Dice,
    json::{Json, object, text, texts},
    words::Language,
};

/// A post, and who looks at it.
pub(crate) struct Post {
    pub(crate) id: String,
    pub(crate) live: bool,
    /// Milliseconds since 1970.
    pub(crate) published: i64,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) market: Language,
    /// How many look at it, beside the others.
    pub(crate) reach: u64,
}

/// Posts with a campaign of their own: their triggers name them.
pub(crate) const CODE_VIDEO: &str = "v31";
pub(crate) const CUSHION_VIDEO: &str = "v33";
pub(crate) const LIP_VIDEO: &str = "v36";
pub(crate) const SERUM_VIDEO: &str = "v40";
pub(crate) const GIVEAWAY_VIDEO: &str = "v44";

/// Every post, oldest first.
pub(crate) fn posts() -> Vec<Post> {
    let mut dice = Dice::new("posts");
    let themes = ["serum", "cushion", "lip", "skincare", "haul", "routine"];
    (1..=60)
        .map(|place| {
            // From 5 January on, a post every 38 hours or so; the last on 10 April.
            let published = day(2026, 1, 5) + place * 38 * 3_600_000 + dice.between(-300, 300) * 60_000;
            let id = format!("v{place:02}");
            let market = match id.as_str() {
                CODE_VIDEO => Language::English,
                CUSHION_VIDEO | SERUM_VIDEO | GIVEAWAY_VIDEO => Language::Thai,
                LIP_VIDEO => Language::Vietnamese,
                _ => Language::ALL[dice.weighed([45, 22, 20, 13])],
            };
            let live = place % 9 == 0;
            let mut tags = vec![market.code(), themes[dice.below(themes.len())]];
            if live {
                tags.push("live");
            }
            // The launch of the serum, in the second week of March.
            if (40..=44).contains(&place) || dice.percent(4) {
                tags.push("launch-week");
            }
            if dice.percent(12) {
                tags.push("sale");
            }
            let campaign = [CODE_VIDEO, CUSHION_VIDEO, LIP_VIDEO, SERUM_VIDEO, GIVEAWAY_VIDEO].contains(&id.as_str());
            let viral = if campaign || dice.percent(12) { 5 } else { 1 };
            Post { id, live, published, tags, market, reach: viral * dice.between(20, 100) as u64 }
        })
        .collect()
}

impl Post {
    /// Whether a trigger of a campaign, a launch or a Live listens to it besides the general ones.
    pub(crate) fn is_special(&self) -> bool {
        self.live
            || self.tags.contains(&"launch-week")
            || [CODE_VIDEO, CUSHION_VIDEO, LIP_VIDEO, SERUM_VIDEO, GIVEAWAY_VIDEO].contains(&self.id.as_str())
    }

    /// How likely a comment at this instant stands under it.
    pub(crate) fn weight(&self, at: i64, language: Language) -> u64 {
        if at < self.published {
            return 0;
        }
        let days = (at - self.published) as u64 / 86_400_000;
        let near = if self.market == language { 12 } else { 1 };
        self.reach * near * 1_000 / (1 + days * days / 4)
    }

    /// As the document has it.
    pub(crate) fn json(&self) -> Json {
        object([
            ("id", text(&self.id)),
            ("kind", text(if self.live { "live" } else { "video" })),
            ("published_at", text(&instant(self.published))),
            ("tags", texts(self.tags.iter().copied())),
        ])
    }
}
