//! Events from the registry alone: registrations, and slots that versions hold although no record says since when or
//! by whom.

use std::collections::HashSet;

use super::JournalEntry;
use super::timeline::{EventSource, TimelineEvent, clean_and_truncate};
use super::unrecorded::RecordedState;
use crate::domain::{Millis, ModelVersion, RegisteredModel, Stage};
use crate::promotion::{RegistrationTags, describe_registration};

/// The author of an event that nothing records.
const NOT_RECORDED: &str = "not recorded";

/// Events of versions and slots that neither a journal entry nor a record tag explains.
pub(super) fn registry_events(
    entries: &[JournalEntry],
    recorded: &RecordedState,
    model: &RegisteredModel,
    versions: &[ModelVersion],
) -> Vec<TimelineEvent> {
    let created: HashSet<_> = entries
        .iter()
        .filter_map(|entry| entry.created_version)
        .collect();
    let mut events = Vec::new();
    for version in versions {
        let is_recorded = created.contains(&version.version)
            || RegistrationTags::from_version_tags(version).is_some();
        if !is_recorded {
            events.extend(registration(version));
        }
        if version.stage != Stage::None && !recorded.has_stage(version.version) {
            events.push(stage_held(version));
        }
    }
    for (alias, number) in &model.aliases {
        let holder = versions.iter().find(|v| v.version == *number);
        if let Some(holder) = holder.filter(|_| !recorded.has_alias(alias)) {
            let (alias, label) = (format!("@{}", alias.clean()), label(holder));
            let action = format!("{alias} on {label}, since when and by whom is not recorded");
            events.push(event(
                None,
                holder.creation_time,
                action,
                "no record".to_owned(),
                label,
            ));
        }
    }
    events
}

/// The creation of a version, whose time and often user MLflow records.
fn registration(version: &ModelVersion) -> Option<TimelineEvent> {
    let (at, label) = (version.creation_time?, label(version));
    let action = if version.is_prompt() {
        format!("create prompt {label}")
    } else {
        describe_registration(&version.run_id, &version.source, &version.name)
    };
    let user = if version.user.is_empty() {
        NOT_RECORDED.to_owned()
    } else {
        clean_and_truncate(version.user.raw())
    };
    let created = event(
        Some(at),
        None,
        clean_and_truncate(&action),
        String::new(),
        label,
    );
    Some(TimelineEvent { user, ..created })
}

/// MLflow updates the time of the last change with each transition, so the last one was not later.
fn stage_held(version: &ModelVersion) -> TimelineEvent {
    let (stage, label) = (version.stage.to_string(), label(version));
    let changed = version.last_updated_time;
    let since = changed
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
        .map_or_else(
            || "an unknown date".to_owned(),
            |at| at.strftime("before %-d %B %Y").to_string(),
        );
    let action = format!("{label} in {stage} since {since}, by whom is not recorded");
    event(
        changed,
        version.creation_time,
        action,
        "no record".to_owned(),
        stage,
    )
}

fn label(version: &ModelVersion) -> String {
    format!("{}/{}", version.name.clean(), version.version)
}

fn event(
    at: Option<Millis>,
    not_before: Option<Millis>,
    action: String,
    from: String,
    to: String,
) -> TimelineEvent {
    TimelineEvent {
        at,
        not_before,
        user: NOT_RECORDED.to_owned(),
        action,
        from,
        to,
        reason: String::new(),
        gates: String::new(),
        source: EventSource::Registry,
        journal_id: None,
    }
}
