//! Frontrunner: compare machine-learning experiments and promote models, in the terminal.
//!
//! # The rooms
//!
//! Arrows point down only; `tests/house.rs` holds them.
//!
//! ```text
//! main ─▶ cli ─▶ app ─▶ (ui | runtime)
//!                 │
//!                 ▼
//!   policy   evidence   promote   lineage   chart   analysis   table   pure: no I/O, no terminal, no clock, no async
//!                 │
//!                 ▼
//!              domain                            MLflow's nouns, values, faults
//!                 ▲
//!   store (rest, sqlite, wandb)   provenance   journal   config      edges: I/O, async, other people's formats
//! ```
//!
//! * [`domain`]: experiments, runs, metrics, models, versions; untrusted text; the faults of stores.
//! * [`table`]: the columnar run table; sort, filter, group; the filter language.
//! * [`analysis`]: comparison, ranking by a goal, reduction of curves.
//! * [`chart`]: figures: axes, layers, notes; what the terminal and plotters paint.
//! * [`lineage`]: what a version was made from and became, how that is drawn, what is missing, and how it could be made again.
//! * [`evidence`]: recognisers, and the facts that other tools left with a version.
//! * [`promote`]: intents, plans, clearance, verification; readings in, steps out.
//! * [`policy`]: protected places, gates and approvals of a `frontrunner.toml`; what conditions see.
//! * [`store`]: reading and writing MLflow servers and SQLite files; reading W&B's local runs.
//! * [`provenance`]: gathers what a store, its artifacts and the repository at hand say of a version.
//! * [`journal`]: the record of every write, and the one road that carries a plan out.
//! * [`config`]: settings, keymap, themes, views, directories.
//! * [`app`]: state, messages, `update(state, message) -> effects`; no drawing, no I/O.
//! * [`ui`]: drawing, a function of the state.
//! * [`runtime`]: the terminal, the event loop, running effects.
//! * [`export`]: the records of `--json`, and sheets as aligned tables, CSV and Markdown.
//! * [`cli`]: the command line, one file a subcommand.
//! * [`demo`]: the demo store and its stories.

pub mod analysis;
pub mod app;
pub mod chart;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod evidence;
pub mod export;
pub mod journal;
pub mod lineage;
pub mod policy;
pub mod promote;
pub mod provenance;
pub mod runtime;
pub mod store;
pub mod table;
pub mod ui;
