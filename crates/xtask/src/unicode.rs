//! `cargo xtask unicode [--check]`: the tables of `chatsparks_core::text`, from ICU4X (rule N1).
//!
//! The core carries its own tables so that an embedder's build decides exactly as ours does, whatever version of
//! ICU4X or of the standard library is about. The output depends on the ICU4X data alone: the same data, the same
//! bytes. With `--check` nothing is written, and the task fails when the committed file is not what would be written.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::error::Error;
use std::path::Path;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::properties::{
    CanonicalCombiningClassMap, CanonicalCombiningClassMapBorrowed, CanonicalComposition, CanonicalDecomposition,
    Decomposed,
};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};
use icu_properties::props::{
    DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup,
    RegionalIndicator, Script, VariationSelector, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

mod ranks;
mod render;

use ranks::Ranks;
use render::{Rendered, render};

/// The Unicode version of the ICU4X data. ICU4X tells it in the documentation of its data crates and nowhere in its
/// code, so it stands here.
const UNICODE_VERSION: &str = "18.0.0";

/// Where the tables go.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../chatsparks-core/src/matching/text/tables.rs");

/// Code points from here to [`HIGH`], and past the block there, are all alike, so the tables leave them out.
const LOW: u32 = 0x40000;
/// Tags and variation selectors, the one block above `LOW` that has something to say.
const HIGH: u32 = 0xE0000;
/// Where that block ends.
const HIGH_END: u32 = 0xE1000;

/// What a value of the first table stands for; the core compares with the same numbers.
const SPACE: u16 = 0xFE00;
const DROP: u16 = 0xFE01;

/// Writes the tables, or with `--check` compares them with what is there.
pub(crate) fn run(check: bool) -> Result<(), Box<dyn Error>> {
    let text = generate()?;
    let path = Path::new(PATH);
    if !check {
        std::fs::write(path, text)?;
        return Ok(());
    }
    if std::fs::read_to_string(path)? == text {
        Ok(())
    } else {
        Err("the committed Unicode tables are stale: run `cargo xtask unicode`".into())
    }
}

struct Data {
    nfkd: DecomposingNormalizerBorrowed<'static>,
    nfc: ComposingNormalizerBorrowed<'static>,
    case: CaseMapperBorrowed<'static>,
    classes: CanonicalCombiningClassMapBorrowed<'static>,
}

impl Data {
    fn decompose(&self, text: &str) -> String {
        self.nfkd.normalize(text).into_owned()
    }

    fn fold(&self, text: &str) -> String {
        self.case.fold_string(text).into_owned()
    }

    fn ccc(&self, c: char) -> u8 {
        self.classes.get_u8(c)
    }
}

/// What the core needs to know of a character that is not plain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    /// Its NFKD, or nothing when that is itself.
    decomposed: String,
    /// Its full case folding, or nothing when that is itself.
    folded: String,
    /// What it becomes when it stands alone, or nothing when that is itself.
    normal: String,
    ccc: u8,
    /// The rank of the last character of `normal`; 0 when it has none.
    tail: u16,
    /// Whether it may compose with a character before it.
    joins: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Normalises to itself and shields what is before it from what is after.
    Plain(Option<Record>),
    /// As plain, but it becomes something else.
    Map(Record),
    /// A mark, or a Thai letter that touches its like, which stays, never composes, and only has to stand in order: its
    /// rank.
    Mark(u16),
    Space,
    Drop,
    /// Everything else: needs the whole sequence it stands in.
    Slow(Record),
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// What N1 drops.
fn is_dropped(c: char) -> bool {
    category(c) == GeneralCategory::Format || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// What a character that normalising leaves alone otherwise is read as: a decimal digit as that of ASCII, and the
/// apostrophes that keyboards make as the one that they stand for (N1).
fn read_as(c: char) -> Result<char, Box<dyn Error>> {
    let is_digit = |c: &char| category(*c) == GeneralCategory::DecimalNumber;
    if matches!(c, '‘' | '’' | 'ʼ') {
        return Ok('\'');
    }
    if !is_digit(&c) {
        return Ok(c);
    }
    // Decimal digits stand in tens, each from 0 to 9 (Unicode, 4.6); ICU4X has no table of their values.
    let before = ('\0'..c).rev().take_while(is_digit).count();
    let after = (c..=char::MAX).take_while(is_digit).count();
    if (before + after) % 10 != 0 {
        return Err(format!("the digits around {c:?} are no tens").into());
    }
    Ok(char::from(b'0' + u8::try_from(before % 10)?))
}

fn is_white_space(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

/// All primary composites, by what they are composed of; Hangul syllables are left to arithmetic.
fn compositions() -> Result<BTreeMap<(char, char), char>, Box<dyn Error>> {
    let decomposition = CanonicalDecomposition::new();
    let composition = CanonicalComposition::new();
    let mut pairs = BTreeMap::new();
    for c in ('\0'..=char::MAX).filter(|c| !('\u{AC00}'..='\u{D7A3}').contains(c)) {
        if let Decomposed::Expansion(first, second) = decomposition.decompose(c)
            && composition.compose(first, second) == Some(c)
            && pairs.insert((first, second), c).is_some()
        {
            return Err(format!("two composites of one pair: {c:?}").into());
        }
    }
    Ok(pairs)
}

fn kind(data: &Data, ranks: &Ranks, seconds: &BTreeSet<char>, c: char) -> Result<Kind, Box<dyn Error>> {
    if is_dropped(c) {
        return Ok(Kind::Drop);
    }
    let alone = c.to_string();
    let decomposed = data.decompose(&alone);
    let folded = data.fold(&alone);
    let opened = data.decompose(&data.fold(&decomposed));
    let normal = data.nfc.normalize(&opened).into_owned();
    if opened.chars().any(is_dropped) {
        return Err(format!("{c:?} decomposes to what is dropped").into());
    }
    // Three roads to the same character: the rule goes the first; the core may take the others (see `slow.rs`).
    let nfkc = ComposingNormalizer::new_nfkc();
    if nfkc.normalize(&data.fold(&nfkc.normalize(&alone))) != normal {
        return Err(format!("{c:?} has no single normal form").into());
    }
    let normal = normal.chars().map(read_as).collect::<Result<String, _>>()?;
    let joins = |c: char| {
        seconds.contains(&c) || ('\u{1161}'..='\u{1175}').contains(&c) || ('\u{11A8}'..='\u{11C2}').contains(&c)
    };
    let shields = [&decomposed, &opened, &normal]
        .into_iter()
        .all(|text| text.chars().next().is_some_and(|first| ranks.of(first) == 0 && !joins(first)));
    if normal.chars().all(is_white_space) {
        return if shields { Ok(Kind::Space) } else { Err(format!("white space that combines: {c:?}").into()) };
    }
    let unless_itself = |text: &str| {
        if text == alone { String::new() } else { text.to_owned() }
    };
    let record = Record {
        decomposed: unless_itself(&decomposed),
        folded: unless_itself(&folded),
        normal: unless_itself(&normal),
        ccc: data.ccc(c),
        tail: normal.chars().last().map_or(0, |last| ranks.of(last)),
        joins: joins(c),
    };
    Ok(if shields && normal == alone {
        if record.tail != 0 {
            return Err(format!("{c:?} is not plain after all").into());
        }
        Kind::Plain((decomposed != alone).then_some(record))
    } else if shields && !normal.chars().any(is_white_space) {
        Kind::Map(record)
    } else if normal == alone && decomposed == alone && folded == alone && !record.joins {
        Kind::Mark(ranks.of(c))
    } else {
        Kind::Slow(record)
    })
}

/// The classes of the core, one bit each, in the order of `text/class.rs`.
fn class(c: char) -> u16 {
    let category = category(c);
    let script = CodePointMapData::<Script>::new().get(c);
    let letter = GeneralCategoryGroup::Letter.contains(category);
    let mark = GeneralCategoryGroup::Mark.contains(category);
    let question = matches!(c, '?' | '？' | '؟' | '⁇' | '❓' | '❔');
    let bits = [
        is_white_space(c),
        letter,
        letter || mark || GeneralCategoryGroup::Number.contains(category),
        mark,
        category == GeneralCategory::NonspacingMark,
        category == GeneralCategory::DashPunctuation,
        [
            Script::Thai,
            Script::Lao,
            Script::Khmer,
            Script::Myanmar,
            Script::Han,
            Script::Hiragana,
            Script::Katakana,
            Script::Hangul,
        ]
        .contains(&script),
        letter && [Script::Latin, Script::Greek, Script::Cyrillic].contains(&script),
        question,
        !question
            && (is_white_space(c)
                || category == GeneralCategory::Format
                || CodePointSetData::new::<VariationSelector>().contains(c)
                || category == GeneralCategory::OtherSymbol
                || c == '\u{20E3}'
                || CodePointSetData::new::<ExtendedPictographic>().contains(c)
                || CodePointSetData::new::<EmojiModifier>().contains(c)
                || CodePointSetData::new::<RegionalIndicator>().contains(c)),
    ];
    bits.into_iter().enumerate().map(|(bit, set)| u16::from(set) << bit).sum()
}

/// A table cut into blocks of 64, equal blocks kept once.
struct Trie {
    index: Vec<u16>,
    blocks: Vec<Vec<u16>>,
}

fn trie(value: &dyn Fn(u32) -> u16) -> Result<Trie, Box<dyn Error>> {
    let outside = (LOW..HIGH).chain(HIGH_END..0x11_0000);
    if let Some(code) = outside.into_iter().find(|&code| value(code) != 0) {
        return Err(format!("U+{code:X} is outside the tables, and has something to say").into());
    }
    let mut seen = BTreeMap::new();
    let mut trie = Trie { index: Vec::new(), blocks: Vec::new() };
    for start in (0..LOW).chain(HIGH..HIGH_END).step_by(64) {
        let block: Vec<u16> = (start..start + 64).map(value).collect();
        let at = *seen.entry(block.clone()).or_insert_with(|| {
            trie.blocks.push(block);
            trie.blocks.len() - 1
        });
        trie.index.push(u16::try_from(at)?);
    }
    Ok(trie)
}

/// The texts of all records in one string, each kept once.
#[derive(Default)]
struct Pool {
    text: String,
    at: BTreeMap<String, usize>,
}

impl Pool {
    /// Takes all texts, the longest first, so that a short one can stand inside a long one.
    fn new(texts: BTreeSet<&String>) -> Self {
        let mut texts: Vec<&String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.sort_by_key(|text| (std::cmp::Reverse(text.len()), text.as_str()));
        let mut pool = Self::default();
        for text in texts {
            let at = pool.text.find(text.as_str()).unwrap_or_else(|| {
                pool.text.push_str(text);
                pool.text.len() - text.len()
            });
            pool.at.insert(text.clone(), at);
        }
        pool
    }

    fn span(&self, text: &str) -> (usize, usize) {
        (self.at.get(text).copied().unwrap_or(0), text.len())
    }
}

fn generate() -> Result<String, Box<dyn Error>> {
    let data = Data {
        nfkd: DecomposingNormalizer::new_nfkd(),
        nfc: ComposingNormalizer::new_nfc(),
        case: CaseMapper::new(),
        classes: CanonicalCombiningClassMap::new(),
    };
    let pairs = compositions()?;
    let seconds: BTreeSet<char> = pairs.keys().map(|&(_, second)| second).collect();
    let ranks = Ranks::new(|c| data.ccc(c));
    let mark_end = ranks.end()?;

    let mut kinds = BTreeMap::new();
    for c in '\0'..=char::MAX {
        // Hangul syllables are plain, and decompose by arithmetic.
        let hangul = ('\u{AC00}'..='\u{D7A3}').contains(&c);
        kinds.insert(c, if hangul { Kind::Plain(None) } else { kind(&data, &ranks, &seconds, c)? });
    }
    check_accents(&data, &kinds)?;

    // 0 is plain and has no record, and a mark is its rank. Then come the numbers of the records, kind after
    // kind, so that a comparison tells the kind.
    let mut records: Vec<&Record> = Vec::new();
    let mut numbers: BTreeMap<(u8, &Record), u16> = BTreeMap::new();
    let mut ends = [0; 3];
    for (order, end) in ends.iter_mut().enumerate() {
        let order = u8::try_from(order)?;
        for record in kinds.values().filter_map(|kind| numbered(kind)).filter(|entry| entry.0 == order) {
            if let Entry::Vacant(vacant) = numbers.entry(record) {
                records.push(record.1);
                vacant.insert(mark_end - 1 + u16::try_from(records.len())?);
            }
        }
        *end = usize::from(mark_end) + records.len();
    }
    if ends[2] > usize::from(SPACE) {
        return Err("too many records".into());
    }
    let value = |code: u32| -> u16 {
        match char::from_u32(code).and_then(|c| kinds.get(&c)) {
            None => 0,
            Some(Kind::Mark(rank)) => *rank,
            Some(Kind::Space) => SPACE,
            Some(Kind::Drop) => DROP,
            Some(kind) => numbered(kind).and_then(|key| numbers.get(&key)).copied().unwrap_or(0),
        }
    };
    let forms = trie(&value)?;

    let sets: BTreeSet<u16> = ('\0'..=char::MAX).map(class).collect();
    let sets: Vec<u16> = sets.into_iter().collect();
    let classes = trie(&|code| {
        let set = char::from_u32(code).map_or(0, class);
        sets.iter().position(|&other| other == set).and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
    })?;
    if classes.blocks.iter().flatten().any(|&at| at > 255) {
        return Err("too many classes".into());
    }

    let pool =
        Pool::new(records.iter().flat_map(|record| [&record.decomposed, &record.folded, &record.normal]).collect());
    if pool.text.len() > usize::from(u16::MAX) {
        return Err("the pool is too large".into());
    }
    let Some(Kind::Slow(sara_am)) = kinds.get(&'\u{E33}') else {
        return Err("U+0E33 does not need what it stands in".into());
    };
    render(&Rendered {
        mark_end,
        rank_classes: ranks.classes(),
        sara_am: numbers.get(&(2, sara_am)).copied().ok_or("U+0E33 has no record")?,
        forms: &forms,
        classes: &classes,
        sets: &sets,
        records: &records,
        ends,
        pool: &pool,
        pairs: &pairs,
    })
}

/// The record of a kind, with the place of the kind in the numbering.
fn numbered(kind: &Kind) -> Option<(u8, &Record)> {
    match kind {
        Kind::Plain(record) => record.as_ref().map(|record| (0, record)),
        Kind::Map(record) => Some((1, record)),
        Kind::Slow(record) => Some((2, record)),
        Kind::Mark(_) | Kind::Space | Kind::Drop => None,
    }
}

/// What the fast way of N5 takes for granted: a letter that normalising leaves alone opens into a letter of the same
/// three scripts and marks of category Mn, or not at all; and nothing else opens into such a letter.
fn check_accents(data: &Data, kinds: &BTreeMap<char, Kind>) -> Result<(), Box<dyn Error>> {
    const ACCENTED: u16 = 1 << 7;
    const NONSPACING: u16 = 1 << 4;
    for (&c, kind) in kinds {
        let Kind::Plain(Some(_)) = kind else { continue };
        let opened = data.decompose(&c.to_string());
        let mut parts = opened.chars();
        let first = parts.next().map_or(0, class);
        let accented = first & ACCENTED != 0;
        if accented != (class(c) & ACCENTED != 0) || (accented && parts.any(|part| class(part) & NONSPACING == 0)) {
            return Err(format!("{c:?} breaks what N5 takes for granted").into());
        }
    }
    Ok(())
}
