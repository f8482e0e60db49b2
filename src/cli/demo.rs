//! `demo`: a store to try everything on, made on the spot.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::open;
use crate::cli::output::Report;
use crate::cli::output::failure::{Exit, Failure};
use crate::demo::{DemoFacts, DemoOptions, make};
use crate::export::Sheet;
use crate::text::untrusted::clean;

/// What can be said to `demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Adds an experiment of so many runs.
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// The file to make; else one that is kept between sessions.
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
    /// Make the store and say what is in it, without opening it.
    #[arg(long)]
    no_open: bool,
}

/// Makes the store, and opens it.
///
/// # Errors
/// When a file that was named is there already, or can't be written.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let path = arguments
        .path
        .clone()
        .unwrap_or_else(|| context.directories.demo_store());
    // The kept store may hold promotions that somebody tried out: it is opened again, never made anew.
    let kept = arguments.path.is_none() && arguments.runs.is_none() && path.exists();
    if !kept {
        folder_of(&path)?;
        let facts = make(
            &path,
            &DemoOptions {
                runs: arguments.runs,
                now: context.now,
            },
        )?;
        if arguments.no_open {
            return context.output.report(&report(&path, &facts));
        }
    } else if arguments.no_open {
        return context
            .output
            .lines(&[format!("{} is there already", path.display())]);
    }
    context.place = None;
    context.flags.profile = None;
    context.flags.target = Some(path.to_string_lossy().into_owned());
    open::run(context).await
}

fn folder_of(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!("{} can't be made", clean(&folder.to_string_lossy())),
        )
        .because(error.to_string())
    })
}

fn report(path: &Path, facts: &DemoFacts) -> Report {
    let mut sheet = Sheet::new(["id", "name", "runs", "lifecycle"]);
    let mut experiments = Vec::new();
    for experiment in &facts.experiments {
        let (id, name) = (
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
        );
        experiments.push(json!({
            "experiment_id": id, "name": name, "runs": experiment.runs, "lifecycle_stage": experiment.lifecycle.as_str(),
        }));
        sheet.row([
            id,
            name,
            experiment.runs.to_string(),
            experiment.lifecycle.as_str().to_owned(),
        ]);
    }
    let mut text = vec![format!("{} is made", path.display())];
    text.extend(sheet.aligned(None).0);
    text.push(format!("open it: frontrunner {}", path.display()));
    Report::text(
        json!({ "path": path.to_string_lossy(), "experiments": experiments }),
        sheet,
        text,
    )
}
