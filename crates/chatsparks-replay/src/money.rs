//! Amounts as their currency is written, for people: `590.00 THB`, `590 VND`. Files hold minor units throughout.

use crate::summary::tables::grouped;
use std::fmt;

/// How many decimals each currency has, by ISO 4217: a line a number.
const CURRENCIES: &str = include_str!("../data/currencies.tsv");

/// An amount of minor units in a currency, as people write it.
///
/// `Display` has the currency behind the amount. Of a currency that ISO 4217 does not list nobody knows where the
/// decimals begin, and the minor units are told as what they are.
///
/// ```
/// use chatsparks_replay::money::Money;
/// assert_eq!(Money::new(159_000, "THB").to_string(), "1,590.00 THB");
/// assert_eq!(Money::new(159_000, "VND").to_string(), "159,000 VND");
/// assert_eq!(Money::new(-5, "KWD").to_string(), "-0.005 KWD");
/// assert_eq!(Money::new(590, "gems").to_string(), "590 minor units of gems");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money<'a> {
    minor: i128,
    currency: &'a str,
}

impl<'a> Money<'a> {
    /// So many minor units of a currency, which is called as the shop calls it.
    pub fn new(minor: impl Into<i128>, currency: &'a str) -> Self {
        Self { minor: minor.into(), currency }
    }

    /// The amount alone, for a column beside its currency: `1,590.00`.
    pub fn amount(&self) -> String {
        match decimals(self.currency) {
            Some(decimals) => self.written(decimals, grouped),
            None => format!("{} minor", self.written(0, grouped)),
        }
    }

    fn written(&self, decimals: u32, whole: impl Fn(u128) -> String) -> String {
        let unit = 10u128.pow(decimals);
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        let width = decimals as usize;
        match decimals {
            0 => format!("{sign}{}", whole(minor)),
            _ => format!("{sign}{}.{:0width$}", whole(minor / unit), minor % unit),
        }
    }
}

impl fmt::Display for Money<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match decimals(self.currency) {
            Some(decimals) => write!(out, "{} {}", self.written(decimals, grouped), self.currency),
            None => write!(out, "{} minor units of {}", self.written(0, grouped), self.currency),
        }
    }
}

/// How many decimals a currency is written with, its code in whatever case; none: ISO 4217 does not list it.
pub fn decimals(currency: &str) -> Option<u32> {
    let lists = CURRENCIES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let mut listed = lists.filter(|(_, codes)| codes.split(' ').any(|code| code.eq_ignore_ascii_case(currency)));
    listed.next().and_then(|(decimals, _)| decimals.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_decimals_of_their_currency() {
        for (minor, currency, wanted) in [
            (59_000, "THB", "590.00 THB"),
            (5, "THB", "0.05 THB"),
            (0, "THB", "0.00 THB"),
            (-59_000, "THB", "-590.00 THB"),
            (123_456_789, "USD", "1,234,567.89 USD"),
            (59_000, "VND", "59,000 VND"),
            (59_000, "JPY", "59,000 JPY"),
            (-1, "KRW", "-1 KRW"),
            (59_000, "KWD", "59.000 KWD"),
            (59_000, "IDR", "590.00 IDR"),
            (59_000, "thb", "590.00 thb"),
            (59_000, "CLF", "5.9000 CLF"),
            (59_000, "XAU", "59,000 minor units of XAU"),
            (59_000, "", "59,000 minor units of "),
        ] {
            assert_eq!(Money::new(minor, currency).to_string(), wanted);
        }
        let most = Money::new(i128::MAX, "THB").amount();
        assert!(most.starts_with("1,701,411,834,") && most.ends_with(",841,057.27"), "{most}");
        assert_eq!(Money::new(159_000, "gems").amount(), "159,000 minor");
        assert_eq!(Money::new(159_000, "THB").amount(), "1,590.00");
    }

    #[test]
    fn no_currency_is_listed_twice() {
        let lists = CURRENCIES.lines().filter_map(|line| line.split_once('\t'));
        let mut codes: Vec<&str> = lists.flat_map(|(_, codes)| codes.split(' ')).collect();
        assert!(codes.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!((codes.len(), all), (171, 171));
    }
}
