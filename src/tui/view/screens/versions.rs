//! Drawing the versions of a model: stages and aliases side by side, measured against the champion.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::domain::{Goal, MetricValue, ModelVersion, Stage, VersionStatus};
use crate::evidence::FactValue;
use crate::text::untrusted::clean;
use crate::text::{number, quantity};
use crate::tui::app::App;
use crate::tui::app::cell::MISSING;
use crate::tui::app::layout::table;
use crate::tui::app::message::Assessed;
use crate::tui::screens::View;
use crate::tui::screens::versions::Versions;
use crate::tui::view::paint::Paint;
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

/// What stands above the verdicts.
const GATES: &str = "gates";

/// The columns that are always there; those of tools stand before the run.
const COLUMNS: [Column<'static>; 10] = [
    Column::left("", 1, 0),
    Column::right("version", 8, 0),
    Column::left("stage", 12, 0),
    Column::left("aliases", 32, 0),
    Column::right("goal", 12, 2),
    Column::right("vs champion", 20, 3),
    Column::left(GATES, 24, 1),
    Column::left("run", 28, 5),
    Column::right("age", 12, 6),
    Column::left("notes", 60, 7),
];

/// Before which column those of tools stand.
const TOOLS: usize = 7;

/// Draws the list.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Versions) {
    let area = table(body);
    let lines = screen.lines();
    let goal = screen.goal(&app.shared);
    let total = screen.data.get().map_or(0, |data| data.versions.len());
    let by = goal
        .as_ref()
        .map(|goal| format!(", goal {goal}"))
        .unwrap_or_default();
    let guarded = screen
        .assessed
        .get()
        .filter(|gates| !gates.verdicts.is_empty());
    let judged = guarded.map(|gates| guard(gates)).unwrap_or_default();
    let doubles = screen.data.get().map_or(0, |d| {
        d.versions
            .iter()
            .filter(|v| v.stage == Stage::Production)
            .count()
    });
    paint.text(
        area.status,
        &format!(
            " {} of {total} versions{by}{judged}{}",
            lines.len(),
            filtered(&screen.filter)
        ),
        Role::Muted,
    );
    if doubles > 1 {
        paint.right(
            area.status,
            &format!("{doubles} versions are in Production "),
            Role::Warn,
        );
    }
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "this model has no versions yet: r on a run registers one",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = lines[seen.clone()]
        .iter()
        .map(|v| texts(paint, app, screen, v, goal.as_ref()))
        .collect();
    grid::draw(
        paint,
        &area,
        &columns(screen, guarded.is_some()),
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
}

/// The columns, with one for each tool; that of the gates takes no room where none guard.
fn columns(screen: &Versions, guarded: bool) -> Vec<Column<'_>> {
    let tools = screen
        .tools()
        .into_values()
        .map(|name| Column::left(name, 24, 4));
    let (before, after) = COLUMNS.split_at(TOOLS);
    let all = before
        .iter()
        .copied()
        .chain(tools)
        .chain(after.iter().copied());
    all.map(|column| {
        if column.title == GATES && !guarded {
            Column { most: 0, ..column }
        } else {
            column
        }
    })
    .collect()
}

fn texts(
    paint: &Paint<'_>,
    app: &App,
    screen: &Versions,
    version: &ModelVersion,
    goal: Option<&Goal>,
) -> Vec<Text> {
    let run = screen.run_of(version);
    let marked = run.is_some_and(|run| app.shared.marks.has(&run.id));
    let champion = screen
        .champion()
        .is_some_and(|champion| champion.version == version.version);
    let aliases: Vec<String> = version
        .aliases
        .iter()
        .map(|alias| format!("@{}", alias.clean()))
        .collect();
    let value = goal
        .and_then(|goal| run?.metric(goal.metric.raw()))
        .map(|value| number::short(value.get()));
    let mut texts = vec![
        (
            if marked {
                paint.look.sign("●", "*").into()
            } else {
                " ".into()
            },
            Role::Mark,
        ),
        (
            format!("v{}", version.version),
            if champion { Role::Baseline } else { Role::Text },
        ),
        (
            version.stage_text.clean().into_owned(),
            stage_role(version.stage),
        ),
        (aliases.join(" "), Role::Accent),
        (value.unwrap_or_else(|| MISSING.into()), Role::Text),
        against(screen, version, goal),
        gates(screen, version),
    ];
    texts.extend(
        screen
            .tools()
            .into_keys()
            .map(|tool| evidence(paint, screen, version, tool)),
    );
    texts.extend([
        (
            run.map_or_else(
                || run_missing(version),
                |run| run.label().clean().into_owned(),
            ),
            Role::Text,
        ),
        (
            version
                .creation_time
                .map(|at| quantity::age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
        notes(version),
    ]);
    texts
}

/// For which place the gates were judged, and of how many versions where it is not all.
fn guard(gates: &Assessed) -> String {
    let count = gates.verdicts.len();
    let some = if count < gates.of {
        format!(" for {count} of {}", gates.of)
    } else {
        String::new()
    };
    format!(", gates of {}{some}", gates.target)
}

/// How many gates pass, and the first that does not.
fn gates(screen: &Versions, version: &ModelVersion) -> Text {
    match screen.gates_of(version.version) {
        None => (String::new(), Role::Muted),
        Some((passed, total, None)) => (format!("{passed}/{total} pass"), Role::Good),
        Some((passed, total, Some(first))) => {
            (format!("{passed}/{total} {}", first.name), Role::Bad)
        }
    }
}

/// The fact of a tool that says the most; whether it is older than the version, or not to be read, is said.
fn evidence(paint: &Paint<'_>, screen: &Versions, version: &ModelVersion, tool: &str) -> Text {
    let Some(found) = screen.evidence_of(version.version, tool) else {
        return (String::new(), Role::Muted);
    };
    let Some(fact) = found.headline() else {
        return (format!("serves {}", found.deployments.len()), Role::Text);
    };
    let old = if fact.older { ", older" } else { "" };
    let role = match &fact.value {
        _ if fact.bad => Role::Bad,
        FactValue::Unreadable(_) => Role::Warn,
        FactValue::Value(_) if fact.older => Role::Warn,
        FactValue::Value(_) if fact.judged => Role::Good,
        FactValue::Value(_) => Role::Text,
    };
    let sign = if fact.bad {
        paint.look.sign("✗ ", "x ")
    } else {
        ""
    };
    (
        format!(
            "{sign}{} {}{old}",
            clean(&fact.name),
            clean(&fact.value.to_string())
        ),
        role,
    )
}

fn run_missing(version: &ModelVersion) -> String {
    if version.run_id.is_empty() {
        "no run named".into()
    } else {
        format!("{} not found", version.run_id.short())
    }
}

fn stage_role(stage: Stage) -> Role {
    match stage {
        Stage::Production => Role::Good,
        Stage::Staging => Role::Info,
        Stage::None | Stage::Archived => Role::Muted,
    }
}

/// How much better or worse than the champion the version is, by the goal.
fn against(screen: &Versions, version: &ModelVersion, goal: Option<&Goal>) -> Text {
    let delta = || {
        let goal = goal?;
        let champion = screen.champion()?;
        if champion.version == version.version {
            return Some(("champion".into(), Role::Baseline));
        }
        let of = |v: &ModelVersion| {
            screen
                .run_of(v)?
                .metric(goal.metric.raw())
                .filter(|m| m.is_finite())
                .map(MetricValue::get)
        };
        let (own, best) = (of(version)?, of(champion)?);
        let delta = own - best;
        let better = goal.direction.improves(delta);
        let role = if delta == 0.0 {
            Role::Muted
        } else if better {
            Role::Good
        } else {
            Role::Bad
        };
        let word = if delta == 0.0 {
            "equal"
        } else if better {
            "better"
        } else {
            "worse"
        };
        Some((format!("{} {word}", number::signed(delta, 3)), role))
    };
    delta().unwrap_or_else(|| (MISSING.into(), Role::Muted))
}

/// What a person has to know of a version before anything else; then its own words.
fn notes(version: &ModelVersion) -> Text {
    if version.is_leftover() {
        return (
            "deleted while it was moved: its model is gone".into(),
            Role::Bad,
        );
    }
    match &version.status {
        VersionStatus::Ready => {
            let tags = version
                .tags
                .iter()
                .filter(|tag| !tag.key.raw().starts_with(crate::promotion::TAG_PREFIX));
            let tags: Vec<String> = tags
                .map(|tag| format!("{}={}", tag.key.clean(), tag.value.clean()))
                .collect();
            (
                format!("{} {}", tags.join(" "), version.description.clean())
                    .trim()
                    .to_owned(),
                Role::Muted,
            )
        }
        other => (
            crate::text::untrusted::clean(other.as_str()).into_owned(),
            Role::Warn,
        ),
    }
}
