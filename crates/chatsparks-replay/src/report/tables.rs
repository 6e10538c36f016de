//! Tables of the page: with bars for who can see them, and the numbers for everybody.

use super::escape::Escaped;
use crate::{
    money::Money,
    summary::{
        Class,
        tables::{grouped, share, why},
    },
};
use chatsparks_core::{FlowGroup, Group, Insights, workspace::Workspace};
use std::{cmp::Reverse, collections::BTreeMap, fmt, fmt::Write as _};

/// Rows of a table at most; the rest is in `insights --csv`.
const ROWS: usize = 30;
/// Flows shown at most.
const FLOWS: usize = 40;
/// Characters of a name that are shown.
const NAME: usize = 60;

/// A table of texts, folded away below a chart. The cells are markup.
pub(super) fn plain(
    title: &str,
    columns: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    page: &mut String,
) -> fmt::Result {
    write!(page, "<details>\n<summary>{title}</summary>\n<div class=\"wide\"><table>\n<tr>")?;
    for column in columns {
        write!(page, "<th scope=\"col\">{column}</th>")?;
    }
    page.push_str("</tr>\n");
    for row in rows {
        page.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            match place {
                0 => write!(page, "<th scope=\"row\">{cell}</th>")?,
                _ => write!(page, "<td>{cell}</td>")?,
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n</details>\n");
    Ok(())
}

/// What each of a kind led to: those that sold most come first, whatever their comments.
pub(super) fn groups<K: Ord + fmt::Display>(
    title: &str,
    what: &str,
    groups: &BTreeMap<K, Group>,
    page: &mut String,
) -> fmt::Result {
    if groups.is_empty() {
        return Ok(());
    }
    // Amounts of different currencies are never added up: orders decide, and then amounts of the first.
    let sure = |group: &Group| group.revenue.values().next().map_or(0, |revenue| revenue.attributed_minor);
    let soft = |group: &Group| group.revenue.values().next().map_or(0, |revenue| revenue.soft_minor);
    let mut rows: Vec<(&K, &Group)> = groups.iter().collect();
    let is_one_currency = groups.values().all(|group| group.revenue.len() <= 1);
    rows.sort_by_key(|(_, group)| {
        let amount = if is_one_currency { (sure(group), soft(group)) } else { (0, 0) };
        Reverse((amount, group.orders_attributed, group.orders_soft, group.comments))
    });
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    writeln!(page, "<section>\n<h2>{title}</h2>")?;
    told(what, groups, page)?;
    let most = |of: &dyn Fn(&Group) -> i128| rows.iter().map(|(_, group)| of(group)).max().unwrap_or_default().max(1);
    let orders = |group: &Group| i128::from(group.orders_attributed + group.orders_soft);
    let (comments, orders) = (most(&|group| i128::from(group.comments)), most(&orders));
    write!(
        page,
        "<div class=\"wide\"><table class=\"cards\">\n<tr><th scope=\"col\">{what}</th><th scope=\"col\">sold</th>\
         <th scope=\"col\">orders</th><th scope=\"col\">conversations</th><th scope=\"col\">comments</th></tr>\n"
    )?;
    for (id, group) in rows {
        let sold: Vec<String> = group
            .revenue
            .iter()
            .map(|(currency, revenue)| {
                let money = |minor: i128| Escaped(Money::new(minor, currency.as_str())).to_string();
                match revenue.soft_minor {
                    0 => money(revenue.attributed_minor),
                    minor => format!(
                        "{}<br><span class=\"soft\">soft {}</span>",
                        money(revenue.attributed_minor),
                        money(minor)
                    ),
                }
            })
            .collect();
        let (sure, perhaps) = (i128::from(group.orders_attributed), i128::from(group.orders_soft));
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td data-of=\"sold\">{}</td><td data-of=\"orders\">{}{}{}</td>\
             <td data-of=\"conversations\">{}</td><td data-of=\"comments\">{}{}</td></tr>",
            name(id),
            sold.join("<br>"),
            counted_orders(group),
            bar("sure", sure, orders),
            bar("perhaps", perhaps, orders),
            grouped(group.dms_started),
            grouped(group.comments),
            bar("other", i128::from(group.comments), comments),
        )?;
    }
    page.push_str("</table></div>\n");
    if more > 0 {
        writeln!(page, "<p class=\"note\">and {} more that sold less</p>", grouped(more as u64))?;
    }
    page.push_str("</section>\n");
    Ok(())
}

/// What was talked about most, beside what sold most.
fn told<K: Ord + fmt::Display>(what: &str, groups: &BTreeMap<K, Group>, page: &mut String) -> fmt::Result {
    let loudest = groups.iter().max_by_key(|(_, group)| group.comments);
    let best = groups.iter().max_by_key(|(_, group)| (group.orders_attributed, group.orders_soft));
    if let (Some((loudest, loud)), Some((best, sold))) = (loudest, best)
        && loudest != best
        && sold.orders_attributed > loud.orders_attributed
    {
        writeln!(
            page,
            "<p>Most comments: the {what} <b>{}</b>, {} of them and {}. Most orders: <b>{}</b>, {} from {} comments.</p>",
            name(loudest),
            grouped(loud.comments),
            orders_in_words(loud),
            name(best),
            orders_in_words(sold),
            grouped(sold.comments),
        )?;
    }
    Ok(())
}

fn orders_in_words(group: &Group) -> String {
    match group.orders_attributed {
        0 => "no order".to_owned(),
        1 => "1 order".to_owned(),
        orders => format!("{} orders", grouped(orders)),
    }
}

fn counted_orders(group: &Group) -> String {
    match group.orders_soft {
        0 => grouped(group.orders_attributed),
        soft => format!("{} <span class=\"soft\">+ {} soft</span>", grouped(group.orders_attributed), grouped(soft)),
    }
}

/// Where buyers left each flow.
pub(super) fn flows(insights: &Insights, workspace: &Workspace, page: &mut String) -> fmt::Result {
    let mut flows: Vec<_> = insights.flows.iter().filter(|(_, flow)| !flow.blocks.is_empty()).collect();
    if flows.is_empty() {
        return Ok(());
    }
    flows.sort_by_key(|(_, flow)| Reverse(flow.group.dms_started));
    let more = flows.len().saturating_sub(FLOWS);
    page.push_str("<section>\n<h2>Where buyers left</h2>\n<p class=\"note\">Whoever was handed to a person counts as leaving there.</p>\n");
    for (id, flow) in flows.into_iter().take(FLOWS) {
        let versions = workspace.flows.iter().filter(|known| known.id == *id);
        let order = versions.max_by_key(|known| known.version).map_or(&[][..], |known| &known.blocks[..]);
        let place =
            |id: &chatsparks_core::BlockId| order.iter().position(|block| block.id == *id).unwrap_or(usize::MAX);
        let mut blocks: Vec<_> = flow.blocks.iter().collect();
        blocks.sort_by_key(|(id, _)| place(id));
        drop_off(&name(id), flow, &blocks, page)?;
    }
    if more > 0 {
        writeln!(page, "<p class=\"note\">and {} flows more that started less often</p>", grouped(more as u64))?;
    }
    page.push_str("</section>\n");
    Ok(())
}

fn drop_off(
    id: &str,
    flow: &FlowGroup,
    blocks: &[(&chatsparks_core::BlockId, &chatsparks_core::BlockGroup)],
    page: &mut String,
) -> fmt::Result {
    let started = flow.group.dms_started;
    let most = blocks.iter().map(|(_, block)| block.reached).max().unwrap_or_default().max(started).max(1);
    writeln!(
        page,
        "<h3>{id}: {} started, {} to the end</h3>\n<div class=\"wide\"><table class=\"even\">\n<tr><th scope=\"col\">block</th>\
         <th scope=\"col\">reached</th><th scope=\"col\">left here</th></tr>",
        grouped(started),
        grouped(flow.completed)
    )?;
    for (id, block) in blocks {
        let left = match block.left {
            0 => String::new(),
            left => format!("{} <span class=\"soft\">{}</span>", grouped(left), share(left, block.reached)),
        };
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}{}</td><td>{left}{}</td></tr>",
            name(id),
            grouped(block.reached),
            bar("sure", i128::from(block.reached), i128::from(most)),
            bar("left", i128::from(block.left), i128::from(most)),
        )?;
    }
    page.push_str("</table></div>\n");
    Ok(())
}

/// Why comments were not answered.
pub(super) fn reasons(insights: &Insights, page: &mut String) -> fmt::Result {
    let all: u64 = insights.results.values().sum();
    let mut refused: Vec<_> =
        insights.results.iter().filter(|(result, _)| Class::of(**result) != Class::Fired).collect();
    if refused.is_empty() {
        return Ok(());
    }
    refused.sort_by_key(|(result, count)| (Reverse(**count), **result));
    writeln!(
        page,
        "<section>\n<h2>Why comments were not answered</h2>\n<div class=\"wide\"><table>\n<tr><th scope=\"col\">why</th>\
         <th scope=\"col\">comments</th></tr>"
    )?;
    for (result, count) in refused {
        writeln!(
            page,
            "<tr><th scope=\"row\">{}<br><span class=\"soft\">{}</span></th><td>{} <span class=\"soft\">{}</span>{}</td></tr>",
            Escaped(why(*result)),
            result.as_str(),
            grouped(*count),
            share(*count, all),
            bar("other", i128::from(*count), i128::from(all.max(1))),
        )?;
    }
    page.push_str("</table></div>\n</section>\n");
    Ok(())
}

/// A name, cut where it is long.
fn name(id: impl fmt::Display) -> String {
    let written = id.to_string();
    let cut: String = written.chars().take(NAME).collect();
    let more = if cut.len() < written.len() { "…" } else { "" };
    format!("{}{more}", Escaped(cut))
}

/// A bar below a number that says the same; nothing for nothing.
fn bar(class: &str, part: i128, whole: i128) -> String {
    if part <= 0 {
        return String::new();
    }
    let width = (part as f64 * 100.0 / whole.max(1) as f64).clamp(0.5, 100.0);
    format!("<span class=\"bar {class}\" aria-hidden=\"true\" style=\"width:{width:.1}%\"></span>")
}
