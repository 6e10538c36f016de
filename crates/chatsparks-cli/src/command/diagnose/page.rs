//! The page that a support desk would send.

use super::{BAD, Details, FAINT, Found, GOOD, OrderDetails, Page, STRONG, ShownCheck, Stream, Write, io, shown};
use crate::{
    aside::{code, write_contact, write_set_aside},
    shown::write_explanation,
};
use chatsparks_core::{Candidate, Instant, diagnosis};
use chatsparks_replay::money::Money;

impl Page {
    pub(super) fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        writeln!(to.to, "{STRONG}{}{STRONG:#}: {}", self.case.sentence(), shown(&self.about))?;
        if let Some(at) = self.at {
            writeln!(to.to, "as of {at}, revision {} of the workspace", self.revision)?;
        }
        writeln!(to.to)?;
        for check in &self.checks {
            check.write_text(to)?;
        }
        writeln!(to.to)?;
        match self.checks.iter().find(|check| Some(check.check.code.as_str()) == self.first_failed) {
            Some(first) => {
                writeln!(to.to, "First failed: {BAD}{}{BAD:#} ({})", first.check.code.as_str(), first.asks)?;
            }
            None => writeln!(to.to, "No check failed.")?,
        }
        writeln!(to.to, "Next: {}", self.next.to_do)?;
        match &self.details {
            Details::Explanation { explanation, set_aside, text } => {
                write!(to.to, "\n{STRONG}The evaluation{STRONG:#}\n  ")?;
                write_explanation(to, explanation, false, text.as_str())?;
                write_set_aside(to, set_aside)
            }
            Details::Dm { set_aside } => write_set_aside(to, set_aside),
            Details::Order(order) => order.write_text(to),
            Details::Contact(Some(contact)) => {
                write_contact(to, contact)?;
                write_set_aside(to, &contact.set_aside)
            }
            Details::Contact(None) | Details::None {} => Ok(()),
        }
    }
}

impl ShownCheck {
    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        let check = &self.check;
        let style = match check.answer {
            Found::Pass => GOOD,
            Found::Fail => BAD,
            Found::Unknown => FAINT,
        };
        writeln!(to.to, "  {style}{:<7}{style:#}  {STRONG}{}{STRONG:#}", check.answer.as_str(), self.asks)?;
        let found =
            |finding: &diagnosis::Finding| format!("{} {}", finding.what.replace('_', " "), told(&finding.value));
        let looked_at: Vec<String> = check.looked_at.iter().map(found).collect();
        writeln!(to.to, "           {FAINT}looked at:{FAINT:#} {}", looked_at.join(", "))?;
        if check.answer != Found::Pass {
            writeln!(to.to, "           {FAINT}to do:{FAINT:#} {}", self.to_do)?;
        }
        Ok(())
    }
}

impl OrderDetails {
    fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        writeln!(to.to, "\n{STRONG}The candidates{STRONG:#}: conversations in which a link went out")?;
        if self.candidates.is_empty() {
            writeln!(to.to, "  none")?;
        }
        for candidate in &self.candidates {
            write_candidate(to, candidate)?;
        }
        writeln!(to.to, "\n{STRONG}The ledger{STRONG:#}")?;
        let currency = shown(self.outcome.currency.as_str());
        for line in &self.ledger {
            let sign = if line.reversed { '-' } else { '+' };
            let entry = &line.entry;
            let (kind, result) = (code(&entry.cause.kind), code(&entry.result));
            let [revenue, overlap] =
                [entry.revenue_minor, entry.overlap_minor].map(|minor| Money::new(minor, &currency));
            writeln!(to.to, "  {}  {kind}: {sign}{revenue} {result}, {sign}{overlap} of it linked", line.at)?;
        }
        if self.ledger.len() > 1 {
            let [revenue, overlap] =
                [self.left.revenue_minor, self.left.overlap_minor].map(|minor| Money::new(minor, &currency));
            writeln!(to.to, "  left: {revenue}, {overlap} of it linked")?;
        }
        write_set_aside(to, &self.set_aside)
    }
}

fn write_candidate(to: &mut Stream, candidate: &Candidate) -> io::Result<()> {
    let last = candidate.last_link_at.map_or("none before the order".to_owned(), |at| at.to_string());
    let verdict = candidate.verdict.as_str();
    writeln!(to.to, "  conversation {}: {STRONG}{verdict}{STRONG:#}, last link {last}", candidate.conversation)?;
    for link in &candidate.links {
        let target = match (&link.link.sku, &link.link.product) {
            (Some(sku), _) => format!("SKU {}", shown(sku.as_str())),
            (None, Some(product)) => format!("product {}", shown(product.as_str())),
            (None, None) => "the shop's page".to_owned(),
        };
        let by = match (&link.member, &link.trigger, &link.comment_id) {
            (Some(member), ..) => format!(", sent by {}", shown(member.as_str())),
            (None, Some(trigger), Some(comment)) => {
                format!(", trigger {}, comment {}", shown(trigger.as_str()), shown(comment.as_str()))
            }
            _ => String::new(),
        };
        let matches = if link.matches { "was ordered" } else { "was not ordered" };
        let credited = if link.credited { ", credited" } else { "" };
        writeln!(to.to, "    {}  {target}{by}: {matches}{credited}", link.at)?;
    }
    Ok(())
}

/// What a check found, in a word.
fn told(found: &diagnosis::Found) -> String {
    match found {
        diagnosis::Found::Nothing => "none".to_owned(),
        diagnosis::Found::Unknown => "unknown".to_owned(),
        diagnosis::Found::Yes(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        diagnosis::Found::Number(number) => number.to_string(),
        diagnosis::Found::At(at) => Instant::to_string(at),
        diagnosis::Found::Word(word) => shown(word),
        diagnosis::Found::Said(text) => shown(text.as_str()),
        diagnosis::Found::Words(words) if words.is_empty() => "none".to_owned(),
        diagnosis::Found::Words(words) => words.iter().map(|word| shown(word)).collect::<Vec<_>>().join(" and "),
    }
}
