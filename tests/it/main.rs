//! The tests that run the whole program or whole parts of it, in one binary: linking thirty of them costs minutes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails should fail its test"
)]
#![allow(clippy::too_many_lines, reason = "a table of cases may be long")]

mod support;

mod app_pty;
mod architecture;
mod bad_server;
mod behaviour;
mod cli;
mod cli_warnings;
mod cli_writes;
mod compatibility;
mod completions;
mod config_check;
mod data_versions;
mod database_store;
mod delete_and_restore;
mod demo;
mod demo_command;
mod docs;
mod doctor_report;
mod download;
mod evidence;
mod evidence_fuzz;
mod faults;
mod file_store;
mod filter_conformance;
mod hostile_evidence;
mod hostile_places;
mod key_order;
mod keymap;
mod lineage;
mod lineage_warnings;
mod live;
mod logging;
mod managed;
mod merged_stores;
mod metadata_edits;
mod object_artifacts;
mod package;
mod pictures;
mod policy;
mod prepared_review;
mod printed_values;
mod promotion;
mod pushdown;
mod read_only;
mod reference_implementations;
mod registry_sources;
mod reproduce;
mod rest_store;
mod review;
mod run_window;
mod screens;
mod screenshots;
mod simulation;
mod sqlite_store;
mod store_access;
mod store_contract;
mod terminal;
mod terminal_graphics;
mod tls;
mod transition_requests;
mod wandb_store;
mod workspaces;
