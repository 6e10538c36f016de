//! Instants in UTC, to the millisecond, and half-open windows (T2).

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, num::NonZeroU64, str::FromStr};

/// The bit that orders negative numbers after others where no sign is looked at.
const SIGN: u64 = 1 << 63;

/// An instant in UTC, to the millisecond, between the years 1970 and 9999 (T2).
///
/// ```
/// use chatsparks_core::Instant;
/// let at: Instant = "2026-03-02T17:00:00.1239+07:00".parse()?;
/// assert_eq!(at.to_string(), "2026-03-02T10:00:00.123Z");
/// # Ok::<(), chatsparks_core::InstantError>(())
/// ```
///
/// An `Option<Instant>` is as small as an `Instant`: a contact holds many that may be absent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(
    /// Milliseconds since 1970 began, with the sign turned over, so that they are ordered as they stand.
    NonZeroU64,
);

/// A length of time in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(i64);

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an instant: expected RFC 3339 such as `2026-03-02T10:00:00Z`, years 1970 to 9999")]
pub struct InstantError {
    text: String,
}

impl Period {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds; negative counts as none.
    pub const fn milliseconds(count: i64) -> Self {
        Self(if count < 0 { 0 } else { count })
    }
    /// So many seconds.
    pub const fn seconds(count: i64) -> Self {
        Self::milliseconds(count.saturating_mul(1000))
    }
    /// So many minutes.
    pub const fn minutes(count: i64) -> Self {
        Self::seconds(count.saturating_mul(60))
    }
    /// So many hours.
    pub const fn hours(count: i64) -> Self {
        Self::minutes(count.saturating_mul(60))
    }
    /// So many days of 24 hours.
    pub const fn days(count: i64) -> Self {
        Self::hours(count.saturating_mul(24))
    }
    /// The length in milliseconds.
    pub const fn as_milliseconds(self) -> i64 {
        self.0
    }
}

impl Instant {
    /// The instant so many milliseconds after 1970 began.
    pub const fn from_milliseconds(milliseconds: i64) -> Self {
        match NonZeroU64::new(milliseconds as u64 ^ SIGN) {
            Some(ordered) => Self(ordered),
            // The least number there is, 300 million years ago, is kept in range.
            None => Self(NonZeroU64::MIN),
        }
    }
    /// Milliseconds since 1970 began.
    pub const fn as_milliseconds(self) -> i64 {
        (self.0.get() ^ SIGN) as i64
    }
    /// The instant a period later, kept in range.
    pub const fn after(self, period: Period) -> Self {
        Self::from_milliseconds(self.as_milliseconds().saturating_add(period.0))
    }
    /// The instant a period earlier, kept in range.
    pub const fn before(self, period: Period) -> Self {
        Self::from_milliseconds(self.as_milliseconds().saturating_sub(period.0))
    }
    /// Whether a window of this length, opened here, is open at `x`: `self <= x < self + length` (T2).
    pub const fn opens(self, length: Period, x: Instant) -> bool {
        self.as_milliseconds() <= x.as_milliseconds() && x.as_milliseconds() < self.after(length).as_milliseconds()
    }
    /// Whole seconds from an earlier instant to this one, rounded down (A4).
    pub const fn seconds_since(self, earlier: Instant) -> i64 {
        self.as_milliseconds().saturating_sub(earlier.as_milliseconds()).div_euclid(1000)
    }
    pub(crate) fn as_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.as_milliseconds()).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        if let Some(instant) = plain(text.as_bytes()) {
            return Ok(instant);
        }
        let error = || InstantError { text: text.chars().take(40).collect() };
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| error())?.to_utc();
        // Chrono keeps a leap second as a nanosecond count past one second.
        let leap = parsed.nanosecond() >= 1_000_000_000;
        if leap || !(1970..=9999).contains(&parsed.year()) {
            return Err(error());
        }
        Ok(Self::from_milliseconds(parsed.timestamp_millis()))
    }
}

/// The commonest form, `2026-03-02T10:00:00Z`, without the general parser.
fn plain(text: &[u8]) -> Option<Instant> {
    if text.len() != 20
        || text[4] != b'-'
        || text[7] != b'-'
        || text[10] != b'T'
        || text[13] != b':'
        || text[16] != b':'
        || text[19] != b'Z'
    {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to]
            .iter()
            .try_fold(0u32, |sum, &digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let year = i32::try_from(number(0, 4)?).ok()?;
    if year < 1970 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let date = chrono::NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)?;
    let day = i64::from(date.num_days_from_ce()) - 719_163;
    let seconds = ((day * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some(Instant::from_milliseconds(seconds * 1000))
}

impl Instant {
    /// The commonest form, `2026-03-02T10:00:00Z`, without the general writer; none: it takes another.
    fn written_plainly(self) -> Option<[u8; 20]> {
        let milliseconds = self.as_milliseconds();
        if milliseconds % 1000 != 0 {
            return None;
        }
        let day = i32::try_from(milliseconds.div_euclid(86_400_000)).ok()?;
        let date = chrono::NaiveDate::from_num_days_from_ce_opt(day.checked_add(719_163)?)?;
        let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9999)?;
        let second = (milliseconds.rem_euclid(86_400_000) / 1000) as u32;
        let mut written = *b"0000-00-00T00:00:00Z";
        let mut put = |at: usize, number: u32| {
            written[at] += (number / 10) as u8;
            written[at + 1] += (number % 10) as u8;
        };
        put(0, year / 100);
        put(2, year % 100);
        put(5, date.month());
        put(8, date.day());
        put(11, second / 3600);
        put(14, second / 60 % 60);
        put(17, second % 60);
        Some(written)
    }
}

/// RFC 3339 with `Z` and no more digits than needed.
impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(written) = self.written_plainly() {
            return out.write_str(std::str::from_utf8(&written).unwrap_or_default());
        }
        let text = self.as_chrono().to_rfc3339_opts(SecondsFormat::Millis, true);
        let Some((seconds, fraction)) = text.trim_end_matches('Z').split_once('.') else {
            return out.write_str(&text);
        };
        match fraction.trim_end_matches('0') {
            "" => write!(out, "{seconds}Z"),
            digits => write!(out, "{seconds}.{digits}Z"),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.written_plainly().as_ref().map(|written| std::str::from_utf8(written)) {
            Some(Ok(written)) => to.serialize_str(written),
            _ => to.collect_str(self),
        }
    }
}

/// Reads what [`Serialize`] writes. A state may hold what lies just outside the years of T2, such as a timer that is due
/// after the last of them; what comes in is held to them by [`FromStr`] and `as_given`.
impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let stored =
            |text: &str| text.parse::<DateTime<Utc>>().ok().map(|at| Self::from_milliseconds(at.timestamp_millis()));
        from.deserialize_str(Written(|text: &str| text.parse().or_else(|error| stored(text).ok_or(error))))
    }
}

/// Reads an instant as people give it: of the years of T2 alone.
pub(crate) fn as_given<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
    from.deserialize_str(Written(str::parse))
}

/// An instant written as a text, and how it is read.
struct Written<F>(F);

impl<F: FnOnce(&str) -> Result<Instant, InstantError>> de::Visitor<'_> for Written<F> {
    type Value = Instant;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an instant in RFC 3339, such as `2026-03-02T10:00:00Z`")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
        (self.0)(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_instants_are_read_in_utc_and_written_short() {
        for (text, wanted) in [
            ("2026-03-02T10:00:00Z", Some("2026-03-02T10:00:00Z")),
            ("2026-03-02T10:00:00.500Z", Some("2026-03-02T10:00:00.5Z")),
            ("2026-03-02T10:00:00.0009Z", Some("2026-03-02T10:00:00Z")),
            ("2026-03-02T17:00:00+07:00", Some("2026-03-02T10:00:00Z")),
            ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59.999Z", Some("9999-12-31T23:59:59.999Z")),
            ("1970-01-01T00:00:00+01:00", None),
            ("9999-12-31T23:59:59-01:00", None),
            ("2026-12-31T23:59:60Z", None),
            ("2026-02-29T00:00:00Z", None),
            ("2028-02-29T00:00:00Z", Some("2028-02-29T00:00:00Z")),
            ("2026-03-02T24:00:00Z", None),
            ("2026-03-02", None),
            ("", None),
        ] {
            let read = text.parse::<Instant>().ok().map(|at| at.to_string());
            assert_eq!(read.as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn t2_what_a_state_holds_is_read_back_and_documents_hold_to_the_years() {
        for text in
            ["1969-12-31T09:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "+10000-12-31T23:00:00.5Z"]
        {
            let json = format!("\"{text}\"");
            let read: Instant = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            let given = as_given(&mut serde_json::Deserializer::from_str(&json));
            assert_eq!(given.ok(), text.parse().ok(), "{text}");
        }
        assert!("+10000-12-31T23:00:00.5Z".parse::<Instant>().is_err());
        assert!(serde_json::from_str::<Instant>("\"2026-03-02\"").is_err());
    }

    #[test]
    fn t2_a_window_is_half_open() {
        let start = Instant::from_milliseconds(1_000);
        let day = Period::days(1);
        for (x, open) in [(999, false), (1_000, true), (86_400_999, true), (86_401_000, false)] {
            assert_eq!(start.opens(day, Instant::from_milliseconds(x)), open, "{x}");
        }
    }

    #[test]
    fn t2_the_short_form_agrees_with_the_general_parser() {
        for day in (0..40_000).step_by(13) {
            let at = Instant::from_milliseconds(day * 86_400_000 + day * 1000);
            let text = at.to_string();
            assert_eq!(plain(text.as_bytes()), Some(at), "{text}");
            assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis(), at.as_milliseconds());
            assert_eq!(text, at.as_chrono().to_rfc3339_opts(SecondsFormat::Secs, true));
        }
    }
}
