//! `chatsparks diagnose`: what to check when something did not happen (D1–D6, D8).

use super::{compile, unknown_trigger};
use crate::{
    failure::{Answer, Failure},
    history::Reading,
    input::{Input, beside},
    nearest::Nearest,
    output::{Output, Target},
    people::meant,
    terminal::{BAD, FAINT, GOOD, STRONG, Stream, Terminal, shown},
};
use chatsparks_core::{
    Candidate, Email, Engine, Envelope, Event, Explanation, Instant, LedgerEntry, OrderOutcome, PostId, Scratch, Text,
    WebhookTimes,
    diagnosis::{
        Answer as Found, BUNDLED_EVENTS, Case, Check, Diagnosis, DiagnosisKind, SupportBundle, TeammateKnown,
        WebhookKnown,
    },
};
use chatsparks_replay::{
    Asked, Evidence, Replay,
    evidence::{BundledLine, ContactNotes, LedgerLine, Next, OrderNotes, SetAside},
};
use clap::{ArgGroup, Args, ValueEnum};
use serde::Serialize;
use std::io::{self, Write};

mod page;
mod watching;

use watching::{ASKED_AT, Watching};

/// Diagnose what did not happen: each check, what it looked at, and what to do
///
/// Ask about one thing: a comment and a trigger that did not fire, a DM that the buyer never saw, an order that
/// was not attributed, a contact whose flow repeats its question, a teammate who cannot see the workspace, or a
/// webhook that does not receive. The first check that failed is named, and what to do next.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, group = ArgGroup::new("asked").required(true))]
pub(crate) struct Diagnose {
    /// The workspace: JSON or TOML; `-` is standard input. Before a store of one workspace it may be left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input; or a store: `sqlite:PATH`, `postgres://…`, `nats://…`
    history: Option<Input>,
    /// A comment that a trigger did not answer
    #[arg(long, value_name = "ID", group = "asked", requires = "trigger")]
    comment: Option<String>,
    /// The trigger that did not answer it
    #[arg(long, value_name = "ID", requires = "comment")]
    trigger: Option<String>,
    /// A DM that the buyer never saw: the id of its effect
    #[arg(long, value_name = "ID", group = "asked")]
    dm: Option<String>,
    /// An order that was not attributed
    #[arg(long, value_name = "ID", group = "asked")]
    order: Option<String>,
    /// A contact whose flow repeats its question: a user id, or a handle that one contact has
    #[arg(long, value_name = "ID", group = "asked")]
    contact: Option<String>,
    /// A teammate who cannot see the workspace: the email they sign in with
    #[arg(long, value_name = "EMAIL", group = "asked")]
    member: Option<String>,
    /// The email that the teammate's invite went to, where it is another
    #[arg(long, value_name = "EMAIL", requires = "member")]
    invite: Option<String>,
    /// A webhook that does not receive
    #[arg(long, group = "asked")]
    webhook: bool,
    /// The post whose comments are missing
    #[arg(long, value_name = "ID", requires = "webhook")]
    post: Option<String>,
    /// Whether the platform's status page reports an incident
    #[arg(long, value_name = "ANSWER", requires = "webhook")]
    incident: Option<YesNo>,
    /// When the account was connected
    #[arg(long, value_name = "INSTANT", requires = "webhook")]
    connected_at: Option<Instant>,
    /// When others last reported activity
    #[arg(long, value_name = "INSTANT", requires = "webhook")]
    others_active: Option<Instant>,
    /// As of this instant: later events are not looked at [default: the last event]
    #[arg(long, value_name = "INSTANT")]
    at: Option<Instant>,
    /// Write a bundle for support: the workspace's id, the last events, what failed; `-` is standard output
    #[arg(long, value_name = "FILE")]
    bundle: Option<Target>,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks diagnose shop.json march.jsonl --comment c17 --trigger price
  chatsparks diagnose sqlite:shop.db --dm e17/1
  chatsparks diagnose shop.json march.jsonl --order o4 --json
  chatsparks diagnose shop.json march.jsonl --contact u1 --at 2026-03-02T10:00:00Z
  chatsparks diagnose sqlite:shop.db --order o4 --bundle bundle.json
  chatsparks diagnose shop.json march.jsonl --member ann@shop.example --invite ann@work.example
  chatsparks diagnose shop.json march.jsonl --webhook --incident no --bundle bundle.json

The bundle holds no texts, handles, amounts or tokens. With `--bundle -` the page goes to
standard error.

Exit status: 0 when it is answered, whatever the answer, 1 when the workspace is invalid, 2 when
an id is not known or a file cannot be read.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

/// The shape of `diagnose --json`: the diagnosis with its sentences, and what else is known.
#[derive(Serialize)]
struct Page {
    kind: DiagnosisKind,
    case: Case,
    about: String,
    at: Option<Instant>,
    revision: u32,
    first_failed: Option<&'static str>,
    next: Next,
    checks: Vec<ShownCheck>,
    /// Whatever stands behind the checks.
    #[serde(flatten)]
    details: Details,
}

/// What stands behind the checks.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Details {
    Explanation {
        #[serde(flatten)]
        explanation: Box<Explanation>,
        /// When the same comment came again.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        set_aside: Vec<SetAside>,
        /// For marking the words that matched; the page shows it, JSON leaves it out.
        #[serde(skip)]
        text: Text,
    },
    Dm {
        /// Receipts that were refused, or came again.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        set_aside: Vec<SetAside>,
    },
    Order(Box<OrderDetails>),
    Contact(Option<Box<ContactNotes>>),
    #[serde(untagged)]
    None {},
}

#[derive(Serialize)]
struct OrderDetails {
    placed_at: Instant,
    outcome: OrderOutcome,
    candidates: Vec<Candidate>,
    ledger: Vec<LedgerLine>,
    /// What cancellations and refunds left of it.
    left: Left,
    set_aside: Vec<SetAside>,
}

#[derive(Serialize)]
struct Left {
    revenue_minor: i64,
    overlap_minor: i64,
}

impl Left {
    fn of(ledger: &[LedgerLine]) -> Self {
        let sum = |amount: fn(&LedgerEntry) -> i64| {
            let signed = |line: &LedgerLine| if line.reversed { -amount(&line.entry) } else { amount(&line.entry) };
            ledger.iter().fold(0_i64, |sum, line| sum.saturating_add(signed(line)))
        };
        Self { revenue_minor: sum(|entry| entry.revenue_minor), overlap_minor: sum(|entry| entry.overlap_minor) }
    }
}

#[derive(Serialize)]
struct ShownCheck {
    #[serde(flatten)]
    check: Check,
    asks: &'static str,
    to_do: &'static str,
}

impl Diagnose {
    /// A diagnosis of one thing, as it stands at the end. `told`: whether bad lines are passed over, and whether it is JSON.
    pub(super) fn about(workspace: Input, history: Option<Input>, asked: Asked, told: (bool, bool)) -> Self {
        let (keep_going, json) = told;
        let (order, contact) = match asked {
            Asked::Order(id) => (Some(id), None),
            Asked::Contact(id) => (None, Some(id)),
            _ => (None, None),
        };
        Self {
            workspace,
            history,
            comment: None,
            trigger: None,
            dm: None,
            webhook: order.is_none() && contact.is_none(),
            order,
            contact,
            member: None,
            invite: None,
            post: None,
            incident: None,
            connected_at: None,
            others_active: None,
            at: None,
            bundle: None,
            keep_going,
            json,
        }
    }

    /// Whether standard output is taken by the bundle.
    pub(super) fn takes_standard_output(&self) -> bool {
        self.bundle == Some(Target::Standard)
    }

    fn history(&self) -> Result<&Input, Failure> {
        beside(&self.workspace, self.history.as_ref())
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        for input in [Some(&self.workspace), self.history.as_ref()].into_iter().flatten() {
            if self.bundle.as_ref().is_some_and(|bundle| bundle.overwrites(input)) {
                return Err(Failure::new("the bundle would overwrite what is read").help("write to another file"));
            }
        }
        #[cfg(feature = "serve")]
        if let Some(mut kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            kept.as_of(self.at);
            return self.diagnose_kept(&kept, terminal);
        }
        self.history()?;
        let engine = compile(&self.workspace)?;
        let bundle = Output::open(self.bundle.as_ref())?;
        let mut watching = self.watching(self.asked(), bundle.is_wanted());
        let mut replay = self.replay(engine.clone(), &mut watching, terminal)?;
        let mut about = self.headline();
        if let Some(wanted) = self.contact.as_ref().filter(|wanted| replay.contact(wanted).is_none()) {
            // No contact has this id: it may be a handle, of somebody whose id is known only now.
            let meant = meant(&replay, wanted, self.history()?, watching.nearest)?;
            about = format!("contact {meant}, {wanted}");
            watching = self.watching(Asked::Contact(meant.to_string()), bundle.is_wanted());
            replay = self.replay(engine, &mut watching, terminal)?;
        }
        let Watching { evidence, nearest, .. } = watching;
        let now = self.at.or(replay.head().clock().latest());
        let (diagnosis, details) = self.diagnose(&evidence, &nearest, &replay, now)?;
        if bundle.is_wanted() {
            let at = now.unwrap_or(Instant::from_milliseconds(0));
            write_bundle(&evidence.bundle(&replay, diagnosis.clone(), at), bundle)?;
        }
        let page = Page::new(about, now, replay.engine().revision(), diagnosis, details);
        self.write(&page, terminal)
    }

    /// The same from what a store keeps of the thing that is asked about.
    #[cfg(feature = "serve")]
    fn diagnose_kept(&self, kept: &crate::kept::Kept, terminal: &Terminal) -> Result<Answer, Failure> {
        let bundle = kept.output(self.bundle.as_ref())?;
        let mut watching = self.watching(self.asked(), false);
        let mut about = self.headline();
        let replay = match (&self.comment, &self.dm, &self.order, &self.contact) {
            (Some(id), ..) => kept.comment(id, &mut watching)?.0,
            (_, Some(id), ..) => kept.dm(id, &mut watching)?,
            (_, _, Some(id), _) => kept.order(id, &mut watching)?,
            (.., Some(wanted)) => {
                let user_id = kept.meant_contact(wanted)?;
                if user_id.as_str() != wanted {
                    about = format!("contact {user_id}, {wanted}");
                }
                watching = self.watching(Asked::Contact(user_id.to_string()), false);
                kept.watch(&user_id, &mut watching)?
            }
            _ => {
                watching.evidence.last_event = match self.webhook {
                    true => kept.last_event(chatsparks_replay::evidence::is_from_platform)?,
                    false => None,
                };
                kept.workspace()?
            }
        };
        let Watching { asked, evidence, nearest } = watching;
        let unknown = match &asked {
            Asked::Contact(id) => replay.contact(id).is_none().then_some(("contact", id)),
            Asked::Dm(id) => evidence.dm.is_none().then_some(("DM", id)),
            Asked::Order(id) => evidence.order.is_none().then_some(("order", id)),
            Asked::Comment(_) | Asked::Workspace => None,
        };
        if let Some((what, id)) = unknown {
            return Err(kept.unknown(what, id));
        }
        let now = self.at.or(replay.head().clock().latest());
        let (diagnosis, details) = self.diagnose(&evidence, &nearest, &replay, now)?;
        if bundle.is_wanted() {
            let at = now.unwrap_or(Instant::from_milliseconds(0));
            let id = replay.engine().workspace().workspace.id.clone();
            let last = kept.last_records(BUNDLED_EVENTS)?;
            let events = BundledLine::all(&last.lines, &last.events);
            let mut whole = SupportBundle::of(id, replay.engine().revision(), at, events);
            whole.add(diagnosis.clone());
            write_bundle(&whole, bundle)?;
        }
        self.write(&Page::new(about, now, replay.engine().revision(), diagnosis, details), terminal)
    }

    fn write(&self, page: &Page, terminal: &Terminal) -> Result<Answer, Failure> {
        let to = if self.takes_standard_output() { terminal.err() } else { terminal.out() };
        to.answer(self.json, page, |to| page.write_text(to))?;
        Ok(Answer::Done)
    }

    fn watching(&self, asked: Asked, bundles: bool) -> Watching {
        let evidence = Evidence::new(asked.clone(), bundles);
        Watching { asked, evidence, nearest: self.nearest() }
    }

    fn asked(&self) -> Asked {
        match (&self.comment, &self.dm, &self.order, &self.contact) {
            (Some(id), ..) => Asked::Comment(id.clone()),
            (_, Some(id), ..) => Asked::Dm(id.clone()),
            (_, _, Some(id), _) => Asked::Order(id.clone()),
            (.., Some(id)) => Asked::Contact(id.clone()),
            _ => Asked::Workspace,
        }
    }

    fn nearest(&self) -> Nearest {
        let ids = [&self.comment, &self.dm, &self.order, &self.contact];
        Nearest::new(ids.into_iter().flatten().next().map_or("", String::as_str))
    }

    /// What is asked about, as the page is headed.
    fn headline(&self) -> String {
        let ids = [
            ("order", &self.order),
            ("DM", &self.dm),
            ("contact", &self.contact),
            ("member", &self.member),
            ("post", &self.post),
        ];
        match (&self.comment, &self.trigger) {
            (Some(comment), Some(trigger)) => format!("comment {comment}, trigger {trigger}"),
            _ => {
                let named = ids.into_iter().find_map(|(what, id)| id.as_ref().map(|id| format!("{what} {id}")));
                named.unwrap_or_else(|| "the webhook".to_owned())
            }
        }
    }

    /// Replays up to the instant asked about, and lets time pass until then.
    fn replay(&self, engine: Engine, watching: &mut Watching, terminal: &Terminal) -> Result<Replay, Failure> {
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let mut replay = Replay::new(engine);
        let lines = reading.lines(self.history()?.open()?, |envelope| {
            if self.at.is_none_or(|at| envelope.at <= at) {
                replay.push_observed(envelope, watching);
            }
            true
        });
        if let Some(failure) = lines.stopped {
            return Err(failure);
        }
        if let Some(at) = self.at
            && !replay.head().is_late(at)
        {
            // Timers that are due by then fire.
            let clock = Envelope { id: ASKED_AT.into(), at, event: Event::Clock };
            replay.push_observed(&clock, watching);
        }
        Ok(replay)
    }

    fn diagnose(
        &self,
        evidence: &Evidence,
        nearest: &Nearest,
        replay: &Replay,
        now: Option<Instant>,
    ) -> Result<(Diagnosis, Details), Failure> {
        let place = format!("`{}`", self.history.as_ref().unwrap_or(&self.workspace).name());
        if let (Some(_), Some(trigger)) = (&self.comment, &self.trigger) {
            let Some(comment) = &evidence.comment else { return Err(nearest.unknown("comment", &place)) };
            let mut scratch = Scratch::default();
            let diagnosis = evidence.diagnose_comment(trigger, &mut scratch);
            let diagnosis = diagnosis.ok_or_else(|| unknown_trigger(trigger, &comment.engine))?;
            let explanation = comment.engine.explain(&comment.evaluation, trigger, &mut scratch);
            let text = comment.evaluation.comment.text.clone();
            let details = explanation.map_or(Details::None {}, |explanation| Details::Explanation {
                explanation: Box::new(explanation),
                set_aside: evidence.comment_set_aside.clone(),
                text,
            });
            return Ok((diagnosis, details));
        }
        let workspace = replay.engine().workspace();
        if self.dm.is_some() {
            let diagnosis = evidence.diagnose_dm().ok_or_else(|| nearest.unknown("DM", &place))?;
            return Ok((diagnosis, Details::Dm { set_aside: evidence.dm_set_aside.clone() }));
        }
        if self.order.is_some() {
            let diagnosis = evidence.diagnose_order().ok_or_else(|| nearest.unknown("order", &place))?;
            let details = evidence.order_notes().map_or(Details::None {}, |notes| {
                let OrderNotes { placed_at, outcome, candidates, ledger, set_aside, .. } = notes;
                Details::Order(Box::new(OrderDetails {
                    placed_at,
                    outcome: outcome.clone(),
                    candidates: candidates.to_vec(),
                    left: Left::of(ledger),
                    ledger: ledger.to_vec(),
                    set_aside: set_aside.to_vec(),
                }))
            });
            return Ok((diagnosis, details));
        }
        if self.contact.is_some() {
            let diagnosis = evidence.diagnose_contact(replay).ok_or_else(|| nearest.unknown("contact", &place))?;
            return Ok((diagnosis, Details::Contact(evidence.contact_notes(replay).map(Box::new))));
        }
        if let Some(member) = &self.member {
            let email = Email::from(member.as_str());
            let invite = self.invite.as_deref().map(Email::from);
            let known = TeammateKnown { workspace, email: &email, invite: invite.as_ref() };
            return Ok((known.diagnose(), Details::None {}));
        }
        let now = now.ok_or_else(|| {
            Failure::new("the history has no events, so nobody knows when now is").help("name the instant with `--at`")
        })?;
        let post = self.post.as_deref().map(PostId::from);
        let times = WebhookTimes {
            connected_at: self.connected_at,
            last_event: evidence.last_event,
            others_active: self.others_active,
        };
        let incident = self.incident.map(|incident| incident == YesNo::Yes);
        let known = WebhookKnown { workspace, incident, post: post.as_ref(), refused: None, times, now };
        Ok((known.diagnose(), Details::None {}))
    }
}

fn write_bundle<E: Serialize>(whole: &SupportBundle<E>, mut bundle: Output) -> Result<(), Failure> {
    let written = serde_json::to_writer_pretty(&mut bundle, whole).map_err(io::Error::from);
    written.and_then(|()| writeln!(bundle)).map_err(|error| bundle.failure(error))?;
    bundle.finish()
}

impl Page {
    fn new(about: String, at: Option<Instant>, revision: u32, diagnosis: Diagnosis, details: Details) -> Self {
        let Diagnosis { kind, case, first_failed, next, checks } = diagnosis;
        let shown_check =
            |check: Check| ShownCheck { asks: check.code.sentence(), to_do: check.advice.sentence(), check };
        Self {
            kind,
            case,
            about,
            at,
            revision,
            first_failed: first_failed.map(|code| code.as_str()),
            next: next.into(),
            checks: checks.into_iter().map(shown_check).collect(),
            details,
        }
    }
}
