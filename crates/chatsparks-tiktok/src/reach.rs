//! Which way an account may reach people (P): by where it is registered, as dated data that can be overridden.

use chatsparks_core::workspace::ReachMode;

/// Which way an account may reach people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It may, this way.
    By(ReachMode),
    /// Its country has no business messaging.
    Closed,
    /// Only once the platform has approved the developer for this country; by `buyer_first` then.
    OnApproval,
}

/// What is known of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166, two letters.
    pub code: &'static str,
    /// Which way.
    pub reach: Reach,
}

/// What an account may do beyond its country: what a person sees in its settings, or the platform answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Comment-to-message is enabled for it.
    pub comment_to_message: bool,
    /// The developer was approved for a country that asks for it.
    pub approved: bool,
}

/// Where what is known of countries comes from, and when it was read.
pub const SOURCE: &str = "business-api.tiktok.com, documents 1832184403754242 and 1843697551083522, and help pages of vendors; November 2026";

/// Countries that differ from the rest, which go by `buyer_first`.
pub const COUNTRIES: [Country; 37] = {
    const fn country(code: &'static str, reach: Reach) -> Country {
        Country { code, reach }
    }
    const OPEN: Reach = Reach::By(ReachMode::CommentToMessage);
    const SHUT: Reach = Reach::Closed;
    [
        country("ID", OPEN),
        country("TH", OPEN),
        country("VN", OPEN),
        country("US", Reach::OnApproval),
        // The European Economic Area, Switzerland and the United Kingdom.
        country("AT", SHUT),
        country("BE", SHUT),
        country("BG", SHUT),
        country("CH", SHUT),
        country("CY", SHUT),
        country("CZ", SHUT),
        country("DE", SHUT),
        country("DK", SHUT),
        country("EE", SHUT),
        country("ES", SHUT),
        country("FI", SHUT),
        country("FR", SHUT),
        country("GB", SHUT),
        country("GR", SHUT),
        country("HR", SHUT),
        country("HU", SHUT),
        country("IE", SHUT),
        country("IS", SHUT),
        country("IT", SHUT),
        country("LI", SHUT),
        country("LT", SHUT),
        country("LU", SHUT),
        country("LV", SHUT),
        country("MT", SHUT),
        country("NL", SHUT),
        country("NO", SHUT),
        country("PL", SHUT),
        country("PT", SHUT),
        country("RO", SHUT),
        country("SE", SHUT),
        country("SI", SHUT),
        country("SK", SHUT),
        country("UK", SHUT),
    ]
};

/// The countries of ISO 3166, and two names that are in use beside it.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW UK XK";

/// Which way an account registered in a country may reach people. Where a comment alone could open a DM and the account
/// lacks what that takes, the buyer writes first.
///
/// ```
/// use chatsparks_core::workspace::ReachMode;
/// use chatsparks_tiktok::reach::{Capabilities, Reach, of_country};
/// let mut able = Capabilities::default();
/// assert_eq!(of_country("TH", able), Reach::By(ReachMode::BuyerFirst));
/// able.comment_to_message = true;
/// assert_eq!(of_country("th", able), Reach::By(ReachMode::CommentToMessage));
/// assert_eq!(of_country("DE", able), Reach::Closed);
/// ```
pub fn of_country(code: &str, able: Capabilities) -> Reach {
    let known = COUNTRIES.iter().find(|country| country.code.eq_ignore_ascii_case(code)).map(|country| country.reach);
    match known {
        Some(Reach::By(ReachMode::CommentToMessage)) if !able.comment_to_message => Reach::By(ReachMode::BuyerFirst),
        Some(Reach::OnApproval) if able.approved => Reach::By(ReachMode::BuyerFirst),
        Some(reach) => reach,
        None => Reach::By(ReachMode::BuyerFirst),
    }
}

/// Why a document's way to reach people is not what its account may do; none: it is.
pub fn objection(written: ReachMode, code: &str, able: Capabilities) -> Option<String> {
    let may = of_country(code, able);
    let is_country = CODES.split(' ').any(|known| known.eq_ignore_ascii_case(code));
    let why = match (may, written) {
        _ if !is_country => "no country has these letters: write those of ISO 3166, such as `TH`".to_owned(),
        (Reach::Closed, _) => "accounts registered there have no business messaging".to_owned(),
        (Reach::OnApproval, _) => "accounts registered there need the platform's approval first".to_owned(),
        (Reach::By(_), ReachMode::Open) => {
            "nowhere does a comment alone open a DM on TikTok: write `buyer_first` or `comment_to_message`".to_owned()
        }
        (Reach::By(ReachMode::BuyerFirst), ReachMode::CommentToMessage) => {
            "this account has no comment-to-message: write `buyer_first`".to_owned()
        }
        (Reach::By(_), _) => return None,
    };
    Some(format!("reach in `{code}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_comment_to_message_is_for_three_countries_and_only_where_it_is_enabled() {
        let able = Capabilities { comment_to_message: true, approved: false };
        for country in COUNTRIES {
            let opens = of_country(country.code, able) == Reach::By(ReachMode::CommentToMessage);
            assert_eq!(opens, ["ID", "TH", "VN"].contains(&country.code), "{}", country.code);
            let without = of_country(country.code, Capabilities::default());
            assert_ne!(without, Reach::By(ReachMode::CommentToMessage), "{}", country.code);
        }
    }

    #[test]
    fn p2_where_nothing_is_known_the_buyer_writes_first() {
        let none = Capabilities::default();
        assert_eq!(of_country("BR", none), Reach::By(ReachMode::BuyerFirst));
        assert_eq!(of_country("US", none), Reach::OnApproval);
        let approved = Capabilities { approved: true, ..none };
        assert_eq!(of_country("US", approved), Reach::By(ReachMode::BuyerFirst));
        assert!(objection(ReachMode::Open, "BR", none).is_some());
        assert!(objection(ReachMode::BuyerFirst, "BR", none).is_none());
        assert!(objection(ReachMode::BuyerFirst, "DE", none).is_some());
        assert!(objection(ReachMode::CommentToMessage, "TH", none).is_some());
        assert!(objection(ReachMode::BuyerFirst, "ZZ", none).is_some_and(|why| why.contains("no country")));
        assert!(COUNTRIES.iter().all(|country| CODES.contains(country.code)));
        assert!(objection(ReachMode::BuyerFirst, "th", none).is_none());
    }
}
