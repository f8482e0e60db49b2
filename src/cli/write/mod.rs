//! The road of a write from the command line: plan, show, ask, clear, carry out, tell what was read back.

mod consent;
mod tell;

use clap::Args;

use super::context::Context;
use crate::cli::output::Format;
use crate::cli::output::failure::{Exit, Failure};
use crate::config::{ProtectedPlace, Settings, environment, user};
use crate::ops::apply::{Progress, carry_out};
use crate::ops::gates;
use crate::ops::gates::Promoter;
use crate::ops::lineage::Sources;
use crate::ops::registry::read_registry;
use crate::promotion;
use crate::promotion::{
    Context as Circumstances, GateVerdict, Intent, Outcome, Place, Plan, PlanError,
};
use crate::store::Opened;
use crate::text::untrusted::clean;
use tell::Told;

/// What every subcommand that writes takes.
#[derive(Debug, Args)]
pub struct Road {
    /// Why; it goes on the record.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would be written and stop.
    #[arg(long)]
    plan: bool,
    /// Write without asking.
    #[arg(long)]
    yes: bool,
    /// Go past a gate that does not pass; the policy says who may, and --reason has to say why.
    #[arg(long = "override", value_name = "GATE")]
    overrides: Vec<String>,
}

impl Road {
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
pub async fn travel(
    intent: Intent,
    road: &Road,
    session: &Opened,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let reading = read_registry(session.reader.as_ref(), &intent).await?;
    let policy = context.policy()?;
    let who = user(&environment);
    let promoter = Promoter {
        name: &who,
        overrides: &road.overrides,
    };
    let lookout = context.lookout(session.reader.as_ref());
    let sources = Sources {
        reader: session.reader.as_ref(),
        lookout: &lookout,
    };
    let gates =
        gates::verdicts(&gates::judge(&policy, sources, &intent, &reading, promoter).await?);
    let circumstances = policy.circumstances(
        &intent.subject(),
        circumstances(road, gates.clone(), context),
    );
    let plan = match promotion::plan(intent.clone(), &reading, &circumstances) {
        Ok(plan) => plan,
        Err(PlanError::NothingToDo(why)) => {
            return context
                .output
                .report(&tell::nothing_to_do(&intent, &reading, &why));
        }
        Err(error) => return Err(refused(&intent, error)),
    };
    if road.plan {
        let requests = session.writer.as_ref().map(|writer| {
            plan.steps
                .iter()
                .filter_map(|step| step.write.as_ref())
                .map(|write| writer.describe(write))
                .collect::<Vec<_>>()
        });
        return context.output.report(
            &Told::Plan {
                plan: &plan,
                gates: &gates,
                requests,
            }
            .report(session.reader.name()),
        );
    }
    let Some(writer) = session.writer.clone() else {
        return Err(no_writer(session, context).await);
    };
    // With --json stderr is for one object, unless somebody sits there who has to decide.
    if context.output.format == Format::Table || (!road.yes && consent::somebody_is_there()) {
        show(&plan, &gates, session, context)?;
    }
    if let Some(refusal) = promotion::stopped(&gates) {
        return Err(
            Failure::from(refusal).next("`frontrunner gates` tells all of them; nothing was sent")
        );
    }
    let typed = consent::asked(&plan, road.yes, context.output)?;
    let cleared = promotion::clear(plan.clone(), gates.clone(), typed.as_deref())?;
    let steps = plan.steps.len();
    let progress = move |progress: Progress| tell::progress(&progress, steps);
    let report = carry_out(
        cleared,
        session.reader.as_ref(),
        writer.as_ref(),
        &context.journal(),
        &progress,
    )
    .await?;
    context.output.report(
        &Told::Done {
            plan: &plan,
            gates: &gates,
            report: &report,
        }
        .report(session.reader.name()),
    )?;
    context.output.flush()?;
    ended(&report.outcome, &report.entry)
}

/// The plan on stderr: the answer on stdout comes when it is done.
fn show(
    plan: &Plan,
    gates: &[GateVerdict],
    session: &Opened,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    context.output.flush()?;
    for line in tell::plan_lines(plan, gates, session.reader.name()) {
        context.output.note(&line);
    }
    Ok(())
}

/// The places that ask for the model's name typed.
pub fn protected(settings: &Settings) -> Vec<Place> {
    let place = |place: &ProtectedPlace| match place {
        ProtectedPlace::Stage(stage) => Place::Stage(*stage),
        ProtectedPlace::Alias(alias) => Place::Alias(alias.clone()),
    };
    settings.protected.iter().map(place).collect()
}

fn circumstances(road: &Road, gates: Vec<GateVerdict>, context: &Context<'_>) -> Circumstances {
    Circumstances {
        id: uuid::Uuid::new_v4().simple().to_string(),
        user: user(&environment),
        now: context.now,
        reason: road.reason.clone().unwrap_or_default(),
        protected: protected(&context.settings),
        gates,
        tags: context.settings.tags,
    }
}

fn refused(intent: &Intent, error: PlanError) -> Failure {
    let failure = Failure::from(error);
    if matches!(
        intent,
        Intent::Register {
            again: false,
            instead_of: None,
            ..
        }
    ) && failure.exit == Exit::Refused
    {
        return failure.next("if that is meant, add --again");
    }
    failure
}

/// Why nothing can be written here.
async fn no_writer(session: &Opened, context: &Context<'_>) -> Failure {
    let failure = |why: String| {
        Failure {
            code: "read_only",
            ..Failure::new(
                Exit::StoreRefused,
                "nothing was sent: this session may only look",
            )
        }
        .because(why)
    };
    if context.settings.read_only {
        return failure(
            "--read-only, FRONTRUNNER_READ_ONLY or read_only in the settings asks for it"
                .to_owned(),
        );
    }
    match session.reader.features().await {
        Ok(features) => match features.read_only {
            Some(why) => failure(clean(&why).into_owned()),
            None => failure("the profile is read-only".to_owned()),
        },
        Err(fault) => fault.into(),
    }
}

/// The exit of a plan that was carried out.
fn ended(outcome: &Outcome, entry: &str) -> Result<(), Failure> {
    let failure = |exit, message: &str, why: String| Failure::new(exit, message).because(why);
    match outcome {
        Outcome::Verified => Ok(()),
        Outcome::NotApplied { why } => {
            Err(failure(Exit::Failed, "nothing was changed", why.clone()))
        }
        Outcome::Conflict { found } => Err(Failure {
            code: "conflict",
            ..failure(
                Exit::Changed,
                "the registry is not as planned",
                found.join("; "),
            )
        }
        .next("look at `frontrunner history`; nothing is put right by itself")),
        Outcome::Unknown { why } => Err(Failure {
            code: "unknown",
            ..failure(
                Exit::Failed,
                "it is not known whether it was done",
                why.clone(),
            )
        }
        .next(format!(
            "`frontrunner rollback --entry {entry} --plan` looks again"
        ))),
    }
}
