//! The screens' states. Drawing is in `tui::view::screens`, keys are in the keymap.

pub(crate) mod charts;
pub(crate) mod compare;
pub(crate) mod details;
pub(crate) mod downstream;
pub(crate) mod drivers;
pub(crate) mod experiments;
pub(crate) mod history;
pub(crate) mod journal;
pub(crate) mod lineage;
pub(crate) mod models;
mod root;
pub(crate) mod run;
pub mod runs;
mod version_dialogs;
pub(crate) mod versions;

pub use charts::ChartsScreen;
pub use compare::CompareScreen;
pub use downstream::DownstreamScreen;
pub use drivers::DriversScreen;
pub use experiments::ExperimentsScreen;
pub use history::HistoryScreen;
pub use journal::JournalScreen;
pub use lineage::LineageScreen;
pub use models::ModelsScreen;
pub use root::{StartOptions, start};
pub use run::RunScreen;
pub use runs::RunsScreen;
pub use versions::VersionsScreen;

pub(crate) use crate::tui::app::{FocusedList, Freshness, Screen};

/// Shown when fewer than two runs are marked for a comparison.
const COMPARE_HINT: &str = "mark two or more runs with space to compare them";

/// Marks are labelled with the experiment of their run.
fn experiment_label(run: &crate::domain::Run) -> String {
    format!("experiment {}", run.experiment_id.clean())
}
