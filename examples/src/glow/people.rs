//! The people who comment: a few often, many once.

use super::{
    dice::{Dice, Ranks},
    words::Language,
};

/// Somebody on TikTok.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) language: Language,
}

/// Everybody, and who of them comments how often.
pub(crate) struct People {
    people: Vec<Person>,
    often: Ranks,
}

const NAMES: [&[&str]; 4] = [
    &["mint", "fah", "ploy", "nan", "bow", "praew", "ning", "aom", "pim", "kwan", "มะนาว", "แพรว"],
    &["linh", "thao", "ngoc", "trang", "my", "huong", "vy", "nhi", "quyen", "bé_na"],
    &["putri", "sari", "dewi", "ayu", "rina", "nisa", "intan", "wulan", "tika", "lala"],
    &["amy", "jess", "chloe", "sam", "alex", "nora", "kim", "zoe", "lily", "max"],
];
const ENDINGS: [&str; 12] = ["", ".bkk", "_", "xoxo", "_official", ".id", "99", "2k", "shop", ".beauty", "_hn", "zz"];

/// So many people, numbered from `first`.
pub(crate) fn people(dice: &mut Dice, first: usize, count: usize) -> People {
    let people = (first..first + count).map(|number| {
        let language = Language::ALL[dice.weighed([46, 21, 20, 13])];
        let handle = format!("{}{}{}", dice.pick(NAMES[language.place()]), dice.pick(&ENDINGS), number % 97);
        Person { id: format!("u{number}"), handle, language }
    });
    People { people: people.collect(), often: Ranks::new(count, 25) }
}

impl People {
    /// Somebody, in proportion to how often they comment.
    pub(crate) fn somebody(&self, dice: &mut Dice) -> &Person {
        &self.people[dice.rank(&self.often)]
    }

    /// Everybody, the most frequent first.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Person> {
        self.people.iter()
    }
}
