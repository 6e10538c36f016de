//! What synthetic comments and keywords are made of, by language.

use crate::random::Random;

/// What a comment is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Thai.
    Thai,
    /// English.
    English,
    /// Vietnamese.
    Vietnamese,
    /// Indonesian.
    Indonesian,
    /// Emoji, and several of the others.
    Mixed,
}

impl Language {
    /// A language, as often as comments are written in it: 35 % Thai, 20 % English, 20 % Vietnamese,
    /// 15 % Indonesian, 10 % emoji and mixed.
    pub fn of(random: &mut Random) -> Self {
        match random.below(100) {
            0..35 => Self::Thai,
            35..55 => Self::English,
            55..75 => Self::Vietnamese,
            75..90 => Self::Indonesian,
            _ => Self::Mixed,
        }
    }

    /// Phrases that no trigger asks for.
    pub fn phrases(self) -> &'static [&'static str] {
        match self {
            Self::Thai => THAI,
            Self::English => ENGLISH,
            Self::Vietnamese => VIETNAMESE,
            Self::Indonesian => INDONESIAN,
            Self::Mixed => MIXED,
        }
    }

    /// A keyword: two to four parts that stand in many keywords and in phrases too, so that automata
    /// have much that nearly matches.
    pub fn keyword(self, random: &mut Random) -> String {
        let (parts, glue): (&[&str], &str) = match self {
            Self::Thai => (THAI_PARTS, ""),
            Self::English => (ENGLISH_PARTS, " "),
            Self::Vietnamese => (VIETNAMESE_PARTS, " "),
            Self::Indonesian => (INDONESIAN_PARTS, " "),
            Self::Mixed => (ENGLISH_PARTS, ""),
        };
        let count = if self == Self::Thai { 3 + random.below(2) } else { 2 };
        let mut word = (0..count).map(|_| random.pick(parts)).collect::<Vec<_>>().join(glue);
        if self != Self::Thai && random.chance(0.4) {
            word.push_str(&format!("{glue}{}", 10 + random.below(90)));
        }
        word
    }
}

const THAI: &[&str] = &[
    "สวยมากเลยค่ะ",
    "น่ารักมากแม่",
    "อยากได้จังเลย",
    "ดีงามที่สุด",
    "ของแท้ไหมคะ",
    "ใช้ดีจริงไหม",
    "รอรีวิวอยู่นะ",
    "ผิวแพ้ง่ายใช้ได้ไหม",
    "ส่งของไวมาก",
    "แม่ค้าใจดี",
    "กดไปแล้วค่ะ",
    "เมื่อวานสั่งไป",
    "ยังไม่ได้ของเลย",
    "ชอบมากๆ",
    "ปังมากแม่",
    "ไลฟ์อีกเมื่อไหร่",
    "ทักแชทไปแล้ว",
    "น้ำหอมติดทนไหม",
];
const ENGLISH: &[&str] = &[
    "love this so much",
    "is this good for oily skin",
    "just got mine yesterday",
    "looks amazing on you",
    "can you do a review",
    "which one is better",
    "please restock soon",
    "my sister needs this",
    "where are you from",
    "does it smudge",
    "been waiting for ages",
    "so pretty",
    "I want it now",
    "Best purchase ever!!",
];
const VIETNAMESE: &[&str] = &[
    "đẹp quá chị ơi",
    "da dầu dùng được không ạ",
    "mình mới mua hôm qua",
    "chất lượng tốt lắm",
    "bao giờ có hàng lại",
    "nhìn thích ghê",
    "shop ơi tư vấn giúp em",
    "dùng mấy tháng rồi",
    "có bị kích ứng không",
    "Yêu shop nhiều",
    "gói hàng cẩn thận",
    "xinh xỉu luôn",
];
const INDONESIAN: &[&str] = &[
    "bagus banget kak",
    "masih ada gak kak",
    "kemarin baru sampai",
    "cocok buat kulit berminyak",
    "kapan restock lagi",
    "suka banget sama ini",
    "tolong dibalas ya",
    "udah lama nunggu",
    "cantik sekali",
    "tahan lama gak sih",
    "Mantap kak",
    "aku mau dong",
];
const MIXED: &[&str] = &[
    "😍😍😍",
    "🔥🔥",
    "❤️",
    "โอ้ย love มาก",
    "so cute ค่ะ",
    "👍🏻 good",
    "ＣＵＴＥ",
    "😂😂😂😂",
    "yes pls 🙏",
    "✨✨ ปัง",
    "ok ครับ",
    "đẹp 💕",
];

const THAI_PARTS: &[&str] = &[
    "ชม",
    "พู",
    "กุ",
    "หลาบ",
    "ส้ม",
    "อิฐ",
    "แดง",
    "เข้ม",
    "นู้ด",
    "พีช",
    "เบอร์",
    "ลิป",
    "เซรั่ม",
    "ครีม",
    "แป้ง",
    "กัน",
    "แดด",
    "โทน",
    "อุ่น",
    "มัน",
    "วาว",
    "แมต",
    "ขาว",
    "ใส",
    "น้ำ",
    "ตาล",
    "คอ",
    "รัล",
    "บลัช",
    "คิ้ว",
];
const ENGLISH_PARTS: &[&str] = &[
    "matte", "rose", "coral", "velvet", "serum", "glow", "peach", "nude", "brick", "tint", "balm", "cream", "satin",
    "berry", "mauve", "cocoa", "amber", "honey", "blush", "bronze", "ivory", "toner", "essence", "mist", "primer",
    "gloss", "liner", "brow", "lash", "cushion", "powder", "shade", "spf", "kit", "mini", "refill", "bundle", "duo",
    "promo", "code", "drop", "launch", "size", "stock", "price",
];
const VIETNAMESE_PARTS: &[&str] = &[
    "giá", "màu", "hồng", "đỏ", "cam", "đất", "son", "kem", "phấn", "nước", "hoa", "dưỡng", "ẩm", "chống", "nắng",
    "tẩy", "trang", "mặt", "nạ", "sữa", "rửa", "tinh", "chất", "lì", "bóng", "nâu", "tây", "ship", "sỉ", "lẻ",
];
const INDONESIAN_PARTS: &[&str] = &[
    "harga", "warna", "merah", "bata", "muda", "tua", "lipstik", "krim", "bedak", "serum", "tabir", "surya",
    "pelembab", "maskara", "alis", "toner", "sabun", "muka", "ukuran", "besar", "kecil", "paket", "hemat", "promo",
    "ongkir", "stok", "beli", "grosir", "varian", "wangi",
];
