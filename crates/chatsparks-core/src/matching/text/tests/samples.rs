//! Characters and texts to try.

/// Characters that touch their neighbours, one or more of each way of doing so.
pub(super) const TOUCHY: &[&str] = &[
    "\u{300}\u{301}\u{302}\u{303}\u{306}\u{307}\u{308}\u{309}\u{30C}\u{31B}\u{323}\u{327}",
    "\u{328}\u{334}\u{338}\u{340}\u{343}\u{344}\u{345}\u{34F}\u{488}\u{5B4}\u{5BC}\u{64B}",
    "\u{651}\u{654}\u{670}\u{93C}\u{94D}\u{9BE}\u{9C7}\u{9D7}\u{B3E}\u{B57}\u{DCA}\u{DCF}",
    "\u{DD9}\u{E31}\u{E33}\u{E34}\u{E38}\u{E3A}\u{E47}\u{E48}\u{E49}\u{E4D}\u{EB3}\u{F71}",
    "\u{F72}\u{F73}\u{F81}\u{102E}\u{1100}\u{1112}\u{1161}\u{1175}\u{11A7}\u{11A8}\u{11C2}",
    "\u{11C3}\u{1B35}\u{200B}\u{200D}\u{20DD}\u{20E3}\u{302E}\u{3099}\u{309A}\u{FE0F}\u{FF9E}",
    "\u{FF9F}\u{FFA1}\u{FFC2}\u{110BA}\u{11127}\u{1133E}\u{16D67}\u{1D165}\u{1D16D}\u{E0100}",
    "\u{E32}\u{E40}\u{E4A}\u{E4C}\u{115F}\u{1160}\u{17B4}\u{180B}\u{2065}\u{3164}\u{FFA0}\u{0C55}",
    " \u{A0}\n\u{3000}\u{1680}\u{85}\u{2028}",
];

/// What Thai is typed with, the marks more often than letters.
pub(super) const THAI: &[&str] =
    &["กมาเแ\u{E31}\u{E33}\u{E34}\u{E37}\u{E38}\u{E39}\u{E3A}\u{E47}\u{E48}\u{E49}\u{E4A}\u{E4B}\u{E4C}\u{E4D}\u{E4E}"];

/// Characters to be touched: letters plain, mapped and composed of many scripts, and compatibility characters.
pub(super) const TOUCHED: &[&str] = &[
    "aEiIİıosßſẛΣσςáẾệơƯđĐŉǰαωᾳᾼᾷΐΰΏйЁÅKΩกาปຣかガｶﾊ가각힣ㄱㅏﾡ한中豈㍿ﷺ¨´ﬁ①½™ａ？１＝=≠क\u{958}\u{F900}",
    "\u{212A}\u{212B}োொකోာᬅ❤🙏🏻🇻1?-.\u{1F71}\u{1FBE}\u{2126}\u{FB1D}\u{FB2A}\u{FC5E}\u{FE70}",
    "\u{1D15E}\u{2F800}\u{1E9E}\u{13A0}๕٣๐５‘’ʼ'",
];

/// The characters of a list.
pub(super) fn characters(list: &'static [&str]) -> impl Iterator<Item = char> {
    list.iter().flat_map(|line| line.chars())
}

/// SplitMix64: the same numbers for ever.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn one_of(&mut self, from: &'static [&str]) -> char {
        let at = self.below(characters(from).count());
        characters(from).nth(at).unwrap_or('x')
    }

    pub(super) fn character(&mut self) -> char {
        match self.below(16) {
            0..=4 => self.one_of(TOUCHY),
            5..=7 => self.one_of(TOUCHED),
            8..=10 => char::from(self.below(128) as u8),
            11 if self.below(2) == 0 => self.one_of(THAI),
            11 => char::from_u32(0x0E00 + self.below(0x80) as u32).unwrap_or('ก'),
            12 => char::from_u32(0x1EA0 + self.below(0x60) as u32).unwrap_or('ệ'),
            13 => char::from_u32(0x300 + self.below(0x70) as u32).unwrap_or('x'),
            14 => char::from_u32(self.below(0x3000) as u32).unwrap_or('x'),
            _ => char::from_u32(self.below(0x11_0000) as u32).unwrap_or('x'),
        }
    }
}
