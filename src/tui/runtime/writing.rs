//! Questions that lead to a write: plans, with what stands beside them, and their carrying out.

use uuid::Uuid;

use super::answer::Ground;
use super::clock;
use crate::domain::{Fault, ModelVersion, Run};
use crate::ops::apply::{Progress, Report, RoadError, carry_out};
use crate::ops::gates;
use crate::ops::gates::Promoter;
use crate::ops::registry::read_registry;
use crate::promotion::{Cleared, Context, Intent, PlanError, champion, plan, target};
use crate::store::{Read, Writer};
use crate::tui::app::message::{Planned, Refused};

/// Plans an intent on what is there now.
pub(super) async fn plan_for(
    ground: &Ground,
    intent: Intent,
    reason: String,
    overrides: &[String],
) -> Result<Planned, Refused> {
    let writer = writer(ground)?;
    let reader = ground.own.as_ref();
    let reading = read_registry(reader, &intent)
        .await
        .map_err(|fault| by_fault(&fault))?;
    let promoter = Promoter {
        name: &ground.user,
        overrides,
    };
    let judged = gates::judge(
        &ground.policy,
        ground.sources(reader),
        &intent,
        &reading,
        promoter,
    )
    .await
    .map_err(|fault| by_fault(&fault))?;
    let gates = gates::verdicts(&judged);
    let context = Context {
        id: Uuid::new_v4().simple().to_string(),
        user: ground.user.clone(),
        now: clock::now(),
        reason,
        protected: ground.protected.clone(),
        gates: gates.clone(),
        tags: ground.tags,
    };
    let context = ground.policy.circumstances(&intent.subject(), context);
    let wanted = intent.clone();
    let mut plan = plan(intent, &reading, &context).map_err(|error| by_plan(&error))?;
    let mut beside = async |version: Option<&ModelVersion>| match version {
        None => None,
        Some(version) => match run_of(reader, version).await {
            Ok(run) => run,
            Err(fault) => {
                plan.warnings.push(format!(
                    "the run of version {} can't be shown beside: {fault}",
                    version.version
                ));
                None
            }
        },
    };
    let champion = beside(champion(
        target(&wanted).as_ref(),
        wanted.version(),
        &reading,
    ))
    .await;
    let candidate = match &reading.run {
        Some(run) => Some(run.clone()),
        None => beside(wanted.version().and_then(|number| reading.version(number))).await,
    };
    let requests = plan
        .steps
        .iter()
        .filter_map(|step| step.write.as_ref())
        .map(|write| writer.describe(write))
        .collect();
    let can_override = wanted
        .model()
        .is_some_and(|model| ground.policy.may_override(model, &ground.user));
    Ok(Planned {
        plan,
        reading,
        gates,
        can_override,
        champion,
        candidate,
        requests,
    })
}

/// Carries a cleared plan out.
pub(super) async fn apply(
    ground: &Ground,
    cleared: Cleared,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Report, Refused> {
    let writer = writer(ground)?;
    let done = carry_out(
        cleared,
        ground.own.as_ref(),
        writer.as_ref(),
        &ground.journal,
        progress,
    )
    .await;
    done.map_err(|error| match error {
        RoadError::Changed(_) => Refused {
            why: error.to_string(),
            next: "enter plans again on what is there now".into(),
        },
        RoadError::Fault(fault) => by_fault(&fault),
        RoadError::Journal(error) => Refused {
            why: error.to_string(),
            next: "make the journal's folder writable: nothing is written without a record".into(),
        },
    })
}

async fn run_of(reader: &dyn Read, version: &ModelVersion) -> Result<Option<Run>, Fault> {
    if version.run_id.is_empty() {
        Ok(None)
    } else {
        reader.run(&version.run_id).await.map(Some)
    }
}

fn writer(ground: &Ground) -> Result<&Writer, Refused> {
    ground.opened.writer.as_ref().ok_or_else(|| Refused {
        why: format!("this session can't write: {}", ground.read_only_why),
        next: "open a store that can be written, without --read-only".into(),
    })
}

fn by_fault(fault: &Fault) -> Refused {
    Refused {
        why: fault.to_string(),
        next: fault.advice().into(),
    }
}

fn by_plan(error: &PlanError) -> Refused {
    let next = match error {
        PlanError::NothingToDo(_) => "esc leaves it as it is",
        PlanError::Missing(_) => "esc, then ctrl-r reads what is there now",
        PlanError::Refused(_) => "esc, then choose another way",
    };
    Refused {
        why: error.to_string(),
        next: next.into(),
    }
}
