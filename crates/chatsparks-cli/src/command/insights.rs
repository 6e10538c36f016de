//! `chatsparks insights`: what comments led to, by post, trigger, keyword and flow (I).

use super::compile;
use crate::{
    failure::{Answer, Failure},
    history::{Reading, Watch},
    input::{Input, beside},
    output::{Output, Target},
    terminal::Terminal,
};
use chatsparks_core::{Group, Insights as Folded, workspace::Workspace};
use chatsparks_replay::{InsightsTables, Observer, Record, report::Report};
use clap::Args;
use std::io::{self, Write};

/// Show what comments led to: DMs started, orders, revenue, and where buyers left a flow
///
/// By post, trigger, keyword, flow and member, each flow block by block. Revenue is net of refunds and
/// cancellations; JSON and CSV have it in whole minor units of its currency. The numbers are folded from the facts
/// of the decisions, and from nothing else.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Insights {
    /// The workspace: JSON or TOML; `-` is standard input. Before a store of one workspace it may be left out
    workspace: Input,
    /// The history: one event a line; `-` is standard input; or a store: `sqlite:PATH`, `postgres://…`, `nats://…`
    history: Option<Input>,
    /// Pass over lines that cannot be read
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Print one number a line: kind, id, block, currency, measure, value
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write a page for the people of the shop, in one file that any browser shows; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"])]
    html: Option<Target>,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks insights shop.json march.jsonl
  chatsparks insights sqlite:shop.db
  chatsparks insights shop.json march.jsonl --csv > march.csv
  chatsparks insights shop.json march.jsonl --html march.html
  chatsparks insights sqlite:shop.db --html shop.html
  chatsparks insights shop.json march.jsonl --json | jq '.triggers.price'

Exit status: 0 when the history was read to its end, 1 when the workspace is invalid, 2 when a
line or file cannot be read.";

impl Insights {
    fn history(&self) -> Result<&Input, Failure> {
        beside(&self.workspace, self.history.as_ref())
    }

    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        #[cfg(feature = "serve")]
        if let Some(kept) = crate::kept::Kept::asked(&self.workspace, self.history.as_ref())? {
            if let Some(target) = &self.html {
                return write_kept_page(&kept, target);
            }
            return self.write(&kept.insights()?, kept.engine()?.workspace(), terminal);
        }
        self.history()?;
        if let Some(target) = &self.html {
            return self.write_page(target, terminal);
        }
        let engine = compile(&self.workspace)?;
        let mut folding = Folding(Folded::new());
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut folding)?.whole(terminal)?;
        self.write(&folding.0, replay.engine().workspace(), terminal)
    }

    fn write(&self, insights: &Folded, workspace: &Workspace, terminal: &Terminal) -> Result<Answer, Failure> {
        terminal.out().answer(self.json, insights, |to| {
            if self.csv {
                return write_csv(insights, &mut to.to);
            }
            let columns = to.width;
            let tables = format!("{:columns$}", InsightsTables { insights, workspace });
            writeln!(to.to, "{}", tables.trim_end())
        })?;
        Ok(Answer::Done)
    }
}

impl Insights {
    /// The page in place of the tables.
    fn write_page(&self, target: &Target, terminal: &Terminal) -> Result<Answer, Failure> {
        if target.overwrites(self.history()?) || target.overwrites(&self.workspace) {
            let message = format!("`{}` is read, and would be overwritten", target.name());
            return Err(Failure::new(message).help("write to another file"));
        }
        let engine = compile(&self.workspace)?;
        let mut to = Output::open(Some(target))?;
        let mut reporting = Reporting(Report::new());
        let reading = Reading { input: self.history()?, keep_going: self.keep_going, terminal };
        let replay = reading.replay(engine, &mut reporting)?.whole(terminal)?;
        let page = reporting.0.page(replay.engine().workspace());
        to.write_all(page.as_bytes()).map_err(|error| to.failure(error))?;
        to.finish()?;
        Ok(Answer::Done)
    }
}

/// The page of a store: the numbers that it keeps, and the days of the records that it has. Nothing is decided again.
#[cfg(feature = "serve")]
fn write_kept_page(kept: &crate::kept::Kept, target: &Target) -> Result<Answer, Failure> {
    let mut to = kept.output(Some(target))?;
    let mut report = Report::of(kept.insights()?);
    let unreadable = |_| Failure::new("a record of the store cannot be read: was it written by a newer version?");
    let is_cut = kept.records(|partition, line| report.add_line(partition, line).map_err(unreadable))?;
    if is_cut {
        report.begins_later();
    }
    let page = report.page(kept.engine()?.workspace());
    to.write_all(page.as_bytes()).map_err(|error| to.failure(error))?;
    to.finish()?;
    Ok(Answer::Done)
}

/// Folds every record for a page.
struct Reporting(Report);

impl Observer for Reporting {
    fn record(&mut self, record: &Record<'_>) {
        self.0.add(record);
    }
}

impl Watch for Reporting {}

/// Folds the facts of every record.
struct Folding(Folded);

impl Observer for Folding {
    fn record(&mut self, record: &Record<'_>) {
        self.0.add(record.user_id(), &record.decision.facts);
    }
}

impl Watch for Folding {}

/// One number a line: a spreadsheet can turn that into any table.
fn write_csv(insights: &Folded, to: &mut impl Write) -> io::Result<()> {
    let mut lines = Lines(csv::Writer::from_writer(to));
    lines.0.write_record(["kind", "id", "block", "currency", "measure", "value"])?;
    for (result, count) in &insights.results {
        lines.write("result", result.as_str(), "", "", "comments", i128::from(*count))?;
    }
    for (currency, revenue) in &insights.revenue {
        let amounts = [
            ("attributed_minor", revenue.attributed_minor),
            ("soft_minor", revenue.soft_minor),
            ("organic_minor", revenue.organic_minor),
        ];
        for (measure, amount) in amounts {
            lines.write("shop", "", "", currency.as_str(), measure, amount)?;
        }
    }
    for (id, group) in &insights.posts {
        lines.group("post", id.as_str(), group)?;
    }
    for (id, group) in &insights.triggers {
        lines.group("trigger", id.as_str(), group)?;
    }
    for (id, group) in &insights.keywords {
        lines.group("keyword", id, group)?;
    }
    for (id, flow) in &insights.flows {
        lines.group("flow", id.as_str(), &flow.group)?;
        lines.write("flow", id.as_str(), "", "", "completed", i128::from(flow.completed))?;
        for (block, counts) in &flow.blocks {
            lines.write("flow", id.as_str(), block.as_str(), "", "reached", i128::from(counts.reached))?;
            lines.write("flow", id.as_str(), block.as_str(), "", "left", i128::from(counts.left))?;
        }
    }
    for (id, group) in &insights.members {
        lines.group("member", id.as_str(), group)?;
    }
    lines.0.flush()
}

struct Lines<W: Write>(csv::Writer<W>);

impl<W: Write> Lines<W> {
    fn write(
        &mut self,
        kind: &str,
        id: &str,
        block: &str,
        currency: &str,
        measure: &str,
        value: i128,
    ) -> io::Result<()> {
        Ok(self.0.write_record([kind, id, block, currency, measure, &value.to_string()])?)
    }

    fn group(&mut self, kind: &str, id: &str, group: &Group) -> io::Result<()> {
        let counts = [
            ("comments", group.comments),
            ("dms_started", group.dms_started),
            ("orders_attributed", group.orders_attributed),
            ("orders_soft", group.orders_soft),
        ];
        for (measure, count) in counts {
            self.write(kind, id, "", "", measure, i128::from(count))?;
        }
        for (currency, revenue) in &group.revenue {
            let amounts = [
                ("attributed_minor", revenue.attributed_minor),
                ("overlap_minor", revenue.overlap_minor),
                ("soft_minor", revenue.soft_minor),
            ];
            for (measure, amount) in amounts {
                self.write(kind, id, "", currency.as_str(), measure, amount)?;
            }
        }
        Ok(())
    }
}
