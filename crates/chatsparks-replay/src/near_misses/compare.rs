//! Where a text goes on as a word does but for one edit.

/// Ends, in characters, of the beginnings of `text` that differ from `word` by one edit: a character wrong, missing, too
/// many, or two the other way round. What is the same is no edit.
///
/// `admits` is asked of the characters that an edit takes or brings.
pub(super) fn one_edit(word: &[char], text: &[char], admits: &impl Fn(Edit) -> bool) -> impl Iterator<Item = usize> {
    let same = word.iter().zip(text).take_while(|(one, other)| one == other).count();
    let (word_rest, text_rest) = (&word[same..], &text[same..]);
    let starts = |text: Option<&[char]>, word: Option<&[char]>| match (text, word) {
        (Some(text), Some(word)) => text.starts_with(word),
        _ => false,
    };
    let mut ends = [None; 4];
    // At the end of the word nothing is wrong yet: what comes after is not part of it.
    if let Some(&missing) = word_rest.first() {
        let found = text_rest.first().copied();
        let edit = |missing: Option<char>, found| Edit { missing, found, at: same };
        if starts(text_rest.get(1..), word_rest.get(1..)) && admits(edit(Some(missing), found)) {
            ends[0] = Some(word.len());
        }
        if starts(Some(text_rest), word_rest.get(1..)) && admits(edit(Some(missing), None)) {
            ends[1] = Some(word.len() - 1);
        }
        if starts(text_rest.get(1..), Some(word_rest)) && admits(edit(None, found)) {
            ends[2] = Some(word.len() + 1);
        }
        if let ([one, two, ..], [other, another, ..]) = (word_rest, text_rest)
            && (one, two) == (another, other)
            && starts(text_rest.get(2..), word_rest.get(2..))
            && admits(edit(Some(*one), Some(*other)))
        {
            ends[3] = Some(word.len());
        }
    }
    ends.into_iter().flatten()
}

/// What one edit takes away and brings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    /// The character of the word that is not there, or stands elsewhere.
    pub(super) missing: Option<char>,
    /// The character that is there in its place, or too many.
    pub(super) found: Option<char>,
    /// How many characters before it are as they should be.
    pub(super) at: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(word: &str, text: &str) -> Vec<usize> {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let mut ends: Vec<usize> = one_edit(&chars(word), &chars(text), &|_| true).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    #[test]
    fn an_edit_is_one_character_wrong_missing_too_many_or_two_turned_round() {
        assert_eq!(ends("price", "prise!"), [5]);
        assert_eq!(ends("price", "prce!"), [4]);
        // Where the word stops is for whoever asks to tell.
        assert_eq!(ends("price", "pricce!"), [4, 5, 6]);
        assert_eq!(ends("price", "pirce!"), [5]);
        assert_eq!(ends("price", "rice"), [4]);
        assert_eq!(ends("price", "xprice"), [6]);
        assert_eq!(ends("price", "pric"), [4]);
        for no in ["price", "prices", "prx", "", "pirec", "xyz"] {
            assert!(ends("price", no).is_empty(), "{no}");
        }
    }
}
