//! Text that is not markup.

use std::fmt::{self, Display, Write};

/// Something that somebody named, as text of a page or of an attribute: nothing in it is taken for markup, and nothing
/// that is not seen turns the direction of what stands around it.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(out), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| match c {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            // What turns directions, and controls, which HTML has no place for.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Ok(()),
            c if c.is_control() => self.0.write_char(' '),
            c => self.0.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_markup() {
        let odd = "<script>\"a\" & 'b'</script>\u{202e}\u{0}\n";
        assert_eq!(Escaped(odd).to_string(), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;  ");
    }
}
