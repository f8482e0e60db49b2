//! `demo`: creates the demo store and opens it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::args::TuiArgs;
use super::context::CommandContext;
use super::launch_tui;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::write::can_prompt;
use crate::demo::{DemoExperiment, DemoManifest, DemoOptions, create, remove};
use crate::domain::Experiment;
use crate::export::Sheet;
use crate::store::LifecycleFilter;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Also create an experiment with N runs.
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// File to create [default: a store in the data folder that is kept between sessions].
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Create the store and list its experiments without opening it.
    #[arg(long)]
    no_open: bool,
    /// Remove the kept demo store and create it anew; its moves stay in the journal.
    #[arg(long, conflicts_with = "path")]
    reset: bool,
    /// Reset without confirmation.
    #[arg(long, requires = "reset")]
    yes: bool,
    #[command(flatten)]
    pub tui: TuiArgs,
}

/// # Errors
/// If a file given with `--path` exists, a reset is not confirmed, or the store can't be written.
pub async fn run(arguments: &DemoArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let kept = context.directories.demo_store();
    let is_reset = arguments.reset && kept.exists();
    let path = match &arguments.path {
        Some(path) => path.clone(),
        None if is_reset => {
            confirm_reset(&kept, arguments, context)?;
            context.directories.next_demo_store()
        }
        None => kept.clone(),
    };
    // The default store may contain the user's promotions, so it is only created again on request.
    let reuses_store = arguments.path.is_none() && arguments.runs.is_none() && path.exists();
    if !reuses_store {
        create_parent_dir(&path)?;
        let manifest = create(
            &path,
            &DemoOptions {
                load_test_runs: arguments.runs,
                now: context.now,
            },
        )?;
        if is_reset {
            remove(&kept).map_err(|error| {
                CliError::new(
                    ExitStatus::Failed,
                    format!("cannot remove {}", clean(&kept.to_string_lossy())),
                )
                .with_cause(error.to_string())
            })?;
        }
        if arguments.no_open {
            let created = format!("created {}", clean(&path.to_string_lossy()));
            let output = command_output(&path, created, manifest_rows(&manifest), None);
            return context.printer.print(&output);
        }
    }
    context.positional_target = None;
    context.global_args.profile = None;
    context.global_args.target = Some(path.to_string_lossy().into_owned());
    if arguments.no_open {
        let store = context.open_store().await?;
        let experiments = store.reader.experiments(LifecycleFilter::All).await?;
        let exists = format!("{} already exists", clean(&path.to_string_lossy()));
        let reset = "create it anew: frontrunner demo --reset";
        let output = command_output(&path, exists, store_rows(&experiments), Some(reset));
        return context.printer.print(&output);
    }
    launch_tui::run(context).await
}

/// Asks before a demo store is removed that the user changed. The next store has another name, so that the journal's entries
/// about this one are not taken for the history of the next.
fn confirm_reset(
    store: &Path,
    arguments: &DemoArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let origin = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let changes = context.journal_entries(&origin.to_string_lossy())?.len();
    if changes == 0 || arguments.yes {
        return Ok(());
    }
    let plural = if changes == 1 { "change" } else { "changes" };
    let question = format!("The demo store has {changes} {plural} of yours. Remove it? [y/N]");
    confirm_removal(&question, context)
}

fn confirm_removal(question: &str, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let refused = |why: &str| CliError::new(ExitStatus::Refused, why.to_owned());
    if !can_prompt() {
        return Err(refused(
            "the demo store has changes of yours, and there is no terminal to confirm on",
        )
        .with_hint("frontrunner demo --reset --yes"));
    }
    context.printer.prompt(question);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| {
        CliError::new(ExitStatus::Failed, "cannot read the confirmation")
            .with_cause(error.to_string())
    })?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(refused("not confirmed; the demo store was kept"))
    }
}

fn create_parent_dir(path: &Path) -> Result<(), CliError> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::new(
            ExitStatus::Failed,
            format!("can't create {}", clean(&folder.to_string_lossy())),
        )
        .with_cause(error.to_string())
    })
}

/// An experiment of the listing: id, name, active runs, and `active` or `deleted`.
type ExperimentRow = (String, String, Option<u64>, &'static str);

fn manifest_rows(manifest: &DemoManifest) -> Vec<ExperimentRow> {
    let experiments = manifest.experiments.iter();
    let row = |experiment: &DemoExperiment| {
        (
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
            Some(experiment.active_runs.into()),
            experiment.lifecycle.as_str(),
        )
    };
    experiments.map(row).collect()
}

fn store_rows(experiments: &[Experiment]) -> Vec<ExperimentRow> {
    let row = |experiment: &Experiment| {
        (
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
            experiment.run_count,
            experiment.lifecycle.as_str(),
        )
    };
    let mut rows: Vec<ExperimentRow> = experiments.iter().map(row).collect();
    // In the order of creation, as after it.
    rows.sort_by_key(|(id, ..)| id.parse::<u64>().unwrap_or(u64::MAX));
    rows
}

fn command_output(
    path: &Path,
    title: String,
    rows: Vec<ExperimentRow>,
    hint: Option<&str>,
) -> CommandOutput {
    let mut sheet = Sheet::new(["id", "name", "runs", "lifecycle"]);
    let mut experiments = Vec::new();
    for (id, name, runs, lifecycle) in rows {
        experiments.push(json!({
            "experiment_id": id, "name": name, "runs": runs, "lifecycle_stage": lifecycle,
        }));
        let runs = runs.map_or_else(|| "—".to_owned(), |runs| runs.to_string());
        sheet.push_row([id, name, runs, lifecycle.to_owned()]);
    }
    let mut text = vec![title];
    text.extend(sheet.to_aligned_lines(None).0);
    text.push(format!("open it: frontrunner {}", path.display()));
    text.extend(hint.map(str::to_owned));
    CommandOutput::text(
        json!({ "path": path.to_string_lossy(), "experiments": experiments }),
        sheet,
        text,
    )
}
