//! Tables: CSV with a line of headings, of which some are known and any can be named.

use super::{Kind, Reading, field, orders::Orders};
use crate::failure::Failure;
use chatsparks_core::{Comment, Event, Instant, Message, Text};
use csv::StringRecord;
use std::str::FromStr;

/// Which column a field stands in: `text=What they wrote`.
#[derive(Clone, Debug)]
pub(super) struct Column {
    field: String,
    heading: String,
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((field, heading)) if FIELDS.iter().any(|(known, _)| *known == field) && !heading.is_empty() => {
                Ok(Self { field: field.to_owned(), heading: heading.to_owned() })
            }
            Some((field, _)) => {
                let known: Vec<&str> = FIELDS.iter().map(|(known, _)| *known).collect();
                Err(format!("no field `{field}`: there are {}", known.join(", ")))
            }
            None => Err("expected FIELD=HEADING, such as `text=What they wrote`".to_owned()),
        }
    }
}

/// The fields there are, and the headings under which each is known beside its own name: those of the Shop's export.
const FIELDS: [(&str, &[&str]); 16] = [
    ("comment_id", &["comment id"]),
    ("post_id", &["video_id", "video id", "post id"]),
    ("user_id", &["unique_identifier", "buyer user id", "buyer id", "buyer username", "user id"]),
    ("text", &["comment", "comment text", "message", "content"]),
    ("at", &["create_time", "created time", "created at", "time", "date"]),
    ("handle", &["username", "user name"]),
    ("reply_to", &["parent_comment_id"]),
    ("message_id", &["message id"]),
    ("order_id", &["order id"]),
    ("sku_id", &["sku id"]),
    ("product_id", &["product id"]),
    ("quantity", &[]),
    ("amount", &["sku subtotal after discount", "subtotal"]),
    ("total", &["order amount"]),
    ("currency", &[]),
    ("cancelled_at", &["cancelled time", "canceled time"]),
];
/// What refunds took out so far; its place is not among those that make a table known.
const REFUNDED: (&str, &[&str]) = ("refunded", &["order refund amount"]);

/// A row, and where it stands.
pub(super) struct Row<'t> {
    name: &'t str,
    headings: &'t StringRecord,
    columns: &'t [(&'static str, Option<usize>)],
    fields: StringRecord,
    line: u64,
}

impl Row<'_> {
    /// What stands in a field; none: nothing, or there is no such column.
    pub(super) fn get(&self, field: &str) -> Option<&str> {
        let column = self.columns.iter().find(|(known, _)| *known == field)?.1?;
        self.fields.get(column).map(str::trim).filter(|text| !text.is_empty())
    }

    /// What has to stand in a field.
    pub(super) fn need(&self, field: &str) -> Result<&str, String> {
        self.get(field).ok_or_else(|| self.wrong(field, "nothing stands here"))
    }

    /// What is wrong in a field, and where it stands.
    pub(super) fn wrong(&self, field: &str, why: &str) -> String {
        let column = self.columns.iter().find(|(known, _)| *known == field).and_then(|(_, column)| *column);
        let heading = column.and_then(|column| self.headings.get(column)).unwrap_or(field);
        let number = column.map_or(String::new(), |column| format!(", column {}", column + 1));
        format!("{}{number} (`{}`): {why}", self.place(), heading.trim())
    }

    pub(super) fn place(&self) -> String {
        format!("{}, line {}", self.name, self.line)
    }
}

impl Reading<'_> {
    /// Takes the rows of a table.
    pub(super) fn table(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let first = text.lines().next().unwrap_or_default();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| {
            let many = first.bytes().filter(|byte| byte == delimiter).count();
            // Of as many, the first in the list.
            (many, *delimiter == b',')
        });
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.delimiter(delimiter.unwrap_or(b',')).flexible(true);
        let mut reader = reader.from_reader(text.as_bytes());
        let cannot = |error: &csv::Error| Failure::new(format!("`{name}` is no table: {error}"));
        let headings = reader.headers().map_err(|error| cannot(&error))?.clone();
        let columns = self.columns(name, &headings)?;
        let kind = self.kind(name, &columns)?;
        let mut orders = Orders::default();
        for record in reader.records() {
            let fields = record.map_err(|error| cannot(&error))?;
            let line = fields.position().map_or(0, csv::Position::line);
            // Below its headings the Shop's export explains them.
            if line == 2 && kind == Kind::Orders && fields.get(0).is_some_and(|text| text.contains("unique order ID")) {
                continue;
            }
            if fields.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            let row = Row { name, headings: &headings, columns: &columns, fields, line };
            let read = match kind {
                Kind::Comments => self.comment(&row),
                Kind::Messages => self.message(&row),
                Kind::Orders => orders.row(&row, self.import),
            };
            if let Err(fault) = read {
                self.fault(fault);
            }
        }
        orders.finish(self);
        Ok(())
    }

    /// Where each field stands.
    fn columns(&self, name: &str, headings: &StringRecord) -> Result<Vec<(&'static str, Option<usize>)>, Failure> {
        let place = |wanted: &str| headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(wanted));
        let mut columns = Vec::new();
        for (field, others) in FIELDS.into_iter().chain([REFUNDED]) {
            let named = self.import.columns.iter().rfind(|column| column.field == field);
            let found = match named {
                Some(Column { heading, .. }) => {
                    let found = place(heading.trim());
                    if found.is_none() && self.import.files.len() == 1 {
                        let there: Vec<String> =
                            headings.iter().map(|heading| format!("`{}`", heading.trim())).collect();
                        return Err(Failure::new(format!("`{name}`, line 1: no column `{heading}`"))
                            .help(format!("it has {}", there.join(", "))));
                    }
                    found
                }
                None => std::iter::once(&field).chain(others).find_map(|wanted| place(wanted)),
            };
            columns.push((field, found));
        }
        Ok(columns)
    }

    /// What the rows are: as was said, else by the columns there are.
    fn kind(&self, name: &str, columns: &[(&str, Option<usize>)]) -> Result<Kind, Failure> {
        let has = |field: &str| columns.iter().any(|(known, column)| *known == field && column.is_some());
        let needed = |kind| match kind {
            Kind::Comments => &["comment_id", "post_id", "user_id", "text", "at"][..],
            Kind::Messages => &["message_id", "user_id", "text", "at"],
            Kind::Orders => &["order_id", "user_id", "at", "sku_id", "amount"],
        };
        let likely = [("order_id", Kind::Orders), ("comment_id", Kind::Comments), ("message_id", Kind::Messages)];
        let kind = self.import.kind.or_else(|| likely.iter().find(|(field, _)| has(field)).map(|(_, kind)| *kind));
        let Some(kind) = kind else {
            return Err(Failure::new(format!("`{name}`: nobody can tell what its rows are"))
                .help("say so, `--as comments`, and where the fields stand, `--column text=HEADING`"));
        };
        let missing: Vec<String> =
            needed(kind).iter().filter(|field| !has(field)).map(|field| format!("`{field}`")).collect();
        if missing.is_empty() {
            return Ok(kind);
        }
        Err(Failure::new(format!("`{name}`, line 1: no column for {}", missing.join(", ")))
            .help("say under which headings they stand: `--column FIELD=HEADING`"))
    }

    pub(super) fn at(&self, row: &Row<'_>, field: &str) -> Result<Instant, String> {
        let text = row.need(field)?;
        field::at(text, &self.import.zone, self.import.dates).map_err(|why| row.wrong(field, &why))
    }

    fn comment(&mut self, row: &Row<'_>) -> Result<(), String> {
        let (comment_id, at) = (row.need("comment_id")?, self.at(row, "at")?);
        let event = Comment {
            comment_id: comment_id.into(),
            post_id: row.need("post_id")?.into(),
            user_id: row.need("user_id")?.into(),
            handle: row.get("handle").map(Text::from),
            text: Text::from(row.get("text").unwrap_or_default()),
            posted_at: None,
            reply_to: row.get("reply_to").filter(|id| *id != "0").map(Into::into),
            direct_reply: false,
        };
        self.take(format!("comment:{comment_id}"), at, Event::Comment(event), row.place());
        Ok(())
    }

    fn message(&mut self, row: &Row<'_>) -> Result<(), String> {
        let (message_id, at) = (row.need("message_id")?, self.at(row, "at")?);
        let event = Message {
            message_id: message_id.into(),
            user_id: row.need("user_id")?.into(),
            handle: row.get("handle").map(Text::from),
            text: Some(Text::from(row.get("text").unwrap_or_default())),
            option: None,
        };
        self.take(format!("message:{message_id}"), at, Event::Message(event), row.place());
        Ok(())
    }
}
