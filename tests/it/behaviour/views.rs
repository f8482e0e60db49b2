//! Saved views, and the last view of each table.

use frontrunner::tui::app::Dialog;

use super::runs_table::{at_runs, move_to_metric};
use crate::support::driver::Driver;

/// The titles of the visible columns.
fn columns(driver: &Driver) -> Vec<String> {
    driver
        .runs()
        .columns
        .visible()
        .iter()
        .map(|column| column.key.to_string())
        .collect()
}

/// Changes the view of the sweep.
fn change_layout(driver: &mut Driver) {
    move_to_metric(driver, "latency_ms");
    driver.press("s");
    move_to_metric(driver, "accuracy");
    driver
        .press("- =")
        .press("f")
        .type_text("metrics.auc > 0.88")
        .press("enter p");
}

#[test]
fn saved_view_restores_the_table() {
    let mut driver = at_runs("churn-sweep");
    change_layout(&mut driver);
    let (view, seen, first) = (
        driver.runs().current_view(),
        columns(&driver),
        driver.runs().lines.first().cloned(),
    );
    assert!(!seen.contains(&"metrics.accuracy".to_owned()), "{seen:?}");
    driver.press("w").type_text("fast and good").press("enter");
    assert!(
        driver.notification().contains("fast and good"),
        "{}",
        driver.notification()
    );
    assert!(
        driver
            .folder()
            .join("config/views/fast and good.toml")
            .is_file()
    );

    driver.press("esc esc esc");
    let mut other = at_runs("image-classifier");
    other.app.shared.session.views = driver.app.shared.session.views.clone();
    other
        .press("W")
        .assert_shows("fast and good")
        .assert_shows("metrics.auc > 0.88");
    other.press("enter");
    assert_eq!(other.runs().current_view().filter, "metrics.auc > 0.88");

    let mut again = at_runs("churn-sweep");
    again.app.shared.session.views = driver.app.shared.session.views.clone();
    assert_ne!(columns(&again), seen);
    again.press("W enter");
    assert_eq!((again.runs().current_view(), columns(&again)), (view, seen));
    assert_eq!(again.runs().lines.first().cloned(), first);
}

#[test]
fn table_state_is_restored() {
    let mut driver = at_runs("churn-sweep");
    change_layout(&mut driver);
    let (view, text) = (driver.runs().current_view(), columns(&driver));
    driver.press("q");
    driver.press("enter");
    assert_eq!(
        (driver.runs().current_view(), columns(&driver)),
        (view, text),
        "restored on another screen"
    );
}

#[test]
fn input_before_the_restored_state_wins() {
    let mut driver = at_runs("churn-sweep");
    change_layout(&mut driver);
    driver.press("q");
    driver.hold_replies().press("enter").press("p");
    assert!(driver.runs().is_preview_open);
    driver.release_replies();
    assert_eq!(
        driver.runs().filter_text,
        "",
        "a late last view does not replace the user's changes"
    );
}

#[test]
fn view_is_deleted_from_the_list() {
    let mut driver = at_runs("churn-sweep");
    driver.press("W");
    assert!(
        driver.dialog().is_none() && driver.notification().contains("no saved views"),
        "{}",
        driver.notification()
    );
    driver
        .press("w")
        .type_text("alpha")
        .press("enter w")
        .type_text("beta")
        .press("enter W")
        .type_text("delete alpha")
        .press("enter");
    assert!(!driver.folder().join("config/views/alpha.toml").exists());
    driver
        .advance(60_000)
        .press("W")
        .assert_shows("beta")
        .assert_hides("alpha");
}

#[test]
fn invalid_name_is_refused_and_cancel_saves_nothing() {
    let mut driver = at_runs("churn-sweep");
    driver.press("w").type_text("../../evil").press("enter");
    assert!(
        driver.notification().contains("can't save or delete"),
        "{}",
        driver.notification()
    );
    driver.press("w").type_text("half a na").press("esc");
    assert!(!driver.folder().join("config/views").exists());
}

#[test]
fn invalid_view_is_reported_and_the_rest_load() {
    let mut driver = at_runs("churn-sweep");
    let view =
        "sort = ['attributes.nonsense DESC', 'metrics.auc DESC']\nfilter = 'metrics.auc >'\n";
    let view = frontrunner::config::saved_views::SavedView::parse(view, "x.toml").unwrap();
    driver
        .app
        .shared
        .session
        .views
        .insert("odd".to_owned(), view);
    driver.press("W enter");
    assert!(
        driver.notification().contains("invalid part of the view"),
        "{}",
        driver.notification()
    );
    assert_eq!(driver.runs().current_view().sort, ["metrics.auc DESC"]);
    assert!(!matches!(driver.dialog(), Some(Dialog::Picker(_))));
}
