//! The columns of the run table: visibility, pins, widths and folding by prefix.

use frontrunner::table::ColumnKey;

use super::runs_table::{at_runs, move_to_metric};
use crate::support::driver::Driver;

/// The keys of the visible columns, in order.
fn visible_columns(driver: &Driver) -> Vec<String> {
    driver
        .runs()
        .columns
        .visible()
        .iter()
        .map(|column| column.key.to_string())
        .collect()
}

/// The keys of the columns on the screen, from left to right.
fn columns_on_screen(driver: &Driver) -> Vec<String> {
    let columns = &driver.runs().columns;
    let all = columns.visible();
    columns
        .layout(120, true)
        .iter()
        .filter_map(|place| all.get(place.index?))
        .map(|column| column.key.to_string())
        .collect()
}

fn width_of(driver: &Driver, metric: &str) -> u16 {
    let columns = &driver.runs().columns;
    let all = columns.visible();
    let is_it = |index: usize| all[index].key == ColumnKey::Metric(metric.into());
    columns
        .layout(120, true)
        .iter()
        .find(|place| place.index.is_some_and(is_it))
        .unwrap()
        .width
}

#[test]
fn pinned_column_stays_while_scrolling() {
    let mut driver = at_runs("churn-sweep");
    move_to_metric(&mut driver, "latency_ms");
    driver.press("!");
    assert!(
        driver.notification().contains("pinned"),
        "{}",
        driver.notification()
    );
    assert_eq!(
        driver.runs().columns.current_key(),
        Some(ColumnKey::Metric("latency_ms".into())),
        "the cursor stays on the column"
    );
    assert_eq!(
        visible_columns(&driver)[..3],
        ["status", "run_name", "metrics.latency_ms"]
    );
    driver.press("$");
    let placed = columns_on_screen(&driver);
    assert_eq!(placed[..3], ["status", "run_name", "metrics.latency_ms"]);
    assert_eq!(placed.last(), visible_columns(&driver).last(), "{placed:?}");
    driver.press("0 l l ! $");
    assert!(
        !columns_on_screen(&driver).contains(&"metrics.latency_ms".to_owned()),
        "{:?}",
        columns_on_screen(&driver)
    );
}

#[test]
fn cursor_reaches_and_reveals_every_column() {
    let mut driver = at_runs("churn-sweep");
    driver.press("0");
    for index in 0..visible_columns(&driver).len() {
        let key = driver.runs().columns.current_key().unwrap().to_string();
        assert_eq!(key, visible_columns(&driver)[index]);
        assert!(
            columns_on_screen(&driver).contains(&key),
            "{key} is not among {:?}",
            columns_on_screen(&driver)
        );
        driver.press("l");
    }
}

#[test]
fn column_width_changes_and_fits_contents() {
    let mut driver = at_runs("churn-sweep");
    move_to_metric(&mut driver, "auc");
    let before = width_of(&driver, "auc");
    driver.press("> >");
    assert_eq!(width_of(&driver, "auc"), before + 4);
    driver.press("_");
    assert_eq!(width_of(&driver, "auc"), before);
    driver.press(&"< ".repeat(40));
    assert_eq!(width_of(&driver, "auc"), 3);
    driver.press(&"> ".repeat(100));
    driver.press("l");
    assert!(
        columns_on_screen(&driver)
            .contains(&driver.runs().columns.current_key().unwrap().to_string()),
        "{:?}",
        columns_on_screen(&driver)
    );
}

#[test]
fn columns_with_one_prefix_fold_together() {
    let mut driver = at_runs("image-classifier");
    let all = visible_columns(&driver);
    let prefix = |key: &String| key.starts_with("metrics.val/");
    let several = all.iter().filter(|key| prefix(key)).count();
    assert!(several > 1, "{all:?}");
    let first = all.iter().find(|key| prefix(key)).unwrap().clone();
    move_to_metric(
        &mut driver,
        all.iter()
            .rfind(|key| prefix(key))
            .unwrap()
            .strip_prefix("metrics.")
            .unwrap(),
    );
    driver.press("\\");
    let folded: Vec<String> = visible_columns(&driver)
        .into_iter()
        .filter(|key| prefix(key))
        .collect();
    assert_eq!(folded, [first], "{}", driver.screen());
    assert!(
        driver
            .notification()
            .contains(&format!("{several} columns of metrics.val/")),
        "{}",
        driver.notification()
    );
    driver.assert_shows(&format!("+{}", several - 1));
    driver.press("\\");
    assert_eq!(visible_columns(&driver), all);
    driver.press("\\ -");
    assert!(
        !visible_columns(&driver).iter().any(prefix),
        "hiding a folded prefix hides all its columns"
    );
    driver.press("0 \\");
    assert!(
        driver.notification().contains("only columns with a /"),
        "{}",
        driver.notification()
    );
}

#[test]
fn view_saves_pins_widths_and_folds() {
    let mut driver = at_runs("image-classifier");
    move_to_metric(&mut driver, "val/acc");
    driver.press("! > >").press("$ 0");
    let params = visible_columns(&driver)
        .iter()
        .filter(|key| key.starts_with("metrics.train/"))
        .count();
    assert!(params > 0, "{:?}", visible_columns(&driver));
    let key = visible_columns(&driver)
        .iter()
        .find(|key| key.starts_with("metrics.train/"))
        .unwrap()
        .strip_prefix("metrics.")
        .unwrap()
        .to_owned();
    move_to_metric(&mut driver, &key);
    driver.press("\\");
    let (view, columns) = (driver.runs().current_view(), visible_columns(&driver));
    assert_eq!(view.pinned, ["metrics.val/acc"]);
    assert_eq!(view.folded, ["metrics.train/"]);
    assert_eq!(view.widths.keys().collect::<Vec<_>>(), ["metrics.val/acc"]);
    driver.press("q enter");
    assert_eq!(
        (driver.runs().current_view(), visible_columns(&driver)),
        (view, columns),
        "the layout is restored"
    );
}

#[test]
fn column_chooser_shows_hides_and_pins() {
    let mut driver = at_runs("image-classifier");
    let all = visible_columns(&driver);
    driver.press("C").type_text("metrics.val").press("alt-n");
    assert!(
        !visible_columns(&driver)
            .iter()
            .any(|key| key.starts_with("metrics.val/")),
        "{:?}",
        visible_columns(&driver)
    );
    driver.press("alt-a alt-p").assert_shows("pinned");
    driver.press("enter");
    let now = visible_columns(&driver);
    assert!(now[2].starts_with("metrics.val"), "{now:?}");
    let (mut before, mut after) = (all, now);
    before.sort();
    after.sort();
    assert_eq!(before, after);
}
