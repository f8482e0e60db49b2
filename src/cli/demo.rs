//! `demo`: creates the demo store and opens it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::args::TuiArgs;
use super::context::CommandContext;
use super::launch_tui;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::demo::{DemoManifest, DemoOptions, create};
use crate::export::Sheet;
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
    #[command(flatten)]
    pub tui: TuiArgs,
}

/// # Errors
/// If a file given with `--path` exists or can't be written.
pub async fn run(arguments: &DemoArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let path = arguments
        .path
        .clone()
        .unwrap_or_else(|| context.directories.demo_store());
    // The default store may contain the user's promotions, so it is never created again.
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
        if arguments.no_open {
            return context.printer.print(&command_output(&path, &manifest));
        }
    } else if arguments.no_open {
        return context
            .printer
            .print_lines(&[format!("{} already exists", path.display())]);
    }
    context.positional_target = None;
    context.global_args.profile = None;
    context.global_args.target = Some(path.to_string_lossy().into_owned());
    launch_tui::run(context).await
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

fn command_output(path: &Path, manifest: &DemoManifest) -> CommandOutput {
    let mut sheet = Sheet::new(["id", "name", "runs", "lifecycle"]);
    let mut experiments = Vec::new();
    for experiment in &manifest.experiments {
        let (id, name) = (
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
        );
        experiments.push(json!({
            "experiment_id": id, "name": name, "runs": experiment.active_runs, "lifecycle_stage": experiment.lifecycle.as_str(),
        }));
        sheet.push_row([
            id,
            name,
            experiment.active_runs.to_string(),
            experiment.lifecycle.as_str().to_owned(),
        ]);
    }
    let mut text = vec![format!("created {}", path.display())];
    text.extend(sheet.to_aligned_lines(None).0);
    text.push(format!("open it: frontrunner {}", path.display()));
    CommandOutput::text(
        json!({ "path": path.to_string_lossy(), "experiments": experiments }),
        sheet,
        text,
    )
}
