//! The command line: global options and the list of subcommands.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::{
    chart, compare, completions, config, copy, delete_restore, demo, demote, doctor, download,
    evidence, experiments, gates, goal, history, lineage, man, metadata, models, promote, register,
    reproduce, request, review, rollback, runs, show, versions, watch,
};
use crate::cli::output::OutputFormat;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{ColorChoice, SettingsLayer, parse_choice};
use crate::store;

/// The `Examples:` section of a subcommand's help; each argument is one command line.
macro_rules! examples {
    ($($line:literal),+ $(,)?) => { concat!("Examples:", $("\n  frontrunner ", $line),+) };
}
pub(super) use examples;

const EXAMPLES_AND_EXIT_CODES: &str = concat!(
    examples!["http://localhost:5000", "demo", "runs churn --json"],
    "

Exit codes:
  0  Success
  1  Failure
  2  Invalid usage
  3  No match
  4  Refused by a gate or for lack of confirmation
  5  Refused by the store (permission, read-only)
  6  Store unreachable
  7  Registry changed since it was read"
);

/// Compare machine-learning experiments and promote models on MLflow-compatible stores.
///
/// Without a subcommand, frontrunner opens its terminal interface.
#[derive(Debug, Parser)]
#[command(
    name = "frontrunner",
    version,
    disable_version_flag = true,
    after_help = examples!["http://localhost:5000", "demo", "runs churn --json"],
    after_long_help = EXAMPLES_AND_EXIT_CODES
)]
pub struct Cli {
    /// Store to open: a server URL, a SQLite file, an mlruns folder, a folder of W&B runs, @PROFILE or demo.
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(flatten)]
    pub tui: TuiArgs,
    /// Print the version.
    #[arg(short = 'V', long)]
    pub version: bool,
    /// With --version: print the commit, the kinds of stores and the known MLflow schemas, too.
    #[arg(long, requires = "version")]
    pub verbose: bool,
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

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    #[arg(long = "target", id = "store", global = true, value_name = "TARGET")]
    #[arg(help_heading = "Store options", help = target_help())]
    pub target: Option<String>,
    /// Profile in the settings file.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "store")]
    #[arg(help_heading = "Store options")]
    pub profile: Option<String>,
    /// Workspace of the store (MLflow 3.10 and later) [env: MLFLOW_WORKSPACE].
    #[arg(long, global = true, value_name = "NAME")]
    #[arg(help_heading = "Store options")]
    pub workspace: Option<String>,
    /// Model registry, if it is not the store's own: a store, databricks-uc, databricks-uc://PROFILE or uc:http://HOST
    /// [default: the profile's registry, MLFLOW_REGISTRY_URI].
    #[arg(long, global = true, value_name = "REGISTRY")]
    #[arg(help_heading = "Store options")]
    pub registry: Option<String>,
    /// Also show the runs of a second store (read-only).
    #[arg(long, alias = "beside", global = true, value_name = "TARGET")]
    #[arg(help_heading = "Store options")]
    pub with: Option<String>,
    /// Disable all writes.
    #[arg(long, global = true, help_heading = "Store options")]
    pub read_only: bool,
    /// Policy file, in addition to policy.toml in the config folder and frontrunner.toml here or in a
    /// parent folder.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Store options"
    )]
    pub policy: Option<PathBuf>,
    /// Experiment to open, or to search for run names.
    #[arg(
        long = "experiment",
        id = "experiment_option",
        global = true,
        value_name = "NAME",
        help_heading = "Store options"
    )]
    pub experiment: Option<String>,
    /// Saved view of the first run table.
    #[arg(long, global = true, value_name = "NAME")]
    pub view: Option<String>,
    /// Append a diagnostic log to a file, without secrets [env: FRONTRUNNER_LOG].
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Color theme.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// When to use colors.
    #[arg(long, global = true, value_name = "WHEN", value_parser = color_parser())]
    pub color: Option<ColorChoice>,
    /// Print one JSON value; errors are JSON, too.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print one JSON object per line, as results arrive.
    #[arg(long, global = true)]
    pub jsonl: bool,
    /// Print CSV.
    #[arg(long, global = true)]
    pub csv: bool,
    /// Print a Markdown table.
    #[arg(long, global = true)]
    pub markdown: bool,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Terminal interface options")]
pub struct TuiArgs {
    /// Disable mouse support.
    #[arg(long)]
    pub no_mouse: bool,
    /// Draw borders and marks in ASCII.
    #[arg(long)]
    pub ascii: bool,
    /// Polling interval in seconds (0 disables).
    #[arg(long, value_name = "SECONDS")]
    pub refresh: Option<u32>,
    /// Maximum number of runs to keep in memory; beyond it, the store filters and sorts.
    #[arg(long, value_name = "RUNS")]
    pub max_runs: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a demo store and open it.
    #[command(after_help = examples!["demo", "demo --path mine.db --runs 10000 --no-open"])]
    Demo(demo::DemoArgs),
    /// List experiments.
    #[command(after_help = examples!["experiments", "experiments --all --json"])]
    Experiments(experiments::ExperimentsArgs),
    /// List the runs of an experiment.
    #[command(after_help = examples![
        "runs churn",
        "runs churn --filter \"metrics.auc > 0.9 or run_name = 'base'\" --order-by 'metrics.auc DESC'",
        "runs churn --columns run_name,metrics.auc,params.lr --csv",
    ])]
    Runs(runs::RunsArgs),
    /// Show one run.
    #[command(after_help = examples!["show 3fa9c2d1", "show baseline --experiment churn --json"])]
    Show(show::ShowArgs),
    /// Compare runs side by side.
    #[command(after_help = examples![
        "compare baseline candidate --diff",
        "compare 3fa9c2d1 8be0a7c4 --out report.html",
    ])]
    Compare(compare::CompareArgs),
    /// Draw metric curves to an image file.
    #[command(after_help = examples![
        "chart baseline candidate --metric val/loss --out loss.svg",
        "chart candidate --metric val/loss --scale log --smooth 0.6 --out loss.png",
    ])]
    Chart(chart::ChartArgs),
    /// Download files of a run or a model, with a manifest of their SHA-256 digests.
    #[command(after_help = examples![
        "download 3fa9c2d1 --out files",
        "download 3fa9c2d1 model/MLmodel --out files",
        "download churn-classifier@champion --out champion",
    ])]
    Download(download::DownloadArgs),
    /// Find the best run by a goal metric.
    #[command(after_help = examples!["best churn --goal 'auc max'", "best churn --json"])]
    Best(goal::GoalArgs),
    /// Rank params by their effect on a goal metric, with uncertainty.
    #[command(after_help = examples!["drivers churn --goal 'auc max'"])]
    Drivers(goal::GoalArgs),
    /// List registered models.
    #[command(after_help = examples!["models", "models --json"])]
    Models(models::ModelsArgs),
    /// List the versions of a model.
    #[command(after_help = examples![
        "versions churn-classifier",
        "versions churn-classifier --evidence --csv",
        "versions --made-from digest:7d2f01ab",
    ])]
    Versions(versions::VersionsArgs),
    /// Show the lineage of a version: code, data, run, and what is missing to reproduce it.
    #[command(after_help = examples![
        "lineage churn-classifier/6",
        "lineage churn-classifier@champion --dot",
    ])]
    Lineage(lineage::LineageArgs),
    /// Print a shell script that reproduces a version, as far as its lineage is known.
    #[command(after_help = examples!["reproduce churn-classifier@champion > reproduce.sh"])]
    Reproduce(reproduce::ReproduceArgs),
    /// Show what other tools recorded for a version: validations, drift, data, deployments.
    #[command(after_help = examples![
        "evidence churn-classifier/6",
        "evidence churn-classifier@champion --explain",
    ])]
    Evidence(evidence::EvidenceArgs),
    /// Register a run's model as a new version.
    #[command(after_help = examples![
        "register 3fa9c2d1 --model churn-classifier",
        "register 3fa9c2d1 --model churn-classifier --plan",
    ])]
    Register(register::RegisterArgs),
    /// Copy a version to another model, for example of another catalog.
    #[command(after_help = examples![
        "copy churn-classifier/6 --to churn-production --plan",
        "copy dev.ml.churn@challenger --to prod.ml.churn --yes",
    ])]
    Copy(copy::CopyArgs),
    /// Move a version to a stage, or point an alias at it.
    #[command(after_help = examples![
        "promote churn-classifier/6 --to @champion --plan",
        "promote churn-classifier/6 --to Production --archive-existing --reason 'better AUC'",
    ])]
    Promote(promote::PromoteArgs),
    /// Remove a version from its stage, or remove an alias.
    #[command(after_help = examples![
        "demote churn-classifier/5 --to Archived",
        "demote churn-classifier@challenger",
    ])]
    Demote(demote::DemoteArgs),
    /// Check a version against the policy's gates, or check the policy file.
    #[command(after_help = examples!["gates churn-classifier/6 --to Production", "gates"])]
    Gates(gates::GatesArgs),
    /// Request a stage transition, on servers with transition requests (Databricks).
    #[command(after_help = examples![
        "request churn-classifier/6 --to Production --reason 'better AUC'",
    ])]
    Request(request::RequestArgs),
    /// Review a candidate against the champion; approve or reject it.
    #[command(after_help = examples![
        "review churn-classifier/6",
        "review churn-classifier/6 --to @champion --approve --reason 'checked on March data'",
    ])]
    Review(review::ReviewArgs),
    /// Set or remove a tag of a version, a model or a run.
    #[command(after_help = examples![
        "tag churn-classifier/6 owner=growth",
        "tag churn-classifier domain=crm",
        "tag 3fa9c2d1 reviewed=yes",
        "tag churn-classifier/6 owner --remove",
    ])]
    Tag(metadata::TagArgs),
    /// Set the description of a version, a model or a run.
    #[command(after_help = examples![
        "describe churn-classifier/6 'Retrained on March data'",
        "describe churn-classifier 'Predicts churn within 30 days'",
        "describe 3fa9c2d1 'Best of the sweep'",
    ])]
    Describe(metadata::DescribeArgs),
    /// Delete runs, or a version without stage and alias.
    #[command(after_help = examples!["delete churn-classifier/2 --plan", "delete 3fa9c2d1 8be0a7c4"])]
    Delete(delete_restore::DeleteArgs),
    /// Restore deleted runs, or register a deleted version again.
    #[command(after_help = examples!["restore 3fa9c2d1", "restore churn-classifier/2 --plan"])]
    Restore(delete_restore::RestoreArgs),
    /// Show when, why and by whom the versions of a model were moved.
    #[command(after_help = examples![
        "history churn-classifier",
        "history churn-classifier --at 2026-03-03",
    ])]
    History(history::HistoryArgs),
    /// Watch models and report stage and alias changes.
    #[command(after_help = examples![
        "watch churn-classifier --every 60 --notify",
        "watch --jsonl",
    ])]
    Watch(watch::WatchArgs),
    /// Undo a recorded write, or restore the previous holder of a stage or alias.
    #[command(after_help = examples![
        "rollback churn-classifier --plan",
        "rollback churn-classifier --to @champion",
    ])]
    Rollback(rollback::RollbackArgs),
    /// Check configuration, connectivity and terminal support.
    #[command(after_help = examples![
        "doctor",
        "doctor http://localhost:5000 --json",
        "doctor --report",
    ])]
    Doctor(doctor::DoctorArgs),
    /// Print a shell completion script, which also completes experiments, runs, models and versions.
    #[command(after_help = examples![
        "completions bash > ~/.local/share/bash-completion/completions/frontrunner",
        "completions fish > ~/.config/fish/completions/frontrunner.fish",
        "completions zsh > ~/.zfunc/_frontrunner",
    ])]
    Completions(completions::CompletionsArgs),
    /// Create manual pages, one per subcommand.
    #[command(after_help = examples!["man ~/.local/share/man/man1"])]
    Man(man::ManArgs),
    /// Show and check the settings.
    #[command(after_help = examples!["config show", "config check"])]
    Config(config::ConfigArgs),
}

impl Cli {
    /// The settings that the command line overrides.
    #[must_use]
    pub fn settings_layer(&self) -> SettingsLayer {
        // `frontrunner --ascii demo` and `frontrunner demo --ascii` are the same.
        let (before, after) = match &self.command {
            Some(Command::Demo(demo)) => (&self.tui, &demo.tui),
            _ => (&self.tui, &self.tui),
        };
        SettingsLayer {
            theme: self.global.theme.clone(),
            color: self.global.color,
            mouse: (before.no_mouse || after.no_mouse).then_some(false),
            ascii: (before.ascii || after.ascii).then_some(true),
            refresh_seconds: after.refresh.or(before.refresh),
            max_runs: after.max_runs.or(before.max_runs),
            read_only: self.global.read_only.then_some(true),
            policy: self.global.policy.clone(),
            ..SettingsLayer::default()
        }
    }
}

impl GlobalArgs {
    /// The output format.
    ///
    /// # Errors
    /// If more than one format is requested.
    pub fn format(&self) -> Result<OutputFormat, CliError> {
        let formats = [
            (self.json, OutputFormat::Json),
            (self.jsonl, OutputFormat::Jsonl),
            (self.csv, OutputFormat::Csv),
            (self.markdown, OutputFormat::Markdown),
        ];
        let mut formats = formats.into_iter().filter(|(is_set, _)| *is_set);
        match (formats.next(), formats.next()) {
            (Some(_), Some(_)) => Err(CliError::new(
                ExitStatus::Usage,
                "choose one of --json, --jsonl, --csv and --markdown",
            )),
            (format, _) => Ok(format.map_or_else(OutputFormat::default, |(_, format)| format)),
        }
    }
}

fn color_parser() -> impl TypedValueParser<Value = ColorChoice> {
    PossibleValuesParser::new([
        PossibleValue::new("auto").help("On a terminal, unless NO_COLOR is set"),
        PossibleValue::new("always").help("Even if the output is not a terminal"),
        PossibleValue::new("never").help("Without exception"),
    ])
    .try_map(|choice| parse_choice::<ColorChoice>(&choice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// Words that help texts avoid.
    const BANNED_WORDS: [&str; 14] = [
        "tell", "tells", "told", "say", "says", "said", "stands", "somebody", "whoever", "nobody",
        "meant", "beside", "looks", "place",
    ];

    /// Every subcommand with its path, such as `config show`.
    fn subcommands(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let mut found = Vec::new();
        let is_own = |subcommand: &&clap::Command| subcommand.get_name() != "help";
        for subcommand in command.get_subcommands().filter(is_own) {
            let path = format!("{path}{} ", subcommand.get_name());
            found.extend(subcommands(subcommand, &path));
            found.push((path.trim_end().to_owned(), subcommand.clone()));
        }
        found
    }

    #[test]
    fn clap_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_a_verb_and_examples() {
        const VERBS: &[&str] = &[
            "Check", "Compare", "Copy", "Create", "Delete", "Download", "Draw", "Find", "List",
            "Move", "Print", "Rank", "Register", "Remove", "Request", "Restore", "Review", "Set",
            "Show", "Undo", "Watch",
        ];
        for (path, command) in subcommands(&Cli::command(), "") {
            let about = command
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            let verb = about.split(' ').next().unwrap_or_default();
            assert!(VERBS.contains(&verb), "{path}: {about}");
            let examples = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            let lines: Vec<&str> = examples.lines().skip(1).collect();
            assert!(
                examples.starts_with("Examples:") && !lines.is_empty(),
                "{path}: {examples}"
            );
            for line in lines {
                let mut words = shell_words::split(line).unwrap();
                words.truncate(
                    words
                        .iter()
                        .position(|word| word == ">")
                        .unwrap_or(words.len()),
                );
                assert!(
                    line.starts_with(&format!("  frontrunner {path}")),
                    "{path}: {line}"
                );
                assert!(Cli::try_parse_from(&words).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn help_texts_are_complete_and_plain() {
        let mut root = Cli::command();
        root.build();
        let mut commands = subcommands(&root, "");
        commands.push((String::new(), root));
        for (path, mut command) in commands {
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{path}: {} has no help",
                    argument.get_id()
                );
            }
            let help = command.render_long_help().to_string();
            let mut words = help.split(|c: char| !c.is_alphanumeric() && c != '-');
            let banned = words.find(|word| BANNED_WORDS.contains(word));
            assert_eq!(banned, None, "{path}: {help}");
        }
    }

    #[test]
    fn target_without_subcommand_and_trailing_flags_parse() {
        let bare = Cli::parse_from(["frontrunner", "mlflow.db", "--no-mouse"]);
        assert_eq!(
            (bare.target.as_deref(), bare.tui.no_mouse),
            (Some("mlflow.db"), true)
        );
        for line in [
            ["frontrunner", "demo", "--ascii"],
            ["frontrunner", "--ascii", "demo"],
        ] {
            let layer = Cli::parse_from(line).settings_layer();
            assert_eq!((layer.ascii, layer.mouse), (Some(true), None));
        }
        let runs = Cli::parse_from(["frontrunner", "runs", "churn", "--target", "x.db", "--json"]);
        assert_eq!(
            (runs.global.target.as_deref(), runs.global.format()),
            (Some("x.db"), Ok(OutputFormat::Json))
        );
    }

    #[test]
    fn with_keeps_its_old_name() {
        let cli = Cli::parse_from(["frontrunner", "runs", "churn", "--beside", "x.db"]);
        assert_eq!(cli.global.with.as_deref(), Some("x.db"));
    }

    #[test]
    fn only_one_output_format_is_allowed() {
        let both = Cli::parse_from(["frontrunner", "--csv", "models", "--json"]);
        assert!(both.global.format().is_err());
    }
}
