//! The words of all triggers, indexed by what is left of them after an edit.

use super::{
    NearMissKind,
    change::{Change, lists},
    compare::{Edit, one_edit},
};
use aho_corasick::AhoCorasick;
use chatsparks_core::{
    Comment, Engine,
    text::{Normaliser, Variant, is_letter_number_or_mark, is_mark, is_unspaced_script, vary},
    workspace::{MatchMode, TriggerStatus, Workspace},
};
use std::collections::BTreeMap;

/// Characters of a comment that are matched (N10).
const MATCHED: usize = 10_000;
/// Words are looked for by an edit from this many characters on; one of a character less has too many neighbours.
const LEAST: usize = 4;
/// Where no space tells words apart, from this many on; shorter ones may only differ in their marks.
const LEAST_UNSPACED: usize = 6;
/// A longer word that a keyword is part of has at most so many characters more.
const ENDING: usize = 6;

const ACCENTS: Variant = Variant { ignore_accents: true, squeeze: false };
const SQUEEZED: Variant = Variant { ignore_accents: false, squeeze: true };

/// One keyword of one trigger.
struct Word<'w> {
    trigger: usize,
    /// Which list of its condition it stands in.
    group: usize,
    written: &'w str,
    /// As it is compared, but for squeezing.
    chars: Vec<char>,
    /// Whether it has accents that are not ignored.
    is_accented: bool,
    mode: MatchMode,
}

/// A comment that almost has a keyword.
pub(super) struct Near<'a> {
    pub(super) trigger: usize,
    pub(super) group: usize,
    pub(super) kind: NearMissKind,
    /// The keyword, as the workspace has it.
    pub(super) almost: &'a str,
    pub(super) change: Change,
}

/// Every keyword of every active trigger, in automata of what is looked for.
pub(super) struct Index<'w> {
    words: Vec<Word<'w>>,
    /// Of lists that keep accents: halves, and whole words.
    plain: Table,
    /// Of lists that ignore them, the same.
    bare: Table,
    /// Whole words of lists that keep accents, without them.
    without_accents: Table,
    /// Whole words of lists that squeeze nothing, squeezed.
    squeezed: Table,
}

/// What of a word a pattern is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    First,
    Second,
    /// The whole word, with the characters turned round where its halves meet.
    Turned,
}

/// Texts in one automaton, and whose each is.
struct Table {
    automaton: Option<AhoCorasick>,
    owners: Vec<Vec<(u32, Part)>>,
}

impl Table {
    fn of(texts: BTreeMap<String, Vec<(u32, Part)>>) -> Self {
        let (texts, owners): (Vec<String>, Vec<_>) = texts.into_iter().filter(|(text, _)| !text.is_empty()).unzip();
        // The bounds of a workspace keep it well within the automaton's; what fails finds nothing.
        let automaton = if texts.is_empty() { None } else { AhoCorasick::new(&texts).ok() };
        Self { automaton, owners }
    }

    /// Calls back with everything that stands in a text: whose it is, and from which byte to which.
    fn each(&self, text: &str, mut visit: impl FnMut(usize, Part, usize, usize)) {
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text)) {
            for &(word, part) in &self.owners[found.pattern().as_usize()] {
                visit(word as usize, part, found.start(), found.end());
            }
        }
    }
}

/// A text by its characters, and where each begins.
struct Spelled {
    chars: Vec<char>,
    /// For each byte, the character that begins there.
    at: Vec<u32>,
}

impl Spelled {
    fn of(text: &str) -> Self {
        let mut at = vec![0; text.len() + 1];
        let chars: Vec<char> = text.chars().collect();
        text.char_indices().zip(0..).for_each(|((byte, _), place)| at[byte] = place);
        at[text.len()] = chars.len() as u32;
        Self { chars, at }
    }

    fn place(&self, byte: usize) -> usize {
        self.at[byte] as usize
    }

    fn part(&self, from: usize, to: usize) -> String {
        self.chars[from..to].iter().collect()
    }

    /// Whether what stands from one place to another is a word by itself (N3, N4).
    fn stands_alone(&self, from: usize, to: usize) -> bool {
        self.chars.get(to).is_none_or(|next| !is_mark(*next)) && !self.is_glued(from) && !self.is_glued(to)
    }

    /// N4: whether letters, numbers or marks meet at a place, of scripts that are written with spaces.
    fn is_glued(&self, place: usize) -> bool {
        let joins = |c: &char| is_letter_number_or_mark(*c) && !is_unspaced_script(*c);
        place > 0 && self.chars.get(place - 1).is_some_and(joins) && self.chars.get(place).is_some_and(joins)
    }
}

impl<'w> Index<'w> {
    pub(super) fn of(workspace: &'w Workspace) -> Self {
        let mut normaliser = Normaliser::new();
        let mut words = Vec::new();
        let mut tables: [BTreeMap<String, Vec<(u32, Part)>>; 4] = Default::default();
        let active =
            |(_, trigger): &(usize, &chatsparks_core::workspace::Trigger)| trigger.status == TriggerStatus::Active;
        for (place, trigger) in workspace.triggers.iter().enumerate().filter(active) {
            let mut groups = Vec::new();
            lists(&trigger.when, &mut groups);
            for (group, keywords) in groups.into_iter().enumerate() {
                for written in &keywords.words {
                    let mut read = String::new();
                    normaliser.normalise_into(written, &mut read);
                    let number = words.len() as u32;
                    let [plain, bare, without_accents, squeezed] = &mut tables;
                    let put = |table: &mut BTreeMap<String, Vec<_>>, text: String, part| {
                        table.entry(text).or_default().push((number, part));
                    };
                    let without = vary(&read, ACCENTS);
                    let is_accented = !keywords.ignore_accents && without != read;
                    if !keywords.ignore_accents {
                        put(without_accents, without, Part::Whole);
                    } else {
                        read = without;
                    }
                    if !keywords.squeeze {
                        put(squeezed, vary(&read, SQUEEZED), Part::Whole);
                    }
                    let own = if keywords.ignore_accents { bare } else { plain };
                    let chars: Vec<char> = read.chars().collect();
                    for (part, text) in parts(&chars) {
                        put(own, text, part);
                    }
                    words.push(Word { trigger: place, group, written, chars, is_accented, mode: keywords.mode });
                }
            }
        }
        let [plain, bare, without_accents, squeezed] = tables.map(Table::of);
        Self { words, plain, bare, without_accents, squeezed }
    }

    /// Calls back with everything that a comment almost has, of triggers in whose scope it stands.
    pub(super) fn each(&self, engine: &Engine, comment: &Comment, mut visit: impl FnMut(Near<'_>)) {
        let text = comment.text.as_str();
        let text = text.char_indices().nth(MATCHED).map_or(text, |(end, _)| &text[..end]);
        let plain = chatsparks_core::text::normalise(text);
        let triggers = &engine.workspace().triggers;
        let mut tell = |word: &Word<'_>, kind, change| {
            if engine.is_in_scope(triggers[word.trigger].id.as_str(), comment.post_id.as_str()) {
                visit(Near { trigger: word.trigger, group: word.group, kind, almost: word.written, change });
            }
        };
        let bare = vary(&plain, ACCENTS);
        let squeezed = vary(&plain, SQUEEZED);
        // Where neither the text nor the word changes, it has the word as it is, or not at all.
        let differs = |word: &Word<'_>| word.is_accented || bare != plain;
        self.loosened(&self.without_accents, &bare, NearMissKind::Accents, "ignore_accents", &differs, &mut tell);
        if squeezed != plain {
            self.loosened(&self.squeezed, &squeezed, NearMissKind::Elongated, "squeeze", &|_| true, &mut tell);
        }
        self.beside(&self.plain, &plain, &mut tell);
        self.beside(&self.bare, &bare, &mut tell);
        self.look_alike(&plain, &mut tell);
    }

    /// Words that stand in a text once an option is switched on.
    fn loosened(
        &self,
        table: &Table,
        text: &str,
        kind: NearMissKind,
        option: &'static str,
        differs: &impl Fn(&Word<'_>) -> bool,
        tell: &mut impl FnMut(&Word<'_>, NearMissKind, Change),
    ) {
        table.each(text, |word, _, _, end| {
            if !text[end..].starts_with(is_mark) && differs(&self.words[word]) {
                tell(&self.words[word], kind, Change::Set(option));
            }
        });
    }

    /// Words that are one edit away, and words that others are part of.
    fn beside(&self, table: &Table, text: &str, tell: &mut impl FnMut(&Word<'_>, NearMissKind, Change)) {
        let spelled = Spelled::of(text);
        let mut reversed: Option<Vec<char>> = None;
        table.each(text, |number, part, start, end| {
            let word = &self.words[number];
            let (start, end) = (spelled.place(start), spelled.place(end));
            let middle = word.chars.len() / 2;
            let mut found = |from: usize, to: usize, kind| {
                if (word.mode != MatchMode::StartsWith || from == 0)
                    && (word.mode != MatchMode::Exact || (from == 0 && to == spelled.chars.len()))
                    && spelled.stands_alone(from, to)
                    && is_telling(&spelled.chars[from..to])
                {
                    tell(word, kind, Change::Add(spelled.part(from, to)));
                }
            };
            match part {
                Part::Whole => {
                    if let Some((from, to)) = longer(word, &spelled, start, end) {
                        found(from, to, NearMissKind::Glued);
                    }
                }
                Part::Turned => {
                    let [one, other] = [word.chars[middle - 1], word.chars[middle]];
                    if is_near(word, Edit { missing: Some(one), found: Some(other), at: middle - 1 }) {
                        found(start, end, NearMissKind::OneEdit);
                    }
                }
                Part::First => {
                    let admits = |edit: Edit| is_near(word, Edit { at: middle + edit.at, ..edit });
                    one_edit(&word.chars[middle..], &spelled.chars[end..], &admits)
                        .for_each(|length| found(start, end + length, NearMissKind::OneEdit));
                }
                Part::Second => {
                    let reversed = reversed.get_or_insert_with(|| spelled.chars.iter().rev().copied().collect());
                    let before: Vec<char> = word.chars[..middle].iter().rev().copied().collect();
                    // Counted from the other side, and from what is missing or too many.
                    let admits = |edit: Edit| is_near(word, Edit { at: (middle - edit.at).saturating_sub(1), ..edit });
                    one_edit(&before, &reversed[spelled.chars.len() - start..], &admits)
                        .for_each(|length| found(start - length, end, NearMissKind::OneEdit));
                }
            }
        });
    }

    /// Words in letters of another script that look like theirs.
    fn look_alike(&self, text: &str, tell: &mut impl FnMut(&Word<'_>, NearMissKind, Change)) {
        if text.is_ascii() {
            return;
        }
        let read = Spelled::of(&text.chars().map(latin_like).collect::<String>());
        let spelled = Spelled::of(text);
        if read.chars == spelled.chars {
            return;
        }
        let latin: String = read.chars.iter().collect();
        self.plain.each(&latin, |number, part, start, end| {
            let (start, end) = (read.place(start), read.place(end));
            let is_other = part == Part::Whole && read.chars[start..end] != spelled.chars[start..end];
            if is_other && spelled.stands_alone(start, end) {
                tell(&self.words[number], NearMissKind::LookAlike, Change::Add(spelled.part(start, end)));
            }
        });
    }
}

/// The parts of a word of which one is left as it is by any edit.
fn parts(chars: &[char]) -> Vec<(Part, String)> {
    let whole: String = chars.iter().collect();
    if chars.len() < LEAST {
        return vec![(Part::Whole, whole)];
    }
    let middle = chars.len() / 2;
    let mut turned = chars.to_vec();
    turned.swap(middle - 1, middle);
    let [first, second] = [&chars[..middle], &chars[middle..]].map(|part| part.iter().collect::<String>());
    let mut parts = vec![(Part::First, first), (Part::Second, second)];
    if turned != chars {
        parts.push((Part::Turned, turned.iter().collect()));
    }
    parts.push((Part::Whole, whole));
    parts
}

/// Whether an edit of a word is small enough for it.
fn is_near(word: &Word<'_>, edit: Edit) -> bool {
    let changed = || [edit.missing, edit.found].into_iter().flatten();
    // Another number is another thing; a word in two is two.
    if changed().any(|c| c.is_ascii_digit() || c == ' ') {
        return false;
    }
    let length = word.chars.len();
    if word.chars.iter().any(|c| is_unspaced_script(*c)) {
        // Where no space ends a word, what is left of it at an edge says nothing of the edge.
        let is_within = edit.at > 0 && edit.at + 1 < length;
        return changed().all(is_mark) || (length >= LEAST_UNSPACED && is_within);
    }
    // Of four letters with another one most are other words.
    length > LEAST || edit.missing.is_none() || edit.found.is_none() || changed().all(|c| word.chars.contains(&c))
}

/// Whether what a buyer wrote can be a keyword: nothing is left out at its edges, and it is not all too short. Where
/// marks are characters, one may be lost.
fn is_telling(fragment: &[char]) -> bool {
    let least = if fragment.iter().any(|c| is_unspaced_script(*c)) { LEAST - 1 } else { LEAST };
    fragment.len() >= least
        && fragment.first().is_some_and(|first| !is_mark(*first) && *first != ' ')
        && fragment.last() != Some(&' ')
}

/// The word that a keyword is the beginning of, where it has to stand alone and does not: buyers add endings.
fn longer(word: &Word<'_>, text: &Spelled, start: usize, end: usize) -> Option<(usize, usize)> {
    if word.mode != MatchMode::Word || text.is_glued(start) || !text.is_glued(end) || word.chars.len() < LEAST {
        return None;
    }
    let mut to = end;
    while text.is_glued(to) {
        to += 1;
    }
    (to - end <= ENDING).then_some((start, to))
}

/// The Latin letter that looks like a letter of another script.
fn latin_like(c: char) -> char {
    match c {
        'а' | 'α' | 'ɑ' | 'ᴀ' => 'a',
        'в' | 'β' | 'ʙ' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'ᴅ' => 'd',
        'е' | 'ε' | 'ҽ' | 'ᴇ' => 'e',
        'ɡ' | 'ɢ' => 'g',
        'һ' | 'ʜ' | 'н' => 'h',
        'і' | 'ι' | 'ı' | 'ɪ' => 'i',
        'ј' | 'ᴊ' => 'j',
        'к' | 'κ' | 'ᴋ' => 'k',
        'ʟ' | 'ӏ' => 'l',
        'м' | 'ᴍ' => 'm',
        'η' | 'ɴ' | 'п' => 'n',
        'о' | 'ο' | 'ᴏ' | 'օ' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'ʀ' | 'г' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' | 'ᴛ' => 't',
        'υ' | 'ᴜ' | 'ц' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ʏ' => 'y',
        'ᴢ' => 'z',
        other => other,
    }
}
