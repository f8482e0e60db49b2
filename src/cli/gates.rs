//! `gates MODEL/VERSION --to SLOT`: evaluate the policy's gates.

use crate::domain::{RegisteredModel, Slot};
use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::config::{current_user, env_var};
use crate::export::Sheet;
use crate::ops::gates::{self, Review};
use crate::ops::lineage::LineageSources;
use crate::ops::plan_write::describe_policies;
use crate::ops::review::default_slot;
use crate::promotion::GateResult;
use crate::promotion::policy::GateTarget;
use crate::store::{ReadStore, StoreHandle};

#[derive(Debug, Args)]
pub struct GatesArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    ///
    /// Without a version, the policy file is checked.
    #[arg(value_name = "MODEL/VERSION")]
    version: Option<String>,
    /// Stage or @alias to check the gates of.
    ///
    /// Without it, the first protected one, as on the screens: usually Production.
    #[arg(long, value_name = "STAGE|@ALIAS")]
    to: Option<String>,
}

/// Runs `gates`: exit code 0 if all pass, 4 if one does not.
///
/// # Errors
/// When a gate does not pass, the policy has errors, or the facts cannot be read.
pub async fn run(arguments: &GatesArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let Some(named) = &arguments.version else {
        return check_policy(context);
    };
    let store = context.open_store().await?;
    let (evaluation, model, champion) = {
        let review = review_version(named, arguments.to.as_deref(), &store, context).await?;
        let champion = review
            .champion
            .map(|facts| facts.version.label_with_slots());
        (review.evaluation, review.candidate.version.name, champion)
    };
    let sheet = gates_sheet(&evaluation.gates);
    let value = json!({
        "model": model.raw(),
        "version": evaluation.target.version.0,
        "target": evaluation.target.slot.to_string(),
        "passes": evaluation.is_passing(),
        "gates": evaluation.gates,
        "policies": context.policy()?.source_paths(),
        "requests": evaluation.requests,
    });
    context.printer.print(&CommandOutput::table(value, sheet))?;
    context.printer.flush()?;
    // With --json, stderr holds nothing but the error.
    if context.printer.format == OutputFormat::Table {
        let target = describe_target(&evaluation.target, champion);
        context.printer.note(&target);
    }
    for request in &evaluation.requests {
        context.printer.note(&format!(
            "{}: answer with `frontrunner review`",
            request.summary()
        ));
    }
    if evaluation.is_passing() {
        if evaluation.gates.is_empty() {
            let has_policy = !context.policy()?.source_paths().is_empty();
            context.printer.note(if has_policy {
                "no gate guards this slot"
            } else {
                "no policy was found: `frontrunner gates` lists where it was searched"
            });
        }
        return Ok(());
    }
    let count = evaluation
        .gates
        .iter()
        .filter(|gate| gate.is_blocking())
        .count();
    let why = match evaluation.gates.len() {
        1 => "the gate did not pass".to_owned(),
        all => format!("{count} of {all} gates did not pass"),
    };
    Err(CliError::new(ExitStatus::Refused, why)
        .with_cause(describe_policies(&context.policy()?.source_paths())))
}

/// What the gates were evaluated for, and against which version.
fn describe_target(target: &GateTarget, champion: Option<String>) -> String {
    let champion = champion.map_or_else(
        || "there is no champion".to_owned(),
        |champion| format!("the champion is {champion}"),
    );
    format!("v{} for {}; {champion}", target.version, target.slot)
}

fn gates_sheet(gates: &[GateResult]) -> Sheet {
    let mut sheet = Sheet::new(["gate", "verdict", "reason", "values"]);
    for gate in gates {
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
    sheet
}

fn check_policy(context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let policy = context.policy()?;
    let sources = policy.source_paths();
    let gates: usize = policy.models.iter().map(|model| model.gates.len()).sum();
    let models = policy.models.len();
    let mut searched = Vec::new();
    let lines: Vec<String> = if sources.is_empty() {
        let places = context.policy_places();
        searched.extend(places.iter().map(|path| path.display().to_string()));
        let first = "no policy: no gate guards any model; searched:".to_owned();
        let places = searched.iter().map(|path| format!("  {path}"));
        std::iter::once(first).chain(places).collect()
    } else {
        let counted = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        let (gates, models) = (counted(gates, "gate"), counted(models, "model pattern"));
        let first = format!("the policy is valid: {gates} for {models}");
        let paths = sources.iter().map(|path| format!("  {path}"));
        std::iter::once(first).chain(paths).collect()
    };
    context.printer.print(&CommandOutput::text(
        json!({"models": models, "gates": gates, "policies": sources, "searched": searched}),
        Sheet::new(["patterns", "gates"]),
        lines,
    ))
}

/// The slot that the screens review versions of a model for.
///
/// # Errors
/// When the policy cannot be read.
pub fn review_slot(
    model: &RegisteredModel,
    reader: &dyn ReadStore,
    context: &CommandContext<'_>,
) -> Result<Slot, CliError> {
    let kinds = model.slot_kinds(reader.slot_kinds());
    let protected_slots = &context.settings.protected_slots;
    let policy = context.policy()?;
    Ok(default_slot(&policy, &model.name, protected_slots, kinds))
}

/// Evaluates a version, named on the command line, for a slot; without one, for the slot that the screens review it for.
///
/// # Errors
/// When the slot is invalid, the version does not exist, or the policy or the facts cannot be read.
pub async fn review_version(
    named: &str,
    to: Option<&str>,
    store: &StoreHandle,
    context: &CommandContext<'_>,
) -> Result<Review, CliError> {
    let named_slot = to.map(str::parse::<Slot>).transpose();
    let named_slot = named_slot.map_err(|why| CliError::new(ExitStatus::Usage, why))?;
    let policy = context.policy()?;
    let (model, version) = resolve::version(store.reader.as_ref(), named).await?;
    let slot = match named_slot {
        Some(slot) => slot,
        None => review_slot(&model, store.reader.as_ref(), context)?,
    };
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let target = GateTarget { slot, version };
    let user = current_user(&env_var);
    Ok(gates::review(&policy, sources, &model.name, &target, &user).await?)
}
