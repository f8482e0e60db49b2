//! Draws the params that drive a goal.

use ratatui::layout::Rect;

use super::draw_empty;
use crate::analysis::importance::{ParamImportance, RankCorrelation};
use crate::analysis::nearest::ParamDifference;
use crate::chart::registry::{FIGURES, SideList};
use crate::config::theme::Role;
use crate::domain::{Goal, Run};
use crate::text::number::{format_short, format_signed};
use crate::text::width::{truncate, width};
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::MISSING;
use crate::tui::screens::drivers::DriversScreen;
use crate::tui::view::painter::{Painter, TextSpan, after, row_at};
use crate::tui::view::widgets::chart;
use crate::tui::view::widgets::chart::ChartOverlay;

pub fn draw(painter: &mut Painter<'_>, _: Rect, app: &App, screen: &DriversScreen) {
    let parts = screen.areas(app.size);
    draw_status(painter, parts.status, screen);
    if parts.chart.width > 0 {
        match screen.figure() {
            Some(figure) if !figure.is_empty() => {
                chart::draw(painter, parts.chart, figure, ChartOverlay::default());
            }
            _ => draw_empty(
                painter,
                parts.chart,
                &screen.freshness(&app.shared),
                screen.figure_spec().empty_message,
            ),
        }
    }
    if parts.list.width > 0 {
        draw_list(painter, parts.list, app, screen);
    }
    match screen.figure_spec().list {
        SideList::Params => draw_cautions(painter, parts.footer, screen),
        SideList::Neighbors => draw_differences(painter, parts.footer, screen),
        SideList::ParetoFront | SideList::None => {}
    }
}

/// The variance that the forest explains, and warnings about the method.
fn draw_cautions(painter: &mut Painter<'_>, area: Rect, screen: &DriversScreen) {
    let room = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let lines = screen.cautions(room.width).into_iter();
    let lines = lines.map(|(line, is_warning)| {
        let role = if is_warning { Role::Warn } else { Role::Muted };
        vec![(line, role)]
    });
    painter.draw_lines(room, &lines.collect::<Vec<_>>());
}

/// The params that differ between the reference run and the neighbour under the cursor, the smallest difference first.
fn draw_differences(painter: &mut Painter<'_>, area: Rect, screen: &DriversScreen) {
    let Some(near) = screen.neighbors().get(screen.cursor.index) else {
        return;
    };
    let text = |value: &Option<crate::text::Untrusted>| {
        value
            .as_ref()
            .map_or_else(|| MISSING.to_owned(), |v| v.clean().into_owned())
    };
    painter.draw_text(
        row_at(area, 0),
        &format!(
            " {:<28} {:>8}  {}",
            "param", "distance", "reference → neighbor"
        ),
        Role::Header,
    );
    for (nth, difference) in near.differences.iter().enumerate() {
        let strip = row_at(area, nth as u16 + 1);
        let key = truncate(&difference.key.clean(), 28);
        let gap = " ".repeat(usize::from(28 - width(&key).min(28)));
        let values = format!(
            "{} → {}",
            text(&difference.value),
            text(&difference.neighbor_value)
        );
        painter.draw_spans(
            strip,
            &[
                (
                    format!(" {key}{gap} {:>8.3}  ", difference.distance),
                    Role::Muted,
                ),
                (values, Role::Text),
            ],
        );
    }
}

fn draw_status(painter: &mut Painter<'_>, area: Rect, screen: &DriversScreen) {
    let titles: Vec<&str> = FIGURES.iter().map(|figure| figure.title).collect();
    let used = painter.draw_tabs(area, &titles, screen.tab);
    let used = super::draw_tab_keys(painter, area, used);
    let unfinished = if screen.excluded_unfinished > 0 {
        format!(" ({} not finished)", screen.excluded_unfinished)
    } else {
        String::new()
    };
    let run_count = format!(
        "{} of {} runs{unfinished} ",
        screen.runs.len(),
        screen.total_runs
    );
    let rest = after(area, used);
    if width(&run_count) <= rest.width {
        painter.draw_right_aligned(rest, &run_count, Role::Muted);
    }
}

fn draw_list(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &DriversScreen) {
    let (header, lines) = match screen.figure_spec().list {
        SideList::Params => param_list(screen),
        SideList::ParetoFront => front_list(app, screen),
        SideList::Neighbors => neighbor_list(app, screen),
        SideList::None => return,
    };
    painter.draw_text(row_at(area, 0), &header, Role::Header);
    let rows = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let visible_range = screen.cursor.visible_range(lines.len(), rows.height.into());
    for (nth, line) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(rows, nth as u16);
        painter.draw_spans(strip, line);
        if visible_range.start + nth == screen.cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

/// A list with its header.
type ListText = (String, Vec<Vec<TextSpan>>);

fn param_list(screen: &DriversScreen) -> ListText {
    let found = screen.importance.get();
    let params = found.map(|found| found.params.as_slice());
    (
        format!(
            " {:<20} {:>15}  {}",
            "param", "forest", "rank, 95 % interval"
        ),
        params.unwrap_or_default().iter().map(param_line).collect(),
    )
}

fn front_list(app: &App, screen: &DriversScreen) -> ListText {
    let title = |goal: &Goal| format!("{:>14}", truncate(&goal.to_string(), 14));
    let goals: Vec<String> = screen.pareto_goals.iter().map(title).collect();
    let runs = screen.pareto_runs().into_iter();
    (
        format!(" {:<20} {}", "Pareto front", goals.join(" ")),
        runs.map(|run| front_line(run, app, screen)).collect(),
    )
}

fn neighbor_list(app: &App, screen: &DriversScreen) -> ListText {
    let reference = screen.reference_run.as_ref();
    let reference = reference.and_then(|id| screen.find_run(id));
    let name = reference.map(|run| run.label().clean().into_owned());
    let value = reference.and_then(|run| run.metric(screen.goal.metric.raw()));
    let header = format!(
        " nearest to {} ({} {}): differences, least first",
        name.unwrap_or_default(),
        screen.goal,
        value.map_or(MISSING.into(), |value| format_short(value.get()))
    );
    let neighbors = screen.neighbors().iter();
    let lines = neighbors.map(|neighbor| neighbor_line(neighbor, reference, app, screen));
    (header, lines.collect())
}

fn param_line(param: &ParamImportance) -> Vec<TextSpan> {
    let forest = param.permutation.map_or_else(
        || MISSING.to_owned(),
        |loss| format!("{:.3} ± {:.3}", loss.mean, loss.std_dev),
    );
    let rank = match param.rank_correlation {
        Some(RankCorrelation::Spearman { rho, low, high, .. }) => {
            format!("ρ {rho:+.2}  {low:+.2} to {high:+.2}")
        }
        Some(RankCorrelation::EpsilonSquared { value: squared, .. }) => {
            format!("ε² {squared:.2}  {} values", param.distinct_values)
        }
        None => MISSING.to_owned(),
    };
    let correlated: Vec<String> = param
        .collinear_with
        .iter()
        .map(|key| key.clean().into_owned())
        .collect();
    let together = if correlated.is_empty() {
        String::new()
    } else {
        format!("  with {}", correlated.join(", "))
    };
    let is_significant = param
        .permutation
        .is_some_and(|loss| loss.mean > loss.std_dev);
    let key = truncate(&param.key.clean(), 20);
    let gap = " ".repeat(usize::from(21 - width(&key).min(21)));
    vec![
        (format!(" {key}{gap}"), Role::Text),
        (
            format!("{forest:>15}  "),
            if is_significant {
                Role::Good
            } else {
                Role::Muted
            },
        ),
        (rank, Role::Text),
        (together, Role::Warn),
    ]
}

fn run_name_spans(run: &Run, app: &App) -> Vec<TextSpan> {
    let marked = app.shared.marks.contains(&run.id);
    let label = truncate(&run.label().clean(), 20);
    let gap = " ".repeat(usize::from(21 - width(&label).min(21)));
    vec![
        (if marked { "*".into() } else { " ".into() }, Role::Mark),
        (format!("{label}{gap}"), Role::Text),
    ]
}

fn front_line(run: &Run, app: &App, screen: &DriversScreen) -> Vec<TextSpan> {
    let mut line = run_name_spans(run, app);
    for goal in &screen.pareto_goals {
        let value = run
            .metric(goal.metric.raw())
            .map_or_else(|| MISSING.to_owned(), |value| format_short(value.get()));
        line.push((format!("{value:>14} "), Role::Good));
    }
    line
}

fn neighbor_line(
    near: &crate::analysis::nearest::Neighbor,
    subject: Option<&Run>,
    app: &App,
    screen: &DriversScreen,
) -> Vec<TextSpan> {
    let Some(run) = screen.find_run(&near.id) else {
        return Vec::new();
    };
    let mut line = run_name_spans(run, app);
    let key = screen.goal.metric.raw();
    let value = |run: &Run| run.metric(key).map(crate::domain::MetricValue::get);
    let change = value(run)
        .zip(subject.and_then(value))
        .map(|(there, here)| there - here);
    let role = match change {
        Some(change) if change != 0.0 => {
            if screen.goal.direction.is_improvement(change) {
                Role::Good
            } else {
                Role::Bad
            }
        }
        _ => Role::Muted,
    };
    line.push((
        format!(
            "{:>9} ",
            change.map_or_else(|| MISSING.to_owned(), |change| format_signed(change, 3))
        ),
        role,
    ));
    line.push((format!("{:>5.3}  ", near.distance), Role::Muted));
    let describe = |difference: &ParamDifference| {
        let text = |value: &Option<crate::text::Untrusted>| {
            value
                .as_ref()
                .map_or_else(|| MISSING.to_owned(), |v| truncate(&v.clean(), 16))
        };
        format!(
            "{} {} → {}",
            difference.key.clean(),
            text(&difference.value),
            text(&difference.neighbor_value)
        )
    };
    let differences: Vec<String> = near.differences.iter().map(describe).collect();
    line.push((
        if differences.is_empty() {
            "equal params".into()
        } else {
            differences.join(", ")
        },
        Role::Text,
    ));
    line
}
