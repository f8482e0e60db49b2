//! What can be typed: the flags that every subcommand takes, and the list of subcommands.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::{
    chart, compare, completions, config, delete_restore, demo, demote, doctor, evidence,
    experiments, gates, goal, history, lineage, metadata, models, promote, register, reproduce,
    request, review, rollback, runs, show, versions, watch,
};
use crate::cli::output::OutputFormat;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{ColorChoice, SettingsLayer};
use crate::store;

/// Compare machine-learning experiments and promote models, on any MLflow-compatible store.
///
/// Without a subcommand the screens open. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matches, 4 a gate or a
/// missing confirmation refused, 5 the store refused (permission, read-only), 6 unreachable, 7 changed meanwhile.
#[derive(Debug, Parser)]
#[command(name = "frontrunner", version)]
pub struct Cli {
    /// What to open: an address, a SQLite file, a folder of W&B runs, @PROFILE, or demo.
    #[arg(value_name = "TARGET")]
    pub place: Option<String>,
    /// Flags of every subcommand.
    #[command(flatten)]
    pub flags: GlobalArgs,
    /// Flags of the screens.
    #[command(flatten)]
    pub screen: TuiArgs,
    /// What to do without the screens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

fn target_help() -> String {
    format!(
        "Store to open: {} [default: MLFLOW_TRACKING_URI, the default profile, {}]",
        store::target_forms(),
        store::default_paths(", ")
    )
}

/// The flags that every subcommand takes.
#[derive(Clone, Debug, Default, Args)]
pub struct GlobalArgs {
    /// The store to open, as a backend names it.
    #[arg(long, global = true, value_name = "T", help = target_help())]
    pub target: Option<String>,
    /// The profile of the config file to use.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "target")]
    pub profile: Option<String>,
    /// A second store, read beside the first: its experiments and runs stand among the first's.
    #[arg(long, global = true, value_name = "T")]
    pub beside: Option<String>,
    /// Look only: nothing can be written.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The policy's file; else frontrunner.toml here or above, else policy.toml in the config folder.
    #[arg(long, global = true, value_name = "FILE")]
    pub policy: Option<std::path::PathBuf>,
    /// The experiment: its runs are opened, or a run's name is looked up in it.
    #[arg(long, global = true, value_name = "NAME")]
    pub experiment: Option<String>,
    /// The saved view that the first table of runs is opened with.
    #[arg(long, global = true, value_name = "NAME")]
    pub view: Option<String>,
    /// The theme.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", value_parser = color())]
    pub color: Option<ColorChoice>,
    /// Print one JSON value; errors become JSON, too.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print one JSON object a line, as they arrive.
    #[arg(long, global = true)]
    pub jsonl: bool,
    /// Print CSV.
    #[arg(long, global = true)]
    pub csv: bool,
    /// Print a Markdown table.
    #[arg(long, global = true)]
    pub markdown: bool,
}

/// The flags of the screens.
#[derive(Clone, Debug, Default, Args)]
pub struct TuiArgs {
    /// Leave the mouse to the terminal.
    #[arg(long)]
    pub no_mouse: bool,
    /// Borders and marks in ASCII.
    #[arg(long)]
    pub ascii: bool,
    /// Seconds between two looks at the store; 0 for never.
    #[arg(long, value_name = "SECONDS")]
    pub refresh: Option<u32>,
    /// Runs of a table that are kept here at most; beyond, the store filters and sorts.
    #[arg(long, value_name = "RUNS")]
    pub max_runs: Option<u64>,
}

/// The subcommands, one file each.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a store to try everything on, and open it.
    Demo(demo::DemoArgs),
    /// List experiments.
    Experiments(experiments::ExperimentsArgs),
    /// List the runs of an experiment.
    Runs(runs::RunsArgs),
    /// Show one run.
    Show(show::ShowArgs),
    /// Compare runs side by side.
    Compare(compare::CompareArgs),
    /// Draw the curves of metrics into a picture.
    Chart(chart::ChartArgs),
    /// Find the best run by a goal.
    Best(goal::GoalArgs),
    /// Tell which params drive a goal, and how sure that is.
    Drivers(goal::GoalArgs),
    /// List registered models.
    Models(models::ModelsArgs),
    /// List the versions of a model.
    Versions(versions::VersionsArgs),
    /// Tell what a version was made from.
    Lineage(lineage::LineageArgs),
    /// Print the commands that would make a version again, as far as they are known.
    Reproduce(reproduce::ReproduceArgs),
    /// What other tools left with a version: validations, drift, data versions, where it is served.
    Evidence(evidence::EvidenceArgs),
    /// Register a run's model as a new version.
    Register(register::RegisterArgs),
    /// Move a version to a stage, or give it an alias.
    Promote(promote::PromoteArgs),
    /// Take a version out of its stage, or take an alias away.
    Demote(demote::DemoteArgs),
    /// Tell which gates of the policy a version passes; without a version, check the policy.
    Gates(gates::GatesArgs),
    /// Ask for a version to be moved to a stage, on servers that have such requests (Databricks).
    Request(request::RequestArgs),
    /// Show candidate against champion on one page; approve or reject it.
    Review(review::ReviewArgs),
    /// Set or remove a tag of a version.
    Tag(metadata::TagArgs),
    /// Describe a version or a model.
    Describe(metadata::DescribeArgs),
    /// Delete a version that holds no place, or runs.
    Delete(delete_restore::DeleteArgs),
    /// Restore deleted runs; register again what a deleted version was made from.
    Restore(delete_restore::RestoreArgs),
    /// Tell who moved which version of a model where, when and why.
    History(history::HistoryArgs),
    /// Tell when a stage or an alias of a model moves.
    Watch(watch::WatchArgs),
    /// Undo a recorded write.
    Rollback(rollback::RollbackArgs),
    /// Say what was found where, what can be reached, and what the terminal can do.
    Doctor(doctor::DoctorArgs),
    /// Print the completions of a shell.
    Completions(completions::CompletionsArgs),
    /// Show and check the settings.
    Config(config::ConfigArgs),
}

impl GlobalArgs {
    /// The form of the answer.
    ///
    /// # Errors
    /// When more than one is asked for.
    pub fn format(&self) -> Result<OutputFormat, CliError> {
        let asked = [
            (self.json, OutputFormat::Json),
            (self.jsonl, OutputFormat::Jsonl),
            (self.csv, OutputFormat::Csv),
            (self.markdown, OutputFormat::Markdown),
        ];
        let mut asked = asked
            .into_iter()
            .filter_map(|(is_asked, format)| is_asked.then_some(format));
        match (asked.next(), asked.next()) {
            (Some(_), Some(_)) => Err(CliError::new(
                ExitStatus::Usage,
                "choose one of --json, --jsonl, --csv and --markdown",
            )),
            (format, _) => Ok(format.unwrap_or_default()),
        }
    }

    /// What the flags say of the settings.
    #[must_use]
    pub fn settings_layer(&self, screen: &TuiArgs) -> SettingsLayer {
        SettingsLayer {
            theme: self.theme.clone(),
            color: self.color,
            mouse: screen.no_mouse.then_some(false),
            ascii: screen.ascii.then_some(true),
            refresh_seconds: screen.refresh,
            max_runs: screen.max_runs,
            read_only: self.read_only.then_some(true),
            policy: self.policy.clone(),
            ..SettingsLayer::default()
        }
    }
}

fn color() -> impl TypedValueParser<Value = ColorChoice> {
    PossibleValuesParser::new(["auto", "always", "never"])
        .try_map(|word| word.parse::<ColorChoice>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn clap_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn target_without_subcommand_and_trailing_flags_parse() {
        let bare = Cli::parse_from(["frontrunner", "mlflow.db", "--no-mouse"]);
        assert_eq!(
            (bare.place.as_deref(), bare.screen.no_mouse),
            (Some("mlflow.db"), true)
        );
        let runs = Cli::parse_from(["frontrunner", "runs", "churn", "--target", "x.db", "--json"]);
        assert_eq!(
            (runs.flags.target.as_deref(), runs.flags.format()),
            (Some("x.db"), Ok(OutputFormat::Json))
        );
    }

    #[test]
    fn only_one_output_format_is_allowed() {
        let both = Cli::parse_from(["frontrunner", "--csv", "models", "--json"]);
        assert!(both.flags.format().is_err());
    }
}
