//! The road of a write from the command line: plan, show, ask, clear, carry out, tell what was read back.

mod confirm;
mod report;

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::OutputFormat;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{ProtectedPlace, Settings, current_user, env_var};
use crate::ops::apply::{ApplyProgress, apply_plan};
use crate::ops::gates;
use crate::ops::gates::Promoter;
use crate::ops::lineage::LineageSources;
use crate::ops::registry::read_snapshot;
use crate::promotion;
use crate::promotion::{
    GateResult, Intent, Outcome, Plan, PlanContext as Circumstances, PlanError, Slot,
};
use crate::store::StoreHandle;
use crate::text::untrusted::clean;
use report::WriteReport;

#[derive(Debug, Args)]
#[command(next_help_heading = "Write options")]
pub struct WriteArgs {
    /// Reason, recorded in the journal and the registry.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show the plan and exit without writing.
    #[arg(long)]
    plan: bool,
    /// Write without confirmation.
    #[arg(long)]
    yes: bool,
    /// Override a failing gate (requires --reason and permission in the policy).
    #[arg(long = "override", value_name = "GATE")]
    overrides: Vec<String>,
}

impl WriteArgs {
    /// Why, as given.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_plan_only(&self) -> bool {
        self.plan
    }
}

/// Takes an intent down the road.
///
/// # Errors
/// When there is no plan, it was not confirmed, the session may not write, the registry changed meanwhile, or what was
/// read back is not what was planned.
pub async fn execute(
    intent: Intent,
    write_args: &WriteArgs,
    store: &StoreHandle,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let snapshot = read_snapshot(store.reader.as_ref(), &intent).await?;
    let policy = context.load_policy()?;
    let who = current_user(&env_var);
    let promoter = Promoter {
        name: &who,
        overrides: &write_args.overrides,
    };
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let gates = gates::gate_results(
        &gates::evaluate(&policy, sources, &intent, &snapshot, promoter).await?,
    );
    let plan_context = policy.plan_context(
        &intent.subject(),
        plan_context(write_args, gates.clone(), context),
    );
    let plan = match promotion::plan(intent.clone(), &snapshot, &plan_context) {
        Ok(plan) => plan,
        Err(PlanError::NothingToDo(why)) => {
            return context
                .printer
                .print(&report::nothing_to_do(&intent, &snapshot, &why));
        }
        Err(error) => return Err(plan_refused(&intent, error)),
    };
    if write_args.plan {
        let requests = store.writer.as_ref().map(|writer| {
            plan.steps
                .iter()
                .filter_map(|step| step.write.as_ref())
                .map(|write| writer.describe(write))
                .collect::<Vec<_>>()
        });
        return context.printer.print(
            &WriteReport::Planned {
                plan: &plan,
                gates: &gates,
                requests,
            }
            .to_output(store.reader.name()),
        );
    }
    let Some(writer) = store.writer.clone() else {
        return Err(read_only_error(store, context).await);
    };
    // With --json stderr is for one object, unless somebody sits there who has to decide.
    if context.printer.format == OutputFormat::Table || (!write_args.yes && confirm::can_prompt()) {
        print_plan(&plan, &gates, store, context)?;
    }
    if let Some(refusal) = promotion::first_blocking_gate(&gates) {
        return Err(CliError::from(refusal)
            .with_hint("`frontrunner gates` tells all of them; nothing was sent"));
    }
    let typed = confirm::confirm(&plan, write_args.yes, context.printer)?;
    let cleared = promotion::grant_clearance(plan.clone(), gates.clone(), typed.as_deref())?;
    let steps = plan.steps.len();
    let progress = move |progress: ApplyProgress| report::print_progress(&progress, steps);
    let report = apply_plan(
        cleared,
        store.reader.as_ref(),
        writer.as_ref(),
        &context.journal(),
        &progress,
    )
    .await?;
    context.printer.print(
        &WriteReport::Applied {
            plan: &plan,
            gates: &gates,
            report: &report,
        }
        .to_output(store.reader.name()),
    )?;
    context.printer.flush()?;
    outcome_to_result(&report.outcome, &report.entry_id)
}

/// The plan on stderr: the answer on stdout comes when it is done.
fn print_plan(
    plan: &Plan,
    gates: &[GateResult],
    store: &StoreHandle,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    context.printer.flush()?;
    for line in report::plan_lines(plan, gates, store.reader.name()) {
        context.printer.note(&line);
    }
    Ok(())
}

/// The places that ask for the model's name typed.
pub fn protected_slots(settings: &Settings) -> Vec<Slot> {
    let place = |place: &ProtectedPlace| match place {
        ProtectedPlace::Stage(stage) => Slot::Stage(*stage),
        ProtectedPlace::Alias(alias) => Slot::Alias(alias.clone()),
    };
    settings.protected_slots.iter().map(place).collect()
}

fn plan_context(
    write_args: &WriteArgs,
    gates: Vec<GateResult>,
    context: &CommandContext<'_>,
) -> Circumstances {
    Circumstances {
        id: uuid::Uuid::new_v4().simple().to_string(),
        user: current_user(&env_var),
        now: context.now,
        reason: write_args.reason.clone().unwrap_or_default(),
        protected_slots: protected_slots(&context.settings),
        gates,
        writes_tags: context.settings.write_tags,
    }
}

fn plan_refused(intent: &Intent, error: PlanError) -> CliError {
    let failure = CliError::from(error);
    if matches!(
        intent,
        Intent::Register {
            allow_duplicate: false,
            replaces: None,
            ..
        }
    ) && failure.exit == ExitStatus::Refused
    {
        return failure.with_hint("if that is meant, add --again");
    }
    failure
}

/// Why nothing can be written here.
async fn read_only_error(store: &StoreHandle, context: &CommandContext<'_>) -> CliError {
    let failure = |why: String| {
        CliError {
            code: "read_only",
            ..CliError::new(
                ExitStatus::StoreRefused,
                "nothing was sent: this session may only look",
            )
        }
        .with_cause(why)
    };
    if context.settings.read_only {
        return failure(
            "--read-only, FRONTRUNNER_READ_ONLY or read_only in the settings asks for it"
                .to_owned(),
        );
    }
    match store.reader.features().await {
        Ok(features) => match features.read_only_reason {
            Some(why) => failure(clean(&why).into_owned()),
            None => failure("the profile is read-only".to_owned()),
        },
        Err(fault) => fault.into(),
    }
}

/// The exit of a plan that was carried out.
fn outcome_to_result(outcome: &Outcome, entry: &str) -> Result<(), CliError> {
    let failure = |exit, message: &str, why: String| CliError::new(exit, message).with_cause(why);
    match outcome {
        Outcome::Verified => Ok(()),
        Outcome::NotApplied { reason: why } => Err(failure(
            ExitStatus::Failed,
            "nothing was changed",
            why.clone(),
        )),
        Outcome::Conflict { differences: found } => Err(CliError {
            code: "conflict",
            ..failure(
                ExitStatus::Changed,
                "the registry is not as planned",
                found.join("; "),
            )
        }
        .with_hint("look at `frontrunner history`; nothing is put right by itself")),
        Outcome::Unknown { reason: why } => Err(CliError {
            code: "unknown",
            ..failure(
                ExitStatus::Failed,
                "it is not known whether it was done",
                why.clone(),
            )
        }
        .with_hint(format!(
            "`frontrunner rollback --entry {entry} --plan` looks again"
        ))),
    }
}
