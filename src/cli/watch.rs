//! `watch MODEL…`: reports when the holder of a stage or alias changes.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::config::Alert;
use crate::domain::ModelName;
use crate::export::Sheet;
use crate::ops::registry::read_model_snapshot;
use crate::promotion::journal::{HolderChange, registry_diff};
use crate::promotion::{RegistrySnapshot, RegistryState};

/// The interval doubles with each failed read, up to this many times.
const MAX_DOUBLINGS: u32 = 4;

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Models to watch [default: every registered model].
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// Polling interval in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Ring the terminal bell.
    #[arg(long)]
    bell: bool,
    /// Send a desktop notification (OSC 9 and OSC 777).
    #[arg(long)]
    notify: bool,
    /// Stop after N polls.
    #[arg(long, value_name = "N")]
    looks: Option<u64>,
}

/// Polls until it is stopped.
///
/// # Errors
/// When a model is missing, or the first poll fails.
pub async fn run(arguments: &WatchArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    if matches!(
        context.printer.format,
        OutputFormat::Csv | OutputFormat::Markdown
    ) {
        return Err(CliError::new(
            ExitStatus::Usage,
            "watch prints lines or --jsonl",
        ));
    }
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let mut models = Vec::new();
    for name in &arguments.models {
        models.push(resolve::model(reader, name).await?.name);
    }
    if models.is_empty() {
        models.extend(reader.models().await?.into_iter().map(|model| model.name));
    }
    let mut known = BTreeMap::new();
    let (mut failures, mut polls) = (0_u32, 0_u64);
    loop {
        for model in &models {
            match read_model_snapshot(reader, model).await {
                Ok(snapshot) => {
                    if std::mem::take(&mut failures) > 0 {
                        context.printer.note("the store is available again");
                    }
                    report_changes(&snapshot, &mut known, arguments, context)?;
                }
                Err(error) if polls == 0 => return Err(error.into()),
                Err(error) => {
                    if failures == 0 {
                        let note = format!("{error}; polling less often");
                        context.printer.note(&note);
                    }
                    failures = failures.saturating_add(1);
                }
            }
        }
        if polls == 0 {
            context.printer.note(&format!(
                "watching {} models every {} s; ctrl-c stops",
                models.len(),
                arguments.every
            ));
        }
        polls += 1;
        context.printer.flush()?;
        if arguments.looks.is_some_and(|limit| polls >= limit) {
            return Ok(());
        }
        let wait = arguments
            .every
            .saturating_mul(1 << failures.min(MAX_DOUBLINGS));
        tokio::time::sleep(Duration::from_secs(wait.into())).await;
    }
}

/// Reports the differences from the state of the last poll in `known`, and updates it.
fn report_changes(
    snapshot: &RegistrySnapshot,
    known: &mut BTreeMap<ModelName, RegistryState>,
    arguments: &WatchArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let model = snapshot.model_name();
    if let Some(before) = known.insert(model.clone(), snapshot.state()) {
        for change in registry_diff(&before, snapshot) {
            report_change(&change, model, arguments, context)?;
        }
    }
    Ok(())
}

fn report_change(
    change: &HolderChange,
    model: &ModelName,
    arguments: &WatchArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let now = crate::ops::clock::now();
    let line = format!("{}  {}", format_local_time(now), change.describe());
    let mut value = json!(change);
    if let Value::Object(fields) = &mut value {
        fields.insert("model".into(), json!(model.raw()));
        fields.insert("seen_at".into(), json!(now));
    }
    let mut sheet = Sheet::new(["seen_at", "model", "target", "from", "to", "who", "reason"]);
    let who = change.user.clone().unwrap_or_default();
    sheet.push_row([
        format_local_time(now),
        model.raw().to_owned(),
        change.target.clone(),
        change.from.clone(),
        change.to.clone(),
        who,
        change.reason.clone(),
    ]);
    context
        .printer
        .print(&CommandOutput::text(value, sheet, vec![line]))?;
    let how = match (arguments.bell, arguments.notify) {
        (false, false) => context.settings.alert,
        (true, false) => Alert::Bell,
        (false, true) => Alert::Notify,
        (true, true) => Alert::Both,
    };
    context.printer.alert(how, &change.describe());
    Ok(())
}
