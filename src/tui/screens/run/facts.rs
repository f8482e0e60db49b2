//! The facts of a run on its overview.

use super::RunScreen;
use super::items::TabItem;
use crate::config::theme::Role;
use crate::domain::{Lifecycle, Millis, RUN_DESCRIPTION_TAG, Run};
use crate::text::quantity::format_duration;
use crate::tui::app::SharedState;
use crate::tui::app::cell_text::{STALLED_LABEL, STALLED_SYMBOL, local_time};

/// Status, times, code, data and the artifacts' address.
pub(super) fn fact_items(
    screen: &RunScreen,
    run: &Run,
    now: Millis,
    shared: &SharedState,
) -> Vec<TabItem> {
    let mut items = status_items(screen, run, now, shared);
    items.push(TabItem::new("run id", run.id.text().clone()));
    items.push(time_item(run, now, shared));
    let source = run.tag("mlflow.source.name");
    let source = source.map_or("source not recorded", |source| source.raw());
    items.push(TabItem::new("by", format!("{}, {source}", run.user.raw())));
    items.push(code_item(run));
    items.push(data_item(run));
    if let Some(parent) = run.parent() {
        items.push(TabItem::new("nested in", parent.text().clone()));
    }
    if let Some(note) = run.tag(RUN_DESCRIPTION_TAG) {
        items.push(TabItem::new("note", note.clone()));
    }
    items.push(TabItem::new("artifacts", run.artifact_uri.clone()).with_role(Role::Muted));
    items
}

/// The status, and whether the run has stalled or was deleted.
fn status_items(screen: &RunScreen, run: &Run, now: Millis, shared: &SharedState) -> Vec<TabItem> {
    let mut items = vec![TabItem {
        status: Some(run.status),
        ..TabItem::new("status", run.status.as_str())
    }];
    let stalled = screen.heartbeat(shared);
    if let Some(heartbeat) = stalled.filter(|heartbeat| heartbeat.is_stalled(now)) {
        let text = format!(
            "{STALLED_SYMBOL} {STALLED_LABEL}: {}",
            heartbeat.describe(now)
        );
        items.push(TabItem::new("", text).with_role(Role::Warn));
    }
    if run.lifecycle == Lifecycle::Deleted {
        let text = "in MLflow's trash: X restores it";
        items.push(TabItem::new("deleted", text).with_role(Role::Warn));
    }
    items
}

/// Start, end and duration.
fn time_item(run: &Run, now: Millis, shared: &SharedState) -> TabItem {
    let time = |at| local_time(at, &shared.session.time_zone);
    let times = match (run.start_time, run.end_time) {
        (Some(start), Some(end)) => format!("{} to {}", time(start), time(end)),
        (Some(start), None) => time(start),
        _ => "not recorded".into(),
    };
    let duration = run
        .duration(now)
        .map(|ms| format!("  ({})", format_duration(ms)));
    TabItem::new("time", times + &duration.unwrap_or_default())
}

/// The commit, and whether there were uncommitted changes.
fn code_item(run: &Run) -> TabItem {
    let is_dirty = run.tag("mlflow.source.git.diff").is_some()
        || run
            .tag("mlflow.source.git.dirty")
            .is_some_and(|v| v.raw() == "true");
    match (run.tag("mlflow.source.git.commit"), is_dirty) {
        (None, _) => TabItem::new("code", "commit not recorded"),
        (Some(commit), false) => TabItem::new("code", commit.clone()),
        (Some(commit), true) => {
            let text = format!("{}  with uncommitted changes", commit.raw());
            TabItem::new("code", text).with_role(Role::Warn)
        }
    }
}

/// The datasets with their digests.
fn data_item(run: &Run) -> TabItem {
    let data: Vec<String> = run
        .datasets
        .iter()
        .map(|d| format!("{}@{}", d.name.raw(), d.digest.raw()))
        .collect();
    if data.is_empty() {
        return TabItem::new("data", "not recorded");
    }
    TabItem::new("data", data.join("  "))
}
