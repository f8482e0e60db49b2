//! Databricks' transition requests: create, approve, reject, withdraw.

use super::builder::PlanBuilder;
use super::metadata::{ReviewDetails, review};
use super::transition::{diff_after, is_active};
use super::{PlanError, warnings};
use crate::domain::{Slot, Stage, StoreWrite, TransitionRequest, VersionNumber};
use crate::promotion::Decision;
use crate::text::Untrusted;

/// Leaves no record tag: a user who can only request transitions has no permission to tag, and the server keeps the request.
pub(super) fn request_transition(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    to: Stage,
) -> Result<(), PlanError> {
    let version = builder.version(number)?;
    let label = builder.label(number);
    if builder.snapshot.requests.is_none() {
        let why = "this server has no transition requests (a Databricks feature): use `promote` to move a version, `review` to record a review";
        return Err(PlanError::Refused(why.to_owned()));
    }
    if version.stage == to {
        return Err(PlanError::NothingToDo(format!(
            "{label} is already in {to}"
        )));
    }
    if let Some(open) = builder.snapshot.open_request(number, to) {
        return Err(PlanError::NothingToDo(format!(
            "already requested for {label}: {}",
            open.summary()
        )));
    }
    if is_active(to) {
        builder.require_promotable(version)?;
        builder.warn_all(warnings::of_source_run(builder.snapshot, version));
    }
    let write = StoreWrite::RequestTransition {
        name: builder.model_name().clone(),
        version: number,
        stage: to,
        comment: comment(builder),
    };
    builder.push_step(
        write,
        "request",
        label,
        "no request".to_owned(),
        format!("open for {to}"),
    );
    Ok(())
}

/// Also records the decision as a review: the server lists open requests only, and a policy counts the reviews it can read.
pub(super) fn resolve(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    to: Stage,
    (decision, facts_digest): (Decision, &str),
    archive_existing: bool,
) -> Result<(), PlanError> {
    let version = builder.version(number)?;
    let label = builder.label(number);
    let missing = || PlanError::NotFound(format!("no open request to move {label} to {to}"));
    let open = builder
        .snapshot
        .open_request(number, to)
        .ok_or_else(missing)?;
    builder.warn(open.summary());
    match review(
        builder,
        number,
        &ReviewDetails {
            slot: &Slot::Stage(to),
            decision,
            facts_digest,
            prepared: None,
        },
    ) {
        // The review is already recorded; the request is still open.
        Ok(()) | Err(PlanError::NothingToDo(_)) => {}
        Err(error) => return Err(error),
    }
    let (name, comment) = (builder.model_name().clone(), comment(builder));
    if decision == Decision::Reject {
        let write = StoreWrite::RejectTransition {
            name,
            version: number,
            stage: to,
            comment,
        };
        builder.push_step(
            write,
            "reject request",
            label,
            format!("open for {to}"),
            "rejected".to_owned(),
        );
        return Ok(());
    }
    if is_active(to) {
        builder.require_promotable(version)?;
        builder.warn_all(warnings::of_source_run(builder.snapshot, version));
    }
    let archive_existing = archive_existing && is_active(to);
    let write = StoreWrite::ApproveTransition {
        name,
        version: number,
        stage: to,
        archive_existing,
        comment,
    };
    let changes = diff_after(&builder.state, &write);
    builder.push_tag_record(version, version.stage.as_str(), to.as_str(), changes);
    builder.push_slot_change(write, "approve request");
    Ok(())
}

/// Refuses if several requests match: the API identifies them by creator only.
pub(super) fn withdraw(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    to: Stage,
) -> Result<(), PlanError> {
    let label = builder.label(number);
    let open = builder
        .snapshot
        .requests
        .iter()
        .flatten()
        .filter(|request| request.version == number && request.to_stage == to);
    let open: Vec<&TransitionRequest> = open.collect();
    let [only] = open[..] else {
        return Err(PlanError::Refused(format!(
            "{} open requests to move {label} to {to}: cannot tell which one to withdraw",
            open.len()
        )));
    };
    let (name, creator) = (builder.model_name().clone(), only.requested_by.clone());
    let before = only.summary();
    builder.push_step(
        StoreWrite::WithdrawTransition {
            name,
            version: number,
            stage: to,
            creator,
        },
        "withdraw",
        label,
        before,
        "no request".into(),
    );
    Ok(())
}

fn comment(builder: &PlanBuilder) -> Untrusted {
    builder.context.reason.as_str().into()
}
