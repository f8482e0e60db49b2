//! Questions that lead to a write: plans, with what stands beside them, and their carrying out.

use uuid::Uuid;

use super::clock;
use super::requests::Services;
use crate::domain::{ModelVersion, Run, StoreError};
use crate::ops::apply::{ApplyError, ApplyProgress, ApplyReport, apply_plan};
use crate::ops::gates;
use crate::ops::gates::Promoter;
use crate::ops::registry::read_snapshot;
use crate::promotion::{Cleared, Intent, PlanContext, PlanError, find_champion, plan, target_slot};
use crate::store::{ReadStore, Writer};
use crate::tui::app::message::{PlanDetail, RequestError};

/// Plans an intent on what is there now.
pub(super) async fn plan_write(
    services: &Services,
    intent: Intent,
    reason: String,
    overrides: &[String],
) -> Result<PlanDetail, RequestError> {
    let writer = require_writer(services)?;
    let reader = services.primary.as_ref();
    let snapshot = read_snapshot(reader, &intent)
        .await
        .map_err(|fault| from_store_error(&fault))?;
    let promoter = Promoter {
        name: &services.user,
        overrides,
    };
    let assessment = gates::evaluate(
        &services.policy,
        services.sources(reader),
        &intent,
        &snapshot,
        promoter,
    )
    .await
    .map_err(|fault| from_store_error(&fault))?;
    let gates = gates::gate_results(&assessment);
    let context = PlanContext {
        id: Uuid::new_v4().simple().to_string(),
        user: services.user.clone(),
        now: clock::now(),
        reason,
        protected_slots: services.protected_slots.clone(),
        gates: gates.clone(),
        writes_tags: services.writes_tags,
    };
    let context = services.policy.plan_context(&intent.subject(), context);
    let planned_intent = intent.clone();
    let mut plan = plan(intent, &snapshot, &context).map_err(|error| from_plan_error(&error))?;
    let mut load_run = async |version: Option<&ModelVersion>| match version {
        None => None,
        Some(version) => match fetch_run(reader, version).await {
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
    let champion = load_run(find_champion(
        target_slot(&planned_intent).as_ref(),
        planned_intent.version(),
        &snapshot,
    ))
    .await;
    let candidate = match &snapshot.run {
        Some(run) => Some(run.clone()),
        None => {
            load_run(
                planned_intent
                    .version()
                    .and_then(|number| snapshot.version(number)),
            )
            .await
        }
    };
    let requests = plan
        .steps
        .iter()
        .filter_map(|step| step.write.as_ref())
        .map(|write| writer.describe(write))
        .collect();
    let can_override = planned_intent
        .model()
        .is_some_and(|model| services.policy.can_override(model, &services.user));
    Ok(PlanDetail {
        plan,
        snapshot,
        gates,
        can_override,
        champion,
        candidate,
        requests,
    })
}

/// Carries a cleared plan out.
pub(super) async fn apply(
    services: &Services,
    cleared: Cleared,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Result<ApplyReport, RequestError> {
    let writer = require_writer(services)?;
    let done = apply_plan(
        cleared,
        services.primary.as_ref(),
        writer.as_ref(),
        &services.journal,
        progress,
    )
    .await;
    done.map_err(|error| match error {
        ApplyError::RegistryChanged(_) => RequestError {
            message: error.to_string(),
            hint: "enter plans again on what is there now".into(),
        },
        ApplyError::Store(fault) => from_store_error(&fault),
        ApplyError::Journal(error) => RequestError {
            message: error.to_string(),
            hint: "make the journal's folder writable: nothing is written without a record".into(),
        },
    })
}

async fn fetch_run(
    reader: &dyn ReadStore,
    version: &ModelVersion,
) -> Result<Option<Run>, StoreError> {
    if version.run_id.is_empty() {
        Ok(None)
    } else {
        reader.run(&version.run_id).await.map(Some)
    }
}

fn require_writer(services: &Services) -> Result<&Writer, RequestError> {
    services.store.writer.as_ref().map_err(|_| RequestError {
        message: format!("this session can't write: {}", services.read_only_reason),
        hint: "open a store that can be written, without --read-only".into(),
    })
}

fn from_store_error(error: &StoreError) -> RequestError {
    RequestError {
        message: error.to_string(),
        hint: error.hint().into(),
    }
}

fn from_plan_error(error: &PlanError) -> RequestError {
    let next = match error {
        PlanError::NothingToDo(_) => "esc leaves it is",
        PlanError::NotFound(_) => "esc, then ctrl-r reads what is there now",
        PlanError::Refused(_) => "esc, then choose another way",
    };
    RequestError {
        message: error.to_string(),
        hint: next.into(),
    }
}
