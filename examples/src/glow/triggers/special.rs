//! What goes before everything: campaigns of single videos, launches, Lives, complaints. And the drafts.

use super::{super::posts, Also::*, *};
use Language::*;

/// Campaigns: chosen posts, then tagged ones.
pub(super) fn campaigns() -> Vec<Trigger> {
    vec![
        Trigger::new(
            "code-video",
            "The code of the February video",
            keywords(
                "exact",
                Squeeze,
                &["glow", "glow15", "code", "โค้ด", "ขอโค้ด", "mã", "xin mã", "kode", "minta kode"],
            ),
            "campaign-en",
        )
        .on_posts(&[posts::CODE_VIDEO])
        .replies(&["Sent you the code 💌", "Your code is in your inbox"])
        .every_hours(168),
        Trigger::new(
            "cushion-video",
            "Shades of the cushion video",
            any([
                keywords("starts_with", Nothing, &["cushion", "คุชชั่น", "shade", "สี", "เบอร์", "tone", "màu"]),
                mentions(&["p_glow_cushion"]),
            ]),
            "shade-th",
        )
        .on_posts(&[posts::CUSHION_VIDEO])
        .replies(&Thai.speech().replied),
        Trigger::new(
            "lip-video",
            "Lips of the swatch video",
            any([
                mentions(&["p_glow_lip_tint", "p_glow_lip_matte", "p_rose_lip_tint", "p_rose_lip_matte"]),
                word(Nothing, &["swatch", "ลิป", "สวอช"]),
            ]),
            "link-vi",
        )
        .on_posts(&[posts::LIP_VIDEO])
        .replies(&["Shop gửi link rồi nhé 💄"]),
        Trigger::new(
            "serum-video",
            "Launch of the serum: the video",
            all([any([mentions(&["p_glow_serum"]), contains(&["เซรั่ม", "serum"])]), not(contains(&["รีวิว", "review"]))]),
            "price-th",
        )
        .on_posts(&[posts::SERUM_VIDEO])
        .replies(&["เซรั่มใหม่มาแล้วค่ะ ส่งรายละเอียดให้ในแชทนะคะ ✨", "ทักแชทไปแล้วนะคะ ✨"])
        .every_hours(48),
        Trigger::new(
            "giveaway-video",
            "The give-away",
            keywords("exact", Both, &["join", "ร่วม", "ร่วมสนุก", "tham gia", "ikut", "ikutan", "glow"]),
            "campaign-th",
        )
        .on_posts(&[posts::GIVEAWAY_VIDEO])
        .replies(&["You are in! 🎁", "Good luck 🎁"])
        .every_hours(720),
        Trigger::new(
            "launch-th",
            "Launch week, Thai",
            all([contains(&["สนใจ", "จอง", "ตัวใหม่"]), not(contains(&["ไม่สนใจ"]))]),
            "campaign-th",
        )
        .on_tags(&["launch-week"])
        .replies(&["โค้ดเปิดตัวอยู่ในแชทแล้วค่ะ ✨", "ส่งโค้ดให้แล้วนะคะ"]),
        Trigger::new(
            "launch-vi",
            "Launch week, Vietnamese",
            word(Accents, &["quan tâm", "đặt trước", "hàng mới", "chốt"]),
            "campaign-vi",
        )
        .on_tags(&["launch-week"])
        .replies(&["Shop gửi mã ra mắt rồi ạ ✨"]),
        Trigger::new(
            "launch-id",
            "Launch week, Indonesian",
            word(Squeeze, &["mau", "minat", "pre order", "po"]),
            "campaign-id",
        )
        .on_tags(&["launch-week"])
        .replies(&["Kode launching sudah di DM kak ✨"]),
        Trigger::new(
            "launch-en",
            "Launch week, English",
            word(Squeeze, &["want", "preorder", "pre-order", "interested", "new serum"]),
            "campaign-en",
        )
        .on_tags(&["launch-week"])
        .replies(&["The launch code is in your DMs ✨"]),
        Trigger::new(
            "live-cf",
            "Confirmations in a Live",
            any([pattern("^(cf|เอฟ|fix|chốt)\\s*[0-9]{1,3}([^0-9]|$)"), keywords("exact", Squeeze, &["cf", "เอฟ"])]),
            "order-th",
        )
        .on_tags(&["live"])
        .replies(&["รับ CF แล้วค่ะ 🛒", "CF ✅"])
        .every_hours(1),
    ]
}

/// Complaints go to a person, before any question is looked at.
pub(super) fn complaints() -> Vec<Trigger> {
    let reaction = |language: Language, when| {
        Trigger::of(language, "reaction", "A skin reaction", when)
            .flow(&format!("human-{}", language.code()))
            .replies(&language.speech().sorry)
            .every_hours(72)
    };
    vec![
        reaction(
            Thai,
            all([
                contains(&["ใช้แล้วแพ้", "แพ้ค่ะ", "แพ้ตัวนี้", "ผื่นขึ้น", "ใช้แล้วคัน", "สิวเห่อ", "แสบหน้า", "หน้าบวม"]),
                not(contains(&["แพ้ง่าย", "ไม่แพ้"])),
            ]),
        ),
        reaction(Vietnamese, word(Accents, &["bị dị ứng", "kích ứng", "nổi mụn đỏ", "bị rát", "ngứa quá"])),
        reaction(
            Indonesian,
            all([
                word(Nothing, &["alergi", "gatal", "iritasi", "perih", "breakout parah"]),
                not(word(Nothing, &["aman", "ga"])),
            ]),
        ),
        reaction(
            English,
            all([
                word(Nothing, &["rash", "allergic", "burns", "broke out", "irritated"]),
                not(any([word(Nothing, &["no rash", "not allergic"]), text("question_mark")])),
            ]),
        ),
    ]
}

/// What is being prepared: tried against history, not live.
pub(super) fn drafts() -> Vec<Trigger> {
    vec![
        Trigger::new("songkran-sale", "Songkran sale", contains(&["สงกรานต์", "songkran"]), "campaign-th")
            .on_tags(&["sale"])
            .replies(&["โปรสงกรานต์มาแล้วค่ะ 💦"])
            .draft(),
        Trigger::new("welcome-all", "Greet everyone once", text("first_comment"), "hello-en").draft(),
        Trigger::new("review-th", "Thank for reviews", contains(&["รีวิว", "ใช้ดี", "ดีจริง"]), "link-th").draft(),
        Trigger::new("price-loose", "Price, looser", pattern("(ราคา|price|harga|giá)"), "price-en").draft(),
    ]
}
