//! The page that a support desk would send.

use super::{BAD, DiagnosisKind, FAINT, Found, GOOD, Page, STRONG, ShownCheck, Stream, Write, io, shown};
use serde_json::Value;

impl Page {
    pub(super) fn write_text(&self, to: &mut Stream) -> io::Result<()> {
        writeln!(to.to, "{STRONG}{}{STRONG:#}: {}", question(self.kind), shown(&self.about))?;
        if let Some(at) = self.at {
            writeln!(to.to, "as of {at}, revision {} of the workspace", self.revision)?;
        }
        writeln!(to.to)?;
        for check in &self.checks {
            check.write_text(to)?;
        }
        writeln!(to.to)?;
        match self.checks.iter().find(|check| Some(check.check.code.as_str()) == self.first_failed) {
            Some(first) => writeln!(to.to, "First failed: {BAD}{}{BAD:#}, {}", first.check.code.as_str(), first.asks)?,
            None => writeln!(to.to, "No check failed.")?,
        }
        writeln!(to.to, "Next: {}", self.next.to_do)?;
        if let Value::Object(details) = &self.details {
            for (what, value) in details {
                writeln!(to.to, "\n{STRONG}{what}{STRONG:#}")?;
                write_value(to, value, 2)?;
            }
        }
        Ok(())
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
        let looked_at: Vec<String> = check
            .looked_at
            .iter()
            .filter_map(|finding| {
                let value = serde_json::to_value(&finding.value).unwrap_or(Value::Null);
                Some(format!("{} {}", words(finding.what), brief(&value)?))
            })
            .collect();
        if !looked_at.is_empty() {
            writeln!(to.to, "           {FAINT}looked at:{FAINT:#} {}", looked_at.join(", "))?;
        }
        if check.answer != Found::Pass {
            writeln!(to.to, "           {FAINT}to do:{FAINT:#} {}", self.to_do)?;
        }
        Ok(())
    }
}

fn question(kind: DiagnosisKind) -> &'static str {
    match kind {
        DiagnosisKind::WebhookNotReceiving => "The webhook does not receive",
        DiagnosisKind::AutomationDidNotFire => "The automation did not fire",
        DiagnosisKind::DmNotSeen => "The buyer never saw the DM",
        DiagnosisKind::OrderNotAttributed => "The order was not attributed",
        DiagnosisKind::QuestionRepeats => "The flow repeats its question",
        DiagnosisKind::TeammateCannotSee => "A teammate cannot see the workspace",
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// A value in a few words; none where there is nothing to say.
fn brief(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::String(text) => Some(shown(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(brief).collect();
            Some(format!("[{}]", items.join(", ")))
        }
        Value::Object(fields) => {
            let told = |(name, value): (&String, &Value)| Some(format!("{} {}", words(name), brief(value)?));
            Some(fields.iter().filter_map(told).collect::<Vec<_>>().join(", "))
        }
    }
}

/// An object a line for each field, lists a line for each item.
fn write_value(to: &mut Stream, value: &Value, indent: usize) -> io::Result<()> {
    let Value::Object(fields) = value else {
        return Ok(());
    };
    for (name, value) in fields {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                writeln!(to.to, "{:indent$}{}", "", words(name))?;
                for item in items {
                    writeln!(to.to, "{:indent$}  - {}", "", brief(item).unwrap_or_default())?;
                }
            }
            value => {
                if let Some(text) = brief(value) {
                    writeln!(to.to, "{:indent$}{} {text}", "", words(name))?;
                }
            }
        }
    }
    Ok(())
}
