//! Writes from the command line: plan, confirm, apply, report.

mod confirm;

pub use confirm::can_prompt;
mod report;

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::OutputFormat;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{current_user, env_var};
use crate::ops::apply::{ApplyContext, ApplyProgress, ApplyReport, apply_plan};
use crate::ops::lineage::LineageSources;
use crate::ops::plan_write::{
    PlanWriteError, PlannedWrite, WritePlanner, WriteRequest, describe_policies, plan_write,
};
use crate::promotion::policy::Policy;
use crate::promotion::{
    ClearanceError, Intent, Outcome, PlanError, first_blocking_gate, grant_clearance,
};
use crate::store::{ReadOnlyReason, StoreHandle};
use crate::text::shell::quote_word;

/// Options of every subcommand that writes.
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
    /// `--reason`, or empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Whether `--plan` is set.
    #[must_use]
    pub fn is_plan_only(&self) -> bool {
        self.plan
    }
}

/// Plans and applies an intent: plan, confirm, clear, apply, report.
///
/// # Errors
/// When there is no plan, it is not cleared, the session is read-only, or the registry is not as planned afterwards.
pub async fn execute(
    intent: Intent,
    write_args: &WriteArgs,
    store: &StoreHandle,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let policy = context.policy()?;
    let planned = match plan(&intent, write_args, &policy, store, context).await {
        Ok(planned) => planned,
        Err(PlanWriteError::Plan(PlanError::NothingToDo(reason), fingerprint)) => {
            let output = report::nothing_to_do(&intent, &fingerprint, &reason);
            return context.printer.print(&output);
        }
        Err(PlanWriteError::Plan(error, _)) => return Err(plan_refused(&intent, error)),
        Err(PlanWriteError::Store(error)) => return Err(error.into()),
    };
    if write_args.plan {
        let output = report::planned(&planned, store.reader.name(), store.writer.is_ok());
        return context.printer.print(&output);
    }
    let writer = store
        .writer
        .clone()
        .map_err(|reason| read_only_error(&reason))?;
    // With --json stderr holds one object, unless a user at the terminal has to decide.
    if context.printer.format == OutputFormat::Table || (!write_args.yes && confirm::can_prompt()) {
        context.printer.flush()?;
        for line in report::plan_lines(&planned, store.reader.name()) {
            context.printer.note(&line);
        }
    }
    if let Some(refusal) = first_blocking_gate(&planned.gates) {
        return Err(gate_refused(refusal, &planned));
    }
    let typed = confirm::confirm(&planned.plan, write_args.yes, context.printer)?;
    let cleared = grant_clearance(
        planned.plan.clone(),
        planned.gates.clone(),
        typed.as_deref(),
    )?;
    let steps = planned.plan.steps.len();
    let progress = move |progress: ApplyProgress| report::print_progress(&progress, steps);
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let apply_context = ApplyContext {
        sources: LineageSources {
            reader: store.reader.as_ref(),
            evidence_sources: &evidence_sources,
        },
        writer: writer.as_ref(),
        policy: &policy,
        journal: &context.journal(),
    };
    let report = apply_plan(cleared, apply_context, &progress).await?;
    context.printer.print(&report::applied(&planned, &report))?;
    context.printer.flush()?;
    if let Some(error) = &report.journal_error {
        return Err(unrecorded_error(&report.outcome, error));
    }
    outcome_to_result(&report)
}

async fn plan(
    intent: &Intent,
    write_args: &WriteArgs,
    policy: &Policy,
    store: &StoreHandle,
    context: &CommandContext<'_>,
) -> Result<PlannedWrite, PlanWriteError> {
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let planner = WritePlanner {
        sources: LineageSources {
            reader: store.reader.as_ref(),
            evidence_sources: &evidence_sources,
        },
        writer: store.writer.as_deref().ok(),
        policy,
        user: &current_user(&env_var),
        protected_slots: &context.settings.protected_slots,
        writes_tags: context.settings.write_tags,
        now: context.now,
    };
    let request = WriteRequest {
        intent,
        reason: write_args.reason(),
        overrides: &write_args.overrides,
        with_runs: false,
    };
    plan_write(planner, request).await
}

/// The gate that stopped a plan, and how to go on: to override it, where the policy lets this user.
fn gate_refused(refusal: ClearanceError, planned: &PlannedWrite) -> CliError {
    let gate = match &refusal {
        ClearanceError::GateFailed(gate, _) => quote_word(gate),
        _ => None,
    };
    let hint = match gate.filter(|_| planned.can_override) {
        Some(gate) => format!(
            "nothing was written; override the gate with `--override {gate} --reason 'why'`"
        ),
        None if planned.can_override => {
            "nothing was written; --override and --reason override the gate".to_owned()
        }
        None => "nothing was written; `frontrunner gates` lists every gate, and the policy says who can override them".to_owned(),
    };
    CliError::from(refusal)
        .with_cause(describe_policies(&planned.policies))
        .with_hint(hint)
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
        && failure.message.contains("already registered")
    {
        return failure.with_hint("add --again to register it again");
    }
    failure
}

fn read_only_error(reason: &ReadOnlyReason) -> CliError {
    CliError {
        code: "read_only",
        ..CliError::new(
            ExitStatus::StoreRefused,
            "nothing was written: this session is read-only",
        )
    }
    .with_cause(reason.to_string())
    .with_hint(reason.hint())
}

/// The registry is not to blame for what the journal could not take.
fn unrecorded_error(outcome: &Outcome, journal_error: &str) -> CliError {
    let message = match outcome {
        Outcome::Verified => "the write was applied, but its outcome was not recorded",
        Outcome::NotApplied { .. } => "nothing was changed, and that was not recorded",
        Outcome::Conflict { .. } => "the write stopped half-way: its outcome was not recorded",
        Outcome::Unknown { .. } => "the outcome of the write is unknown and was not recorded",
    };
    let differences = match outcome {
        Outcome::Conflict { differences } => differences.clone(),
        _ => Vec::new(),
    };
    CliError {
        code: "unrecorded",
        ..CliError::new(ExitStatus::Failed, message)
    }
    .with_cause(journal_error)
    .with_detail(differences)
    .with_hint("make room for the journal, then record the outcome with `frontrunner rollback --plan`; `frontrunner doctor` lists what is unfinished")
}

fn outcome_to_result(report: &ApplyReport) -> Result<(), CliError> {
    match &report.outcome {
        Outcome::Verified => Ok(()),
        Outcome::NotApplied { reason } => {
            let refusal = report.refusal.clone().map(CliError::from);
            let denied = refusal.filter(|error| error.exit == ExitStatus::StoreRefused);
            let error = denied.unwrap_or(CliError::new(ExitStatus::Failed, ""));
            Err(CliError {
                message: "nothing was changed".to_owned(),
                ..error.with_cause(reason)
            })
        }
        Outcome::Conflict { differences } => Err(CliError {
            code: "conflict",
            ..CliError::new(ExitStatus::Changed, "the registry is not as planned")
        }
        .with_cause(differences.join("; "))
        .with_hint("see `frontrunner history`; conflicts are not resolved automatically")),
        Outcome::Unknown { reason } => Err(CliError {
            code: "unknown",
            ..CliError::new(ExitStatus::Failed, "the outcome of the write is unknown")
        }
        .with_cause(reason)
        .with_hint(format!(
            "check again with `frontrunner rollback --entry {} --plan`",
            report.entry_id
        ))),
    }
}
