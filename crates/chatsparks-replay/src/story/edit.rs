//! Writing down what came of a story, in the story itself.

use super::{Story, StoryReport, expectation::Expected};

/// The story with what came in place of what was expected.
pub(super) fn recorded(story: &Story, report: &StoryReport) -> String {
    let mut lines: Vec<Option<String>> = story.source.iter().cloned().map(Some).collect();
    let mut after: Vec<Vec<String>> = vec![Vec::new(); lines.len()];
    let mut last = 0;
    for (step, report) in story.steps.iter().zip(&report.steps) {
        // Who allows more on purpose has chosen what to look at.
        let allows_more = step.expectations.iter().any(|(_, one)| one.what == Expected::More);
        if allows_more && report.passed {
            continue;
        }
        for (line, _) in &step.expectations {
            lines[*line] = None;
        }
        let source = &story.source[step.line];
        let indent = indent(source, last);
        last = indent;
        let mut came = report.came.clone();
        if came.is_empty() {
            came.push("nothing".to_owned());
        }
        if step.is_bare {
            // The first line stands beside the time.
            let time = &source[..byte_of(source, indent)];
            lines[step.line] = Some(format!("{:indent$}{}", time.trim_end(), came.remove(0)));
        }
        after[step.line] = came.into_iter().map(|came| format!("{:indent$}{came}", "")).collect();
    }
    let mut text = String::new();
    for (line, after) in lines.into_iter().zip(after) {
        for line in line.into_iter().chain(after) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// The column, in characters, at which what happens stands after the time of a line; after a bare time, where it
/// stood in the step before.
fn indent(line: &str, last: usize) -> usize {
    let mut words = super::words::Words::new(line);
    let has_time = matches!(words.instant(), Ok(Some(_))) || matches!(words.offset(), Ok(Some(_)));
    if has_time && !words.is_at_end() {
        line[..words.place()].chars().count()
    } else {
        last.max(line.chars().count() + 2)
    }
}

fn byte_of(line: &str, column: usize) -> usize {
    line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte)
}
