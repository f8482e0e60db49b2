//! Drawing what drives the goal.

use ratatui::layout::Rect;

use super::empty;
use crate::analysis::importance::{ParamImportance, Rank};
use crate::analysis::nearest::Difference;
use crate::config::theme::Role;
use crate::domain::Run;
use crate::text::fit::{cut, width};
use crate::text::number::{short, signed};
use crate::tui::app::App;
use crate::tui::app::cell::MISSING;
use crate::tui::screens::View;
use crate::tui::screens::drivers::{Drivers, Page};
use crate::tui::view::paint::{Paint, Piece, row};
use crate::tui::view::widgets::chart;
use crate::tui::view::widgets::chart::Over;

/// Draws the screen.
pub fn draw(paint: &mut Paint<'_>, _: Rect, app: &App, screen: &Drivers) {
    let parts = screen.parts(app.size);
    status(paint, parts.status, screen);
    if parts.chart.width > 0 {
        match screen.figure(parts.chart) {
            Some(figure) if !figure.is_empty() => {
                chart::draw(paint, parts.chart, &figure, Over::default())
            }
            _ => empty(
                paint,
                parts.chart,
                &screen.freshness(&app.shared),
                nothing(screen.page),
            ),
        }
    }
    if parts.list.width > 0 {
        list(paint, parts.list, app, screen);
    }
    match screen.page {
        Page::Importance => cautions(paint, parts.foot, screen),
        Page::Nearest => differences(paint, parts.foot, screen),
        _ => {}
    }
}

/// How much the forest explains, and what has to be known before it is believed.
fn cautions(paint: &mut Paint<'_>, area: Rect, screen: &Drivers) {
    let Some(found) = screen.importance.get() else {
        return;
    };
    let room = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    let method = found.explained.map_or_else(
        || format!("{} runs, rank correlation only", found.runs),
        |explained| format!("{} runs; in runs that it has not seen the forest explains R² {explained:.2} of the variance", found.runs),
    );
    let told = std::iter::once((method, Role::Muted)).chain(
        found
            .cautions
            .iter()
            .map(|caution| (caution.clone(), Role::Warn)),
    );
    let wrapped = told.flat_map(|(text, role)| {
        crate::text::fit::wrap(&text, room.width)
            .into_iter()
            .map(move |line| vec![(line, role)])
    });
    paint.lines(room, &wrapped.collect::<Vec<_>>());
}

/// What differs between the subject and the neighbour under the cursor, a line a param, the smallest first.
fn differences(paint: &mut Paint<'_>, area: Rect, screen: &Drivers) {
    let Some(near) = screen.near().get(screen.cursor.at) else {
        return;
    };
    let text = |value: &Option<crate::text::Untrusted>| {
        value
            .as_ref()
            .map_or_else(|| MISSING.to_owned(), |v| v.clean().into_owned())
    };
    paint.text(
        row(area, 0),
        &format!(" {:<28} {:>6}  {}", "what differs", "apart", "here → there"),
        Role::Header,
    );
    for (nth, difference) in near.differences.iter().enumerate() {
        let strip = row(area, nth as u16 + 1);
        let key = cut(&difference.key.clean(), 28);
        let gap = " ".repeat(usize::from(28 - width(&key).min(28)));
        let values = format!("{} → {}", text(&difference.here), text(&difference.there));
        paint.pieces(
            strip,
            &[
                (
                    format!(" {key}{gap} {:>6.3}  ", difference.distance),
                    Role::Muted,
                ),
                (values, Role::Text),
            ],
        );
    }
}

fn nothing(page: Page) -> &'static str {
    match page {
        Page::Pareto => "a front needs two metrics: + adds a goal",
        _ => "no param differs between these runs, or none of them has the goal",
    }
}

fn status(paint: &mut Paint<'_>, area: Rect, screen: &Drivers) {
    let tab = |page: Page| {
        let on = page == screen.page;
        let (open, close) = if on { ("[", "]") } else { (" ", " ") };
        (
            format!("{open}{}{close} ", page.title()),
            if on { Role::Accent } else { Role::Muted },
        )
    };
    let tabs: Vec<Piece> = Page::ALL.map(tab).into();
    // Where all don't fit, the one that is seen is brought in.
    let seen = Page::ALL
        .iter()
        .position(|page| *page == screen.page)
        .unwrap_or(0);
    let mut skip = 0;
    while skip < seen
        && tabs[skip..=seen]
            .iter()
            .map(|(text, _)| width(text))
            .sum::<u16>()
            > area.width
    {
        skip += 1;
    }
    let used = paint.pieces(area, &tabs[skip..]);
    let unfinished = if screen.unfinished > 0 {
        format!(" ({} not finished)", screen.unfinished)
    } else {
        String::new()
    };
    let taken = format!("{} of {} runs{unfinished} ", screen.runs.len(), screen.of);
    let rest = Rect {
        x: area.x + used,
        width: area.width.saturating_sub(used),
        ..area
    };
    if width(&taken) <= rest.width {
        paint.right(rest, &taken, Role::Muted);
    }
}

fn list(paint: &mut Paint<'_>, area: Rect, app: &App, screen: &Drivers) {
    let head = row(area, 0);
    let rows = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let lines: Vec<Vec<Piece>> = match screen.page {
        Page::Importance => {
            let params = screen
                .importance
                .get()
                .map(|found| found.params.as_slice())
                .unwrap_or_default();
            paint.text(
                head,
                &format!(
                    " {:<20} {:>15}  {}",
                    "param", "forest", "rank, 95 % interval"
                ),
                Role::Header,
            );
            params.iter().map(param).collect()
        }
        Page::Pareto => {
            let goals: Vec<String> = screen
                .goals
                .iter()
                .map(|goal| format!("{:>14}", cut(&goal.to_string(), 14)))
                .collect();
            paint.text(
                head,
                &format!(" {:<20} {}", "the front", goals.join(" ")),
                Role::Header,
            );
            screen
                .on_front()
                .into_iter()
                .map(|run| on_front(run, app, screen))
                .collect()
        }
        Page::Nearest => {
            let subject = screen.subject.as_ref().and_then(|id| screen.run(id));
            let name = subject
                .map(|run| run.label().clean().into_owned())
                .unwrap_or_default();
            let goal = subject
                .and_then(|run| run.metric(screen.goal.metric.raw()))
                .map_or(MISSING.into(), |v| short(v.get()));
            paint.text(
                head,
                &format!(
                    " nearest to {name} ({} {goal}): what differs, the smallest first",
                    screen.goal
                ),
                Role::Header,
            );
            screen
                .near()
                .iter()
                .map(|near| neighbour(near, subject, app, screen))
                .collect()
        }
        _ => Vec::new(),
    };
    let seen = screen.cursor.window(lines.len(), rows.height.into());
    for (nth, line) in lines[seen.clone()].iter().enumerate() {
        let strip = row(rows, nth as u16);
        paint.pieces(strip, line);
        if seen.start + nth == screen.cursor.at {
            paint.over(strip, Role::Selection);
        }
    }
}

fn param(param: &ParamImportance) -> Vec<Piece> {
    let forest = param.forest.map_or_else(
        || MISSING.to_owned(),
        |(mean, sd)| format!("{mean:.3} ± {sd:.3}"),
    );
    let rank = match param.rank {
        Some(Rank::Spearman { rho, low, high, .. }) => {
            format!("ρ {rho:+.2}  {low:+.2} to {high:+.2}")
        }
        Some(Rank::Epsilon { squared, .. }) => format!("ε² {squared:.2}  {} words", param.values),
        None => MISSING.to_owned(),
    };
    let together: Vec<String> = param
        .together
        .iter()
        .map(|key| key.clean().into_owned())
        .collect();
    let together = if together.is_empty() {
        String::new()
    } else {
        format!("  as {}", together.join(", "))
    };
    let sure = param.forest.is_some_and(|(mean, sd)| mean > sd);
    let key = cut(&param.key.clean(), 20);
    let gap = " ".repeat(usize::from(21 - width(&key).min(21)));
    vec![
        (format!(" {key}{gap}"), Role::Text),
        (
            format!("{forest:>15}  "),
            if sure { Role::Good } else { Role::Muted },
        ),
        (rank, Role::Text),
        (together, Role::Warn),
    ]
}

fn name(run: &Run, app: &App) -> Vec<Piece> {
    let marked = app.shared.marks.has(&run.id);
    let label = cut(&run.label().clean(), 20);
    let gap = " ".repeat(usize::from(21 - width(&label).min(21)));
    vec![
        (if marked { "*".into() } else { " ".into() }, Role::Mark),
        (format!("{label}{gap}"), Role::Text),
    ]
}

fn on_front(run: &Run, app: &App, screen: &Drivers) -> Vec<Piece> {
    let mut line = name(run, app);
    for goal in &screen.goals {
        let value = run
            .metric(goal.metric.raw())
            .map_or_else(|| MISSING.to_owned(), |value| short(value.get()));
        line.push((format!("{value:>14} "), Role::Good));
    }
    line
}

fn neighbour(
    near: &crate::analysis::nearest::Near,
    subject: Option<&Run>,
    app: &App,
    screen: &Drivers,
) -> Vec<Piece> {
    let Some(run) = screen.run(&near.id) else {
        return Vec::new();
    };
    let mut line = name(run, app);
    let key = screen.goal.metric.raw();
    let value = |run: &Run| run.metric(key).map(crate::domain::MetricValue::get);
    let change = value(run)
        .zip(subject.and_then(value))
        .map(|(there, here)| there - here);
    let role = match change {
        Some(change) if change != 0.0 => {
            if screen.goal.direction.improves(change) {
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
            change.map_or_else(|| MISSING.to_owned(), |change| signed(change, 3))
        ),
        role,
    ));
    line.push((format!("{:>5.3}  ", near.distance), Role::Muted));
    let told = |difference: &Difference| {
        let text = |value: &Option<crate::text::Untrusted>| {
            value
                .as_ref()
                .map_or_else(|| MISSING.to_owned(), |v| cut(&v.clean(), 16))
        };
        format!(
            "{} {} → {}",
            difference.key.clean(),
            text(&difference.here),
            text(&difference.there)
        )
    };
    let differences: Vec<String> = near.differences.iter().map(told).collect();
    line.push((
        if differences.is_empty() {
            "the same params".into()
        } else {
            differences.join(", ")
        },
        Role::Text,
    ));
    line
}
