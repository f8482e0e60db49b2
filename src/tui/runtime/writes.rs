//! Requests that plan and apply writes.

use super::clock;
use super::requests::Services;
use crate::ops::apply::{ApplyContext, ApplyError, ApplyProgress, ApplyReport, apply_plan};
use crate::ops::plan_write::{self, PlanWriteError, PlannedWrite, WritePlanner, WriteRequest};
use crate::promotion::{Cleared, Intent, PlanError};
use crate::store::Writer;
use crate::tui::app::message::RequestError;

pub(super) async fn plan_write(
    services: &Services,
    intent: Intent,
    reason: String,
    overrides: &[String],
) -> Result<PlannedWrite, RequestError> {
    let planner = WritePlanner {
        sources: services.sources(services.primary.as_ref()),
        writer: Some(require_writer(services)?.as_ref()),
        policy: &services.policy,
        user: &services.user,
        protected_slots: &services.protected_slots,
        writes_tags: services.writes_tags,
        now: clock::now(),
    };
    let request = WriteRequest {
        intent: &intent,
        reason: &reason,
        overrides,
        with_runs: true,
    };
    Ok(plan_write::plan_write(planner, request).await?)
}

pub(super) async fn apply(
    services: &Services,
    cleared: Cleared,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Result<ApplyReport, RequestError> {
    let context = ApplyContext {
        sources: services.sources(services.primary.as_ref()),
        writer: require_writer(services)?.as_ref(),
        policy: &services.policy,
        journal: &services.journal,
    };
    Ok(apply_plan(cleared, context, progress).await?)
}

fn require_writer(services: &Services) -> Result<&Writer, RequestError> {
    services.store.writer.as_ref().map_err(|_| RequestError {
        message: format!("nothing was written: {}", services.read_only_reason),
        hint: "open a writable store, without --read-only".into(),
    })
}

impl From<PlanWriteError> for RequestError {
    fn from(error: PlanWriteError) -> Self {
        let error = match error {
            PlanWriteError::Store(error) => return error.into(),
            PlanWriteError::Plan(error, _) => error,
        };
        let hint = match error {
            PlanError::NothingToDo(_) => "press esc to close",
            PlanError::NotFound(_) => "press esc, then ctrl-r to reload",
            PlanError::Refused(_) => "press esc to go back",
        };
        Self {
            message: error.to_string(),
            hint: hint.into(),
        }
    }
}

impl From<ApplyError> for RequestError {
    fn from(error: ApplyError) -> Self {
        let hint = match error {
            ApplyError::Store(error) => return error.into(),
            ApplyError::RegistryChanged(_) => "press enter to plan again",
            ApplyError::Journal(_) => {
                "make the journal's folder writable: every write is recorded first"
            }
        };
        Self {
            message: error.to_string(),
            hint: hint.into(),
        }
    }
}
