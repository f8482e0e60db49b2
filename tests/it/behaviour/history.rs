//! The history of a model, and changes by other users while it is on the screen.

use frontrunner::tui::screens::HistoryScreen;

use super::registry::{at_version, is_verified};
use crate::support::driver::Driver;

#[test]
fn model_history_shows_changes_and_undoes_them() {
    let mut driver = at_version(6);
    driver.press("H");
    let before = event_count(&driver);
    driver.press("esc P").type_text("blessed").press("enter");
    driver.type_text("a good one").press("enter enter enter");
    driver
        .press("H")
        .assert_shows("blessed")
        .assert_shows("a good one")
        .assert_shows("from this machine's journal");
    assert!(event_count(&driver) > before);
    driver.press("g U").assert_shows("planned writes");
    driver.type_text("not so good").press("enter enter");
    assert!(is_verified(&driver), "{}", driver.screen());
    driver.press("enter g").assert_shows("not so good");
}

#[test]
fn changes_are_announced_on_the_history_screen() {
    let mut driver = at_version(6);
    driver.press("P").type_text("challenger-2").press("enter");
    driver.type_text("it wins").press("enter enter enter");
    driver.press("H").assert_shows("it wins");
    let store = rusqlite::Connection::open(driver.store()).unwrap();
    store
        .execute("UPDATE registered_model_aliases SET version = 2 WHERE name = 'churn-classifier' AND alias = 'challenger-2'", [])
        .unwrap();
    let announced = (0..60).any(|_| {
        driver.advance(1_000);
        driver.notification().contains("changed without a record")
    });
    assert!(announced, "{}", driver.screen());
    driver.press("g").assert_shows("changed with another tool");
}

#[test]
fn changes_are_announced_on_the_models_screen() {
    let mut driver = Driver::new();
    driver.press("4").assert_shows("churn-classifier");
    let store = rusqlite::Connection::open(driver.store()).unwrap();
    store.execute("UPDATE registered_model_aliases SET version = 2 WHERE name = 'churn-classifier' AND alias = 'champion'", []).unwrap();
    let announced = (0..60).any(|_| {
        driver.advance(1_000);
        driver
            .notification()
            .contains("@champion: churn-classifier/4 → churn-classifier/2")
    });
    assert!(announced, "{}", driver.screen());
    assert_eq!(driver.alerts.len(), 1);
    driver.assert_shows("@champion v2");
}

fn event_count(driver: &Driver) -> usize {
    let Some(history) = driver.app.screen_as::<HistoryScreen>() else {
        panic!("{}", driver.screen())
    };
    history.visible_events().len()
}
