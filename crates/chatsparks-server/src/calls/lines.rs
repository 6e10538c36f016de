//! A body of events: one JSON object, written over as many lines as one likes, or JSON Lines.

use crate::{Kind, Problem};
use chatsparks_replay::{Arrival, HistoryError, Reader};
use serde::de::IgnoredAny;
use serde_json::json;

/// Lines that cannot be read are told up to this number.
const TOLD: usize = 100;

/// The lines of a body.
pub(crate) struct Lines {
    bytes: Vec<u8>,
    /// Where the lines of the one object begin, in characters, where it is written over several.
    starts: Option<Vec<u64>>,
}

impl Lines {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        let starts = is_one_object(&bytes).then(|| {
            // Between the parts of JSON a line break is a blank, and inside a text there is none.
            let mut starts = vec![0];
            let mut characters = 0;
            for byte in &mut bytes {
                characters += u64::from(*byte & 0xC0 != 0x80);
                if *byte == b'\n' {
                    starts.push(characters);
                    *byte = b' ';
                }
            }
            starts
        });
        Self { bytes, starts }
    }

    /// Every event, or every line that cannot be read.
    pub(crate) fn read(self, trust_at: bool) -> Result<Vec<Arrival>, Problem> {
        let (mut arrivals, mut errors) = (Vec::new(), Vec::new());
        for line in Reader::new(self.bytes.as_slice(), "events").arrivals(trust_at) {
            match line {
                Ok(arrival) if errors.is_empty() => arrivals.push(arrival),
                Ok(_) => {}
                Err(error) => {
                    arrivals = Vec::new();
                    errors.push(error);
                    if errors.len() == TOLD {
                        break;
                    }
                }
            }
        }
        match errors.first() {
            Some(first) => Err(self.unreadable(first, &errors)),
            None if arrivals.is_empty() => {
                Err(Problem::new(Kind::UnreadableLine, "line 1, column 1: expected at least one event")
                    .with("line", 1)
                    .with("column", 1))
            }
            None => Ok(arrivals),
        }
    }

    fn unreadable(&self, first: &HistoryError, errors: &[HistoryError]) -> Problem {
        let (line, column) = self.place(first);
        let detail = format!("line {line}, column {column}: {}", first.expected());
        let errors = errors.iter().map(|error| {
            let (line, column) = self.place(error);
            json!({ "line": line, "column": column, "code": error.kind().as_str(), "detail": error.expected() })
        });
        Problem::new(Kind::UnreadableLine, detail)
            .with("line", line)
            .with("column", column)
            .with_errors(errors.collect())
    }

    /// Line and column as they were sent.
    fn place(&self, error: &HistoryError) -> (u64, u64) {
        let Some(starts) = &self.starts else { return (error.line(), error.column()) };
        let at = error.column().saturating_sub(1);
        let line = starts.partition_point(|start| *start <= at).saturating_sub(1);
        (line as u64 + 1, at - starts.get(line).copied().unwrap_or_default() + 1)
    }
}

/// Whether it is one JSON value that has a line break in it.
fn is_one_object(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    let first_line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // JSON Lines end at the first line, most of the time: no need to read them twice.
    if first_line.len() == bytes.len() || serde_json::from_slice::<IgnoredAny>(first_line).is_ok() {
        return false;
    }
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<usize, serde_json::Value> {
        let read = Lines::new(body.as_bytes().to_vec()).read(false);
        read.map(|arrivals| arrivals.len()).map_err(|problem| serde_json::to_value(problem).expect("JSON"))
    }

    #[test]
    fn h_one_object_or_lines_are_read() {
        for (body, wanted) in [
            (r#"{"id":"e1","type":"clock"}"#, 1),
            ("{\"id\":\"e1\",\"type\":\"clock\"}\n{\"id\":\"e2\",\"type\":\"clock\"}\n", 2),
            ("\n\r\n{\"id\":\"e1\",\"type\":\"clock\"}\r\n\n", 1),
            ("{\n  \"id\": \"e1\",\r\n  \"type\": \"clock\"\n}\n", 1),
            ("\u{feff}{\"id\":\"e1\",\"type\":\"clock\"}", 1),
        ] {
            assert_eq!(read(body), Ok(wanted), "{body}");
        }
    }

    #[test]
    fn h_what_cannot_be_read_is_told_with_line_and_column() {
        for (body, line, column, says) in [
            ("", 1, 1, "at least one event"),
            ("{\"id\":\"e1\",\"type\":\"clock\"}\n{\"id\":\"e2\"}", 2, 11, "missing field `type`"),
            ("{\n  \"id\": \"e1\",\n  \"type\": \"cloc\"\n}", 3, 11, "unknown type"),
            ("{\n  \"id\": \"ราคา\", \"typ\": 1\n}", 2, 24, "unknown field"),
            ("[{\"id\":\"e1\",\"type\":\"clock\"}]", 1, 1, "an object"),
            ("{\"id\":\"e1\",\"at\":\"2026-03-02T10:00:00Z\",\"type\":\"clock\"}", 1, 17, "no `at`"),
            ("{\"id\":\"timer:x\",\"type\":\"clock\"}", 1, 7, "`timer:`"),
            (
                "{\"id\":\"outcome:e1/0\",\"type\":\"receipt\",\"dm_id\":\"e1/0\",\"status\":\"sent\"}",
                1,
                7,
                "`outcome:`",
            ),
            ("{\"id\":\"g\",\"type\":\"grant\",\"cycle\":\"2026-03-02T10:00:00Z\",\"contacts\":5}", 1, 18, "`grant`"),
        ] {
            let problem = read(body).expect_err(body);
            assert_eq!((&problem["line"], &problem["column"]), (&line.into(), &column.into()), "{problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{problem}");
        }
    }

    #[test]
    fn h_every_line_that_cannot_be_read_is_told() {
        let problem = read("{}\n{\"id\":\"e1\",\"type\":\"clock\"}\nx\n").expect_err("two lines");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
        assert_eq!(problem["errors"][1]["line"], 3);
        let problem = read(&"x\n".repeat(1_000)).expect_err("many lines");
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(TOLD));
    }

    #[test]
    fn h3_no_text_stands_in_a_problem() {
        let problem = read(r#"{"id":"e1","type":"message","message_id":"m","user_id":"u","text":"my secret","at":1}"#);
        assert!(!problem.expect_err("an `at`").to_string().contains("secret"));
    }
}
