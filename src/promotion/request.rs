//! Databricks' transition requests: asking for a version to be moved, and answering who asked.

use super::draft::Draft;
use super::note::{Word, review};
use super::relocate::{changes, is_active};
use super::{Decision, Place, PlanError, warnings};
use crate::domain::{RegistryWrite, Stage, TransitionRequest, VersionNumber};
use crate::text::Untrusted;

/// Plans to ask. Who may only ask may not tag either, so no record is left: the server keeps the request itself.
pub(super) fn ask(draft: &mut Draft, number: VersionNumber, to: Stage) -> Result<(), PlanError> {
    let version = draft.version(number)?;
    let label = draft.label(number);
    if draft.reading.requests.is_none() {
        let why = "this server has no transition requests, which are Databricks' own: `promote` moves a version, `review` puts a word on record";
        return Err(PlanError::Refused(why.to_owned()));
    }
    if version.stage == to {
        return Err(PlanError::NothingToDo(format!("{label} is in {to}")));
    }
    if let Some(open) = draft.reading.request(number, to) {
        return Err(PlanError::NothingToDo(format!(
            "{} for {label} already",
            open.line()
        )));
    }
    if is_active(to) {
        draft.must_be_promotable(version)?;
        draft.warn_all(warnings::of_origin(draft.reading, version));
    }
    let write = RegistryWrite::RequestTransition {
        name: draft.name().clone(),
        version: number,
        stage: to,
        comment: comment(draft),
    };
    draft.step(
        write,
        "request",
        label,
        "no request".to_owned(),
        format!("open for {to}"),
    );
    Ok(())
}

/// Plans to answer. The word is put on record as well: the server tells open requests only, and a policy counts what it can read.
pub(super) fn answer(
    draft: &mut Draft,
    number: VersionNumber,
    to: Stage,
    (decision, seen): (Decision, &str),
    archive_existing: bool,
) -> Result<(), PlanError> {
    let version = draft.version(number)?;
    let label = draft.label(number);
    let missing = || PlanError::Missing(format!("no request for {label} to go to {to} is open"));
    let open = draft.reading.request(number, to).ok_or_else(missing)?;
    draft.warn(open.line());
    match review(
        draft,
        number,
        &Word {
            to: &Place::Stage(to),
            decision,
            seen,
            prepared: None,
        },
    ) {
        // The same word stands there already: the request is what is left to answer.
        Ok(()) | Err(PlanError::NothingToDo(_)) => {}
        Err(error) => return Err(error),
    }
    let (name, comment) = (draft.name().clone(), comment(draft));
    if decision == Decision::Reject {
        let write = RegistryWrite::RejectTransition {
            name,
            version: number,
            stage: to,
            comment,
        };
        draft.step(
            write,
            "reject request",
            label,
            format!("open for {to}"),
            "rejected".to_owned(),
        );
        return Ok(());
    }
    if is_active(to) {
        draft.must_be_promotable(version)?;
        draft.warn_all(warnings::of_origin(draft.reading, version));
    }
    let archive_existing = archive_existing && is_active(to);
    let write = RegistryWrite::ApproveTransition {
        name,
        version: number,
        stage: to,
        archive_existing,
        comment,
    };
    let changes = changes(&draft.state, &write);
    draft.record(version, version.stage.as_str(), to.as_str(), changes);
    draft.place(write, "approve request");
    Ok(())
}

/// Plans to take a request back: of those that are open it must be clear which one.
pub(super) fn withdraw(
    draft: &mut Draft,
    number: VersionNumber,
    to: Stage,
) -> Result<(), PlanError> {
    let label = draft.label(number);
    let open = draft
        .reading
        .requests
        .iter()
        .flatten()
        .filter(|request| request.version == number && request.to == to);
    let open: Vec<&TransitionRequest> = open.collect();
    let [only] = open[..] else {
        return Err(PlanError::Refused(format!(
            "{} requests for {label} to go to {to} are open: it is not clear which to take back",
            open.len()
        )));
    };
    let (name, creator) = (draft.name().clone(), only.by.clone());
    let before = only.line();
    draft.step(
        RegistryWrite::WithdrawTransition {
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

fn comment(draft: &Draft) -> Untrusted {
    draft.context.reason.as_str().into()
}
