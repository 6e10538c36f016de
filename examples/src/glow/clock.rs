//! Instants in milliseconds since 1970, and the hours at which people are on their phones.

use super::dice::Dice;
use chatsparks_core::Instant;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How many are awake and looking, by hour of UTC: evening in Bangkok, Hanoi and Jakarta is 12 to 15.
const HOURS: [u64; 24] = [14, 15, 17, 19, 24, 30, 28, 22, 20, 21, 26, 38, 56, 70, 74, 60, 40, 22, 10, 5, 3, 3, 5, 9];

/// The beginning of a day of 2026, in UTC.
pub(crate) fn day(year: i64, month: i64, day: i64) -> i64 {
    // Days since 1970 by the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    (days - 719_468) * DAY
}

/// An instant as the formats write it.
pub(crate) fn instant(milliseconds: i64) -> String {
    Instant::from_milliseconds(milliseconds).to_string()
}

/// An instant of a day on which so many are looking, to the second.
pub(crate) fn moment(dice: &mut Dice, day: i64) -> i64 {
    day + dice.weighed(HOURS) as i64 * HOUR + dice.between(0, 3_599) * 1_000
}

/// So many whole seconds from `low` to `high`.
pub(crate) fn pause(dice: &mut Dice, low: i64, high: i64) -> i64 {
    dice.between(low, high) * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_where_the_calendar_says() {
        assert_eq!(instant(day(2026, 1, 5)), "2026-01-05T00:00:00Z");
        assert_eq!(instant(day(2026, 3, 1)), "2026-03-01T00:00:00Z");
    }
}
