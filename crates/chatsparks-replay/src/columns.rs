//! Tables that keep within a width: what matters less gives way, and no word is split.

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};
use std::fmt;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width of a text for which none is given.
const WIDTH: usize = 100;
/// A line under the names of the columns, and none between rows.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// What stands between two columns, and at the ends of a row.
const BETWEEN: usize = 3;
const ENDS: usize = 2;
/// A text that is put on several lines has at least so many columns.
const WRAPPED: usize = 24;
/// What is left of the first column where it is cut.
const NAMES: usize = 8;

/// The columns that a formatter is given, as in `{:80}`.
pub(crate) fn width(out: &fmt::Formatter<'_>) -> usize {
    out.width().unwrap_or(WIDTH)
}

/// A column of a table.
pub(crate) struct Column {
    name: String,
    is_number: bool,
    /// Whether its texts may go on in further lines.
    wraps: bool,
    /// What gives way first has the highest; 0: it stays.
    gives_way: u8,
}

impl Column {
    /// A column of texts, on the left.
    pub(crate) fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), is_number: false, wraps: false, gives_way: 0 }
    }

    /// A column of numbers, on the right.
    pub(crate) fn number(name: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(name) }
    }

    /// The same, of sentences.
    pub(crate) fn wrapping(self) -> Self {
        Self { wraps: true, ..self }
    }

    /// The same, and it gives way: what has the higher number goes first.
    pub(crate) fn gives_way(self, order: u8) -> Self {
        Self { gives_way: order, ..self }
    }
}

/// Rows below columns. The first column has the names.
pub(crate) struct Rows {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    pub(crate) fn add_row<T: Into<String>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// The table within so many columns, as far as that is possible; a last line names what had no room.
    pub(crate) fn within(mut self, width: usize) -> String {
        let without = self.fit(width);
        let mut table = Table::new();
        table.load_style(STYLE);
        table.set_header(self.columns.iter().map(|column| Cell::new(&column.name)));
        for (place, column) in self.columns.iter().enumerate() {
            if let Some(shown) = table.column_mut(place).filter(|_| column.is_number) {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.add_rows(self.rows);
        let lines = table.to_string();
        let mut lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
        let note = wrapped(&format!("(no room for {})", without.join(", ")), width, "  ");
        if !without.is_empty() {
            lines.push(&note);
        }
        lines.join("\n")
    }

    /// Makes the table fit, and gives the names of the columns that went.
    fn fit(&mut self, width: usize) -> Vec<String> {
        let all: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        self.cut_names(width, width / 3);
        while self.total() > width {
            let first = self.columns.iter().map(|column| column.gives_way).max().unwrap_or_default();
            let place = self.columns.iter().rposition(|column| first > 0 && column.gives_way == first);
            let Some(place) = place else {
                self.cut_names(width, NAMES);
                break;
            };
            // Sentences that go on in further lines are less in the way.
            if self.columns[place].wraps && self.wrap(place, width) {
                break;
            }
            self.columns.remove(place);
            for row in self.rows.iter_mut().filter(|row| place < row.len()) {
                row.remove(place);
            }
        }
        let is_there = |name: &String| name.is_empty() || self.columns.iter().any(|column| column.name == *name);
        all.into_iter().filter(|name| !is_there(name)).collect()
    }

    fn total(&self) -> usize {
        let texts: usize = (0..self.columns.len()).map(|place| self.widest(place)).sum();
        texts + BETWEEN * self.columns.len().saturating_sub(1) + ENDS
    }

    /// The width of the widest text of a column.
    fn widest(&self, place: usize) -> usize {
        let texts = self.rows.iter().filter_map(|row| row.get(place));
        let lines = texts.flat_map(|text| text.lines());
        lines.map(UnicodeWidthStr::width).chain([self.columns[place].name.width()]).max().unwrap_or_default()
    }

    /// Cuts the names where the table is too wide, to no less than `least`.
    fn cut_names(&mut self, width: usize, least: usize) {
        let (widest, over) = (self.widest(0), self.total().saturating_sub(width));
        let room = widest.saturating_sub(over).max(least);
        if over == 0 || widest <= room {
            return;
        }
        for name in self.rows.iter_mut().filter_map(|row| row.first_mut()) {
            *name = cut(name, room);
        }
    }

    /// Puts sentences on several lines where that makes the table fit.
    fn wrap(&mut self, place: usize, width: usize) -> bool {
        let others = self.total() - self.widest(place);
        let words = self.rows.iter().filter_map(|row| row.get(place)).flat_map(|text| text.split(' '));
        let longest = words.map(UnicodeWidthStr::width).max().unwrap_or_default();
        let room = width.saturating_sub(others);
        if room < longest.max(WRAPPED) {
            return false;
        }
        for text in self.rows.iter_mut().filter_map(|row| row.get_mut(place)) {
            *text = wrapped(text, room, "");
        }
        true
    }
}

/// A text in lines of so many columns, broken between words; lines after the first begin with `indent`.
pub(crate) fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        let is_first = line.is_empty() || line == indent;
        if !is_first && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        } else if !is_first {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

/// A text that is wider, without its middle: names that go together mostly differ at the end.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    // Marks take no room of their own, and go with the letter before them.
    let mut places = text.char_indices().map(|(at, _)| at);
    let start = places.clone().take_while(|at| text[..*at].width() <= room.div_ceil(2)).last().unwrap_or_default();
    let starts_with_mark = |at: usize| text[at..].chars().next().is_some_and(|c| c.width() == Some(0));
    let end = places.find(|at| text[*at..].width() <= room / 2 && !starts_with_mark(*at)).unwrap_or(text.len());
    format!("{}…{}", &text[..start], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        let mut rows = Rows::new([
            Column::text("name"),
            Column::number("count"),
            Column::number("share").gives_way(2),
            Column::text("").gives_way(3),
            Column::text("why").wrapping().gives_way(1),
        ]);
        rows.add_row(["price", "1,000", "90.0 %", "████", "a trigger matched, and its flow started"]);
        rows.add_row(["ขอราคาเท่าไหร่คะ", "7", "10.0 %", "▌", "no trigger matches"]);
        rows
    }

    fn widest(table: &str) -> usize {
        table.lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
    }

    #[test]
    fn what_matters_less_gives_way_and_no_word_is_split() {
        let whole = rows().within(200);
        let natural = widest(&whole);
        assert_eq!(rows().within(natural), whole, "nothing gives way where all has room");
        for width in (20..natural).rev() {
            let table = rows().within(width);
            assert!(widest(&table) <= width.max(23), "{width}:\n{table}");
            let shown: Vec<&str> = table.split_whitespace().collect();
            for word in ["price", "1,000", "7"] {
                assert!(shown.contains(&word), "{width}: {word} is missing or split\n{table}");
            }
        }
        let at = |width: usize| rows().within(width).lines().next().map(str::to_owned).unwrap_or_default();
        let names = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        // The bar goes first, then the share; then the sentences go on in further lines, and go.
        assert!(!rows().within(natural - 1).contains('█') && whole.contains('█'));
        assert_eq!(names(at(natural - 1)), ["name", "count", "share", "why"]);
        assert_eq!(names(at(60)), ["name", "count", "why"]);
        assert!(rows().within(60).lines().count() > whole.lines().count());
        assert_eq!(names(at(40)), ["name", "count"]);
        assert!(rows().within(40).ends_with("(no room for share, why)"), "{}", rows().within(40));
    }

    #[test]
    fn columns_after_thai_text_align() {
        for width in [200, 60, 52] {
            let table = rows().within(width);
            let ends: Vec<usize> = table
                .lines()
                .filter_map(|line| {
                    let number =
                        ["count", "1,000", "7"].iter().find_map(|text| line.find(text).map(|at| at + text.len()));
                    number.map(|end| line[..end].width())
                })
                .collect();
            assert_eq!(ends.len(), 3, "{table}");
            assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}\n{table}");
        }
    }

    #[test]
    fn a_name_too_long_for_its_table_is_cut() {
        let name = "ก้".repeat(100);
        let mut rows = Rows::new([Column::text("name"), Column::number("count")]);
        rows.add_row([name.as_str(), "1"]);
        rows.add_row(["short", "22"]);
        let table = rows.within(40);
        assert_eq!(widest(&table), 40, "{table}");
        assert!(table.contains("ก้…ก้") && table.contains("short"), "{table}");
        for (text, width, wanted) in [
            ("ก้ก้ก้ก้", 4, "ก้ก้ก้ก้"),
            ("ก้ก้ก้ก้", 3, "ก้…ก้"),
            ("ก้ก้ก้ก้", 2, "ก้…"),
            ("campaign-serum-30", 10, "campa…m-30"),
            ("campaign-serum-31", 10, "campa…m-31"),
            ("価格価格価格", 8, "価格…格"),
        ] {
            assert_eq!(cut(text, width), wanted, "{text} in {width}");
        }
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("won nothing: a, bb, ccc", 12, "  "), "won nothing:\n  a, bb, ccc");
        assert_eq!(wrapped("a bb ccc", 1, ""), "a\nbb\nccc");
        assert_eq!(wrapped("ราคา ราคา", 9, ""), "ราคา ราคา");
        assert_eq!(wrapped("", 9, ""), "");
    }
}
