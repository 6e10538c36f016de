//! What is said once the day is over.

use super::{
    folder::Folder,
    ledger::Balance,
    service::{AFTERWARDS, CONFIGURATION, TOKEN, leave_behind},
    shop::Times,
    story::{RATE, Setting},
    wire::Wired,
};
use crate::terminal::{BAD, FAINT, GOOD, STRONG, Stream, shown};
use chatsparks_core::{Insights, Instant as At};
use chatsparks_replay::InsightsSection;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::{Duration, Instant},
};

/// What came of the day.
pub(crate) struct Told {
    pub(crate) setting: Setting,
    pub(crate) took: Duration,
    pub(crate) first_decision: Duration,
    /// The most memory that the service had, in KiB.
    pub(crate) peak: Option<u64>,
    pub(crate) records: u64,
    pub(crate) triggers: usize,
    pub(crate) dms: u64,
    pub(crate) replies: u64,
    pub(crate) notes: u64,
    pub(crate) from_buyers: u64,
    pub(crate) results: BTreeMap<String, u64>,
    pub(crate) states: BTreeMap<String, u64>,
    pub(crate) counted: u64,
    pub(crate) limit: u64,
    pub(crate) waited_for_room: u64,
    pub(crate) burst: Burst,
    pub(crate) crashes: u32,
    pub(crate) balance: Balance,
    pub(crate) verified: bool,
    pub(crate) digest: Option<String>,
    pub(crate) insights: Insights,
    pub(crate) why: Vec<Why>,
    /// A comment to look into, and whose it is.
    pub(crate) example: Option<(String, String)>,
    pub(crate) wired: Wired,
}

/// What came of the burst.
#[derive(Clone, Debug, Default)]
pub(crate) struct Burst {
    pub(crate) comments: usize,
    /// Comments that came last and could be answered for minutes only.
    pub(crate) urgent: usize,
    /// Effects that waited once everything was decided.
    pub(crate) waiting: usize,
    pub(crate) accepted: Duration,
    pub(crate) decided: Duration,
    pub(crate) drained: Duration,
    /// The place at which the last answer to those went out, of all that waited.
    pub(crate) last_urgent: usize,
    /// By how much the forecast was off at most, as a share; none: it was over too soon to say.
    pub(crate) off: Option<f64>,
    /// How many forecasts that is of.
    pub(crate) forecasts: usize,
}

/// How long it takes until the forecast knows how fast it goes; and how near its end nothing can be said in shares.
const LEARNS: Duration = Duration::from_secs(2);
const ENDS: Duration = Duration::from_millis(2_500);

impl Burst {
    /// Of what was foreseen, when, and when it had drained.
    pub(crate) fn new(foreseen: &[(Instant, Duration)], drained: Instant) -> Self {
        let first = foreseen.first().map(|(when, _)| *when + LEARNS);
        let judged = foreseen.iter().filter_map(|(when, left)| {
            let real = drained.saturating_duration_since(*when);
            let is_judged = first.is_some_and(|first| *when >= first) && real >= ENDS;
            is_judged.then(|| (left.as_secs_f64() - real.as_secs_f64()).abs() / real.as_secs_f64())
        });
        let judged: Vec<f64> = judged.collect();
        Self { off: judged.iter().copied().reduce(f64::max), forecasts: judged.len(), ..Self::default() }
    }
}

/// Why somebody got no answer.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    who: String,
    text: String,
    at: i64,
    reason: String,
}

impl Why {
    /// Of a result, as the service explains it.
    pub(crate) fn new(result: &str, explained: &Value) -> Self {
        let (comment, outcome) = (&explained["comment"], &explained["outcome"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let instant = |value: &Value| value.as_str().and_then(|at| at.parse::<At>().ok()).map(At::as_milliseconds);
        let trigger = outcome["trigger"].as_str().unwrap_or("no trigger");
        let until = instant(&outcome["until"]).map(|until| format!(" until {} the next day", Times::clock(until)));
        let until = until.unwrap_or_default();
        let looked = explained["triggers"].as_array().map_or(0, Vec::len);
        let reason = match result {
            "throttled" => format!("throttled{until}: {trigger} answered them before"),
            "with_human" => format!("a person has the conversation: {trigger} stays out"),
            "queued" => format!("the plan was full: {trigger} waited for room"),
            "outside_window" => "the video is older than the plan listens to".to_owned(),
            _ => format!("none of {looked} triggers finds its words in it"),
        };
        Self {
            who: text(&comment["handle"]),
            text: text(&comment["text"]),
            at: instant(&comment["at"]).unwrap_or(0),
            reason,
        }
    }

    /// The comment, and the reason.
    pub(crate) fn lines(&self) -> [String; 2] {
        let said: String = shown(&self.text).chars().take(48).collect();
        [format!("{} {}: “{said}”", Times::clock(self.at), shown(&self.who)), shown(&self.reason)]
    }
}

impl Told {
    /// Nothing was lost, and nothing done twice.
    pub(crate) fn holds(&self) -> bool {
        self.balance.holds() && self.verified && self.wired.holds()
    }

    /// The same in a few short lines.
    pub(crate) fn closing(&self) -> Vec<String> {
        let Self { balance, burst, .. } = self;
        let comments = number(self.results.values().sum());
        let mut lines = vec![
            format!(
                "{comments} comments, {} DMs, {} replies in {:.0} s",
                number(self.dms),
                number(self.replies),
                self.took.as_secs_f64()
            ),
            String::new(),
            format!(
                "The burst: {} events, decided in {:.1} s, out in {:.1} s",
                count(burst.comments),
                burst.decided.as_secs_f64(),
                burst.drained.as_secs_f64()
            ),
            match burst.last_urgent {
                0 => format!("{} had minutes left and came last: out before all", count(burst.urgent)),
                place => format!(
                    "{} had minutes left and came last: out by place {} of {}",
                    count(burst.urgent),
                    count(place),
                    count(burst.waiting)
                ),
            },
        ];
        lines.extend(burst.off.map(|off| format!("The forecast was off by {:.1} % at most", off * 100.0)));
        lines.push(String::new());
        lines.extend((self.crashes > 0).then(|| "The service was killed in the middle, and came back".to_owned()));
        lines.extend([
            format!(
                "{} events acknowledged, {} not decided, {} twice",
                count(balance.brought),
                count(balance.undecided),
                count(balance.decided_twice)
            ),
            format!(
                "{} effects, {} not done, {} done twice",
                count(balance.effects),
                count(balance.not_done),
                count(balance.done_twice)
            ),
            format!("{} brought again, and known by their key", number(balance.brought_again)),
            format!(
                "Decided anew from the log: {}",
                if self.verified { "the same, byte for byte" } else { "not the same" }
            ),
        ]);
        lines
    }
}

/// A number with its thousands apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn count(of: usize) -> String {
    number(of as u64)
}

/// Says it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(out: &mut Stream, told: &Told, folder: &Folder) -> io::Result<()> {
    let Told { setting, balance, burst, .. } = told;
    let comments: u64 = told.results.values().sum();
    let took = told.took.as_secs_f64();
    writeln!(out.to, "{STRONG}Glow's launch day{STRONG:#}, lived through in {took:.1} s (seed {})\n", setting.seed)?;
    let fired = told.results.get("fired").copied().unwrap_or(0);
    let states = |name: &str| number(told.states.get(name).copied().unwrap_or(0));
    let line = |out: &mut Stream, name: &str, text: String| writeln!(out.to, "  {STRONG}{name:<12}{STRONG:#} {text}");
    line(
        out,
        "comments",
        format!("{} looked at by {} triggers, {} of them fired", number(comments), told.triggers, number(fired)),
    )?;
    line(
        out,
        "sent",
        format!(
            "{} DMs, {} public replies, {} notes to people",
            number(told.dms),
            number(told.replies),
            number(told.notes)
        ),
    )?;
    line(
        out,
        "answered",
        format!(
            "{} messages of buyers; {} conversations are with the bot, {} wait, {} are with a person",
            number(told.from_buyers),
            states("bot"),
            states("waiting"),
            states("human")
        ),
    )?;
    line(
        out,
        "plan",
        format!(
            "{} contacts this month, of {}; {} had to wait for room until the owner took a larger plan",
            number(told.counted),
            number(told.limit),
            number(told.waited_for_room)
        ),
    )?;
    let peak = told.peak.map_or_else(String::new, |peak| format!(", {} MiB of memory at most", peak >> 10));
    line(out, "service", format!("the first decision {} ms after its start{peak}", told.first_decision.as_millis()))?;

    writeln!(out.to, "\n{STRONG}A burst, drained deadline first{STRONG:#}")?;
    writeln!(
        out.to,
        "  {} events in one go: taken in {:.1} s, decided in {:.1} s, everybody answered in {:.1} s, at the {RATE}\n  \
         messages a second that the platform of the demo takes.",
        count(burst.comments),
        burst.accepted.as_secs_f64(),
        burst.decided.as_secs_f64(),
        burst.drained.as_secs_f64()
    )?;
    if burst.urgent > 0 && burst.last_urgent == 0 {
        writeln!(
            out.to,
            "  The {} who came last had minutes left, for they wrote two days ago: they were answered before anybody\n  \
             else who still waited.",
            count(burst.urgent)
        )?;
    } else if burst.urgent > 0 {
        writeln!(
            out.to,
            "  The {} who came last had minutes left, for they wrote two days ago. The last answer to them went out\n  \
             as number {} of the {} that waited: not one was too late.",
            count(burst.urgent),
            count(burst.last_urgent),
            count(burst.waiting)
        )?;
    }
    match burst.off {
        Some(off) => writeln!(
            out.to,
            "  When it would be over was foreseen {} times, and was off by {:.1} % at most.",
            burst.forecasts,
            off * 100.0
        )?,
        None => writeln!(out.to, "  It was over too soon for a forecast to be judged.")?,
    }

    if told.crashes > 0 {
        writeln!(out.to, "\n{STRONG}A crash in the middle of it{STRONG:#}")?;
        writeln!(
            out.to,
            "  The service was killed (SIGKILL) with half of the burst taken in, and started again where its\n  database was."
        )?;
    }
    write_books(out, told)?;
    write_wire(out, &told.wired)?;

    writeln!(out.to, "\n{STRONG}Why not?{STRONG:#} Of each reason one comment, explained from its one record")?;
    for why in &told.why {
        let [said, reason] = why.lines();
        writeln!(out.to, "  {said}\n    {FAINT}{reason}{FAINT:#}")?;
    }
    let columns = out.width;
    writeln!(out.to, "\n{}", format!("{:columns$}", InsightsSection(&told.insights)).trim_end())?;
    write_where_next(out, told, folder, balance)
}

/// Whether anything was lost or done twice, and how it is known.
fn write_books(out: &mut Stream, told: &Told) -> io::Result<()> {
    let balance = &told.balance;
    let (good, words) = match told.holds() {
        true => (GOOD, "Nothing lost, nothing done twice"),
        false => (BAD, "The books do not balance"),
    };
    writeln!(out.to, "\n{good}{words}{good:#}. How it is known:")?;
    writeln!(
        out.to,
        "  {} events were acknowledged: {} without a decision, {} with two; {} came again and changed nothing",
        count(balance.brought),
        count(balance.undecided),
        count(balance.decided_twice),
        number(balance.repetitions)
    )?;
    writeln!(
        out.to,
        "  {} effects were decided: {} done once by the platform, {} withdrawn or failed, {} not done, {} done twice,\n  \
         {} done that nobody decided; {} were brought again and known by their key",
        count(balance.effects),
        count(balance.done),
        count(balance.failed),
        count(balance.not_done),
        count(balance.done_twice),
        count(balance.undue),
        number(balance.brought_again)
    )?;
    let (records, digest) = (number(told.records), told.digest.as_deref().unwrap_or("?"));
    let short: String = digest.chars().take(16).collect();
    match told.verified {
        true => writeln!(
            out.to,
            "  {records} records: decided anew from the log, in one go and without a stop, they are the same, byte\n  \
             for byte (digest {short}…)"
        ),
        false => writeln!(out.to, "  {records} records: {BAD}decided anew from the log they are others{BAD:#}"),
    }
}

/// What went over TikTok's wire.
fn write_wire(out: &mut Stream, wired: &Wired) -> io::Result<()> {
    let style = if wired.holds() { STRONG } else { BAD };
    writeln!(out.to, "\n{style}Over TikTok's own wire{style:#}, simulated, at its own limits of 10 calls a second")?;
    writeln!(
        out.to,
        "  {} comments, {} public replies, {} DMs, {} orders, {} of them credited; {} webhooks, signed, some twice.\n  \
         {} answer was lost after its work was done: it was looked for, and nobody was written to twice ({}).",
        wired.comments,
        wired.replies,
        wired.messages,
        wired.orders,
        wired.credited,
        wired.webhooks,
        wired.lost_answers,
        wired.twice
    )
}

/// How to go on.
fn write_where_next(out: &mut Stream, told: &Told, folder: &Folder, balance: &Balance) -> io::Result<()> {
    let Some(kept) = folder.kept() else {
        writeln!(
            out.to,
            "\nIts database is gone. To look into it: `chatsparks demo --once --keep day`, and then what it says."
        )?;
        return Ok(());
    };
    let (database, directory) = (folder.database(), kept.display());
    let database = database.display();
    writeln!(out.to, "\n{STRONG}Look into it{STRONG:#} ({} events in {database})", count(balance.brought))?;
    if let Some((comment, contact)) = told.example.as_ref().filter(|_| reads_stores()) {
        writeln!(out.to, "  chatsparks explain sqlite:{database} --comment {comment}")?;
        writeln!(out.to, "  chatsparks conversation sqlite:{database} --contact {contact}")?;
        writeln!(out.to, "  chatsparks insights sqlite:{database}")?;
    } else {
        writeln!(out.to, "  chatsparks verify sqlite:{database}")?;
        writeln!(out.to, "  chatsparks export sqlite:{database} {directory}/taken-home")?;
        writeln!(out.to, "  chatsparks backup sqlite:{database} {directory}/copy.db")?;
    }
    writeln!(out.to, "\n{STRONG}Or in a browser{STRONG:#}, with the token in {directory}/{TOKEN}")?;
    writeln!(out.to, "  chatsparks serve --config {directory}/{CONFIGURATION}")
}

/// What is left of a day that somebody ended.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_interrupted(to: &mut Stream, folder: &Folder) -> io::Result<()> {
    let database = folder.database();
    let Some(directory) = folder.kept().filter(|_| database.exists()) else {
        return writeln!(to.to, "stopped before the day was over; nothing of it was kept");
    };
    // Nothing is sent any more to a platform that has ended too; where that cannot be said, the rest holds.
    let is_left = leave_behind(folder, AFTERWARDS).is_ok();
    let (database, directory) = (database.display(), directory.display());
    writeln!(to.to, "stopped before the day was over; what came until then is whole, in {database}. To look into it:")?;
    writeln!(to.to, "  chatsparks verify sqlite:{database}")?;
    writeln!(to.to, "  chatsparks insights sqlite:{database}")?;
    match is_left {
        true => writeln!(to.to, "  chatsparks serve --config {directory}/{CONFIGURATION}"),
        false => Ok(()),
    }
}

/// Whether this build explains from a store: only what it can do is named.
fn reads_stores() -> bool {
    use clap::CommandFactory;
    let command = crate::arguments::Arguments::command();
    let help = command.find_subcommand("explain").and_then(|explain| explain.get_after_long_help());
    help.is_some_and(|help| help.to_string().contains("sqlite:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o6_a_forecast_is_judged_once_it_knows_how_fast_it_goes_and_before_the_end() {
        let began = Instant::now();
        let at = |seconds: u64| began + Duration::from_secs(seconds);
        let foreseen: Vec<_> =
            [(0, 99), (3, 7), (5, 4), (8, 99)].map(|(when, left)| (at(when), Duration::from_secs(left))).into();
        let burst = Burst::new(&foreseen, at(10));
        assert_eq!((burst.forecasts, burst.off), (2, Some(0.2)));
        assert_eq!(Burst::new(&[], at(10)).off, None);
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }
}
