//! The catalogue: ten lines of twenty products.

use super::{
    json::{Json, list, object, text, texts},
    words::Language,
};

/// A product and what it is called.
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Its name in the other languages of the shop.
    pub(crate) aliases: Vec<String>,
    pub(crate) skus: Vec<Sku>,
}

/// A SKU and what it costs.
pub(crate) struct Sku {
    pub(crate) id: String,
    pub(crate) name: String,
    /// In baht.
    pub(crate) baht: i64,
}

/// A line: its name, and the name as it is said in Thai.
const LINES: [(&str, &str); 10] = [
    ("Glow", "โกลว์"),
    ("Aqua", "อควา"),
    ("Rose", "โรส"),
    ("Vita", "วิต้า"),
    ("Rice", "ไรซ์"),
    ("Centella", "เซนเทลล่า"),
    ("Pearl", "เพิร์ล"),
    ("Yuzu", "ยูซุ"),
    ("Honey", "ฮันนี่"),
    ("Jasmine", "มะลิ"),
];

/// A kind of product: its name in English, Thai, Vietnamese, Indonesian, its price in baht, its SKUs.
struct Kind(&'static str, &'static str, &'static str, &'static str, i64, &'static [(&'static str, &'static str)]);

const SMALL: &[(&str, &str)] = &[("30", "30ml"), ("50", "50ml")];
const LARGE: &[(&str, &str)] = &[("150", "150ml"), ("250", "250ml")];
const JAR: &[(&str, &str)] = &[("50", "50g"), ("100", "100g")];
const TONES: &[(&str, &str)] = &[("21", "21 Ivory"), ("23", "23 Sand"), ("25", "25 Tan")];
const LIPS: &[(&str, &str)] =
    &[("01", "01 Rosewood"), ("02", "02 Brick Red"), ("03", "03 Peach Tea"), ("04", "04 Cocoa")];
const ONE: &[(&str, &str)] = &[("one", "Standard")];
const SET: &[(&str, &str)] = &[("1", "1 sheet"), ("5", "5 sheets")];

const KINDS: [Kind; 20] = [
    Kind("Serum", "เซรั่ม", "tinh chất", "serum", 590, SMALL),
    Kind("Toner", "โทนเนอร์", "nước hoa hồng", "toner", 390, LARGE),
    Kind("Essence", "เอสเซนส์", "essence", "esens", 690, LARGE),
    Kind("Cream", "ครีม", "kem dưỡng", "krim", 450, JAR),
    Kind("Eye Cream", "อายครีม", "kem mắt", "krim mata", 420, ONE),
    Kind("Sunscreen", "กันแดด", "kem chống nắng", "sunscreen", 350, SMALL),
    Kind("Cleanser", "โฟมล้างหน้า", "sữa rửa mặt", "sabun muka", 220, LARGE),
    Kind("Cleansing Oil", "คลีนซิ่งออยล์", "dầu tẩy trang", "minyak pembersih", 320, LARGE),
    Kind("Sheet Mask", "มาส์กหน้า", "mặt nạ", "masker wajah", 45, SET),
    Kind("Sleeping Mask", "สลีปปิ้งมาส์ก", "mặt nạ ngủ", "masker tidur", 390, JAR),
    Kind("Mist", "สเปรย์น้ำแร่", "xịt khoáng", "face mist", 250, LARGE),
    Kind("Body Lotion", "โลชั่น", "sữa dưỡng thể", "losion badan", 290, LARGE),
    Kind("Cushion", "คุชชั่น", "phấn nước", "bedak cushion", 790, TONES),
    Kind("Foundation", "รองพื้น", "kem nền", "alas bedak", 650, TONES),
    Kind("Concealer", "คอนซีลเลอร์", "che khuyết điểm", "concealer", 320, TONES),
    Kind("Lip Tint", "ลิปทินท์", "son tint", "lip tint", 259, LIPS),
    Kind("Lip Matte", "ลิปแมท", "son lì", "lipstik matte", 289, LIPS),
    Kind("Blush", "บลัชออน", "má hồng", "perona pipi", 239, LIPS),
    Kind("Mascara", "มาสคาร่า", "mascara", "maskara", 299, ONE),
    Kind("Brow Pencil", "ดินสอเขียนคิ้ว", "chì kẻ mày", "pensil alis", 159, ONE),
];

/// Every product, the shop's own line first.
pub(crate) fn products() -> Vec<Product> {
    let mut products = Vec::new();
    for (line, thai_line) in LINES {
        for Kind(kind, thai, vietnamese, indonesian, baht, skus) in KINDS {
            let slug = format!("{line} {kind}").to_lowercase();
            let (dashed, joined) = (slug.replace(' ', "-"), slug.replace(' ', "_"));
            let small = line.to_lowercase();
            let mut aliases = vec![format!("{thai}{thai_line}"), format!("{vietnamese} {small}")];
            for alias in [format!("{indonesian} {small}"), format!("{line}{}", kind.replace(' ', "")).to_lowercase()] {
                if !aliases.contains(&alias) {
                    aliases.push(alias);
                }
            }
            products.push(Product {
                id: format!("p_{joined}"),
                name: format!("{line} {kind}"),
                aliases,
                skus: (0..)
                    .zip(skus)
                    .map(|(place, (id, name))| Sku {
                        id: format!("{dashed}-{id}"),
                        name: (*name).to_owned(),
                        // Each costs half of the first's price more than the one before it, be it larger or of another shade.
                        baht: baht + place * (baht / 2),
                    })
                    .collect(),
            });
        }
    }
    products
}

impl Product {
    /// What a buyer of this language calls it.
    pub(crate) fn called(&self, language: Language) -> &str {
        match language {
            Language::Thai => &self.aliases[0],
            Language::Vietnamese => &self.aliases[1],
            Language::Indonesian | Language::English => &self.name,
        }
    }

    /// As the document has it.
    pub(crate) fn json(&self) -> Json {
        object([
            ("id", text(&self.id)),
            ("name", text(&self.name)),
            ("aliases", texts(self.aliases.iter().map(String::as_str))),
            ("url", text(&format!("https://glow.example/p/{}", self.id.trim_start_matches("p_").replace('_', "-")))),
            ("skus", list(self.skus.iter().map(|sku| object([("id", text(&sku.id)), ("name", text(&sku.name))])))),
        ])
    }
}
