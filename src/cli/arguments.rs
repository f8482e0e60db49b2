//! What can be typed: the flags that every subcommand takes, and the list of subcommands.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::{
    chart, compare, completions, config, demo, demote, doctor, evidence, experiments, gates, goal,
    history, lineage, models, note, promote, register, reproduce, request, review, rollback, runs,
    show, trash, versions, watch,
};
use crate::cli::output::Format;
use crate::cli::output::failure::{Exit, Failure};
use crate::config::{ColorChoice, Layer};

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
    pub flags: Flags,
    /// Flags of the screens.
    #[command(flatten)]
    pub screen: ScreenFlags,
    /// What to do without the screens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The flags that every subcommand takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Flags {
    /// The store; else `MLFLOW_TRACKING_URI`, the default profile, ./mlflow.db, ./wandb.
    #[arg(long, global = true, value_name = "T")]
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
pub struct ScreenFlags {
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
    Demo(demo::Arguments),
    /// List experiments.
    Experiments(experiments::Arguments),
    /// List the runs of an experiment.
    Runs(runs::Arguments),
    /// Show one run.
    Show(show::Arguments),
    /// Compare runs side by side.
    Compare(compare::Arguments),
    /// Draw the curves of metrics into a picture.
    Chart(chart::Arguments),
    /// Find the best run by a goal.
    Best(goal::Arguments),
    /// Tell which params drive a goal, and how sure that is.
    Drivers(goal::Arguments),
    /// List registered models.
    Models(models::Arguments),
    /// List the versions of a model.
    Versions(versions::Arguments),
    /// Tell what a version was made from.
    Lineage(lineage::Arguments),
    /// Print the commands that would make a version again, as far as they are known.
    Reproduce(reproduce::Arguments),
    /// What other tools left with a version: validations, drift, data versions, where it is served.
    Evidence(evidence::Arguments),
    /// Register a run's model as a new version.
    Register(register::Arguments),
    /// Move a version to a stage, or give it an alias.
    Promote(promote::Arguments),
    /// Take a version out of its stage, or take an alias away.
    Demote(demote::Arguments),
    /// Tell which gates of the policy a version passes; without a version, check the policy.
    Gates(gates::Arguments),
    /// Ask for a version to be moved to a stage, on servers that have such requests (Databricks).
    Request(request::Arguments),
    /// Show candidate against champion on one page; approve or reject it.
    Review(review::Arguments),
    /// Set or remove a tag of a version.
    Tag(note::Tag),
    /// Describe a version or a model.
    Describe(note::Describe),
    /// Delete a version that holds no place, or runs.
    Delete(trash::Delete),
    /// Restore deleted runs; register again what a deleted version was made from.
    Restore(trash::Restore),
    /// Tell who moved which version of a model where, when and why.
    History(history::Arguments),
    /// Tell when a stage or an alias of a model moves.
    Watch(watch::Arguments),
    /// Undo a recorded write.
    Rollback(rollback::Arguments),
    /// Say what was found where, what can be reached, and what the terminal can do.
    Doctor(doctor::Arguments),
    /// Print the completions of a shell.
    Completions(completions::Arguments),
    /// Show and check the settings.
    Config(config::Arguments),
}

impl Flags {
    /// The form of the answer.
    ///
    /// # Errors
    /// When more than one is asked for.
    pub fn format(&self) -> Result<Format, Failure> {
        let asked = [
            (self.json, Format::Json),
            (self.jsonl, Format::Jsonl),
            (self.csv, Format::Csv),
            (self.markdown, Format::Markdown),
        ];
        let mut asked = asked
            .into_iter()
            .filter_map(|(is_asked, format)| is_asked.then_some(format));
        match (asked.next(), asked.next()) {
            (Some(_), Some(_)) => Err(Failure::new(
                Exit::Usage,
                "choose one of --json, --jsonl, --csv and --markdown",
            )),
            (format, _) => Ok(format.unwrap_or_default()),
        }
    }

    /// What the flags say of the settings.
    #[must_use]
    pub fn layer(&self, screen: &ScreenFlags) -> Layer {
        Layer {
            theme: self.theme.clone(),
            color: self.color,
            mouse: screen.no_mouse.then_some(false),
            ascii: screen.ascii.then_some(true),
            refresh: screen.refresh,
            max_runs: screen.max_runs,
            read_only: self.read_only.then_some(true),
            policy: self.policy.clone(),
            ..Layer::default()
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
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_target_needs_no_subcommand_and_flags_may_follow_one() {
        let bare = Cli::parse_from(["frontrunner", "mlflow.db", "--no-mouse"]);
        assert_eq!(
            (bare.place.as_deref(), bare.screen.no_mouse),
            (Some("mlflow.db"), true)
        );
        let runs = Cli::parse_from(["frontrunner", "runs", "churn", "--target", "x.db", "--json"]);
        assert_eq!(
            (runs.flags.target.as_deref(), runs.flags.format()),
            (Some("x.db"), Ok(Format::Json))
        );
    }

    #[test]
    fn one_form_at_a_time() {
        let both = Cli::parse_from(["frontrunner", "--csv", "models", "--json"]);
        assert!(both.flags.format().is_err());
    }
}
