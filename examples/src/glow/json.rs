//! JSON with its fields in the order they are written, one line or laid out for people.

use std::fmt::Write as _;

/// A JSON value, held as its own compact text.
#[derive(Clone)]
pub(crate) struct Json(String);

impl Json {
    /// A value that is JSON already.
    pub(crate) fn raw(text: String) -> Self {
        Self(text)
    }
    /// The compact text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text.
pub(crate) fn text(text: &str) -> Json {
    // serde_json writes a text into a `String` without fail; `Value` is the path without a `Result`.
    Json(serde_json::Value::from(text).to_string())
}

/// A whole number.
pub(crate) fn number(number: i64) -> Json {
    Json(number.to_string())
}

/// A yes or no.
pub(crate) fn flag(flag: bool) -> Json {
    Json(flag.to_string())
}

/// A list.
pub(crate) fn list(values: impl IntoIterator<Item = Json>) -> Json {
    let mut out = String::from("[");
    for (position, value) in values.into_iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}", value.0);
    }
    out.push(']');
    Json(out)
}

/// A list of texts.
pub(crate) fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Json {
    list(values.into_iter().map(text))
}

/// An object, its fields in this order.
pub(crate) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let mut out = String::from("{");
    for (position, (name, value)) in fields.into_iter().enumerate() {
        let comma = if position == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}:{}", text(name).0, value.0);
    }
    out.push('}');
    Json(out)
}

/// Lays a document out for people: what fits on a line of `width` columns stands on one.
pub(crate) fn layout(json: &Json, width: usize) -> String {
    let mut out = String::new();
    lay(&json.0, 0, 0, width, &mut out);
    out.push('\n');
    out
}

/// Lays out one value that begins at `column` of a line indented by `indent`.
fn lay(value: &str, indent: usize, column: usize, width: usize, out: &mut String) {
    let flat = spaced(value);
    if column + flat.chars().count() < width || !value.starts_with(['{', '[']) {
        return out.push_str(&flat);
    }
    let (open, close) = value.split_at(1);
    let inside = &close[..close.len() - 1];
    out.push_str(open);
    for (position, part) in parts(inside, b',').into_iter().enumerate() {
        out.push_str(if position == 0 { "\n" } else { ",\n" });
        let deeper = indent + 2;
        out.extend(std::iter::repeat_n(' ', deeper));
        match (open, parts(part, b':').as_slice()) {
            ("{", [name, rest]) => {
                let _ = write!(out, "{name}: ");
                lay(rest, deeper, deeper + name.chars().count() + 2, width, out);
            }
            _ => lay(part, deeper, deeper, width, out),
        }
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(&close[close.len() - 1..]);
}

/// The parts of a list, an object or a field: cut at `separator` outside of texts and inner brackets.
fn parts(inside: &str, separator: u8) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut start) = (0, false, false, 0);
    let mut found = Vec::new();
    for (position, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ if byte == separator && depth == 0 => {
                found.push(&inside[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    if start < inside.len() {
        found.push(&inside[start..]);
    }
    found
}

/// The value on one line, with a space after each `:` and `,` and inside braces.
fn spaced(value: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut out = String::with_capacity(value.len() * 5 / 4);
    for (position, character) in value.char_indices() {
        if !quoted && character == '}' && !value[..position].ends_with('{') {
            out.push(' ');
        }
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ':' | ',' if !quoted => out.push(' '),
            '{' if !quoted && !value[position + 1..].starts_with('}') => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_on_one_line() {
        let value = object([("id", text("a,\"b")), ("list", texts(["{x}", "y:z"])), ("none", list([]))]);
        assert_eq!(layout(&value, 80), "{ \"id\": \"a,\\\"b\", \"list\": [\"{x}\", \"y:z\"], \"none\": [] }\n");
        assert_eq!(
            layout(&value, 30),
            "{\n  \"id\": \"a,\\\"b\",\n  \"list\": [\"{x}\", \"y:z\"],\n  \"none\": []\n}\n"
        );
    }
}
