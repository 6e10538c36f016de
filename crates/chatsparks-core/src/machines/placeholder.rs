//! Placeholders: `{{handle}}` and `{{field}}` in what the bot says (F8).

use crate::{
    Contact,
    matching::text::{is_blank, trim},
};

/// A DM's text is cut here, in characters.
const TEXT_CHARACTERS: usize = 6_000;

/// Puts in what is known, once; what is not known becomes nothing, and a blank text becomes `…`.
pub(crate) fn expand(text: &str, contact: Option<&Contact>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        out.push_str(before);
        out.push_str(value(trim(name), contact));
        rest = after;
    }
    out.push_str(rest);
    if out.len() > TEXT_CHARACTERS
        && let Some((end, _)) = out.char_indices().nth(TEXT_CHARACTERS)
    {
        out.truncate(end);
    }
    if is_blank(&out) { "…".to_owned() } else { out }
}

/// The names of the placeholders in a text, spaces inside the braces set aside.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(trim(name))
    })
}

/// The first `{{…}}` with no brace inside: what stands before it, its name, and what comes after.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        if !text[open + 1..].starts_with('{') {
            from = open + 1;
            continue;
        }
        let inside = &text[open + 2..];
        let brace = inside.find(['{', '}'])?;
        if inside[brace..].starts_with("}}") {
            return Some((&text[..open], &inside[..brace], &inside[brace + 2..]));
        }
        from = open + 1;
    }
}

fn value<'a>(name: &str, contact: Option<&'a Contact>) -> &'a str {
    let Some(contact) = contact else { return "" };
    // A field called `handle` is hidden by the handle.
    if name == "handle" {
        return contact.handle().unwrap_or("");
    }
    contact.field(name).map_or("", |text| text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContactChange, UserId};

    #[test]
    fn f8_placeholders_are_expanded_once() {
        let mut mint = Contact::new(UserId::from("u1"));
        mint.apply(&ContactChange::Handle("mint".into()));
        mint.apply(&ContactChange::Captured("size".into(), "{{handle}}".into()));
        for (text, wanted) in [
            ("Hi {{handle}}!", "Hi mint!"),
            ("Hi {{ handle }}!", "Hi mint!"),
            ("{{size}}", "{{handle}}"),
            ("a{{nothing}}b", "ab"),
            ("{{nothing}}", "…"),
            ("{{{handle}}}", "{mint}"),
            ("{{handle", "{{handle"),
            ("{handle}", "{handle}"),
            ("{{}}x", "x"),
            ("{{ {{handle}}", "{{ mint"),
        ] {
            assert_eq!(expand(text, Some(&mint)), wanted, "{text}");
        }
        assert_eq!(expand("Hi {{handle}}!", None), "Hi !");
        assert_eq!(expand(&"x".repeat(6_001), None).len(), 6_000);
    }
}
