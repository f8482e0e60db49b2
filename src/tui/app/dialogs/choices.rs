//! The lists that several screens offer.

use std::collections::{BTreeMap, BTreeSet};

use super::picker::{Picker, PickerItem};
use crate::config::saved_views::SavedView;
use crate::domain::{
    Direction, Goal, ModelName, RegisteredModel, RunId, SlotKinds, Stage, VersionNumber,
};
use crate::table::{ColumnKey, CurveStat, Grouping};
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::marks::{Mark, Marks};

/// Goals for metrics, each in its likely direction first, after the present one. System metrics are no goals.
#[must_use]
pub fn goals(metrics: BTreeSet<Untrusted>, current: Option<&Goal>) -> Picker<Goal> {
    let both = |metric: Untrusted| {
        let first = Goal::guess(metric.clone());
        let direction = match first.direction {
            Direction::Max => Direction::Min,
            Direction::Min => Direction::Max,
        };
        [first, Goal { metric, direction }]
    };
    let item = |goal: Goal| {
        let detail = match goal.direction {
            Direction::Max => "more is better",
            Direction::Min => "less is better",
        };
        let mark = if current == Some(&goal) {
            ", the goal now"
        } else {
            ""
        };
        PickerItem::new(goal.to_string(), format!("{detail}{mark}"), goal)
    };
    let metrics = metrics
        .into_iter()
        .filter(|metric| !metric.raw().starts_with("system/"));
    let others = metrics.flat_map(both).filter(|goal| current != Some(goal));
    Picker::new("goal", current.cloned().into_iter().chain(others).map(item))
}

/// The marked runs of all experiments.
#[must_use]
pub fn marks(marks: &Marks) -> Picker<RunId> {
    let baseline = marks.baseline();
    let item = |mark: &Mark| {
        let note = if baseline == Some(&mark.id) {
            "  baseline"
        } else {
            ""
        };
        PickerItem::new(
            mark.label.clean(),
            format!("{}  {}{note}", mark.origin, mark.id.short()),
            mark.id.clone(),
        )
    };
    Picker::new("marked runs: enter unmarks", marks.all().iter().map(item))
}

/// Groupings of the run table: by the column under the cursor first.
#[must_use]
pub fn groupings(
    current: Option<&ColumnKey>,
    all: impl Iterator<Item = ColumnKey>,
) -> Picker<Grouping> {
    let by = |column: ColumnKey, detail: &str| {
        PickerItem::new(format!("by {column}"), detail, Grouping::By(column))
    };
    let first = current.map(|column| by(column.clone(), "the column under the cursor"));
    let fixed = [
        PickerItem::new("flat", "no groups", Grouping::Flat),
        PickerItem::new("tree", "nested runs under their parent run", Grouping::Tree),
    ];
    // Groups by the numbers of a metric are the least likely.
    let (metrics, others): (Vec<ColumnKey>, Vec<ColumnKey>) = all
        .filter(|column| current != Some(column))
        .partition(|column| matches!(column, ColumnKey::Metric(_) | ColumnKey::Curve(..)));
    let others = others
        .into_iter()
        .chain(metrics)
        .map(|column| by(column, ""));
    Picker::new("group", first.into_iter().chain(fixed).chain(others))
}

/// Columns with statistics of a metric's curve.
#[must_use]
pub fn curve_columns(
    metric: &Untrusted,
    is_visible: impl Fn(CurveStat) -> bool,
) -> Picker<(CurveStat, Untrusted)> {
    let item = |stat: CurveStat| {
        let detail = if is_visible(stat) {
            "visible: enter hides it"
        } else {
            stat.description()
        };
        let title = ColumnKey::Curve(stat, metric.clone()).title();
        PickerItem::new(title, detail, (stat, metric.clone()))
    };
    // The best value comes first.
    let stats = if Direction::from_metric_name(metric.raw()) == Some(Direction::Min) {
        [
            CurveStat::Min,
            CurveStat::MinStep,
            CurveStat::Max,
            CurveStat::MaxStep,
            CurveStat::Shape,
        ]
    } else {
        CurveStat::ALL
    };
    let title = format!("columns for the curve of {}", metric.clean());
    Picker::new(title, stats.map(item))
}

/// What the promotion dialog offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromoteChoice {
    Stage(Stage),
    Alias(AliasChange),
    /// Asks for a transition, on servers that have such requests.
    Request(Stage),
}

/// The stages other than the current one: the usual next step first, the ways back last.
fn other_stages(current: Stage) -> Vec<Stage> {
    let order = match current {
        Stage::Staging => [Stage::Production, Stage::Staging],
        _ => [Stage::Staging, Stage::Production],
    };
    let all = order.into_iter().chain([Stage::Archived, Stage::None]);
    all.filter(|stage| *stage != current).collect()
}

/// The stages and aliases that a version can get or lose. `has_requests` also offers transition requests.
#[must_use]
pub fn promotions(
    model: &ModelName,
    version: VersionNumber,
    current: Stage,
    registered: Option<&RegisteredModel>,
    slots: SlotKinds,
    has_requests: bool,
) -> Picker<PromoteChoice> {
    let name = format!("{}/{version}", model.clean());
    let stage_item = |stage: Stage| {
        let detail = format!("stage, now in {current}");
        PickerItem::new(stage.to_string(), detail, PromoteChoice::Stage(stage))
    };
    let is_forward = |stage: &Stage| match stage {
        Stage::Production => true,
        Stage::Staging => current != Stage::Production,
        _ => false,
    };
    let (forward, back): (Vec<_>, Vec<_>) = other_stages(current).into_iter().partition(is_forward);
    let (set, removals) = alias_items(registered, version);
    let requests = other_stages(current)
        .into_iter()
        .filter(|_| has_requests && slots.stages)
        .map(|stage| {
            let label = format!("request {stage}");
            PickerItem::new(
                label,
                "ask others to move it, on Databricks",
                PromoteChoice::Request(stage),
            )
        });
    let items = forward
        .into_iter()
        .map(stage_item)
        .chain(set)
        .chain(back.into_iter().map(stage_item))
        .chain(removals)
        .chain(requests)
        .filter(|item| match &item.value {
            PromoteChoice::Alias(_) => slots.aliases,
            PromoteChoice::Stage(_) | PromoteChoice::Request(_) => slots.stages,
        })
        .collect::<Vec<_>>();
    Picker::new(format!("promote {name} to {}", slots.noun()), items)
        .with_accept_hint("plan")
        .with_empty_text(match (slots.stages, slots.aliases) {
            (true, true) => "no such stage: type a new alias",
            (true, false) => "no such stage",
            _ => "type a new alias",
        })
        .with_custom_item(move |text| {
            let name = text.trim().trim_start_matches('@');
            let change = PromoteChoice::Alias(AliasChange::Set(name.to_owned()));
            (!name.is_empty() && slots.aliases)
                .then(|| PickerItem::new(format!("@{}", clean(name)), "a new alias", change))
        })
}

/// A change of an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasChange {
    Set(String),
    Remove(String),
}

/// Aliases to set on a version, and those to remove from it.
fn alias_items(
    model: Option<&RegisteredModel>,
    version: VersionNumber,
) -> (
    Vec<PickerItem<PromoteChoice>>,
    Vec<PickerItem<PromoteChoice>>,
) {
    let known = model
        .map(|model| model.aliases.as_slice())
        .unwrap_or_default();
    let (own, others): (Vec<_>, Vec<_>) = known.iter().partition(|(_, holder)| *holder == version);
    let set = |name: &str, detail: String| {
        PickerItem::new(
            format!("@{}", clean(name)),
            detail,
            PromoteChoice::Alias(AliasChange::Set(name.to_owned())),
        )
    };
    let held = others
        .into_iter()
        .map(|(alias, holder)| set(alias.raw(), format!("alias, now at version {holder}")));
    let usual = ["champion", "challenger"]
        .into_iter()
        .filter(|usual| !known.iter().any(|(alias, _)| alias.raw() == *usual))
        .map(|usual| set(usual, "a new alias".into()));
    // Removals come last, so that a hasty enter removes nothing.
    let removals = own.into_iter().map(|(alias, _)| {
        PickerItem::new(
            format!("remove @{}", alias.clean()),
            "take the alias from this version",
            PromoteChoice::Alias(AliasChange::Remove(alias.raw().to_owned())),
        )
    });
    (held.chain(usual).collect(), removals.collect())
}

/// A use of a saved view, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewChoice {
    Open(String),
    Delete(String),
}

/// The saved views, to open or to delete.
#[must_use]
pub fn views(views: &BTreeMap<String, SavedView>) -> Picker<ViewChoice> {
    let summary = |view: &SavedView| {
        let parts = [
            view.filter.clone(),
            view.sort.join(", "),
            view.group.clone().unwrap_or_default(),
        ];
        let parts = parts.iter().filter(|part| !part.is_empty());
        parts
            .map(|part| clean(part).into_owned())
            .collect::<Vec<_>>()
            .join("  ")
    };
    let open = |(name, view): (&String, &SavedView)| {
        PickerItem::new(clean(name), summary(view), ViewChoice::Open(name.clone()))
    };
    let delete = |name: &String| {
        PickerItem::new(
            format!("delete {}", clean(name)),
            "delete its file",
            ViewChoice::Delete(name.clone()),
        )
    };
    Picker::new(
        "views",
        views.iter().map(open).chain(views.keys().map(delete)),
    )
}
