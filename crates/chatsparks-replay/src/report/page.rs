//! The page: what sold first, then why the rest did not.

use super::{
    DAY, Report,
    chart::{self, Line, Stroke},
    escape::Escaped,
    tables,
};
use crate::{money::Money, summary::tables::grouped};
use chatsparks_core::{Currency, Instant, workspace::Workspace};
use std::fmt::Write as _;

/// How it looks: by day, by night, on a phone, in print.
const STYLE: &str = include_str!("style.css");
/// Places on a chart at most; of a longer history each is a number of days.
const PLACES: i64 = 120;

pub(super) fn write(report: &Report, workspace: &Workspace) -> String {
    let mut page = String::new();
    // Writing to a text does not fail.
    let _ = parts(report, workspace, &mut page);
    page
}

fn parts(report: &Report, workspace: &Workspace, page: &mut String) -> std::fmt::Result {
    let name = Escaped(&workspace.workspace.name);
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{name}: what comments led to</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{name}: what comments led to</h1>\n"
    )?;
    match (report.first, report.last) {
        (Some(first), Some(last)) => {
            let kept = match report.is_cut {
                true => "; older records are not kept, and the charts begin there: the sums and tables are of all time",
                false => "",
            };
            writeln!(page, "<p class=\"span\">{} to {}, in UTC{kept}</p>", date(day_of(first)), date(day_of(last)))?;
        }
        _ => writeln!(page, "<p class=\"span\">The history has no events: there is nothing to tell yet.</p>")?,
    }
    let spans = Spans::of(report);
    headline(report, page)?;
    money(report, &spans, page)?;
    tables::groups("What sold, by post", "post", &report.insights.posts, page)?;
    tables::groups("By trigger", "trigger", &report.insights.triggers, page)?;
    tables::groups("By keyword", "keyword", &report.insights.keywords, page)?;
    tables::flows(&report.insights, workspace, page)?;
    comments(report, &spans, page)?;
    tables::reasons(&report.insights, page)?;
    contacts(report, workspace, &spans, page)?;
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// The few numbers that a day begins with.
fn headline(report: &Report, page: &mut String) -> std::fmt::Result {
    let insights = &report.insights;
    let comments: u64 = insights.results.values().sum();
    let started: u64 = insights.flows.values().map(|flow| flow.group.dms_started).sum();
    page.push_str("<section class=\"numbers\">\n");
    let mut number = |value: String, what: &str| writeln!(page, "<div><b>{value}</b><span>{what}</span></div>");
    for (currency, revenue) in &insights.revenue {
        let money = |minor: i128| Escaped(Money::new(minor, currency.as_str())).to_string();
        let soft = match revenue.soft_minor {
            0 => String::new(),
            minor => format!("; perhaps {} more, where another product was ordered", money(minor)),
        };
        number(money(revenue.attributed_minor), &format!("sold by links from comments{soft}"))?;
    }
    number(grouped(started), "conversations started")?;
    number(grouped(comments), "comments")?;
    page.push_str("</section>\n");
    Ok(())
}

/// Revenue over time, by currency.
fn money(report: &Report, spans: &Spans<'_>, page: &mut String) -> std::fmt::Result {
    page.push_str("<div class=\"charts\">\n");
    for currency in report.insights.revenue.keys() {
        let sums = |soft: bool| {
            spans.sums(|day| {
                let (sure, perhaps) = day.revenue.get(currency).copied().unwrap_or_default();
                (if soft { perhaps } else { sure }) as f64
            })
        };
        let (sure, perhaps) = (sums(false), sums(true));
        if sure.iter().chain(&perhaps).all(|value| *value == 0.0) {
            continue;
        }
        let code = Escaped(currency);
        writeln!(page, "<section>\n<h2>Revenue in {code}, {}</h2>", spans.each())?;
        let lines = [
            Line { stroke: Stroke::Solid, values: sure.clone() },
            Line { stroke: Stroke::Dotted, values: perhaps.clone() },
        ];
        let label = |value: f64| short_money(value, currency);
        picture(
            &format!("Revenue in {currency}, {}: attributed orders as a line, soft orders dotted", spans.each()),
            &spans.short(),
            &lines,
            label,
            "<i class=\"solid\"></i> attributed: the product that was linked was ordered \
             <i class=\"dotted\"></i> soft: something else was ordered after a link, so it may have come from it",
            page,
        )?;
        let amount = |value: &f64| Escaped(Money::new(*value as i128, currency.as_str()).amount()).to_string();
        let rows = spans.names().into_iter().zip(sure.iter().zip(&perhaps));
        let rows = rows.filter(|(_, (sure, perhaps))| **sure != 0.0 || **perhaps != 0.0);
        tables::plain(
            "The numbers",
            &[spans.word(), "attributed", "soft"],
            rows.map(|(day, (sure, perhaps))| vec![day, amount(sure), amount(perhaps)]),
            page,
        )?;
        page.push_str("</section>\n");
    }
    page.push_str("</div>\n");
    Ok(())
}

/// Comments and the conversations that they started, over time.
fn comments(report: &Report, spans: &Spans<'_>, page: &mut String) -> std::fmt::Result {
    if report.days.values().all(|day| day.comments == 0) {
        return Ok(());
    }
    let (comments, started) = (spans.sums(|day| day.comments as f64), spans.sums(|day| day.started as f64));
    writeln!(page, "<section>\n<h2>Comments, {}</h2>", spans.each())?;
    let lines = [
        Line { stroke: Stroke::Other, values: comments.clone() },
        Line { stroke: Stroke::Solid, values: started.clone() },
    ];
    picture(
        &format!("Comments and conversations started, {}", spans.each()),
        &spans.short(),
        &lines,
        |value| grouped(value.max(0.0) as u64),
        "<i class=\"other\"></i> comments <i class=\"solid\"></i> conversations that they started",
        page,
    )?;
    let rows = spans.names().into_iter().zip(comments.iter().zip(&started));
    let rows = rows.filter(|(_, (comments, _))| **comments > 0.0);
    let count = |value: &f64| grouped(*value as u64);
    tables::plain(
        "The numbers",
        &[spans.word(), "comments", "conversations"],
        rows.map(|(day, (comments, started))| vec![day, count(comments), count(started)]),
        page,
    )?;
    page.push_str("</section>\n");
    Ok(())
}

/// Monthly active contacts against the limit.
fn contacts(report: &Report, workspace: &Workspace, spans: &Spans<'_>, page: &mut String) -> std::fmt::Result {
    let Some(cycle) = report.cycle else { return Ok(()) };
    let count: u64 = report.counted.values().sum();
    let limit = workspace.plan.as_ref().and_then(|plan| u64::try_from(plan.mac_limit).ok());
    page.push_str("<section>\n<h2>Contacts of this month</h2>\n");
    let since = date(day_of(cycle));
    match limit {
        Some(limit) if limit > 0 => {
            let share = count as f64 * 100.0 / limit as f64;
            let state = if share >= 95.0 {
                "bad"
            } else if share >= 80.0 {
                "low"
            } else {
                "well"
            };
            writeln!(
                page,
                "<p>{} of {} since {since}: {share:.0} %. At the limit new conversations wait.</p>\n\
                 <p class=\"meter {state}\" aria-hidden=\"true\"><span style=\"width:{:.1}%\"></span></p>",
                grouped(count),
                grouped(limit),
                share.min(100.0)
            )?;
        }
        _ => writeln!(page, "<p>{} since {since}. There is no limit.</p>", grouped(count))?,
    }
    let mut counts = vec![0.0; usize::try_from(spans.count).unwrap_or_default()];
    for partition in report.counted.keys() {
        let theirs = spans.last(|day| day.counted.get(partition).map(|count| *count as f64));
        counts.iter_mut().zip(theirs).for_each(|(sum, count)| *sum += count);
    }
    let mut lines = vec![Line { stroke: Stroke::Solid, values: counts.clone() }];
    let mut legend = "<i class=\"solid\"></i> contacts counted so far, from anew with each month".to_owned();
    if let Some(limit) = limit {
        lines.push(Line { stroke: Stroke::Limit, values: vec![limit as f64; counts.len()] });
        legend.push_str(" <i class=\"limit\"></i> the limit");
    }
    let label = |value: f64| grouped(value.max(0.0) as u64);
    picture("Contacts counted in each month so far, and the limit", &spans.short(), &lines, label, &legend, page)?;
    let rows = spans.names().into_iter().zip(counts).map(|(day, count)| vec![day, grouped(count as u64)]);
    tables::plain("The numbers", &[spans.word(), "contacts"], rows, page)?;
    page.push_str("</section>\n");
    Ok(())
}

/// A chart with what its lines are; nothing where there is nothing to draw. `legend` is markup.
fn picture(
    title: &str,
    places: &[String],
    lines: &[Line],
    label: impl Fn(f64) -> String,
    legend: &str,
    page: &mut String,
) -> std::fmt::Result {
    match chart::lines(title, places, lines, label) {
        Some(svg) => writeln!(page, "<figure>\n{svg}\n<figcaption>{legend}</figcaption>\n</figure>"),
        None => Ok(()),
    }
}

/// The days of a history, one after another, put together where there are many.
struct Spans<'a> {
    report: &'a Report,
    first: i64,
    count: i64,
    /// Days that are one place.
    width: i64,
}

impl<'a> Spans<'a> {
    fn of(report: &'a Report) -> Self {
        let (Some(first), Some(last)) = (report.days.keys().next(), report.days.keys().next_back()) else {
            return Self { report, first: 0, count: 0, width: 1 };
        };
        let days = last.saturating_sub(*first).saturating_add(1);
        let width = days.saturating_add(PLACES - 1) / PLACES;
        // Of more than a season, weeks.
        let width = if width > 1 { width.max(7) } else { 1 };
        Self { report, first: *first, count: (days + width - 1) / width, width }
    }

    fn each(&self) -> String {
        match self.width {
            1 => "day by day".to_owned(),
            7 => "week by week".to_owned(),
            days => format!("every {days} days"),
        }
    }

    fn word(&self) -> &'static str {
        if self.width == 1 { "day" } else { "from" }
    }

    fn names(&self) -> Vec<String> {
        (0..self.count).map(|place| date(self.first + place * self.width)).collect()
    }

    /// The same for the axis of a chart: `2 Mar`.
    fn short(&self) -> Vec<String> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let short = |date: String| {
            let mut parts = date.rsplit('-').filter_map(|part| part.parse::<usize>().ok());
            let (day, month) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            format!("{day} {}", MONTHS.get(month.wrapping_sub(1)).copied().unwrap_or_default())
        };
        self.names().into_iter().map(short).collect()
    }

    /// What is added up over each.
    fn sums(&self, of: impl Fn(&super::Day) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; usize::try_from(self.count).unwrap_or_default()];
        for (day, happened) in &self.report.days {
            if let Some(sum) = sums.get_mut(usize::try_from((day - self.first) / self.width).unwrap_or(usize::MAX)) {
                *sum += of(happened);
            }
        }
        sums
    }

    /// What it was at the end of each; where nothing was told, as before.
    fn last(&self, of: impl Fn(&super::Day) -> Option<f64>) -> Vec<f64> {
        let mut told = vec![None; usize::try_from(self.count).unwrap_or_default()];
        for (day, happened) in &self.report.days {
            let place = usize::try_from((day - self.first) / self.width).unwrap_or(usize::MAX);
            if let (Some(told), Some(value)) = (told.get_mut(place), of(happened)) {
                *told = Some(value);
            }
        }
        let mut latest = 0.0;
        told.into_iter()
            .map(|told| {
                latest = told.unwrap_or(latest);
                latest
            })
            .collect()
    }
}

fn day_of(at: Instant) -> i64 {
    at.as_milliseconds().div_euclid(DAY)
}

/// A day as people write it: `2026-03-02`.
fn date(day: i64) -> String {
    let written = Instant::from_milliseconds(day.saturating_mul(DAY)).to_string();
    written.split('T').next().unwrap_or_default().to_owned()
}

/// An amount for the axis, without what nobody needs there: `12k`.
fn short_money(minor: f64, currency: &Currency) -> String {
    let amount = Money::new(minor as i128, currency.as_str()).amount();
    let whole = amount.split('.').next().unwrap_or_default();
    match (whole.strip_suffix(",000,000"), whole.strip_suffix(",000")) {
        (Some(millions), _) => format!("{millions}M"),
        (None, Some(thousands)) => format!("{thousands}k"),
        (None, None) => whole.to_owned(),
    }
}
