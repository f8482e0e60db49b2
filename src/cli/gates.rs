//! `gates MODEL/VERSION --to PLACE`: what the policy says, by exit code.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::config::{current_user, env_var};
use crate::export::Sheet;
use crate::ops::gates::{Promoter, evaluate_target};
use crate::ops::lineage::LineageSources;
use crate::ops::registry::read_model_snapshot;
use crate::promotion::policy::GateTarget;
use crate::promotion::{RegistrySnapshot, Slot};
use crate::store::StoreHandle;

#[derive(Debug, Args)]
pub struct GatesArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    ///
    /// Without a version, the policy file is checked.
    #[arg(value_name = "MODEL/VERSION")]
    version: Option<String>,
    /// Stage or @alias to check the gates of.
    #[arg(long, value_name = "STAGE|@ALIAS", default_value = "Production")]
    to: String,
}

/// Judges the gates. The exit code is 0 when all pass, and 4 when one does not.
///
/// # Errors
/// When a gate does not pass, the policy has mistakes, or the facts can't be read.
pub async fn run(arguments: &GatesArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let policy = context.load_policy()?;
    let Some(named) = &arguments.version else {
        let gates: usize = policy.models.iter().map(|model| model.gates.len()).sum();
        let line = format!(
            "the policy is sound: {gates} gates for {} patterns of models",
            policy.models.len()
        );
        let value = json!({"models": policy.models.len(), "gates": gates});
        return context.printer.print(&CommandOutput::text(
            value,
            Sheet::new(["patterns", "gates"]),
            vec![line],
        ));
    };
    let store = context.open_store().await?;
    let (asked, snapshot) = read_gate_inputs(&store, named, &arguments.to).await?;
    let who = current_user(&env_var);
    let promoter = Promoter {
        name: &who,
        overrides: &[],
    };
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let judged = evaluate_target(&policy, sources, &asked, &snapshot, promoter).await?;
    let mut sheet = Sheet::new(["gate", "verdict", "reason", "values"]);
    for gate in &judged.gates {
        let values: Vec<String> = gate
            .values
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        sheet.push_row([
            gate.name.clone(),
            gate.outcome.as_str().to_owned(),
            gate.reason.clone(),
            values.join(", "),
        ]);
    }
    let value = json!({
        "model": snapshot.model_name().raw(),
        "version": asked.version.0,
        "target": asked.slot.to_string(),
        "passes": judged.is_passing(),
        "gates": judged.gates,
        "requests": judged.requests,
    });
    context.printer.print(&CommandOutput::table(value, sheet))?;
    context.printer.flush()?;
    for request in &judged.requests {
        context.printer.note(&format!(
            "{}: `frontrunner review` answers",
            request.summary()
        ));
    }
    if judged.is_passing() {
        if judged.gates.is_empty() {
            context.printer.note("no gate guards this place");
        }
        return Ok(());
    }
    let count = judged
        .gates
        .iter()
        .filter(|gate| !matches!(gate.outcome.as_str(), "pass" | "overridden"))
        .count();
    Err(CliError::new(
        ExitStatus::Refused,
        format!("{count} of {} gates do not pass", judged.gates.len()),
    ))
}

/// What is asked, and what the registry says.
///
/// # Errors
/// When the place is none, or the version is not there.
pub async fn read_gate_inputs(
    store: &StoreHandle,
    named: &str,
    to: &str,
) -> Result<(GateTarget, RegistrySnapshot), CliError> {
    let target = Slot::parse(to).map_err(|why| CliError::new(ExitStatus::Usage, why))?;
    let (model, version) = resolve::version(store.reader.as_ref(), named).await?;
    let mut snapshot = read_model_snapshot(store.reader.as_ref(), &model.name).await?;
    snapshot.requests = store
        .reader
        .transition_requests(&model.name, version)
        .await?;
    Ok((
        GateTarget {
            slot: target,
            version,
        },
        snapshot,
    ))
}
