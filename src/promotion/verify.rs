//! Verification: a read-back compared with the plan.

use serde::{Deserialize, Serialize};

use super::{
    INTENT_TAG, Intent, Plan, RegistryChange, RegistrySnapshot, RegistryState, Subject,
    VersionPrecondition,
};
use crate::domain::{
    Lifecycle, ModelName, ModelVersion, RunId, Stage, StoreWrite, VersionNumber, VersionStatus,
};
use crate::text::Untrusted;

/// Outcome of an applied plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The registry is as planned, also after the settle window.
    Verified,
    /// The registry is unchanged.
    NotApplied {
        /// Cleaned.
        #[serde(rename = "why")]
        reason: String,
    },
    /// The registry is neither as before nor as planned; conflicts are not resolved automatically.
    Conflict {
        /// Cleaned: `iris/4 is new and in Production`.
        #[serde(rename = "found")]
        differences: Vec<String>,
    },
    /// The registry could not be read back.
    Unknown {
        /// Cleaned.
        #[serde(rename = "why")]
        reason: String,
    },
}

/// Compares a read-back with the plan. `created` is the version that the plan created; if unknown, the intent tag finds it.
#[must_use]
pub fn verify(plan: &Plan, created: Option<VersionNumber>, now: &RegistrySnapshot) -> Outcome {
    let subject = &plan.subject();
    let tagged = find_by_intent_tag(plan, now);
    let created = created.or_else(|| tagged.first().copied());
    let mut found = identity_changes(plan, now);
    if tagged.len() > 1 {
        let labels: Vec<String> = tagged
            .iter()
            .map(|version| subject.label(*version))
            .collect();
        found.push(format!(
            "the version was created more than once: {}",
            labels.join(", ")
        ));
    }
    found.extend(check_registration(plan, created, now));
    let state = now.state();
    let (mismatched_requests, is_any_request_as_planned) = check_requests(plan, &state);
    let from_before = state_differences(subject, &plan.before, &state, created);
    let mut from_after = state_differences(subject, &plan.after, &state, created);
    let still_there = plan
        .deleted_versions()
        .filter(|version| state.stages.contains_key(version));
    from_after
        .extend(still_there.map(|version| format!("{} still exists", subject.label(version))));
    let (unapplied, overwritten) = check_metadata(plan, now);
    let is_nothing_applied = !is_any_request_as_planned
        && !unapplied.is_empty()
        && unapplied.len() == plan.metadata.len();
    // A plan that also moves a version is applied in part.
    let is_state_untouched = from_before.is_empty() && from_after.is_empty();
    if found.is_empty() && is_state_untouched && overwritten.is_empty() && is_nothing_applied {
        return Outcome::NotApplied {
            reason: unapplied.join("; "),
        };
    }
    from_after.extend(mismatched_requests);
    let is_metadata_untouched = !is_any_request_as_planned
        && overwritten.is_empty()
        && unapplied.len() == plan.metadata.len();
    from_after.extend(overwritten.into_iter().chain(unapplied));
    let has_expected_version = created.is_some() || !matches!(plan.intent, Intent::Register { .. });
    if found.is_empty() && from_after.is_empty() && has_expected_version {
        return Outcome::Verified;
    }
    if found.is_empty()
        && from_before.is_empty()
        && is_metadata_untouched
        && created.is_none_or(|version| plan.before.stages.contains_key(&version))
    {
        return Outcome::NotApplied {
            reason: "the registry is unchanged".to_owned(),
        };
    }
    found.extend(from_after);
    Outcome::Conflict { differences: found }
}

/// The requests that are not as planned, and whether any is. Other requests are ignored: servers close some on their own.
fn check_requests(plan: &Plan, now: &RegistryState) -> (Vec<String>, bool) {
    let (mut mismatched, mut is_any_as_planned) = (Vec::new(), false);
    for change in plan.changes() {
        let RegistryChange::Request {
            version,
            stage,
            is_open,
        } = change
        else {
            continue;
        };
        if now.requests.contains(&(version, stage)) == is_open {
            is_any_as_planned = true;
        } else {
            let describe = if is_open { "not open" } else { "still open" };
            mismatched.push(format!(
                "the request to move {} to {stage} is {describe}",
                plan.subject().label(version)
            ));
        }
    }
    (mismatched, is_any_as_planned)
}

/// Metadata that still has its old value, and metadata with a third value.
fn check_metadata(plan: &Plan, now: &RegistrySnapshot) -> (Vec<String>, Vec<String>) {
    let (mut unapplied, mut overwritten) = (Vec::new(), Vec::new());
    for change in &plan.metadata {
        let (current, topic) = (change.key.value_in(now), change.key.describe(&now.subject));
        if current == change.to {
            continue;
        }
        if current == change.from {
            unapplied.push(format!("{topic} is unchanged"));
        } else {
            overwritten.push(format!("{topic} has another value"));
        }
    }
    (unapplied, overwritten)
}

/// New versions with the plan's intent tag, lowest first.
#[must_use]
pub fn find_by_intent_tag(plan: &Plan, now: &RegistrySnapshot) -> Vec<VersionNumber> {
    let is_ours = |version: &&ModelVersion| {
        version
            .tag(INTENT_TAG)
            .is_some_and(|id| id.raw() == plan.id)
    };
    let mut found: Vec<_> = now
        .versions
        .iter()
        .filter(is_ours)
        .map(|version| version.version)
        .collect();
    found.retain(|version| !plan.before.stages.contains_key(version));
    found.sort_unstable();
    found
}

/// Whether a snapshot shows the effect of a write.
#[must_use]
pub fn is_applied(now: &RegistrySnapshot, write: &StoreWrite) -> bool {
    let alias = |alias: &str| {
        now.model
            .as_ref()
            .and_then(|model| model.version_for_alias(alias))
    };
    match write {
        StoreWrite::CreateModel { .. } => now.model.is_some(),
        StoreWrite::CreateVersion { .. } => false,
        StoreWrite::DeleteVersion { version, .. } => now.version(*version).is_none(),
        StoreWrite::Metadata(write) => {
            now.has(&write.owner) && now.metadata(&write.owner, &write.field) == write.value
        }
        StoreWrite::TransitionStage { version, stage, .. }
        | StoreWrite::ApproveTransition { version, stage, .. } => now
            .version(*version)
            .is_some_and(|version| version.stage == *stage),
        StoreWrite::RequestTransition { version, stage, .. } => {
            now.open_request(*version, *stage).is_some()
        }
        StoreWrite::RejectTransition { version, stage, .. }
        | StoreWrite::WithdrawTransition { version, stage, .. } => {
            now.open_request(*version, *stage).is_none()
        }
        StoreWrite::SetAlias {
            alias: name,
            version,
            ..
        } => alias(name.raw()) == Some(*version),
        StoreWrite::DeleteAlias { alias: name, .. } => alias(name.raw()).is_none(),
        StoreWrite::DeleteRun { run } => now
            .run_snapshot(run)
            .is_some_and(|read| read.run.lifecycle == Lifecycle::Deleted),
        StoreWrite::RestoreRun { run } => now
            .run_snapshot(run)
            .is_some_and(|read| read.run.lifecycle == Lifecycle::Active),
    }
}

/// Differences to the expected state in words, cleaned. A version that another user registered meanwhile counts only if it holds
/// a slot; `created` is the plan's own version, which is checked separately.
#[must_use]
pub fn state_differences(
    subject: &Subject,
    expected: &RegistryState,
    now: &RegistryState,
    created: Option<VersionNumber>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (version, stage) in &expected.stages {
        match now.stages.get(version) {
            None => found.push(format!("{} no longer exists", subject.label(*version))),
            Some(current) if current != stage => found.push(format!(
                "{} is in {current}, not in {stage}",
                subject.label(*version)
            )),
            Some(_) => {}
        }
    }
    for (version, current) in now
        .stages
        .iter()
        .filter(|(version, _)| !expected.stages.contains_key(version) && Some(**version) != created)
    {
        if *current != Stage::None {
            found.push(format!(
                "{} is new and in {current}",
                subject.label(*version)
            ));
        }
    }
    let is_ours = |alias: &VersionNumber| created.is_some() && Some(*alias) == created;
    for change in expected.diff(now) {
        if let RegistryChange::Alias { alias, from, to } = change {
            let leads = |to: Option<VersionNumber>| {
                to.map_or_else(
                    || "nowhere".to_owned(),
                    |version| format!("to {}", subject.label(version)),
                )
            };
            if !to.as_ref().is_some_and(is_ours) {
                found.push(format!(
                    "@{} points {}, not {}",
                    alias.clean(),
                    leads(to),
                    leads(from)
                ));
            }
        }
    }
    found.extend(run_differences(expected, now));
    let production = now.versions_in_stage(Stage::Production);
    if production.len() > 1 && production != expected.versions_in_stage(Stage::Production) {
        let labels: Vec<String> = production
            .iter()
            .map(|version| subject.label(*version))
            .collect();
        found.push(format!(
            "{} versions are in Production: {}",
            production.len(),
            labels.join(", ")
        ));
    }
    found
}

fn run_differences(expected: &RegistryState, now: &RegistryState) -> Vec<String> {
    let mut found = Vec::new();
    for (run, expected) in &expected.runs {
        match now.runs.get(run) {
            None => found.push(format!("run {} no longer exists", run.short())),
            Some(current) if current != expected => found.push(format!(
                "run {} is {}, not {}",
                run.short(),
                current.as_str(),
                expected.as_str()
            )),
            Some(_) => {}
        }
    }
    found
}

/// Models and versions that were deleted or created again since the plan.
fn identity_changes(plan: &Plan, now: &RegistrySnapshot) -> Vec<String> {
    let name = plan.subject();
    match (&plan.preconditions.model, &now.model) {
        (Some(_), None) => return vec![format!("{name} no longer exists")],
        (Some(then), Some(now)) if then.created_at != now.creation_time => {
            return vec![format!("{name} was deleted and created again")];
        }
        _ => {}
    }
    let is_other = |version: &&ModelVersion| {
        plan.preconditions
            .versions
            .get(&version.version)
            .is_some_and(|then| !then.is_same_version(&VersionPrecondition::from_version(version)))
    };
    let describe = |version: &ModelVersion| {
        let what = if version.is_half_deleted() {
            "was half deleted meanwhile"
        } else {
            "was created again"
        };
        format!("{} {what}", name.label(version.version))
    };
    now.versions.iter().filter(is_other).map(describe).collect()
}

fn check_registration(
    plan: &Plan,
    created: Option<VersionNumber>,
    now: &RegistrySnapshot,
) -> Vec<String> {
    let Intent::Register {
        run,
        source,
        model: name,
        ..
    } = &plan.intent
    else {
        return Vec::new();
    };
    if let Some(version) = created {
        let mut found = check_created_version(name, version, run, source, now);
        if !plan.intent.allows_duplicate() {
            found.extend(earlier_duplicate(plan, version, run, source, now));
        }
        return found;
    }
    let created_model = plan.preconditions.model.is_none() && now.model.is_some();
    let created_model =
        created_model.then(|| format!("{} now exists, without the version", name.clean()));
    untagged_candidates(plan, run, source, now)
        .into_iter()
        .chain(created_model)
        .collect()
}

/// A version of the same run and source that another user registered meanwhile, before this one. The lowest number is first in
/// the registry, so of several concurrent registrations exactly one has no such version.
fn earlier_duplicate(
    plan: &Plan,
    created: VersionNumber,
    run: &RunId,
    source: &Untrusted,
    now: &RegistrySnapshot,
) -> Option<String> {
    let is_earlier = |version: &&ModelVersion| {
        version.version < created && !plan.before.stages.contains_key(&version.version)
    };
    let is_alike = |version: &&ModelVersion| version.run_id == *run && version.source == *source;
    let mut alike = now.versions.iter().filter(is_earlier).filter(is_alike);
    let name = plan.subject();
    alike.next().map(|version| {
        format!(
            "{} was registered from the same run at the same time: {} is a duplicate",
            name.label(version.version),
            name.label(created)
        )
    })
}

fn check_created_version(
    name: &ModelName,
    number: VersionNumber,
    run: &RunId,
    source: &Untrusted,
    now: &RegistrySnapshot,
) -> Vec<String> {
    let label = format!("{}/{number}", name.clean());
    let Some(version) = now.version(number) else {
        return vec![format!("{label} was created, but no longer exists")];
    };
    let mut found = Vec::new();
    if version.run_id != *run || version.source != *source {
        found.push(format!(
            "{label} is from run {} ({})",
            version.run_id.short(),
            version.source.clean()
        ));
    }
    if !matches!(
        version.status,
        VersionStatus::Ready | VersionStatus::Pending
    ) {
        found.push(format!(
            "{label} is {}",
            Untrusted::from(version.status.as_str()).clean()
        ));
    }
    if version.stage != Stage::None {
        found.push(format!("{label} is already in {}", version.stage));
    }
    let state = now.state();
    found.extend(
        state
            .aliases_of(number)
            .into_iter()
            .map(|alias| format!("{label} already has @{}", alias.clean())),
    );
    found
}

/// New versions of the same run and source without an intent tag: on a store that drops tags, one may be the plan's.
fn untagged_candidates(
    plan: &Plan,
    run: &RunId,
    source: &Untrusted,
    now: &RegistrySnapshot,
) -> Vec<String> {
    let is_new = |version: &&ModelVersion| !plan.before.stages.contains_key(&version.version);
    let is_alike = |version: &&ModelVersion| {
        version.run_id == *run && version.source == *source && version.tag(INTENT_TAG).is_none()
    };
    let name = plan.subject();
    let label = |version: &ModelVersion| {
        format!(
            "{} is from the same run and has no intent tag: it may be this plan's",
            name.label(version.version)
        )
    };
    now.versions
        .iter()
        .filter(is_new)
        .filter(is_alike)
        .map(label)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{plan, test_registry};
    use super::*;

    fn promotion() -> Plan {
        let intent = Intent::TransitionStage {
            model: "iris".into(),
            version: VersionNumber(3),
            to: Stage::Production,
            archive_existing: true,
        };
        plan(
            intent,
            &test_registry::snapshot(),
            &test_registry::context(),
        )
        .unwrap()
    }

    fn applied(plan: &Plan) -> RegistrySnapshot {
        let mut now = test_registry::snapshot();
        for version in &mut now.versions {
            version.stage = plan.after.stages[&version.version];
        }
        now
    }

    fn conflict_differences(outcome: Outcome) -> Vec<String> {
        match outcome {
            Outcome::Conflict { differences: found } => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn verification_compares_the_whole_state() {
        let plan = promotion();
        assert_eq!(verify(&plan, None, &applied(&plan)), Outcome::Verified);
        assert!(matches!(
            verify(&plan, None, &test_registry::snapshot()),
            Outcome::NotApplied { .. }
        ));
        let mut raced = applied(&plan);
        raced.versions[1].stage = Stage::Production;
        assert_eq!(
            conflict_differences(verify(&plan, None, &raced)),
            [
                "iris/2 is in Production, not in Archived",
                "2 versions are in Production: iris/2, iris/3"
            ]
        );
        let mut moved = applied(&plan);
        moved.model.as_mut().unwrap().aliases[0].1 = VersionNumber(1);
        assert_eq!(
            conflict_differences(verify(&plan, None, &moved)),
            ["@champion points to iris/1, not to iris/2"]
        );
    }

    #[test]
    fn recreated_models_and_versions_are_conflicts() {
        let plan = promotion();
        let mut again = applied(&plan);
        again.model.as_mut().unwrap().creation_time = Some(7);
        assert_eq!(
            conflict_differences(verify(&plan, None, &again)),
            ["iris was deleted and created again"]
        );
        let mut leftover = applied(&plan);
        leftover.versions[0].source = "REDACTED-SOURCE-PATH".into();
        assert_eq!(
            conflict_differences(verify(&plan, None, &leftover)),
            ["iris/3 was half deleted meanwhile"]
        );
    }

    #[test]
    fn concurrent_registration_conflicts_only_when_it_holds_a_slot() {
        let plan = promotion();
        let mut now = applied(&plan);
        now.versions
            .insert(0, test_registry::version(4, Stage::None));
        assert_eq!(verify(&plan, None, &now), Outcome::Verified);
        now.versions[0].stage = Stage::Production;
        assert_eq!(
            conflict_differences(verify(&plan, None, &now))[0],
            "iris/4 is new and in Production"
        );
    }
}
