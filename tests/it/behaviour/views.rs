//! Views: saved by name, opened again, and how each table was left.

use frontrunner::tui::app::Overlay;

use super::tables::{at_runs, to_metric};
use crate::support::driver::Driver;

/// The titles of the columns as they are seen.
fn columns(driver: &Driver) -> Vec<String> {
    driver
        .runs()
        .columns
        .seen()
        .iter()
        .map(|column| column.key.to_string())
        .collect()
}

/// Looks at the sweep in an own way.
fn changed(driver: &mut Driver) {
    to_metric(driver, "latency_ms");
    driver.press("s");
    to_metric(driver, "accuracy");
    driver
        .press("- =")
        .press("f")
        .text("metrics.auc > 0.88")
        .press("enter p");
}

#[test]
fn a_saved_view_puts_everything_back() {
    let mut driver = at_runs("churn-sweep");
    changed(&mut driver);
    let (view, seen, first) = (
        driver.runs().view(),
        columns(&driver),
        driver.runs().lines.first().cloned(),
    );
    assert!(!seen.contains(&"metrics.accuracy".to_owned()), "{seen:?}");
    driver.press("w").text("fast and good").press("enter");
    assert!(driver.said().contains("fast and good"), "{}", driver.said());
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
        .sees("fast and good")
        .sees("metrics.auc > 0.88");
    other.press("enter");
    assert_eq!(other.runs().view().filter, "metrics.auc > 0.88");

    let mut again = at_runs("churn-sweep");
    again.app.shared.session.views = driver.app.shared.session.views.clone();
    assert_ne!(columns(&again), seen);
    again.press("W enter");
    assert_eq!((again.runs().view(), columns(&again)), (view, seen));
    assert_eq!(again.runs().lines.first().cloned(), first);
}

#[test]
fn a_table_is_found_as_it_was_left() {
    let mut driver = at_runs("churn-sweep");
    changed(&mut driver);
    let (view, text) = (driver.runs().view(), columns(&driver));
    driver.press("q");
    driver.press("enter");
    assert_eq!(
        (driver.runs().view(), columns(&driver)),
        (view, text),
        "another screen, the same file"
    );
}

#[test]
fn what_was_pressed_before_the_memory_came_stays() {
    let mut driver = at_runs("churn-sweep");
    changed(&mut driver);
    driver.press("q");
    driver.hold().press("enter").press("p");
    assert!(driver.runs().preview);
    driver.release();
    assert_eq!(driver.runs().filter_text, "", "the memory came too late");
}

#[test]
fn a_view_is_deleted_from_the_list() {
    let mut driver = at_runs("churn-sweep");
    driver.press("W");
    assert!(
        driver.overlay().is_none() && driver.said().contains("no view was saved"),
        "{}",
        driver.said()
    );
    driver
        .press("w")
        .text("alpha")
        .press("enter w")
        .text("beta")
        .press("enter W")
        .text("delete alpha")
        .press("enter");
    assert!(!driver.folder().join("config/views/alpha.toml").exists());
    driver.wait(60_000).press("W").sees("beta").misses("alpha");
}

#[test]
fn a_name_that_leaves_its_folder_is_refused_and_a_left_field_saves_nothing() {
    let mut driver = at_runs("churn-sweep");
    driver.press("w").text("../../evil").press("enter");
    assert!(driver.said().contains("can't be kept"), "{}", driver.said());
    driver.press("w").text("half a na").press("esc");
    assert!(!driver.folder().join("config/views").exists());
}

#[test]
fn a_view_with_a_mistake_is_told_and_the_rest_is_used() {
    let mut driver = at_runs("churn-sweep");
    let view =
        "sort = ['attributes.nonsense DESC', 'metrics.auc DESC']\nfilter = 'metrics.auc >'\n";
    let view = frontrunner::config::views::View::parse(view, "x.toml").unwrap();
    driver
        .app
        .shared
        .session
        .views
        .insert("odd".to_owned(), view);
    driver.press("W enter");
    assert!(driver.said().contains("can't be read"), "{}", driver.said());
    assert_eq!(driver.runs().view().sort, ["metrics.auc DESC"]);
    assert!(!matches!(driver.overlay(), Some(Overlay::Picker(_))));
}
