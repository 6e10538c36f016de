//! How often the API may be called. No header tells of it.

use crate::settings::Rates;
use std::collections::BTreeMap;

/// Counts of calls.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    counts: BTreeMap<String, (i64, u32)>,
    /// Until when nothing of the app is answered, after one too many in a minute.
    closed_until: i64,
}

/// What a call counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    /// An endpoint of the Accounts API, for an account.
    Account,
    /// An endpoint of Business Messaging.
    Messaging,
    /// A shop.
    Shop,
}

impl Limits {
    /// Counts a call, and says whether it may be answered. `of` is the account or shop it is for.
    pub(crate) fn admits(&mut self, at: i64, rates: &Rates, rate: Rate, of: &str, path: &str) -> bool {
        let second = at.div_euclid(1000);
        if rate == Rate::Shop {
            return self.count(&format!("shop {of}"), second, rates.shop_per_second);
        }
        if at < self.closed_until {
            return false;
        }
        let minute = at.div_euclid(60_000);
        let mut admitted = self.count("second", second, rates.app_per_second);
        if !self.count("minute", minute, rates.app_per_minute) {
            self.closed_until = at + 5 * 60_000;
            admitted = false;
        }
        admitted &= self.count("day", at.div_euclid(86_400_000), rates.app_per_day);
        admitted
            && match rate {
                Rate::Account => self.count(&format!("{of} {path}"), minute, rates.account_endpoint_per_minute),
                Rate::Messaging => self.count("messaging", second, rates.messaging_per_second),
                Rate::Shop => true,
            }
    }

    fn count(&mut self, key: &str, window: i64, most: u32) -> bool {
        if most == 0 {
            return true;
        }
        let count = self.counts.entry(key.to_owned()).or_insert((window, 0));
        if count.0 != window {
            *count = (window, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_a_second_recovers_in_the_next_and_a_minute_in_five() {
        let rates = Rates { app_per_minute: 25, messaging_per_second: 0, ..Rates::default() };
        let mut limits = Limits::default();
        let mut ask = |at| limits.admits(at, &rates, Rate::Messaging, "", "/x/");
        assert_eq!((0..12).filter(|_| ask(1_000)).count(), 10, "ten in a second");
        assert!(ask(2_000), "the next second");
        assert_eq!((0..20).filter(|_| ask(3_000)).count(), 10);
        assert!(!ask(4_000), "one too many in a minute");
        assert!(!ask(4_000 + 239_000), "five minutes long");
        assert!(ask(3_000 + 301_000));
    }

    #[test]
    fn o4_an_account_has_forty_calls_of_an_endpoint_in_a_minute() {
        let rates = Rates { app_per_second: 0, ..Rates::default() };
        let mut limits = Limits::default();
        let mut ask = |path| limits.admits(5, &rates, Rate::Account, "biz", path);
        assert_eq!((0..50).filter(|_| ask("/a/")).count(), 40);
        assert!(ask("/b/"), "each endpoint for itself");
    }
}
