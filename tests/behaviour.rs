//! The app as people use it: scenarios told in the keys that the help documents, on a real store.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each part uses some of the driver, and what fails should stop")]

#[path = "support/driver.rs"]
mod driver;

#[path = "behaviour/charts.rs"]
mod charts;
#[path = "behaviour/columns.rs"]
mod columns;
#[path = "behaviour/comparing.rs"]
mod comparing;
#[path = "behaviour/curves.rs"]
mod curves;
#[path = "behaviour/groups.rs"]
mod groups;
#[path = "behaviour/lineage.rs"]
mod lineage;
#[path = "behaviour/live.rs"]
mod live;
#[path = "behaviour/nested.rs"]
mod nested;
#[path = "behaviour/policy.rs"]
mod policy;
#[path = "behaviour/registry.rs"]
mod registry;
#[path = "behaviour/session.rs"]
mod session;
#[path = "behaviour/tables.rs"]
mod tables;
#[path = "behaviour/trash.rs"]
mod trash;
#[path = "behaviour/views.rs"]
mod views;
