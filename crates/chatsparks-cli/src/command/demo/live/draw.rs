//! One picture of the board.

use crate::{
    command::demo::{
        board::{Board, Commented, Told},
        shop::Times,
        summary::number,
    },
    terminal::shown,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, BorderType, Gauge, Padding, Paragraph, Sparkline, Wrap},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const PINK: Color = Color::Rgb(254, 44, 85);
const TEAL: Color = Color::Rgb(37, 214, 206);
const YELLOW: Color = Color::Rgb(245, 190, 65);
const GREEN: Color = Color::Rgb(90, 200, 120);
const RED: Color = Color::Rgb(235, 87, 87);
const FAINT: Style = Style::new().fg(Color::DarkGray);

/// Draws it. Whatever does not fit is left out, never cut in the middle of a letter.
pub(super) fn board(frame: &mut Frame<'_>, board: &Board) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(3)]).areas(frame.area());
    draw_head(frame, head, board);
    let side = if body.width >= 120 { 46 } else { 33 };
    let [talk, numbers] = Layout::horizontal([Constraint::Min(0), Constraint::Length(side)]).areas(body);
    if !board.closing.is_empty() {
        draw_closing(frame, talk, board);
        draw_numbers(frame, numbers, board);
        draw_foot(frame, foot, board);
        return;
    }
    let why = (board.why.len() as u16 + 2).min(talk.height / 3);
    let [comments, messages, why_not] =
        Layout::vertical([Constraint::Fill(1), Constraint::Fill(1), Constraint::Length(if why > 2 { why } else { 0 })])
            .areas(talk);
    draw_comments(frame, comments, board);
    draw_messages(frame, messages, board);
    draw_why(frame, why_not, board);
    draw_numbers(frame, numbers, board);
    draw_foot(frame, foot, board);
}

fn draw_numbers(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let [states, plan, orders, queue] =
        Layout::vertical([Constraint::Length(4), Constraint::Length(4), Constraint::Length(5), Constraint::Min(4)])
            .areas(area);
    draw_states(frame, states, board);
    draw_plan(frame, plan, board);
    draw_orders(frame, orders, board);
    draw_queue(frame, queue, board);
}

/// What came of it, and why some got no answer.
fn draw_closing(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let block = panel(" What came of it ");
    let mut lines: Vec<Line<'_>> = board.closing.iter().map(|line| Line::raw(evenly(line))).collect();
    if !board.why.is_empty() {
        lines.extend([Line::raw(""), Line::styled("Why not?", Style::new().add_modifier(Modifier::BOLD))]);
    }
    lines.extend(board.why.iter().enumerate().map(|(place, line)| why_line(place, line, usize::MAX)));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }).block(block), area);
}

fn why_line(place: usize, line: &str, width: usize) -> Line<'static> {
    let style = if place.is_multiple_of(2) { Style::new() } else { Style::new().fg(YELLOW) };
    Line::styled(fit(line, width), style)
}

fn panel(title: impl Into<Line<'static>>) -> Block<'static> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(FAINT)
        .title(title)
        .title_style(Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD))
        .padding(Padding::horizontal(1))
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let (from, to) = board.span;
    let passed = board.now.saturating_sub(from) as f64 / to.saturating_sub(from).max(1) as f64;
    let [name, bar] =
        Layout::horizontal([Constraint::Length(37), Constraint::Min(0)]).areas(Rect { height: 1, ..area });
    let title = Line::from(vec![
        Span::styled(" ChatSparks ", Style::new().bg(PINK).fg(Color::White).add_modifier(Modifier::BOLD)),
        Span::raw(" Glow's launch day "),
        Span::styled(Times::clock(board.now), Style::new().fg(TEAL).add_modifier(Modifier::BOLD)),
    ]);
    frame.render_widget(title, name);
    let gauge = Gauge::default()
        .ratio(passed.clamp(0.0, 1.0))
        .use_unicode(true)
        .gauge_style(Style::new().fg(TEAL).bg(Color::Rgb(40, 44, 52)))
        .label(format!("{:.0} s", board.elapsed.as_secs_f64()));
    frame.render_widget(gauge, bar);
}

fn draw_comments(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let title = Line::from(vec![
        Span::raw(" Comments "),
        Span::styled(number(board.commented()), Style::new().fg(TEAL)),
        Span::raw(" "),
    ]);
    let block = panel(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let lines = board.comments.iter().rev().take(usize::from(inner.height)).rev();
    let lines: Vec<Line<'_>> = lines.map(|comment| comment_line(comment, width)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn comment_line(comment: &Commented, width: usize) -> Line<'static> {
    let (color, what) = match comment.result.as_str() {
        "fired" => (GREEN, format!("▸ {}", comment.trigger)),
        "queued" => (YELLOW, "waits for room".to_owned()),
        "awaiting_message" => (TEAL, "answered in public".to_owned()),
        "throttled" => (RED, "throttled".to_owned()),
        "with_human" => (RED, "with a person".to_owned()),
        "no_match" => (Color::DarkGray, "·".to_owned()),
        other => (Color::DarkGray, other.replace('_', " ")),
    };
    let room = width.saturating_sub(what.width() + 2);
    let who = format!("{} ", shown(&comment.said.handle));
    let said = fit(&shown(&comment.said.text), room.saturating_sub(who.width()));
    let blank = " ".repeat(width.saturating_sub(who.width() + said.width() + what.width()));
    Line::from(vec![
        Span::styled(who, FAINT),
        Span::raw(said),
        Span::raw(blank),
        Span::styled(what, Style::new().fg(color)),
    ])
}

fn draw_messages(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let title = Line::from(vec![
        Span::raw(" Direct messages "),
        Span::styled(number(board.dms), Style::new().fg(PINK)),
        Span::raw(" out, "),
        Span::styled(number(board.from_buyers), Style::new().fg(TEAL)),
        Span::raw(" in "),
    ]);
    let block = panel(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let lines = board.messages.iter().rev().take(usize::from(inner.height)).rev();
    let lines: Vec<Line<'_>> = lines.map(|message| message_line(message, width)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn message_line(message: &Told, width: usize) -> Line<'static> {
    let who = format!("{} ", shown(&message.who));
    let (arrow, color) = if message.by_shop { ("→ ", PINK) } else { ("← ", TEAL) };
    let mut left = width.saturating_sub(2 + who.width());
    let mut spans = vec![Span::styled(arrow, Style::new().fg(color)), Span::styled(who, FAINT)];
    let said = fit(&shown(&message.text), left);
    left = left.saturating_sub(said.width());
    spans.push(Span::raw(said));
    for option in &message.options {
        let label = format!("[{}]", shown(option));
        if label.width() + 1 > left {
            break;
        }
        left -= label.width() + 1;
        spans.push(Span::raw(" "));
        spans.push(Span::styled(label, Style::new().fg(YELLOW)));
    }
    Line::from(spans)
}

fn draw_why(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    if area.height < 3 {
        return;
    }
    let block = panel(" Why not? ");
    let width = usize::from(block.inner(area).width);
    let lines = board.why.iter().enumerate().map(|(place, line)| why_line(place, line, width));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

fn draw_states(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let count = |state: &str| number(board.states.get(state).copied().unwrap_or(0));
    let cell = |name: &str, state: &str, color| {
        vec![
            Span::styled("● ", Style::new().fg(color)),
            Span::styled(format!("{name:<7}"), FAINT),
            Span::raw(format!("{:<6}", count(state))),
        ]
    };
    let lines = vec![
        Line::from([cell("bot", "bot", GREEN), cell("waits", "waiting", YELLOW)].concat()),
        Line::from([cell("person", "human", PINK), cell("closed", "closed", Color::DarkGray)].concat()),
    ];
    frame.render_widget(Paragraph::new(lines).block(panel(" Conversations ")), area);
}

fn draw_plan(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let (color, banner) = match board.banner() {
        "paused" => (RED, " PAUSED: at the limit "),
        "red" => (RED, " over 95 % "),
        "yellow" => (YELLOW, " over 80 % "),
        _ => (GREEN, ""),
    };
    let title = Line::from(vec![Span::raw(" Plan "), Span::styled(banner, Style::new().fg(Color::Black).bg(color))]);
    let block = panel(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if inner.height < 2 {
        return;
    }
    let [bar, text] = Layout::vertical([Constraint::Length(1), Constraint::Length(1)]).areas(inner);
    let share = board.counted as f64 / board.limit.max(1) as f64;
    let gauge = Gauge::default()
        .ratio(share.clamp(0.0, 1.0))
        .use_unicode(true)
        .gauge_style(Style::new().fg(color).bg(Color::Rgb(40, 44, 52)))
        .label(format!("{} of {}", number(board.counted), number(board.limit)));
    frame.render_widget(gauge, bar);
    let waits = board.waiting_for_room.len() as u64;
    let line = match waits {
        0 => Line::styled("contacts this month", FAINT),
        waits => Line::styled(format!("{} wait for room", number(waits)), Style::new().fg(RED)),
    };
    frame.render_widget(line, text);
}

fn draw_orders(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let row = |name: &str, result: &str, color| {
        let (orders, revenue) = board.orders.get(result).copied().unwrap_or_default();
        let baht = number(u64::try_from(revenue / 100).unwrap_or(0));
        Line::from(vec![
            Span::styled(format!("{name:<9}"), Style::new().fg(color)),
            Span::raw(format!("{:>5}", number(orders))),
            Span::styled(format!("{:>11} ฿", baht), FAINT),
        ])
    };
    let lines =
        vec![row("credited", "attributed", GREEN), row("soft", "soft", YELLOW), row("organic", "organic", Color::Gray)];
    frame.render_widget(Paragraph::new(lines).block(panel(" Orders ")), area);
}

fn draw_queue(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let waits = board.queue.back().copied().unwrap_or(0);
    let title =
        Line::from(vec![Span::raw(" Queue "), Span::styled(number(waits), Style::new().fg(PINK)), Span::raw(" ")]);
    let block = panel(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [curve, text] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(inner);
    let from = board.queue.len().saturating_sub(usize::from(curve.width));
    let values: Vec<u64> = board.queue.iter().skip(from).copied().collect();
    frame.render_widget(Sparkline::default().data(values).style(Style::new().fg(PINK)), curve);
    let line = match (board.drains_in, board.per_second) {
        (Some(left), Some(rate)) if waits > 0 => {
            Line::styled(format!("{rate:.0}/s, empty in {left:.1} s"), Style::new().fg(TEAL))
        }
        _ => Line::styled("deadline first", FAINT),
    };
    frame.render_widget(line, text);
}

fn draw_foot(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let width = usize::from(area.width);
    let keys = match board.closing.is_empty() {
        false => format!(" {} · q: leave, and read all of it", board.token),
        true => format!(" q: end it · the service answers at {}", board.address),
    };
    let lines = vec![
        Line::styled(fit(&format!(" {}", board.phase), width), Style::new().add_modifier(Modifier::BOLD)),
        Line::styled(fit(&format!(" {}", board.wire), width), FAINT),
        Line::styled(fit(&keys, width), FAINT),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

/// A text without what terminals disagree about how wide it is: colours and joins of emoji are left out, and a Thai vowel
/// that stands above and behind its letter is written in its two parts.
fn evenly(text: &str) -> String {
    let text = text.replace('\u{e33}', "\u{e4d}\u{e32}");
    text.chars().filter(|it| !matches!(it, '\u{1f3fb}'..='\u{1f3ff}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')).collect()
}

/// As much of a text as fits into so many columns.
fn fit(text: &str, columns: usize) -> String {
    let text = &evenly(text);
    if text.width() <= columns {
        return text.to_owned();
    }
    let (mut cut, mut width) = (String::new(), 0);
    for character in text.chars() {
        width += character.width().unwrap_or(0);
        if width > columns.saturating_sub(1) {
            break;
        }
        cut.push(character);
    }
    if columns > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::demo::agenda::Said;
    use ratatui::{Terminal, backend::TestBackend};

    #[test]
    fn texts_are_cut_between_letters_and_never_wider_than_they_may_be() {
        for text in ["ราคาเท่าไหร่คะ", "giá bao nhiêu ạ", "😍😍😍😍😍", "price?", ""]
        {
            for columns in 0..20 {
                assert!(fit(text, columns).width() <= columns.max(text.width().min(columns)), "{text} {columns}");
            }
        }
    }

    #[test]
    fn a_board_of_anything_is_drawn_at_any_size() {
        let mut board = Board { limit: 10, counted: 12, span: (0, 1_000), now: 500, ..Board::default() };
        let said = |text: &str| Said { handle: "mint_1".to_owned(), text: text.to_owned() };
        for text in ["ราคาเท่าไหร่คะ", "\u{1b}[2J\u{202e}evil", &"long ".repeat(200)] {
            board.comments.push_back(Commented {
                said: said(text),
                result: "fired".to_owned(),
                trigger: "price-th".to_owned(),
            });
            let (who, text) = ("u1".to_owned(), text.to_owned());
            board.messages.push_back(Told { by_shop: true, who, text, options: vec!["30 มล.".to_owned()] });
        }
        board.why = vec!["somebody".to_owned(), "because".to_owned()];
        (0..300).for_each(|waits| board.waits(waits));
        for (width, height) in [(1, 1), (10, 5), (40, 12), (80, 24), (200, 50)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
            terminal.draw(|frame| super::board(frame, &board)).expect("a picture");
            let drawn = terminal.backend().to_string();
            assert!(!drawn.contains('\u{1b}') && !drawn.contains('\u{202e}'), "control characters are written out");
            if width >= 80 {
                assert!(drawn.contains("PAUSED") && drawn.contains("price-th"), "{drawn}");
            }
        }
    }
}
