//! Draws the versions of a model with stages, aliases, and a comparison to the champion.

use ratatui::layout::Rect;

use super::{details, draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::{Goal, MetricValue, ModelVersion, SlotKinds, Stage, VersionStatus};
use crate::evidence::FactValue;
use crate::text::untrusted::clean;
use crate::text::width::width;
use crate::text::{number, quantity};
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::MISSING;
use crate::tui::app::layout::{Size, list_above_detail, split_top, table_areas};
use crate::tui::app::message::Assessment;
use crate::tui::screens::details::{is_internal, version_facts};
use crate::tui::screens::versions::VersionsScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

/// The title of the gates column.
const GATES_TITLE: &str = "gates";

/// The title of the column that sums up those of the integrations.
const CHECKS_TITLE: &str = "checks";

/// The fixed columns; those of integrations come before the run.
const COLUMNS: [GridColumn<'static>; 11] = [
    GridColumn::left_aligned("", 1, 0),
    GridColumn::right_aligned("version", 8, 0),
    GridColumn::left_aligned("stage", 12, 0),
    GridColumn::left_aligned("aliases", 32, 0),
    GridColumn::right_aligned("goal", 12, 2),
    GridColumn::right_aligned("vs champion", 20, 3),
    GridColumn::left_aligned(GATES_TITLE, 24, 1),
    GridColumn::left_aligned(CHECKS_TITLE, 12, 1),
    GridColumn::left_aligned("run", 28, 5),
    GridColumn::right_aligned("age", 12, 6),
    GridColumn::left_aligned("notes", 60, 7),
];

/// Columns about stages and runs, which prompts do not have.
const NOT_OF_PROMPTS: [&str; 6] = [
    "stage",
    "goal",
    "vs champion",
    GATES_TITLE,
    CHECKS_TITLE,
    "run",
];

/// When the columns of integrations are dropped.
const TOOL_DROP_PRIORITY: u8 = 4;

/// The index where the columns of integrations are inserted.
const TOOL_COLUMNS_INDEX: usize = 8;

/// Draws the versions, and what is known of the one under the cursor below them.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &VersionsScreen) {
    let list = list_above_detail(Size {
        width: body.width,
        height: body.height + 3,
    });
    let list = Rect { y: body.y, ..list };
    draw_list(painter, list, app, screen);
    if list.height < body.height
        && let Some(version) = screen.current()
    {
        let (_, detail) = split_top(body, list.height);
        let kind = if screen.is_prompt() { "prompt " } else { "" };
        let title = format!("{kind}{}/{}", version.name.clean(), version.version);
        details::draw(painter, detail, &title, &version_facts(version, app.now));
    }
}

fn draw_list(painter: &mut Painter<'_>, list: Rect, app: &App, screen: &VersionsScreen) {
    let area = table_areas(list);
    let lines = screen.visible_versions();
    let goal = screen.goal(&app.shared);
    let gate_results = screen
        .assessment
        .get()
        .filter(|gates| !gates.gates.is_empty());
    draw_status(painter, area.status, screen, goal.as_ref());
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no versions yet: press R on a run to register one",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let tools = screen.tools();
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|v| row_cells(painter, app, (screen, &tools), v, goal.as_ref()))
        .collect();
    grid::draw(
        painter,
        &area,
        &grid_columns(
            screen,
            &tools,
            gate_results.is_some(),
            app.shared.session.slot_kinds,
        ),
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
}

/// The number of versions, the goal and the slot of the gates, above the list.
fn draw_status(
    painter: &mut Painter<'_>,
    area: Rect,
    screen: &VersionsScreen,
    goal: Option<&Goal>,
) {
    let versions = screen.data.get().map(|data| data.versions.as_slice());
    let versions = versions.unwrap_or_default();
    let in_production = versions.iter().filter(|v| v.stage == Stage::Production);
    let count = in_production.count();
    let mut room = area;
    if count > 1 {
        let text = format!(" {count} versions are in Production ");
        painter.draw_right_aligned(area, &text, Role::Warn);
        room.width = area.width.saturating_sub(width(&text));
    }
    let line = status_line(screen, versions.len(), goal, room.width);
    painter.draw_text(room, &line, Role::Muted);
}

/// Counts, the goal, the champion with the place that makes it that, the gates and the filter: as much as has room.
fn status_line(screen: &VersionsScreen, total: usize, goal: Option<&Goal>, room: u16) -> String {
    let kind = match (screen.is_prompt(), screen.is_oldest_first) {
        (true, true) => " versions of a prompt, oldest first",
        (true, false) => " versions of a prompt",
        (false, true) => " versions, oldest first",
        (false, false) => " versions",
    };
    let visible = screen.visible_versions().len();
    let goal = goal.map_or_else(String::new, |goal| format!(", goal {}", goal.in_words()));
    let gates = screen.assessment.get();
    let gates = gates.filter(|gates| !gates.gates.is_empty());
    let gates = gates.map(|gates| gates_status(gates)).unwrap_or_default();
    let filter = filter_label(&screen.filter);
    let champion = screen.champion().filter(|_| !screen.is_prompt());
    let labels = champion.map_or_else(
        || vec![String::new()],
        |champion| {
            let whole = champion.label_with_slots();
            let mut parts = whole.splitn(3, ", ");
            let short = parts.by_ref().take(2).collect::<Vec<_>>().join(", ");
            let number = format!("v{}", champion.version);
            let all = [whole.clone(), short, number];
            all.map(|label| format!(", champion {label}")).to_vec()
        },
    );
    let line = |kind: &str, champion: &str| {
        format!(" {visible} of {total}{kind}{goal}{champion}{gates}{filter}")
    };
    let last = labels.last().map(|label| line("", label));
    let mut lines = labels.iter().map(|label| line(kind, label)).chain(last);
    let fitting = lines.find(|line| width(line) <= room);
    fitting.unwrap_or_else(|| line("", labels.last().map_or("", String::as_str)))
}

/// The columns, with one for each integration. Those of gates and of slots that there are none of have no width.
fn grid_columns<'a>(
    screen: &VersionsScreen,
    tools: &[(&str, &'a str)],
    has_gates: bool,
    slots: SlotKinds,
) -> Vec<GridColumn<'a>> {
    let (failed, checks) = screen.check_counts(None);
    let tools = tools
        .iter()
        .map(|(_, name)| GridColumn::left_aligned(name, 24, TOOL_DROP_PRIORITY));
    let (before, after) = COLUMNS.split_at(TOOL_COLUMNS_INDEX);
    let all = before
        .iter()
        .copied()
        .chain(tools)
        .chain(after.iter().copied());
    all.map(|column| {
        let is_unused = match column.title {
            title if screen.is_prompt() => NOT_OF_PROMPTS.contains(&title),
            "stage" => !slots.stages,
            "aliases" => !slots.aliases,
            CHECKS_TITLE => checks == 0,
            title => title == GATES_TITLE && !has_gates,
        };
        let mut column = column;
        if is_unused {
            column.max_width = 0;
        } else if column.title == CHECKS_TITLE && failed == 0 {
            // What passes goes first, like the columns of the integrations.
            column.drop_priority = TOOL_DROP_PRIORITY;
        }
        column
    })
    .collect()
}

/// The sign of a version whose run is marked or the baseline.
fn mark_symbol(
    painter: &Painter<'_>,
    app: &App,
    screen: &VersionsScreen,
    version: &ModelVersion,
) -> String {
    let marks = &app.shared.marks;
    let run = screen.run_of(version).map(|run| &run.id);
    let is_marked = run.is_some_and(|run| marks.contains(run));
    let is_baseline =
        screen.is_prompt_baseline(version.version) || (is_marked && run == marks.baseline());
    let symbol = match (is_baseline, is_marked) {
        (true, _) => painter.theme.symbol("◆", "#"),
        (false, true) => painter.theme.symbol("●", "*"),
        (false, false) => " ",
    };
    symbol.to_owned()
}

fn row_cells(
    painter: &Painter<'_>,
    app: &App,
    (screen, tools): (&VersionsScreen, &[(&str, &str)]),
    version: &ModelVersion,
    goal: Option<&Goal>,
) -> Vec<TextSpan> {
    let run = screen.run_of(version);
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
        .map(|value| number::format_short(value.get()));
    let mut texts = vec![
        (mark_symbol(painter, app, screen, version), Role::Mark),
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
        champion_delta_cell(screen, version, goal),
        gates_cell(screen, version),
        checks_cell(painter, screen, version),
    ];
    texts.extend(
        tools
            .iter()
            .map(|(tool, _)| evidence_cell(painter, screen, version, tool)),
    );
    texts.extend([
        (
            run.map_or_else(
                || missing_run_label(version),
                |run| run.label().clean().into_owned(),
            ),
            Role::Text,
        ),
        (
            version
                .creation_time
                .map(|at| quantity::format_age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
        notes_cell(version),
    ]);
    texts
}

/// The slot whose gates were evaluated, and the number of versions unless it is all.
fn gates_status(gates: &Assessment) -> String {
    let count = gates.gates.len();
    let some = if count < gates.total {
        format!(" for {count} of {}", gates.total)
    } else {
        String::new()
    };
    format!(", gates of {}{some}", gates.slot)
}

/// The number of passing gates and the first that fails.
fn gates_cell(screen: &VersionsScreen, version: &ModelVersion) -> TextSpan {
    match screen.gate_summary(version.version) {
        None => (String::new(), Role::Muted),
        Some((passed, total, None)) => (format!("{passed}/{total} pass"), Role::Good),
        Some((passed, total, Some(first))) => {
            (format!("{passed}/{total} {}", first.name), Role::Bad)
        }
    }
}

/// How many checks failed, so that no failure goes with a column that has no room.
fn checks_cell(painter: &Painter<'_>, screen: &VersionsScreen, version: &ModelVersion) -> TextSpan {
    match screen.check_counts(Some(version.version)) {
        (_, 0) => (String::new(), Role::Muted),
        (0, all) => (format!("{all} pass"), Role::Good),
        (failed, all) => {
            let symbol = painter.theme.symbol("✗", "x");
            (format!("{symbol} {failed} of {all}"), Role::Bad)
        }
    }
}

/// The most significant fact of an integration, marked if it is stale or unreadable.
fn evidence_cell(
    painter: &Painter<'_>,
    screen: &VersionsScreen,
    version: &ModelVersion,
    tool: &str,
) -> TextSpan {
    let Some(found) = screen.evidence_of(version.version, tool) else {
        return (String::new(), Role::Muted);
    };
    let Some(fact) = found.headline() else {
        return (format!("serves {}", found.deployments.len()), Role::Text);
    };
    let age_suffix = if fact.is_stale { ", older" } else { "" };
    let role = match &fact.value {
        _ if fact.is_unexpected => Role::Bad,
        FactValue::Unreadable(_) => Role::Warn,
        FactValue::Value(_) if fact.is_stale => Role::Warn,
        FactValue::Value(_) if fact.has_expectation => Role::Good,
        FactValue::Value(_) => Role::Text,
    };
    let symbol = if fact.is_unexpected {
        painter.theme.symbol("✗ ", "x ")
    } else {
        ""
    };
    (
        format!(
            "{symbol}{} {}{age_suffix}",
            clean(&fact.name),
            clean(&fact.value.to_string())
        ),
        role,
    )
}

fn missing_run_label(version: &ModelVersion) -> String {
    if version.run_id.is_empty() {
        "no run".into()
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

/// The difference to the champion by the goal.
fn champion_delta_cell(
    screen: &VersionsScreen,
    version: &ModelVersion,
    goal: Option<&Goal>,
) -> TextSpan {
    let delta = || {
        let champion = screen.champion()?;
        if champion.version == version.version {
            return Some(("champion".into(), Role::Baseline));
        }
        let goal = goal?;
        let metric_of = |v: &ModelVersion| {
            screen
                .run_of(v)?
                .metric(goal.metric.raw())
                .filter(|m| m.is_finite())
                .map(MetricValue::get)
        };
        let (own_value, champion_value) = (metric_of(version)?, metric_of(champion)?);
        let delta = own_value - champion_value;
        let better = goal.direction.is_improvement(delta);
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
        Some((format!("{} {word}", number::format_signed(delta, 3)), role))
    };
    delta().unwrap_or_else(|| (MISSING.into(), Role::Muted))
}

/// Problems of a version, then its tags and description.
fn notes_cell(version: &ModelVersion) -> TextSpan {
    if version.is_half_deleted() {
        return (
            "deleted during a transition: its model is gone".into(),
            Role::Bad,
        );
    }
    match &version.status {
        VersionStatus::Ready => {
            let tags = version.tags.iter().filter(|tag| {
                let key = tag.key.raw();
                !key.starts_with(crate::promotion::TAG_PREFIX) && !is_internal(key)
            });
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
