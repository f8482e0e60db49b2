//! The columns of the run table: chosen, pinned, made wider, folded by prefix.

use frontrunner::table::ColumnKey;

use super::tables::{at_runs, to_metric};
use crate::support::driver::Driver;

/// The keys of the columns that are seen, in order.
fn seen(driver: &Driver) -> Vec<String> {
    driver
        .runs()
        .columns
        .seen()
        .iter()
        .map(|column| column.key.to_string())
        .collect()
}

/// The keys of the columns that stand on the screen, from left to right.
fn on_screen(driver: &Driver) -> Vec<String> {
    let columns = &driver.runs().columns;
    let all = columns.seen();
    columns
        .place(120, true)
        .iter()
        .filter_map(|place| all.get(place.index?))
        .map(|column| column.key.to_string())
        .collect()
}

fn width_of(driver: &Driver, metric: &str) -> u16 {
    let columns = &driver.runs().columns;
    let all = columns.seen();
    let is_it = |index: usize| all[index].key == ColumnKey::Metric(metric.into());
    columns
        .place(120, true)
        .iter()
        .find(|place| place.index.is_some_and(is_it))
        .unwrap()
        .width
}

#[test]
fn a_pinned_column_stays_while_others_go_by() {
    let mut driver = at_runs("churn-sweep");
    to_metric(&mut driver, "latency_ms");
    driver.press("P");
    assert!(driver.said().contains("pinned"), "{}", driver.said());
    assert_eq!(
        driver.runs().columns.current(),
        Some(ColumnKey::Metric("latency_ms".into())),
        "the cursor stays on it"
    );
    assert_eq!(
        seen(&driver)[..3],
        ["status", "run_name", "metrics.latency_ms"]
    );
    driver.press("$");
    let placed = on_screen(&driver);
    assert_eq!(placed[..3], ["status", "run_name", "metrics.latency_ms"]);
    assert_eq!(placed.last(), seen(&driver).last(), "{placed:?}");
    driver.press("0 l l P $");
    assert!(
        !on_screen(&driver).contains(&"metrics.latency_ms".to_owned()),
        "{:?}",
        on_screen(&driver)
    );
}

#[test]
fn every_column_can_be_reached_and_comes_into_sight() {
    let mut driver = at_runs("churn-sweep");
    driver.press("0");
    for index in 0..seen(&driver).len() {
        let key = driver.runs().columns.current().unwrap().to_string();
        assert_eq!(key, seen(&driver)[index]);
        assert!(
            on_screen(&driver).contains(&key),
            "{key} is not among {:?}",
            on_screen(&driver)
        );
        driver.press("l");
    }
}

#[test]
fn a_column_gets_wider_and_narrower_and_as_wide_as_what_is_in_it() {
    let mut driver = at_runs("churn-sweep");
    to_metric(&mut driver, "auc");
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
        on_screen(&driver).contains(&driver.runs().columns.current().unwrap().to_string()),
        "{:?}",
        on_screen(&driver)
    );
}

#[test]
fn columns_of_one_prefix_fold_into_the_first_of_them() {
    let mut driver = at_runs("image-classifier");
    let all = seen(&driver);
    let prefix = |key: &String| key.starts_with("metrics.val/");
    let several = all.iter().filter(|key| prefix(key)).count();
    assert!(several > 1, "{all:?}");
    let first = all.iter().find(|key| prefix(key)).unwrap().clone();
    to_metric(
        &mut driver,
        all.iter()
            .rfind(|key| prefix(key))
            .unwrap()
            .strip_prefix("metrics.")
            .unwrap(),
    );
    driver.press("\\");
    let folded: Vec<String> = seen(&driver)
        .into_iter()
        .filter(|key| prefix(key))
        .collect();
    assert_eq!(folded, [first], "{}", driver.screen());
    assert!(
        driver
            .said()
            .contains(&format!("{several} columns of metrics.val/")),
        "{}",
        driver.said()
    );
    driver.sees(&format!("+{}", several - 1));
    driver.press("\\");
    assert_eq!(seen(&driver), all);
    driver.press("\\ -");
    assert!(
        !seen(&driver).iter().any(prefix),
        "hiding what stands for all hides all"
    );
    driver.press("0 \\");
    assert!(
        driver.said().contains("only columns with a /"),
        "{}",
        driver.said()
    );
}

#[test]
fn pins_widths_and_folds_belong_to_the_view() {
    let mut driver = at_runs("image-classifier");
    to_metric(&mut driver, "val/acc");
    driver.press("P > >").press("$ 0");
    let params = seen(&driver)
        .iter()
        .filter(|key| key.starts_with("metrics.train/"))
        .count();
    assert!(params > 0, "{:?}", seen(&driver));
    let key = seen(&driver)
        .iter()
        .find(|key| key.starts_with("metrics.train/"))
        .unwrap()
        .strip_prefix("metrics.")
        .unwrap()
        .to_owned();
    to_metric(&mut driver, &key);
    driver.press("\\");
    let (view, columns) = (driver.runs().view(), seen(&driver));
    assert_eq!(view.pinned, ["metrics.val/acc"]);
    assert_eq!(view.folded, ["metrics.train/"]);
    assert_eq!(view.widths.keys().collect::<Vec<_>>(), ["metrics.val/acc"]);
    driver.press("q enter");
    assert_eq!(
        (driver.runs().view(), seen(&driver)),
        (view, columns),
        "the table is found as it was left"
    );
}

#[test]
fn the_chooser_shows_hides_and_pins_what_it_lists() {
    let mut driver = at_runs("image-classifier");
    let all = seen(&driver);
    driver.press("C").text("metrics.val").press("alt-n");
    assert!(
        !seen(&driver)
            .iter()
            .any(|key| key.starts_with("metrics.val/")),
        "{:?}",
        seen(&driver)
    );
    driver.press("alt-a alt-p").sees("pinned");
    driver.press("esc");
    let now = seen(&driver);
    assert!(now[2].starts_with("metrics.val"), "{now:?}");
    let (mut before, mut after) = (all, now);
    before.sort();
    after.sort();
    assert_eq!(before, after);
}
