//! Normalisation and the characters of the rules: N1, N5, N6, N8 and what N3, N4 and F3 ask of a character.
//!
//! Everything here comes from Unicode tables of our own, generated from ICU4X by `cargo xtask unicode` and committed,
//! so that an embedder's build decides as ours does (fine print on N1). [`UNICODE_VERSION`] is their version.
//!
//! ```
//! use chatsparks_core::text::{Variant, normalise, vary};
//!
//! assert_eq!(normalise("  ＰＲＩＣＥ\u{200B}\t? "), "price ?");
//! let variant = Variant { ignore_accents: true, squeeze: true };
//! assert_eq!(vary(&normalise("Giáááá ĐẸP"), variant), "gia dep");
//! ```

mod bare;
mod class;
mod form;
mod mapped;
mod normalise;
mod slow;
mod tables;
#[cfg(test)]
mod tests;
mod thai;
mod vary;
mod word;

pub(crate) use bare::bare;
pub(crate) use class::before_ornaments;
pub use class::{
    ends_with_question_mark, is_dash, is_letter, is_letter_number_or_mark, is_mark, is_unspaced_script, is_white_space,
    trim,
};
pub use mapped::{Mapped, normalise_mapped};
pub use normalise::Normaliser;
pub(crate) use vary::varies_into;
pub use vary::{Variant, vary_into};

/// The version of the Unicode Standard that the tables follow (N1). It is part of every digest.
pub const UNICODE_VERSION: &str = tables::UNICODE_VERSION;

/// `normalise(text)` (N1): NFKC; format characters (Cf) and what is ignored by default dropped; full case folding;
/// NFKC again; decimal digits of every script read as `0` to `9`, and `‘ ’ ʼ` as `'`; Thai in order, as people type it;
/// every run of white space one space; trimmed.
///
/// The result is in NFKC, and normalising it again changes nothing. Takes time linear in the length of the text, whatever it holds, up to the sorting of long runs of marks.
pub fn normalise(text: &str) -> String {
    let mut out = String::new();
    normalise_into(text, &mut out);
    out
}

/// Writes [`normalise`]`(text)` (N1) over `out`. Does not allocate when `out` has room, unless more than about thirty
/// combining marks follow one another; a [`Normaliser`] that is kept does not even then.
pub fn normalise_into(text: &str, out: &mut String) {
    Normaliser::new().normalise_into(text, out);
}

/// `normalised` with N5 and then N6 as `variant` says; see [`vary_into`].
pub fn vary(normalised: &str, variant: Variant) -> String {
    let mut out = String::new();
    vary_into(normalised, variant, &mut out);
    out
}

/// Full case folding alone, not the Turkic one: for comparing without case what is not matched (V7, W1).
pub fn fold_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        form::fold(c, |folded| out.push(folded));
    }
    out
}

/// Whether `text` is blank: it normalises to nothing (F3).
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| matches!(form::Form::of(c).kind(), form::Kind::Space | form::Kind::Drop))
}
