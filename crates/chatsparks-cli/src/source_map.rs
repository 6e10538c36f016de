//! Where a path of a workspace document stands in its text.
//!
//! The core names places by path, such as `flows[0].blocks[2].goto`, and never sees the text. Here the
//! text is parsed a second time, with spans, and only when there is something to show.

use chatsparks_replay::Format;
use jsonc_parser::{ast, common::Ranged};
use std::ops::Range;
use toml::{Spanned, de::DeTable, de::DeValue};

/// The parsed text of a document, every value with its span.
pub(crate) enum SourceMap<'t> {
    Json(ast::Value<'t>),
    Toml(Box<Spanned<DeTable<'t>>>),
    /// The text does not parse: no path has a place.
    Nothing,
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'t> SourceMap<'t> {
    /// Parses the text of a document for its spans.
    pub(crate) fn new(text: &'t str, format: Format) -> Self {
        match format {
            Format::Json => {
                let parsed = jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict());
                parsed.ok().and_then(|parsed| parsed.value).map_or(Self::Nothing, Self::Json)
            }
            Format::Toml => DeTable::parse(text).map_or(Self::Nothing, |table| Self::Toml(Box::new(table))),
        }
    }

    /// The span of what a path names, in bytes; what the document lacks is at its nearest ancestor.
    ///
    /// A table or list is long, so its name stands for it where it has one; for an item of a list its id.
    pub(crate) fn span(&self, path: &str) -> Option<Range<usize>> {
        self.place(path).map(|place| place.shown)
    }

    /// The span of a value, if the document has just that one.
    pub(crate) fn value_span(&self, path: &str) -> Option<Range<usize>> {
        self.place(path).filter(|place| place.exact).map(|place| place.shown)
    }

    /// The span of the name of a value, if the document has just that one.
    pub(crate) fn name_span(&self, path: &str) -> Option<Range<usize>> {
        self.place(path).filter(|place| place.exact).and_then(|place| place.name)
    }

    fn place(&self, path: &str) -> Option<Place> {
        let steps = steps(path);
        match self {
            Self::Json(root) => Some(place_in_json(root, &steps)),
            Self::Toml(root) => place_in_toml(root, &steps),
            Self::Nothing => None,
        }
    }
}

/// Where a path leads.
struct Place {
    /// What is shown of it.
    shown: Range<usize>,
    /// Its name, where it has one.
    name: Option<Range<usize>>,
    /// Whether every step of the path could be taken.
    exact: bool,
}

/// JSON as serde_json reads it, and nothing looser.
pub(crate) fn strict() -> jsonc_parser::ParseOptions {
    jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn place_in_json(root: &ast::Value<'_>, steps: &[Step<'_>]) -> Place {
    let mut value = root;
    let range = root.range();
    let mut place = Place { shown: range.start..range.end, name: None, exact: true };
    for step in steps {
        let next = match (step, value) {
            (Step::Name(name), ast::Value::Object(object)) => object
                .properties
                .iter()
                .find(|property| property.name.as_str() == *name)
                .map(|property| (&property.value, Some(property.name.range()))),
            (Step::Index(index), ast::Value::Array(array)) => array.elements.get(*index).map(|value| (value, None)),
            _ => None,
        };
        let Some((next, name)) = next else {
            place.exact = false;
            break;
        };
        value = next;
        let range = match (value, name) {
            (ast::Value::Object(_) | ast::Value::Array(_), Some(name)) => name,
            (ast::Value::Object(object), None) => {
                let id = object.properties.iter().find(|property| property.name.as_str() == "id");
                id.map_or(object.range, |id| id.range)
            }
            _ => value.range(),
        };
        place.shown = range.start..range.end;
        place.name = name.map(|name| name.start..name.end);
    }
    place
}

fn place_in_toml(root: &Spanned<DeTable<'_>>, steps: &[Step<'_>]) -> Option<Place> {
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    let mut place: Option<Place> = None;
    for step in steps {
        let named = |table: &'_ DeTable<'_>, name: &str| table.get_key_value(name).map(|(name, _)| name.span());
        let next = match (step, value.map(Spanned::get_ref)) {
            (Step::Name(name), None) => root.get_ref().get(*name).map(|next| (next, named(root.get_ref(), name))),
            (Step::Name(name), Some(DeValue::Table(table))) => table.get(*name).map(|next| (next, named(table, name))),
            (Step::Index(index), Some(DeValue::Array(array))) => array.get(*index).map(|next| (next, None)),
            _ => None,
        };
        let Some((next, name)) = next else {
            return place.map(|place| Place { exact: false, ..place });
        };
        value = Some(next);
        place = Some(Place { shown: next.span(), name, exact: true });
    }
    place
}

/// The steps of a path; what is not understood ends it, so that an ancestor is shown.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        match pieces.next() {
            Some("") if steps.is_empty() => {}
            Some("") | None => return steps,
            Some(name) => steps.push(Step::Name(name)),
        }
        for piece in pieces {
            match piece.strip_suffix(']').and_then(|digits| digits.parse().ok()) {
                Some(index) => steps.push(Step::Index(index)),
                None => return steps,
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{ "flows": [ { "id": "f", "blocks": [ { "id": "a", "goto": "b" } ] } ], "bare": [ { } ], "é\"x": 1 }"#;
    const TOML: &str = "\
[workspace]
id = 'w'
[[flows]]
id = 'f'
blocks = [ { id = 'a', goto = 'b' } ]
[[flows]]
id = 'g'
[[flows.blocks]]
id = 'c'
message.text = ''
";

    fn shown<'t>(text: &'t str, format: Format, path: &str) -> Option<&'t str> {
        SourceMap::new(text, format).span(path).map(|span| &text[span])
    }

    #[test]
    fn f10_a_path_has_a_place_in_json() {
        for (path, wanted) in [
            ("flows[0].blocks[0].goto", r#""b""#),
            ("flows[0].blocks[0].goto.deeper[1]", r#""b""#),
            ("flows[0].blocks[0].missing", r#""id": "a""#),
            ("flows[0]", r#""id": "f""#),
            ("bare[0].id", "{ }"),
            ("flows[0].blocks[7].goto", r#""blocks""#),
            ("flows[0].blocks", r#""blocks""#),
            ("flows", r#""flows""#),
            ("é\"x", "1"),
            ("", JSON),
            ("nothing", JSON),
        ] {
            assert_eq!(shown(JSON, Format::Json, path), Some(wanted), "{path}");
        }
    }

    #[test]
    fn f10_a_path_has_a_place_in_toml() {
        for (path, wanted) in [
            ("workspace.id", Some("'w'")),
            ("workspace.name", Some("[workspace]")),
            ("flows[0].blocks[0].goto", Some("'b'")),
            ("flows[1].id", Some("'g'")),
            ("flows[1].blocks[0]", Some("[[flows.blocks]]")),
            ("flows[1].blocks[0].message.text", Some("''")),
            ("flows[1].version", Some("[[flows]]")),
            ("plan", None),
            ("", None),
        ] {
            assert_eq!(shown(TOML, Format::Toml, path), wanted, "{path}");
        }
    }

    #[test]
    fn f10_a_text_that_does_not_parse_has_no_places() {
        assert_eq!(shown("{ \"a\": 1, }", Format::Json, "a"), None);
        assert_eq!(shown("a = ", Format::Toml, "a"), None);
    }

    #[test]
    fn f10_odd_paths_end_where_they_are_not_understood() {
        assert_eq!(steps("a[1].b"), [Step::Name("a"), Step::Index(1), Step::Name("b")]);
        assert_eq!(steps("a[x].b"), [Step::Name("a")]);
        assert_eq!(steps("a..b"), [Step::Name("a")]);
        assert_eq!(steps(""), []);
        assert_eq!(steps("[0]"), [Step::Index(0)]);
    }
}
