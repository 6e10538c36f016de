//! What people ask under any video, by language; English last, for its words stand in the others too.

use super::{Also::*, *};
use Language::*;

/// A comment with Thai letters.
fn thai_letters() -> Json {
    pattern("\\p{Thai}")
}

/// Price, link, shade, stock, shipping, skin, order.
pub(super) fn questions() -> Vec<Trigger> {
    let mut triggers = vec![
        ask(
            Thai,
            "shipping",
            "Shipping",
            contains(&[
                "ค่าส่ง",
                "ส่งกี่วัน",
                "เก็บปลายทาง",
                "ปลายทางได้",
                "ส่งฟรี",
                "จัดส่ง",
                "ส่งต่างจังหวัด",
                "ส่งลาว",
                "ได้วันไหน",
                "กี่วันถึง",
            ]),
        ),
        ask(
            Thai,
            "shade",
            "Shades",
            all([
                any([
                    contains(&["เบอร์ไหน", "เบอร์อะไร", "สีไหน", "สีอะไร", "เฉด", "มีกี่สี", "สวอช"]),
                    pattern("เบอร์\\s*[0-9]{1,2}\\s*(หรือ|กับ)"),
                ]),
                not(contains(&["เบอร์โทร"])),
            ]),
        ),
        ask(
            Thai,
            "price",
            "Price",
            all([
                any([
                    keywords("contains", Squeeze, &["ราคา", "กี่บาท", "เท่าไหร่", "เท่าไร", "เท่าไหร", "ท่าไหร่", "เทาไหร่"]),
                    all([word(Squeeze, &["price", "pp"]), thai_letters()]),
                ]),
                not(contains(&["ราคาแรง", "ลดราคาแล้ว", "อายุเท่า"])),
            ]),
        ),
        ask(
            Thai,
            "link",
            "Where to buy",
            any([
                keywords("word", Squeeze, &["พิกัด", "ลิงก์", "ลิงค์", "ลิ้ง", "ปักตะกร้า", "ตะกร้าอยู่"]),
                contains(&["ซื้อที่ไหน", "ซื้อได้ที่ไหน", "สั่งที่ไหน", "สั่งยังไง"]),
                all([word(Squeeze, &["link"]), thai_letters()]),
            ]),
        ),
        ask(
            Thai,
            "stock",
            "Stock",
            contains(&["มีของไหม", "มีของมั้ย", "พร้อมส่ง", "หมดยัง", "หมดหรือยัง", "เข้าเมื่อ", "สต็อก", "เติมของ", "ของเข้า"]),
        ),
        ask(
            Thai,
            "skin",
            "Skin types",
            all([
                word(Nothing, &["ผิว", "หน้ามัน", "หน้าแห้ง", "เป็นสิว", "สิวอักเสบ", "คนท้อง", "เป็นฝ้า"]),
                contains(&["ใช้ได้", "ตัวไหน", "ดีคะ", "ดีไหม", "ได้ไหม", "ได้มั้ย"]),
            ]),
        ),
        order(
            Thai,
            all([
                any([
                    contains(&["สนใจค่ะ", "สนใจครับ", "ขอสั่ง", "สั่งค่ะ", "เอาด้วย", "รับด้วย", "จัดมา", "ทักแชท", "ทักไป"]),
                    keywords("starts_with", Nothing, &["สนใจ"]),
                    pattern("^(รับ|เอา|cf|เอฟ)\\s*[0-9]"),
                ]),
                not(contains(&["ไม่สนใจ"])),
            ]),
        ),
        ask(
            Vietnamese,
            "shipping",
            "Shipping",
            word(Accents, &["ship bao lâu", "phí ship", "freeship", "ship cod", "giao hàng", "ship về", "giao tỉnh"]),
        ),
        ask(
            Vietnamese,
            "shade",
            "Shades",
            word(Accents, &["tông nào", "tone nào", "màu nào", "màu gì", "màu số", "mấy màu", "tone 21", "swatch với"]),
        ),
        ask(
            Vietnamese,
            "price",
            "Price",
            any([
                // Alone, `gia` is a family; with its accent it is a price.
                word(Nothing, &["giá"]),
                word(Accents, &["bao nhiêu", "nhiêu tiền", "báo giá", "xin giá", "giá sao", "ib giá", "bnhieu"]),
                keywords("exact", Both, &["giá", "giá ạ", "giá shop", "giá ib"]),
            ]),
        ),
        ask(
            Vietnamese,
            "link",
            "Where to buy",
            word(Both, &["xin link", "link đâu", "mua ở đâu", "gắn link", "đặt hàng ở đâu", "lnk đâu", "giỏ hàng đâu"]),
        ),
        ask(
            Vietnamese,
            "stock",
            "Stock",
            word(Accents, &["còn hàng", "hết hàng", "có hàng", "về hàng", "còn ko", "còn k", "hàng có sẵn"]),
        ),
        ask(
            Vietnamese,
            "skin",
            "Skin types",
            all([
                word(Accents, &["da dầu", "da khô", "da nhạy cảm", "da mụn", "da hỗn hợp", "bà bầu"]),
                word(Accents, &["dùng", "xài"]),
            ]),
        ),
        order(
            Vietnamese,
            any([
                word(Accents, &["chốt", "lấy em", "em lấy", "cho em 1", "check ib", "ib em", "quan tâm"]),
                pattern("^(đặt|mua|lấy)\\s*[0-9]"),
            ]),
        ),
        ask(
            Indonesian,
            "shipping",
            "Shipping",
            word(
                Squeeze,
                &[
                    "ongkir",
                    "ongkirnya",
                    "bisa cod",
                    "cod bisa",
                    "kirim dari",
                    "hari sampai",
                    "pengiriman",
                    "gratis ongkir",
                ],
            ),
        ),
        ask(
            Indonesian,
            "shade",
            "Shades",
            any([
                word(
                    Nothing,
                    &["shade apa", "shade berapa", "warna apa", "warna nomor", "berapa shade", "swatch dong"],
                ),
                all([word(Nothing, &["sawo matang", "kuning langsat"]), word(Nothing, &["cocok", "shade"])]),
            ]),
        ),
        ask(
            Indonesian,
            "price",
            "Price",
            all([
                word(Squeeze, &["harga", "harganya", "berapa", "berapaan", "brp", "brapa", "hrg"]),
                not(word(Nothing, &["berapa lama", "umur berapa"])),
            ]),
        ),
        ask(
            Indonesian,
            "link",
            "Where to buy",
            any([
                word(
                    Both,
                    &[
                        "link dong",
                        "spill link",
                        "minta link",
                        "bagi link",
                        "linknya",
                        "beli dimana",
                        "beli di mana",
                        "order dimana",
                    ],
                ),
                all([word(Squeeze, &["link"]), word(Squeeze, &["dong", "kak", "min"])]),
                word(Nothing, &["keranjang kuning", "cara belinya"]),
            ]),
        ),
        ask(
            Indonesian,
            "stock",
            "Stock",
            word(Squeeze, &["ready", "restok", "kapan restock", "stok", "stoknya", "habis ya"]),
        ),
        ask(
            Indonesian,
            "skin",
            "Skin types",
            any([
                all([
                    word(Nothing, &["kulit", "jerawat", "berjerawat"]),
                    word(Nothing, &["bisa", "aman", "cocok", "yang mana"]),
                ]),
                word(Nothing, &["bumil", "busui"]),
            ]),
        ),
        order(
            Indonesian,
            any([
                word(Squeeze, &["mau dong", "mau order", "fix order", "minat", "dm kak", "cek dm"]),
                pattern("(^|[^a-z])(mau|order|pesan|checkout)([^a-z].*)?[^0-9a-z][0-9]{1,2}([^0-9a-z]|$)"),
            ]),
        ),
    ];
    triggers.extend(english());
    triggers
}

fn english() -> Vec<Trigger> {
    vec![
        ask(
            English,
            "shipping",
            "Shipping",
            word(Squeeze, &["do you ship", "shipping", "delivery", "do you deliver", "cod available"]),
        ),
        ask(
            English,
            "shade",
            "Shades",
            word(Nothing, &["which shade", "what shade", "shade 21", "swatches", "what colour", "what color"]),
        ),
        ask(
            English,
            "price",
            "Price",
            all([
                word(Squeeze, &["price", "how much", "hm", "cost", "pp"]),
                not(word(Nothing, &["worth the price", "at what cost"])),
            ]),
        ),
        ask(
            English,
            "link",
            "Where to buy",
            word(Squeeze, &["link", "where to buy", "where can i buy", "where do i get", "how to order"]),
        ),
        ask(English, "stock", "Stock", word(Squeeze, &["in stock", "restock", "sold out", "out of stock"])),
        ask(
            English,
            "skin",
            "Skin types",
            any([
                word(Nothing, &["sensitive skin", "oily skin", "dry skin", "combination skin", "acne prone"]),
                keywords("contains", Nothing, &["pregnan"]),
            ]),
        ),
        order(
            English,
            any([
                word(Squeeze, &["i want", "want to order", "order please", "take my money", "interested"]),
                keywords("starts_with", Squeeze, &["dm me", "dm sent", "inbox me"]),
                pattern("^[1-9] (pls|please)"),
            ]),
        ),
    ]
}

/// Products by name, emoji, greetings, and whatever else is a question.
pub(super) fn rest() -> Vec<Trigger> {
    vec![
        Trigger::new(
            "sunscreen-ask",
            "Questions about sunscreens",
            all([
                mentions(&["p_glow_sunscreen", "p_aqua_sunscreen", "p_rice_sunscreen", "p_yuzu_sunscreen"]),
                any([text("question_mark"), contains(&["spf", "กันน้ำ", "วอก"])]),
            ]),
            "skin-th",
        )
        .replies(&Thai.speech().replied),
        Trigger::new(
            "product-th",
            "A product is asked about, in Thai",
            all([text("question_mark"), mentions(&[]), thai_letters()]),
            "skin-th",
        )
        .replies(&Thai.speech().replied),
        Trigger::new("product-ask", "A product is asked about", all([text("question_mark"), mentions(&[])]), "link-en")
            .replies(&English.speech().replied),
        Trigger::new("cart-emoji", "A cart or a bag says enough", contains(&["🛒", "🛍", "🧺"]), "link-en")
            .replies(&["🛒💌"]),
        Trigger::new(
            "fire-launch",
            "Fire under a launch",
            keywords("starts_with", Nothing, &["🔥🔥🔥"]),
            "campaign-en",
        )
        .on_tags(&["launch-week", "sale"])
        .replies(&["🔥 → 💌"]),
        Trigger::new(
            "hello-th",
            "The first word, a greeting",
            first(keywords("starts_with", Nothing, &["สวัสดี", "ดีค่ะ", "ดีครับ"])),
            "hello-th",
        )
        .replies(&["สวัสดีค่ะ 💕"]),
        greeting("vi", "The first word, a greeting in Vietnamese", "starts_with", &["chào shop", "shop ơi"])
            .replies(&["Shop chào mình ạ 💕"]),
        greeting("id", "The first word, a greeting in Indonesian", "starts_with", &["halo kak", "hai kak", "halo min"])
            .replies(&["Halo kak 💕"]),
        Trigger::new(
            "hello-all",
            "The first word, a greeting, elsewhere",
            first(keywords("exact", Both, &["hello", "hi", "hi there", "hello shop", "hi shop"])),
            "hello-en",
        )
        .replies(&["Hi! 💕", "Hello and welcome 💕"]),
        catch_all("question-th", "Any question, Thai", thai_letters(), Thai),
        catch_all("question-vi", "Any question, Vietnamese", pattern("[ăđơưạảấầậắễệọộớợụủứựừỹ]"), Vietnamese),
        catch_all(
            "question-id",
            "Any question, Indonesian",
            word(Squeeze, &["kak", "min", "ga", "kan", "ya"]),
            Indonesian,
        ),
        Trigger::new("question-en", "Any question", text("question_mark"), "hello-en")
            .on_tags(&["launch-week", "sale", "live", "serum", "routine"])
            .replies(&English.speech().replied),
    ]
}

/// A newcomer's greeting, answered with the menu in its language.
fn greeting(language: &str, name: &'static str, mode: &str, words: &[&str]) -> Trigger {
    let id = format!("hello-{language}");
    Trigger::new(&id, name, first(keywords(mode, Both, words)), id.clone())
}

fn first(greeting: Json) -> Json {
    all([text("first_comment"), greeting])
}

/// A question that nothing above took, under the videos that people are to be helped with.
fn catch_all(id: &str, name: &'static str, script: Json, language: Language) -> Trigger {
    Trigger::new(id, name, all([text("question_mark"), script]), format!("hello-{}", language.code()))
        .on_tags(&["launch-week", "sale", "live", "serum", "routine", "skincare"])
        .replies(&language.speech().replied)
}

fn ask(language: Language, id: &str, name: &'static str, when: Json) -> Trigger {
    Trigger::of(language, id, name, when).replies(&language.speech().replied)
}

fn order(language: Language, when: Json) -> Trigger {
    Trigger::of(language, "order", "Wants to buy", when).replies(&language.speech().ordered).every_hours(6)
}
