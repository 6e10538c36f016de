//! What waits for a contact and what was set aside, as every command shows it: with the instant it ends, and
//! what to do next.

use crate::terminal::{FAINT, STRONG, Stream, shown};
use chatsparks_replay::evidence::{ContactNotes, Next, SetAside};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};

/// Writes where a contact stands: their conversation, whether they count, what waits for them.
pub(crate) fn write_contact(to: &mut Stream, contact: &ContactNotes) -> io::Result<()> {
    writeln!(to.to, "\n{STRONG}The contact{STRONG:#}")?;
    match &contact.conversation {
        None => writeln!(to.to, "  no conversation")?,
        Some(conversation) => {
            let reason = conversation.reason.map_or(String::new(), |reason| format!(", {}", code(&reason)));
            let owner =
                conversation.owner.as_ref().map_or(String::new(), |owner| format!(", owner {}", shown(owner.as_str())));
            let block = conversation
                .block
                .as_ref()
                .map_or(String::new(), |block| format!(", at block {}", shown(block.as_str())));
            let state = code(&conversation.state);
            writeln!(to.to, "  conversation {} is {state}{reason}{owner}{block}", conversation.id)?;
        }
    }
    if contact.blocked {
        writeln!(to.to, "  blocked: nothing is answered until a member unblocks them")?;
    }
    writeln!(to.to, "  {}", counted(contact.counted, contact.counted_by.as_deref()))?;
    if let Some(pending) = &contact.pending {
        let (trigger, comment) = (shown(pending.trigger.as_str()), shown(pending.comment_id.as_str()));
        let used = match contact.limit {
            Some(limit) if pending.waits == "queued" => format!(", {}", used(contact.count, limit)),
            _ => String::new(),
        };
        let (waits, until) = (pending.waits, pending.until);
        writeln!(to.to, "  {waits} start: trigger {trigger}, comment {comment}, until {until}{used}")?;
        write_next(to, pending.next)?;
    }
    for throttle in &contact.throttled {
        writeln!(to.to, "  trigger {} is throttled until {}", shown(throttle.trigger.as_str()), throttle.until)?;
        write_next(to, throttle.next)?;
    }
    Ok(())
}

/// `counts in this cycle already, since e3`
pub(crate) fn counted(counted: bool, by: Option<&str>) -> String {
    match (counted, by) {
        (true, Some(event)) => {
            format!("counts in this cycle already, since {}: the limit does not hold them back", shown(event))
        }
        (true, None) => "counts in this cycle already: the limit does not hold them back".to_owned(),
        (false, _) => "does not count in this cycle".to_owned(),
    }
}

/// `2 of 2 contacts counted in this cycle`
pub(crate) fn used(count: u64, limit: u64) -> String {
    format!("{count} of {limit} contacts counted in this cycle")
}

/// Writes what was refused, or came again; nothing where there is none.
pub(crate) fn write_set_aside(to: &mut Stream, set_aside: &[SetAside]) -> io::Result<()> {
    if set_aside.is_empty() {
        return Ok(());
    }
    writeln!(to.to, "\n{STRONG}Seen and set aside{STRONG:#}: refused, or processed before")?;
    for one in set_aside {
        let first = one.duplicate_of.as_ref();
        let first = first.map_or(String::new(), |first| {
            let refused = first.refused.map_or(String::new(), |reason| format!(", which was refused: {reason}"));
            format!(" of {}, {}{refused}", shown(&first.event), first.at)
        });
        writeln!(to.to, "  {}  {} {}: {}{first}", one.at, one.kind, shown(&one.event), one.reason)?;
        write_next(to, one.next)?;
    }
    Ok(())
}

/// Writes what to do about what stands above.
pub(crate) fn write_next(to: &mut Stream, next: Next) -> io::Result<()> {
    writeln!(to.to, "      {FAINT}to do:{FAINT:#} {}", next.to_do)
}

/// The stable code of a value that is one.
pub(crate) fn code(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(code)) => code,
        _ => String::new(),
    }
}
