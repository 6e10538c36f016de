//! What stands in one field: instants and amounts, as tables and pages write them. What stood there is never told: it may be
//! what a buyer wrote, in a column that was named by mistake (H3).

use chatsparks_core::Instant;
use chatsparks_replay::money::decimals;
use clap::ValueEnum;
use std::str::FromStr;

/// An offset from UTC, as RFC 3339 writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone(String);

/// What comes first in a date such as 03/04/2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dates {
    Day,
    Month,
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let zone = Self(text.to_owned());
        match at("2026-03-02T10:00:00", &zone, None) {
            Ok(_) => Ok(zone),
            Err(_) => Err("expected an offset such as `+07:00`, or `Z`".to_owned()),
        }
    }
}

/// An instant: RFC 3339, a date and a time, or seconds or milliseconds since 1970.
pub(super) fn at(text: &str, zone: &Zone, dates: Option<Dates>) -> Result<Instant, String> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Instant>() {
        return Ok(instant);
    }
    let unreadable = || Err("expected an instant, such as 2026-03-02 10:00:00".to_owned());
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse::<i64>() {
            // Seconds of the years until 5138 have eleven digits at most.
            Ok(number) if text.len() <= 11 => Ok(Instant::from_milliseconds(number * 1_000)),
            Ok(number) if text.len() <= 14 => Ok(Instant::from_milliseconds(number)),
            _ => unreadable(),
        };
    }
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [one, two, three] = parts[..] else { return unreadable() };
    let (year, month, day) = match (one.len(), three.len(), dates) {
        (4, ..) => (one, two, three),
        (_, 4, Some(Dates::Day)) => (three, two, one),
        (_, 4, Some(Dates::Month)) => (three, one, two),
        (_, 4, None) => {
            return Err(
                "a date such as 03/04/2026 may begin with the day or the month: say which, `--dates day`".to_owned()
            );
        }
        _ => return unreadable(),
    };
    let rest = rest.trim();
    let (time, half) = match rest.rsplit_once(' ') {
        Some((time, half)) if half.eq_ignore_ascii_case("am") => (time, Some(0)),
        Some((time, half)) if half.eq_ignore_ascii_case("pm") => (time, Some(12)),
        _ => (rest, None),
    };
    let mut clock = time.splitn(3, ':');
    let (hour, minute, second) = (clock.next().unwrap_or_default(), clock.next(), clock.next());
    let hour = match (hour.trim().parse::<u32>(), half) {
        (Ok(hour @ 1..=12), Some(half)) => hour % 12 + half,
        (Ok(hour), None) => hour,
        _ => return unreadable(),
    };
    let (minute, second) = (minute.unwrap_or("00"), second.unwrap_or("00"));
    let written = format!("{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}");
    let instant = written.parse().or_else(|_| format!("{written}{}", zone.0).parse::<Instant>());
    instant.or_else(|_| unreadable())
}

/// An amount in minor units, and the currency that stands beside it: `1,590.00`, `THB 1590`, `฿1.590,00`.
pub(super) fn amount(text: &str, currency: Option<&str>) -> Result<(i64, String), String> {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let currency = match (letters.len(), currency) {
        (3, _) => letters.to_ascii_uppercase(),
        (_, Some(currency)) => currency.to_ascii_uppercase(),
        _ => return Err("nothing says of which currency the amounts are: `--currency THB`".to_owned()),
    };
    let unreadable = || "expected an amount, such as 1590.00".to_owned();
    let Some(places) = decimals(&currency) else {
        return Err("the currency is none that is known: expected a code such as THB".to_owned());
    };
    let number: String = text.chars().filter(|one| one.is_ascii_digit() || matches!(one, '.' | ',')).collect();
    if text.contains('-') {
        return Err("an amount is what was paid, and not below zero".to_owned());
    }
    // The last point or comma is the decimal one, unless three digits follow it as thousands do.
    let split = number.rfind(['.', ',']).map(|place| (&number[..place], &number[place + 1..]));
    let (whole, rest) = match split {
        Some((whole, rest)) if rest.len() <= places as usize => (whole, rest),
        Some((_, rest)) if rest.len() == 3 => (number.as_str(), ""),
        // A currency without decimals, written with two zeros all the same.
        Some((whole, rest)) if rest.bytes().all(|digit| digit == b'0') => (whole, ""),
        Some(_) => return Err(unreadable()),
        None => (number.as_str(), ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let width = places as usize;
    let minor = format!("{digits}{rest:0<width$}").parse::<i64>().map_err(|_| unreadable())?;
    if digits.is_empty() { Err(unreadable()) } else { Ok((minor, currency)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn t2_instants_are_read_as_tables_write_them() {
        let bangkok: Zone = "+07:00".parse().unwrap();
        let day = Some(Dates::Day);
        for (text, dates, wanted) in [
            ("2026-03-02T10:00:00Z", None, "2026-03-02T10:00:00Z"),
            ("2026-03-02T10:00:00+01:00", None, "2026-03-02T09:00:00Z"),
            ("2026-03-02 10:00:00", None, "2026-03-02T03:00:00Z"),
            ("2026-3-2 9:05", None, "2026-03-02T02:05:00Z"),
            ("2026/03/02", None, "2026-03-01T17:00:00Z"),
            ("02/03/2026 10:00:00", day, "2026-03-02T03:00:00Z"),
            ("02/03/2026 12:00:00 AM", Some(Dates::Month), "2026-02-02T17:00:00Z"),
            ("02/03/2026 12:30:00 pm", Some(Dates::Month), "2026-02-03T05:30:00Z"),
            ("02.03.2026 23:59:59.5", day, "2026-03-02T16:59:59.5Z"),
            ("1772445600", None, "2026-03-02T10:00:00Z"),
            ("1772445600123", None, "2026-03-02T10:00:00.123Z"),
        ] {
            assert_eq!(at(text, &bangkok, dates).map(|at| at.to_string()).as_deref(), Ok(wanted), "{text}");
        }
        for text in
            ["", "soon", "2026-03", "2026-13-01", "02/03/2026", "13:00", "2026-03-02 13:00 PM", "17724456001234567"]
        {
            assert!(at(text, &bangkok, None).is_err(), "{text}");
        }
        assert!("Bangkok".parse::<Zone>().is_err());
    }

    #[test]
    fn amounts_are_read_as_tables_write_them() {
        for (text, currency, wanted) in [
            ("590", Some("THB"), (59_000, "THB")),
            ("1,590.00", Some("thb"), (159_000, "THB")),
            ("1.590,00", Some("EUR"), (159_000, "EUR")),
            ("฿1,590", Some("THB"), (159_000, "THB")),
            ("THB 12.5", None, (1_250, "THB")),
            ("12.5 USD", Some("THB"), (1_250, "USD")),
            ("159.000", Some("VND"), (159_000, "VND")),
            ("159000.00", Some("VND"), (159_000, "VND")),
            ("0", Some("THB"), (0, "THB")),
            ("1,234,567.89", Some("THB"), (123_456_789, "THB")),
        ] {
            let (minor, code) = wanted;
            assert_eq!(amount(text, currency), Ok((minor, code.to_owned())), "{text}");
        }
        let huge = "9".repeat(30);
        for (text, currency) in [
            ("", Some("THB")),
            ("590", None),
            ("590", Some("XXX?")),
            ("-5", Some("THB")),
            ("1.2345", Some("THB")),
            (&huge, Some("THB")),
        ] {
            assert!(amount(text, currency).is_err(), "{text}");
        }
    }
}
