//! The app as people use it: scenarios told in the keys that the help documents, on a real store.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each part uses some of the driver, and what fails should stop"
)]

mod charts;
mod columns;
mod compare;
mod curves;
mod delete_restore;
mod dialogs;
mod exports;
mod groups;
mod history;
mod lineage;
mod live;
mod nested;
mod plan_dialog;
mod policy;
mod registry;
mod runs_table;
mod session;
mod views;
mod ways;
mod whole_texts;
