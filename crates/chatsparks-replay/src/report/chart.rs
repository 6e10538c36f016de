//! Lines over days, drawn as SVG when the page is written.
//!
//! The library draws in fixed colours; each stands for a role, and the page says how a role looks by day and by night.

use plotters::{prelude::*, series::DashedLineSeries};

/// The width and height that a chart is drawn at: that of a phone, so that its letters can be read there.
const SIZE: (u32, u32) = (360, 220);
/// Colours that nothing else has, and the roles that they stand for.
const ROLES: [(RGBColor, &str); 4] = [
    (RGBColor(1, 2, 3), "var(--ink)"),
    (RGBColor(4, 5, 6), "var(--grid)"),
    (RGBColor(7, 8, 9), "var(--sure)"),
    (RGBColor(10, 11, 12), "var(--other)"),
];
const INK: RGBColor = ROLES[0].0;
const GRID: RGBColor = ROLES[1].0;

/// How a line looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    /// What is sure.
    Solid,
    /// What is not, or not yet.
    Dotted,
    /// Something beside it.
    Other,
    /// A limit.
    Limit,
}

/// A line, with a value for each place.
pub(super) struct Line {
    pub(super) stroke: Stroke,
    pub(super) values: Vec<f64>,
}

/// Lines over the same places, with a label for some of the places. None where there is nothing to draw.
///
/// `label`: what a value is called on the axis; `title`: what the picture shows, for who cannot see it.
pub(super) fn lines(title: &str, places: &[String], lines: &[Line], label: impl Fn(f64) -> String) -> Option<String> {
    let highest = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::max);
    if places.len() < 2 || highest <= 0.0 {
        return None;
    }
    let lowest = lines.iter().flat_map(|line| &line.values).copied().fold(0.0, f64::min);
    let mut svg = String::new();
    draw(&mut svg, places, lines, (lowest * 1.05, highest * 1.08), label).ok()?;
    let mut svg = svg.split_once("<svg").map(|(_, rest)| rest.to_owned())?;
    for (color, role) in ROLES {
        svg = svg.replace(&format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2), role);
    }
    // It fills the width that it is given, and is told by its title.
    let svg = svg.split_once('>').map(|(_, rest)| rest.to_owned())?;
    let (width, height) = SIZE;
    let title = super::escape::Escaped(title);
    Some(format!(r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{svg}"#))
}

fn draw(
    svg: &mut String,
    places: &[String],
    lines: &[Line],
    (lowest, highest): (f64, f64),
    label: impl Fn(f64) -> String,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let last = places.len() - 1;
    let mut chart = ChartBuilder::on(&area)
        .margin(6)
        .margin_right(14)
        .x_label_area_size(24)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..last as f64, lowest..highest)?;
    let text = ("sans-serif", 11).into_font().color(&INK);
    // Between two places there is nothing to name.
    let at = |place: &f64| match (place - place.round()).abs() < 1e-6 {
        true => places.get(place.round() as usize).cloned().unwrap_or_default(),
        false => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .x_labels(4)
        .y_labels(5)
        .x_label_formatter(&at)
        .y_label_formatter(&|value| label(*value))
        .label_style(text)
        .draw()?;
    for line in lines {
        let points: Vec<(f64, f64)> =
            line.values.iter().enumerate().map(|(place, value)| (place as f64, *value)).collect();
        let color = if matches!(line.stroke, Stroke::Solid | Stroke::Dotted) { ROLES[2].0 } else { ROLES[3].0 };
        match line.stroke {
            Stroke::Solid | Stroke::Other => {
                chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
            }
            Stroke::Dotted => {
                chart.draw_series(DashedLineSeries::new(points, 2, 4, color.stroke_width(2)))?;
            }
            Stroke::Limit => {
                chart.draw_series(DashedLineSeries::new(points, 8, 5, color.stroke_width(2)))?;
            }
        }
    }
    area.present()?;
    Ok(())
}
