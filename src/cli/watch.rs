//! `watch MODEL…`: tells when a stage or an alias moves.

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
use crate::promotion::RegistryState;
use crate::promotion::journal::{HolderChange, registry_diff};

/// The longest wait between two looks at a store that fails, as a multiple of the usual one.
const MAX_BACKOFF: u32 = 16;

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

/// Watches until it is stopped.
///
/// # Errors
/// When a model is not there, or the store can't be read at the first look.
pub async fn run(arguments: &WatchArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    if matches!(
        context.printer.format,
        OutputFormat::Csv | OutputFormat::Markdown
    ) {
        return Err(CliError::new(
            ExitStatus::Usage,
            "a watch is told in lines, or as --jsonl",
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
    let mut known: BTreeMap<String, RegistryState> = BTreeMap::new();
    let (mut failures, mut looks) = (0_u32, 0_u64);
    loop {
        for model in &models {
            let now = match read_model_snapshot(reader, model).await {
                Ok(now) => now,
                Err(fault) if looks == 0 => return Err(fault.into()),
                Err(fault) => {
                    if failures == 0 {
                        context
                            .printer
                            .note(&format!("{fault}; looking again, less often"));
                    }
                    failures = failures.saturating_add(1);
                    continue;
                }
            };
            if failures > 0 {
                failures = 0;
                context.printer.note("the store answers again");
            }
            let state = now.state();
            if let Some(before) = known.insert(model.raw().to_owned(), state) {
                for moved in registry_diff(&before, &now) {
                    report_change(&moved, model, arguments, context)?;
                }
            }
        }
        if looks == 0 {
            context.printer.note(&format!(
                "watching {} models every {} s; ctrl-c stops",
                models.len(),
                arguments.every
            ));
        }
        looks += 1;
        context.printer.flush()?;
        if arguments.looks.is_some_and(|most| looks >= most) {
            return Ok(());
        }
        let wait = arguments.every.saturating_mul(
            1_u32
                .checked_shl(failures.min(4))
                .unwrap_or(MAX_BACKOFF)
                .min(MAX_BACKOFF),
        );
        tokio::time::sleep(Duration::from_secs(wait.into())).await;
    }
}

fn report_change(
    moved: &HolderChange,
    model: &ModelName,
    arguments: &WatchArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let now = super::context::now();
    let line = format!("{}  {}", format_local_time(now), moved.describe());
    let mut value = json!(moved);
    if let Value::Object(fields) = &mut value {
        fields.insert("model".into(), json!(model.raw()));
        fields.insert("seen_at".into(), json!(now));
    }
    let mut sheet = Sheet::new(["seen_at", "model", "target", "from", "to", "who", "reason"]);
    let who = moved.user.clone().unwrap_or_default();
    sheet.push_row([
        format_local_time(now),
        model.raw().to_owned(),
        moved.target.clone(),
        moved.from.clone(),
        moved.to.clone(),
        who,
        moved.reason.clone(),
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
    context.printer.alert(how, &moved.describe());
    Ok(())
}
