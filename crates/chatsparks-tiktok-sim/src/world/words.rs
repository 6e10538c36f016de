//! What people write, in four languages.

/// What people of one language write.
pub(super) struct Words {
    pub(super) region: &'static str,
    pub(super) names: &'static [&'static str],
    /// Comments that want to buy.
    pub(super) asks: &'static [&'static str],
    /// Comments that want to know something else.
    pub(super) wonders: &'static [&'static str],
    /// Comments that want nothing.
    pub(super) praises: &'static [&'static str],
    /// First messages of those who were told to write.
    pub(super) openings: &'static [&'static str],
    /// Answers to a question.
    pub(super) answers: &'static [&'static str],
    /// What they write where they were to tap, or of themselves.
    pub(super) chats: &'static [&'static str],
}

pub(super) const THAI: Words = Words {
    region: "TH",
    names: &["mint", "ploy", "nong.fah", "bank", "somchai", "praew", "gift", "aom"],
    asks: &[
        "ราคาเท่าไหร่คะ",
        "ราคาค่ะ",
        "ขอราคาหน่อยค่ะ",
        "เท่าไหร่คะแม่",
        "สนใจค่ะ ราคาาาา",
        "ขอลิงก์หน่อยค่า 🙏",
        "50ml ราคาเท่าไหร่ครับ",
        "สั่งยังไงคะ มีส่งฟรีมั้ย",
        "cf 1 ค่ะ ราคาเท่าไร",
        "อยากได้ ๆ ขอราคาด้วยน้า",
        "PRICE ค่ะ",
    ],
    wonders: &["ใช้แล้วแพ้มั้ยคะ", "คนท้องใช้ได้ไหมคะ", "ผิวมันใช้ได้ปะ", "มีสีอื่นไหมคะ", "ของแท้ป่าว", "ส่งกี่วันคะ"],
    praises: &["สวยมากกก 😍", "ปังมากแม่", "ใช้ดีจริงค่ะ บอกต่อ", "55555 น่ารัก", "❤️❤️❤️", "มาแล้วค่ะ", "เพลงอะไรคะ"],
    openings: &["สวัสดีค่ะ ขอราคาหน่อยค่ะ", "มาจากคลิปค่ะ", "สนใจค่ะ", "ทักแล้วค่ะ"],
    answers: &["0812345678", "ผิวแพ้ง่ายค่ะ", "2", "mint@example.com", "กรุงเทพค่ะ", "ชื่อพลอยค่ะ"],
    chats: &["ขอบคุณค่ะ", "มีส่วนลดไหมคะ", "เดี๋ยวขอคิดดูก่อนนะคะ", "ของยังไม่ได้เลยค่ะ", "ขอคุยกับแอดมินหน่อยค่ะ", "คืนเงินได้ไหมคะ"],
};

pub(super) const VIETNAMESE: Words = Words {
    region: "VN",
    names: &["linh", "huong", "minh.anh", "tuan", "thao", "ngoc"],
    asks: &[
        "Giá bao nhiêu ạ?",
        "gia bao nhieu shop oi",
        "Cho mình xin giá với ạ",
        "Xin link ạ 😍",
        "mua ở đâu vậy shop",
        "Inbox giá nhé shop",
        "giá sao ạ, chai 50ml",
        "còn hàng không shop, price?",
    ],
    wonders: &["Da dầu dùng được không ạ?", "Bầu dùng được không shop?", "Ship mấy ngày ạ", "Có màu khác không?"],
    praises: &["Đẹp quá 😍", "xinh xỉu luôn á", "Dùng thích lắm nha mn", "haha dễ thương", "❤️", "nhạc gì vậy ạ"],
    openings: &["Chào shop, cho mình hỏi giá ạ", "Mình xem video rồi nè", "shop ơi tư vấn giúp mình"],
    answers: &["0912345678", "da nhạy cảm ạ", "2", "linh@example.com", "Hà Nội ạ"],
    chats: &[
        "cảm ơn shop",
        "có giảm giá không ạ",
        "để mình suy nghĩ thêm nha",
        "cho mình gặp nhân viên",
        "mình muốn hoàn tiền",
    ],
};

pub(super) const INDONESIAN: Words = Words {
    region: "ID",
    names: &["putri", "dewi", "rizky", "ayu", "bagus", "sari"],
    asks: &[
        "harganya berapa kak?",
        "Harga kak",
        "brp kak yg 30ml",
        "spill harga dong kak 🙏",
        "link dong kak",
        "mau beli kak, gimana caranya?",
        "ready kak? price list dong",
        "minat kak, berapaan ya",
    ],
    wonders: &["aman buat bumil kak?", "bisa buat kulit sensitif?", "kirim dari mana kak", "BPOM ga kak"],
    praises: &["cantik bgt 😍", "wkwkwk lucu", "udah pake, bagus bgt!", "❤️❤️", "lagunya apa kak", "hadir kak"],
    openings: &["halo kak, mau tanya harga", "kak aku dari video tadi", "permisi kak, masih ada?"],
    answers: &["081234567890", "kulit kering kak", "2", "putri@example.com", "Bandung kak"],
    chats: &["makasih kak", "ada diskon ga kak?", "nanti dulu ya kak", "mau bicara sama admin", "bisa refund ga kak?"],
};

pub(super) const ENGLISH: Words = Words {
    region: "MY",
    names: &["jess", "sam", "amir", "kelly", "dan", "zoe"],
    asks: &[
        "PRICE?",
        "price pls",
        "How much is the 50ml?",
        "how muchhh 😭",
        "link please!!",
        "need this, where can I buy",
        "priiice plz",
        "Is it still in stock? Price for two?",
    ],
    wonders: &[
        "is it safe for sensitive skin?",
        "do you ship to Penang?",
        "what shade is she wearing",
        "does it smell strong?",
    ],
    praises: &["obsessed 😍", "lol same", "my holy grail fr", "❤️❤️❤️", "what song is this", "first!"],
    openings: &["Hi! Came from your video", "hi, how much?", "hello is this the shop"],
    answers: &["+60 12-345 6789", "combination skin", "2", "jess@example.com", "KL"],
    chats: &["thank you!!", "any discount?", "let me think about it", "can I talk to a human", "I want a refund"],
};

pub(super) const ALL: [&Words; 4] = [&THAI, &VIETNAMESE, &INDONESIAN, &ENGLISH];

/// Whether the classifier calls it a comment of high intent. TikTok's own is not public.
pub(super) fn asks_to_buy(text: &str) -> bool {
    const SIGNS: [&str; 20] = [
        "price",
        "how much",
        "link",
        "buy",
        "order",
        "stock",
        "ราคา",
        "เท่าไ",
        "ลิงก์",
        "สั่ง",
        "สนใจ",
        "giá",
        "gia bao",
        "mua",
        "bao nhiêu",
        "harga",
        "berapa",
        "brp",
        "beli",
        "minat",
    ];
    let text = text.to_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}
