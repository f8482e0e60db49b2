//! Verification: what a read-back says of a plan that was carried out.

use serde::{Deserialize, Serialize};

use super::{Change, INTENT_TAG, Intent, Plan, Reading, State, Subject, VersionFacts};
use crate::domain::{
    Lifecycle, ModelName, ModelVersion, RegistryWrite, RunId, Stage, VersionNumber, VersionStatus,
};
use crate::text::Untrusted;

/// How a plan ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The registry is as the plan said, also after it settled.
    Verified,
    /// Nothing was changed.
    NotApplied {
        /// Why, cleaned.
        why: String,
    },
    /// Something else is there: shown, never fixed by itself.
    Conflict {
        /// Each difference, cleaned: `iris/4 is in Production, too`.
        found: Vec<String>,
    },
    /// Not known: the store could not be asked.
    Unknown {
        /// Why, cleaned.
        why: String,
    },
}

/// Compares a read-back with what the plan predicted. `created` is the version that the plan made, if it made one;
/// where it is not known, it is found by the intent's tag.
#[must_use]
pub fn judge(plan: &Plan, created: Option<VersionNumber>, now: &Reading) -> Outcome {
    let subject = &plan.subject();
    let marked = marked(plan, now);
    let created = created.or_else(|| marked.first().copied());
    let mut found = identities(plan, now);
    if marked.len() > 1 {
        let labels: Vec<String> = marked
            .iter()
            .map(|version| subject.label(*version))
            .collect();
        found.push(format!(
            "the version was made more than once: {}",
            labels.join(", ")
        ));
    }
    found.extend(of_registration(plan, created, now));
    let state = now.state();
    let (unanswered, answered) = requests(plan, &state);
    let from_before = differences(subject, &plan.before, &state, created);
    let mut from_after = differences(subject, &plan.after, &state, created);
    let still_there = plan
        .deleted()
        .filter(|version| state.stages.contains_key(version));
    from_after
        .extend(still_there.map(|version| format!("{} is still there", subject.label(version))));
    let (unsaid, otherwise) = said(plan, now);
    let none_said = !answered && !unsaid.is_empty() && unsaid.len() == plan.said.len();
    if found.is_empty() && from_after.is_empty() && otherwise.is_empty() && none_said {
        return Outcome::NotApplied {
            why: unsaid.join("; "),
        };
    }
    from_after.extend(unanswered);
    let is_unsaid = !answered && otherwise.is_empty() && unsaid.len() == plan.said.len();
    from_after.extend(otherwise.into_iter().chain(unsaid));
    let is_made = created.is_some() || !matches!(plan.intent, Intent::Register { .. });
    if found.is_empty() && from_after.is_empty() && is_made {
        return Outcome::Verified;
    }
    if found.is_empty()
        && from_before.is_empty()
        && is_unsaid
        && created.is_none_or(|version| plan.before.stages.contains_key(&version))
    {
        return Outcome::NotApplied {
            why: "the registry is as it was before".to_owned(),
        };
    }
    found.extend(from_after);
    Outcome::Conflict { found }
}

/// The requests that are not as the plan leaves them, and whether any is. Others are left alone: a server may close them by itself.
fn requests(plan: &Plan, now: &State) -> (Vec<String>, bool) {
    let (mut open, mut is_any) = (Vec::new(), false);
    for change in plan.changes() {
        let Change::Request {
            version,
            asked,
            is_open,
        } = change
        else {
            continue;
        };
        if now.requests.contains(&(version, asked)) == is_open {
            is_any = true;
        } else {
            let word = if is_open { "not open" } else { "still open" };
            open.push(format!(
                "the request for {} to go to {asked} is {word}",
                plan.subject().label(version)
            ));
        }
    }
    (open, is_any)
}

/// What a plan was to say: what stands as it was before, and where something else stands.
fn said(plan: &Plan, now: &Reading) -> (Vec<String>, Vec<String>) {
    let (mut unsaid, mut otherwise) = (Vec::new(), Vec::new());
    for said in &plan.said {
        let (stands, topic) = (
            said.topic.in_reading(now),
            said.topic.describe(&now.subject),
        );
        if stands == said.to {
            continue;
        }
        if stands == said.from {
            unsaid.push(format!("{topic} is as it was before"));
        } else {
            otherwise.push(format!("{topic} says something else"));
        }
    }
    (unsaid, otherwise)
}

/// The versions that carry the mark of a plan, lowest first.
#[must_use]
pub fn marked(plan: &Plan, now: &Reading) -> Vec<VersionNumber> {
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

/// Whether a reading has what a write does.
#[must_use]
pub fn has(now: &Reading, write: &RegistryWrite) -> bool {
    let alias = |alias: &str| now.model.as_ref().and_then(|model| model.alias(alias));
    match write {
        RegistryWrite::CreateModel { .. } => now.model.is_some(),
        RegistryWrite::CreateVersion { .. } => false,
        RegistryWrite::DeleteVersion { version, .. } => now.version(*version).is_none(),
        RegistryWrite::SetVersionTag { version, tag, .. } => now
            .version(*version)
            .is_some_and(|version| version.tag(tag.key.raw()) == Some(&tag.value)),
        RegistryWrite::DeleteVersionTag { version, key, .. } => now
            .version(*version)
            .is_some_and(|version| version.tag(key.raw()).is_none()),
        RegistryWrite::Describe {
            version: Some(version),
            text,
            ..
        } => now
            .version(*version)
            .is_some_and(|version| version.description == *text),
        RegistryWrite::Describe {
            version: None,
            text,
            ..
        } => now
            .model
            .as_ref()
            .is_some_and(|model| model.description == *text),
        RegistryWrite::TransitionStage { version, stage, .. }
        | RegistryWrite::ApproveTransition { version, stage, .. } => now
            .version(*version)
            .is_some_and(|version| version.stage == *stage),
        RegistryWrite::RequestTransition { version, stage, .. } => {
            now.request(*version, *stage).is_some()
        }
        RegistryWrite::RejectTransition { version, stage, .. }
        | RegistryWrite::WithdrawTransition { version, stage, .. } => {
            now.request(*version, *stage).is_none()
        }
        RegistryWrite::SetAlias {
            alias: name,
            version,
            ..
        } => alias(name.raw()) == Some(*version),
        RegistryWrite::DeleteAlias { alias: name, .. } => alias(name.raw()).is_none(),
        RegistryWrite::DeleteRun { run } => now
            .of_run(run)
            .is_some_and(|read| read.run.lifecycle == Lifecycle::Deleted),
        RegistryWrite::RestoreRun { run } => now
            .of_run(run)
            .is_some_and(|read| read.run.lifecycle == Lifecycle::Active),
    }
}

/// What is not as expected, each difference in words. A version that others registered meanwhile is no difference as
/// long as it holds no place; `made` is the version of our own, which is judged apart.
#[must_use]
pub fn differences(
    subject: &Subject,
    expected: &State,
    now: &State,
    made: Option<VersionNumber>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (version, stage) in &expected.stages {
        match now.stages.get(version) {
            None => found.push(format!("{} is gone", subject.label(*version))),
            Some(held) if held != stage => found.push(format!(
                "{} is in {held}, not in {stage}",
                subject.label(*version)
            )),
            Some(_) => {}
        }
    }
    for (version, held) in now
        .stages
        .iter()
        .filter(|(version, _)| !expected.stages.contains_key(version) && Some(**version) != made)
    {
        if *held != Stage::None {
            found.push(format!("{} is new and in {held}", subject.label(*version)));
        }
    }
    let ours = |alias: &VersionNumber| made.is_some() && Some(*alias) == made;
    for change in expected.changes(now) {
        if let Change::Alias { alias, from, to } = change {
            let leads = |to: Option<VersionNumber>| {
                to.map_or_else(
                    || "nowhere".to_owned(),
                    |version| format!("to {}", subject.label(version)),
                )
            };
            if !to.as_ref().is_some_and(ours) {
                found.push(format!(
                    "@{} leads {}, not {}",
                    alias.clean(),
                    leads(to),
                    leads(from)
                ));
            }
        }
    }
    for (run, expected) in &expected.runs {
        match now.runs.get(run) {
            None => found.push(format!("run {} is gone", run.short())),
            Some(held) if held != expected => found.push(format!(
                "run {} is {}, not {}",
                run.short(),
                held.as_str(),
                expected.as_str()
            )),
            Some(_) => {}
        }
    }
    let production = now.holders(Stage::Production);
    if production.len() > 1 && production != expected.holders(Stage::Production) {
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

/// Whether the model and its versions are still the ones that the plan was made for.
fn identities(plan: &Plan, now: &Reading) -> Vec<String> {
    let name = plan.subject();
    match (&plan.ground.model, &now.model) {
        (Some(_), None) => return vec![format!("{name} is gone")],
        (Some(then), Some(now)) if then.created != now.creation_time => {
            return vec![format!("{name} was deleted and made again")];
        }
        _ => {}
    }
    let is_other = |version: &&ModelVersion| {
        plan.ground
            .versions
            .get(&version.version)
            .is_some_and(|then| !then.is_same_version(&VersionFacts::of(version)))
    };
    let word = |version: &ModelVersion| {
        let what = if version.is_leftover() {
            "was deleted meanwhile, and is a leftover"
        } else {
            "is another version of that number"
        };
        format!("{} {what}", name.label(version.version))
    };
    now.versions.iter().filter(is_other).map(word).collect()
}

/// What is wrong with a registration.
fn of_registration(plan: &Plan, created: Option<VersionNumber>, now: &Reading) -> Vec<String> {
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
        return of_created(name, version, run, source, now);
    }
    let left = plan.ground.model.is_none() && now.model.is_some();
    let left = left.then(|| format!("{} is there now, without the version", name.clean()));
    unmarked(plan, run, source, now)
        .into_iter()
        .chain(left)
        .collect()
}

/// What is wrong with the version that the plan made.
fn of_created(
    name: &ModelName,
    number: VersionNumber,
    run: &RunId,
    source: &Untrusted,
    now: &Reading,
) -> Vec<String> {
    let label = format!("{}/{number}", name.clean());
    let Some(version) = now.version(number) else {
        return vec![format!("{label} was made and is gone")];
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
        found.push(format!("{label} is in {} already", version.stage));
    }
    let state = now.state();
    found.extend(
        state
            .aliases_of(number)
            .into_iter()
            .map(|alias| format!("{label} is @{} already", alias.clean())),
    );
    found
}

/// New versions of the same run and source that carry nobody's mark: they may be ours on a store that drops tags.
fn unmarked(plan: &Plan, run: &RunId, source: &Untrusted, now: &Reading) -> Vec<String> {
    let is_new = |version: &&ModelVersion| !plan.before.stages.contains_key(&version.version);
    let is_alike = |version: &&ModelVersion| {
        version.run_id == *run && version.source == *source && version.tag(INTENT_TAG).is_none()
    };
    let name = plan.subject();
    let label = |version: &ModelVersion| {
        format!(
            "{} is from the same run and carries no mark: it may be ours",
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
    use super::super::{plan, sample};
    use super::*;

    fn promotion() -> Plan {
        let intent = Intent::Move {
            model: "iris".into(),
            version: VersionNumber(3),
            to: Stage::Production,
            archive_existing: true,
        };
        plan(intent, &sample::reading(), &sample::context()).unwrap()
    }

    fn applied(plan: &Plan) -> Reading {
        let mut now = sample::reading();
        for version in &mut now.versions {
            version.stage = plan.after.stages[&version.version];
        }
        now
    }

    fn found(outcome: Outcome) -> Vec<String> {
        match outcome {
            Outcome::Conflict { found } => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_whole_state_is_compared() {
        let plan = promotion();
        assert_eq!(judge(&plan, None, &applied(&plan)), Outcome::Verified);
        assert!(matches!(
            judge(&plan, None, &sample::reading()),
            Outcome::NotApplied { .. }
        ));
        let mut raced = applied(&plan);
        raced.versions[1].stage = Stage::Production;
        assert_eq!(
            found(judge(&plan, None, &raced)),
            [
                "iris/2 is in Production, not in Archived",
                "2 versions are in Production: iris/2, iris/3"
            ]
        );
        let mut moved = applied(&plan);
        moved.model.as_mut().unwrap().aliases[0].1 = VersionNumber(1);
        assert_eq!(
            found(judge(&plan, None, &moved)),
            ["@champion leads to iris/1, not to iris/2"]
        );
    }

    #[test]
    fn a_number_is_no_identity() {
        let plan = promotion();
        let mut again = applied(&plan);
        again.model.as_mut().unwrap().creation_time = Some(7);
        assert_eq!(
            found(judge(&plan, None, &again)),
            ["iris was deleted and made again"]
        );
        let mut leftover = applied(&plan);
        leftover.versions[0].source = "REDACTED-SOURCE-PATH".into();
        assert_eq!(
            found(judge(&plan, None, &leftover)),
            ["iris/3 was deleted meanwhile, and is a leftover"]
        );
    }

    #[test]
    fn what_others_register_meanwhile_is_no_conflict_until_it_holds_a_place() {
        let plan = promotion();
        let mut now = applied(&plan);
        now.versions.insert(0, sample::version(4, Stage::None));
        assert_eq!(judge(&plan, None, &now), Outcome::Verified);
        now.versions[0].stage = Stage::Production;
        assert_eq!(
            found(judge(&plan, None, &now))[0],
            "iris/4 is new and in Production"
        );
    }
}
