//! Frontrunner: compare machine-learning experiments and promote models, in the terminal.
//!
//! # The map
//!
//! Each module with the modules that it may use. `tests/it/architecture.rs` reads this table and fails on an import
//! that it does not permit, on a permission that nobody uses, and on a cycle.
//!
//! ```text
//! cli                   ─▶ tui::runtime tui::view tui::screens tui::app ops export demo store promotion promotion::policy promotion::journal lineage evidence chart analysis table config files domain diagnostics text
//! tui                   ─▶
//! tui::runtime          ─▶ tui::graphics tui::view tui::screens tui::app ops export store promotion promotion::policy promotion::journal chart analysis config domain text
//! tui::graphics         ─▶ text
//! tui::view             ─▶ tui::screens tui::app ops promotion promotion::journal lineage lineage::graph_layout evidence chart analysis table config domain text
//! tui::screens          ─▶ tui::app ops store promotion promotion::journal lineage lineage::graph_layout evidence chart analysis table config domain text
//! tui::app              ─▶ ops store promotion promotion::journal lineage chart analysis table config domain text
//! ops                   ─▶ export store promotion promotion::policy promotion::journal lineage evidence chart analysis files domain text
//! export                ─▶ promotion promotion::policy promotion::journal lineage evidence chart analysis domain text
//! demo                  ─▶ promotion domain text
//! store                 ─▶ files domain text
//! promotion             ─▶ lineage domain text
//! promotion::policy     ─▶ promotion lineage domain diagnostics text
//! promotion::journal    ─▶ promotion domain text
//! lineage               ─▶ lineage::graph_layout evidence domain text
//! lineage::graph_layout ─▶ text
//! evidence              ─▶ domain diagnostics text
//! chart                 ─▶ analysis domain text
//! analysis              ─▶ table domain text
//! table                 ─▶ domain text
//! config                ─▶ files domain diagnostics text
//! domain                ─▶ text
//! diagnostics           ─▶ text
//! files                 ─▶
//! text                  ─▶
//! ```
//!
//! * [`cli`]: the command line, one file per subcommand.
//! * [`tui`]: the terminal, its event loop and its graphics; [`tui::app`]: state, messages, dialogs; [`tui::screens`]: one
//!   module per screen; `tui::view`: drawing.
//! * [`ops`]: the use cases that both share: async, over a store, on top of the pure modules.
//! * [`promotion`]: intents, plans, clearance, verification, undo; [`promotion::policy`]: gates and approvals;
//!   [`promotion::journal`]: the record of every write.
//! * [`lineage`]: what made a version and what it became; reproducibility; the layout of its graph.
//! * [`evidence`]: integrations, and the facts that other tools left with a version.
//! * [`table`]: the columnar run table; sort, filter, group; the filter language.
//! * [`analysis`]: comparison, ranking by a goal, importance, curve shapes.
//! * [`chart`]: figures: axes, layers, notes; the terminal and plotters both draw them.
//! * [`export`]: `--json` records, tables, Markdown, HTML, DOT and pictures.
//! * [`store`]: MLflow servers, SQLite files and file stores; local W&B runs.
//! * [`config`]: settings, keymap, themes, saved views, directories.
//! * [`files`]: small files in, output files out.
//! * [`diagnostics`]: errors in files that people write, with line, column and a suggestion.
//! * [`text`]: untrusted text and its cleaning, width, numbers, durations, shell quoting.
//! * [`domain`]: MLflow's nouns, metric values and histories, store errors.
//! * [`demo`]: the seeded demo store.

pub mod analysis;
pub mod chart;
pub mod cli;
pub mod config;
pub mod demo;
pub mod diagnostics;
pub mod domain;
pub mod evidence;
pub mod export;
pub mod files;
pub mod lineage;
pub mod ops;
pub mod promotion;
pub mod store;
pub mod table;
pub mod text;
pub mod tui;
