//! Metadata of versions, models and runs: reviews, tags, descriptions, names.

use serde::{Deserialize, Serialize};

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{
    Lifecycle, MetadataField, MetadataOwner, MetadataWrite, Slot, StoreWrite, VersionNumber,
};
use crate::promotion::tag_record::log_tag_key;
use crate::promotion::{
    APPROVAL_PREFIX, Approval, Decision, LOG_PREFIX, PreparedReview, RegistrySnapshot, Subject,
    TAG_PREFIX, truncate,
};
use crate::text::Untrusted;

/// Prefix of the tags that MLflow sets and reads.
const MLFLOW_PREFIX: &str = "mlflow.";

/// Limit of a review comment in a tag, in characters.
const MAX_COMMENT_CHARS: usize = 1_000;

/// Limit of a value in a plan's step, in characters.
const MAX_SHOWN_CHARS: usize = 60;

/// Whether a tag is a record of frontrunner or one of MLflow's own, which are not edited.
#[must_use]
pub fn is_reserved_tag(key: &str) -> bool {
    key.starts_with(TAG_PREFIX) || key.starts_with(MLFLOW_PREFIX)
}

/// A description, name or tag, within the subject of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataKey {
    /// What changes.
    #[serde(flatten)]
    pub field: MetadataField,
    /// `None` for the subject itself: a model, or a run that is the only one.
    pub version: Option<VersionNumber>,
}

/// A change of a description, name or tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataChange {
    /// What changes.
    #[serde(flatten)]
    pub key: MetadataKey,
    /// `None` where there was no value.
    pub from: Option<Untrusted>,
    /// `None` where the value is removed.
    pub to: Option<Untrusted>,
}

impl MetadataKey {
    /// The model, version or run that it belongs to.
    #[must_use]
    pub fn owner(&self, subject: &Subject) -> MetadataOwner {
        match (subject, self.version) {
            (Subject::Model(model), Some(version)) => MetadataOwner::Version {
                model: model.clone(),
                version,
            },
            (Subject::Model(model), None) => MetadataOwner::Model {
                model: model.clone(),
            },
            (Subject::Runs(runs), _) => MetadataOwner::Run {
                run: runs.first().cloned().unwrap_or_default(),
            },
        }
    }

    /// Its value in a snapshot; an empty description is `None`.
    #[must_use]
    pub fn value_in(&self, snapshot: &RegistrySnapshot) -> Option<Untrusted> {
        snapshot.metadata(&self.owner(&snapshot.subject), &self.field)
    }

    /// Cleaned: `tag team of iris/3`, `the description of iris`.
    #[must_use]
    pub fn describe(&self, subject: &Subject) -> String {
        let owner = self.owner(subject);
        match &self.field {
            MetadataField::Tag { key } => format!("tag {} of {owner}", key.clean()),
            MetadataField::Description => format!("the description of {owner}"),
            MetadataField::Name => format!("the name of {owner}"),
        }
    }
}

impl MetadataChange {
    /// The write that makes the change.
    #[must_use]
    pub fn to_write(&self, subject: &Subject) -> StoreWrite {
        StoreWrite::Metadata(MetadataWrite {
            owner: self.key.owner(subject),
            field: self.key.field.clone(),
            value: self.to.clone(),
        })
    }

    /// The change that undoes it.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            key: self.key.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

pub(super) struct ReviewDetails<'a> {
    pub slot: &'a Slot,
    pub decision: Decision,
    pub facts_digest: &'a str,
    pub prepared: Option<&'a PreparedReview>,
}

/// Adds a review tag, bound to the digest of the reviewed facts.
pub(super) fn review(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    details: &ReviewDetails<'_>,
) -> Result<(), PlanError> {
    let ReviewDetails {
        slot,
        decision,
        facts_digest,
        prepared,
    } = *details;
    let version = builder.version(number)?;
    let own = PreparedReview {
        reviewer: builder.context.user.clone(),
        at: builder.context.now,
        comment: builder.context.reason.clone(),
    };
    let source = prepared.unwrap_or(&own);
    let approval = Approval {
        reviewer: source.reviewer.clone(),
        at: source.at,
        slot: slot.to_string(),
        decision,
        comment: source.comment.chars().take(MAX_COMMENT_CHARS).collect(),
        facts_digest: facts_digest.to_owned(),
        recorded_by: prepared.map(|_| own.reviewer.clone()),
    };
    let is_same_reviewer_and_slot =
        |other: &&Approval| other.reviewer == approval.reviewer && other.slot == approval.slot;
    let before = Approval::from_version_tags(version);
    let last = before.iter().rfind(is_same_reviewer_and_slot);
    if last
        .is_some_and(|last| last.decision == decision && last.facts_digest == approval.facts_digest)
    {
        return Err(PlanError::NothingToDo(format!(
            "{} already recorded this review",
            approval.reviewer
        )));
    }
    let before = last.map_or_else(
        || format!("no review by {}", approval.reviewer),
        |last| format!("{} by {}", last.decision.as_str(), last.reviewer),
    );
    let key = log_tag_key(&builder.context.id).replace(LOG_PREFIX, APPROVAL_PREFIX);
    let value =
        serde_json::to_string(&approval).map_err(|error| PlanError::Refused(error.to_string()))?;
    let metadata_key = MetadataKey {
        field: MetadataField::Tag {
            key: key.as_str().into(),
        },
        version: Some(number),
    };
    let change = MetadataChange {
        key: metadata_key,
        from: version.tag(&key).cloned(),
        to: Some(value.as_str().into()),
    };
    builder.push_metadata(
        change,
        "review",
        builder.label(number),
        before,
        approval.describe(),
    );
    Ok(())
}

/// Sets or removes a tag. Records, and what MLflow itself keeps in tags, are refused, except for the name and the description of
/// a run.
pub(super) fn tag(
    builder: &mut PlanBuilder,
    owner: &MetadataOwner,
    key: &Untrusted,
    value: Option<&Untrusted>,
) -> Result<(), PlanError> {
    let field = owner.field_of_tag(key);
    let refused = |why: String| Err(PlanError::Refused(why));
    match (&field, value) {
        (MetadataField::Name, None) => return refused(format!("{owner} needs a name")),
        (MetadataField::Name, Some(name)) if name.raw().trim().is_empty() => {
            return refused(format!("{owner} needs a name"));
        }
        (MetadataField::Tag { key }, _) if key.raw().starts_with(TAG_PREFIX) => {
            return refused(format!(
                "{} is a record: tags that start with {TAG_PREFIX} cannot be changed",
                key.clean()
            ));
        }
        (MetadataField::Tag { key }, _) if is_reserved_tag(key.raw()) => {
            return refused(format!(
                "{} is reserved: MLflow sets tags that start with {MLFLOW_PREFIX}",
                key.clean()
            ));
        }
        _ => {}
    }
    set(builder, owner, field, value.cloned())
}

pub(super) fn describe(
    builder: &mut PlanBuilder,
    owner: &MetadataOwner,
    text: &Untrusted,
) -> Result<(), PlanError> {
    let text = (!text.is_empty()).then(|| text.clone());
    set(builder, owner, MetadataField::Description, text)
}

fn set(
    builder: &mut PlanBuilder,
    owner: &MetadataOwner,
    field: MetadataField,
    to: Option<Untrusted>,
) -> Result<(), PlanError> {
    require_editable(builder, owner)?;
    let key = MetadataKey {
        field,
        version: owner.version(),
    };
    let from = builder.snapshot.metadata(owner, &key.field);
    if from == to {
        return Err(PlanError::NothingToDo(match &key.field {
            MetadataField::Description => format!("{owner} already has this description"),
            MetadataField::Name => format!("{owner} already has this name"),
            MetadataField::Tag { key } => {
                format!("tag {} of {owner} would not change", key.clean())
            }
        }));
    }
    match (&key.field, &to) {
        (MetadataField::Tag { key }, _) => {
            builder.warn_all(warnings::of_tag_key(builder.snapshot, owner, key.raw()));
        }
        (MetadataField::Name, Some(name)) => {
            builder.warn_all(warnings::of_name(&owner.to_string(), name.raw()));
        }
        _ => {}
    }
    push_change(builder, MetadataChange { key, from, to });
    Ok(())
}

/// Refuses what does not exist, and deleted runs: MLflow changes none.
pub(super) fn require_editable(
    builder: &PlanBuilder,
    owner: &MetadataOwner,
) -> Result<(), PlanError> {
    match owner {
        MetadataOwner::Version { version, .. } => builder.version(*version).map(|_| ()),
        MetadataOwner::Model { model } if !builder.snapshot.has(owner) => Err(PlanError::NotFound(
            format!("there is no registered model {}", model.clean()),
        )),
        MetadataOwner::Model { .. } => Ok(()),
        MetadataOwner::Run { run } => match builder.snapshot.run_snapshot(run) {
            None => Err(PlanError::NotFound(format!("{owner} does not exist"))),
            Some(read) if read.run.lifecycle == Lifecycle::Deleted => Err(PlanError::Refused(
                format!("{owner} is deleted: restore it first"),
            )),
            Some(_) => Ok(()),
        },
    }
}

/// Adds a change with its values before and after in words.
pub(super) fn push_change(builder: &mut PlanBuilder, change: MetadataChange) {
    let owner = change.key.owner(&builder.snapshot.subject);
    let (action, target, none) = match (&change.key.field, &change.to) {
        (MetadataField::Tag { key }, to) if key.raw().starts_with(APPROVAL_PREFIX) => {
            let action = if to.is_some() {
                "review"
            } else {
                "withdraw review"
            };
            (action, owner.to_string(), "no review")
        }
        (MetadataField::Tag { key }, to) => {
            let action = if to.is_some() { "tag" } else { "remove tag" };
            (action, format!("{owner} {}", key.clean()), "no tag")
        }
        (MetadataField::Description, _) => ("describe", owner.to_string(), "no description"),
        (MetadataField::Name, _) => ("rename", owner.to_string(), "no name"),
    };
    let describe_value = |text: &Untrusted| {
        serde_json::from_str::<Approval>(text.raw())
            .map_or_else(|_| shorten(text), |approval| approval.describe())
    };
    let display = |text: &Option<Untrusted>| {
        text.as_ref()
            .map_or_else(|| none.to_owned(), describe_value)
    };
    let (from, to) = (display(&change.from), display(&change.to));
    builder.push_metadata(change, action, target, from, to);
}

/// The value as a plan shows it, cleaned.
pub(super) fn shorten(text: &Untrusted) -> String {
    truncate(&text.clean(), MAX_SHOWN_CHARS)
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;
    use crate::domain::{KeyValue, ModelName, Run, RunId};
    use crate::promotion::{
        Intent, Outcome, Plan, RunSnapshot, test_registry, undo_intent, verify,
    };

    const TEAM: &str = "team";

    fn run_owner() -> MetadataOwner {
        MetadataOwner::Run { run: "run3".into() }
    }

    fn model_owner() -> MetadataOwner {
        MetadataOwner::Model {
            model: "iris".into(),
        }
    }

    fn snapshot_of_run(tags: &[(&str, &str)]) -> RegistrySnapshot {
        let mut run = Run::bare("run3".into(), "1".into());
        run.name = "wise-owl".into();
        run.tags = tags
            .iter()
            .map(|(key, value)| KeyValue::new(*key, *value))
            .collect();
        let read = RunSnapshot {
            run,
            versions: Vec::new(),
            nested: Vec::new(),
        };
        RegistrySnapshot {
            subject: Subject::Runs(vec![RunId::from("run3")]),
            runs: vec![read],
            ..RegistrySnapshot::for_model("memory", &ModelName::default(), None, Vec::new())
        }
    }

    fn tag(owner: MetadataOwner, key: &str, value: Option<&str>) -> Intent {
        Intent::Tag {
            owner,
            key: key.into(),
            value: value.map(Into::into),
        }
    }

    fn plan_on(intent: Intent, snapshot: &RegistrySnapshot) -> Result<Plan, PlanError> {
        plan(intent, snapshot, &test_registry::context())
    }

    #[test]
    fn tag_of_a_run_is_set_verified_and_undone() {
        let before = snapshot_of_run(&[(TEAM, "churn")]);
        let made = plan_on(tag(run_owner(), TEAM, Some("growth")), &before).unwrap();
        assert_eq!(made.intent.to_string(), "set tag team of run run3");
        assert_eq!(made.describe_steps(), ["tag run run3 team: churn → growth"]);
        assert!(matches!(
            verify(&made, None, &before),
            Outcome::NotApplied { .. }
        ));
        let after = snapshot_of_run(&[(TEAM, "growth")]);
        assert_eq!(verify(&made, None, &after), Outcome::Verified);
        let theirs = snapshot_of_run(&[(TEAM, "ads")]);
        assert!(matches!(
            verify(&made, None, &theirs),
            Outcome::Conflict { .. }
        ));
        let undo = undo_intent("e", &made, None);
        let undone = plan_on(undo.clone(), &after).unwrap();
        assert_eq!(
            undone.describe_steps(),
            ["tag run run3 team: growth → churn"]
        );
        let refused = plan_on(undo, &theirs).unwrap_err().to_string();
        assert!(
            refused.contains("tag team of run run3 is “ads”"),
            "{refused}"
        );
    }

    #[test]
    fn change_between_plan_and_write_is_a_conflict() {
        let before = snapshot_of_run(&[]);
        let text = "the best".into();
        let owner = run_owner();
        let made = plan_on(Intent::Describe { owner, text }, &before).unwrap();
        assert!(made.metadata_conflicts(&before).is_empty());
        let theirs = snapshot_of_run(&[("mlflow.note.content", "theirs")]);
        assert_eq!(theirs.fingerprint(), before.fingerprint());
        assert_eq!(
            made.metadata_conflicts(&theirs),
            ["the description of run run3 changed"]
        );
    }

    #[test]
    fn mlflow_tags_of_a_run_are_its_description_and_name() {
        let before = snapshot_of_run(&[]);
        let describe = tag(run_owner(), "mlflow.note.content", Some("the best"));
        let made = plan_on(describe, &before).unwrap();
        assert_eq!(made.intent.to_string(), "describe run run3");
        assert_eq!(made.metadata[0].key.field, MetadataField::Description);
        let rename = tag(run_owner(), "mlflow.runName", Some("winner"));
        let made = plan_on(rename, &before).unwrap();
        assert_eq!(
            made.describe_steps(),
            ["rename run run3: wise-owl → winner"]
        );
        for (key, why) in [
            ("mlflow.user", "is reserved"),
            ("frontrunner.last", "is a record"),
        ] {
            for owner in [run_owner(), model_owner()] {
                let snapshot = match &owner {
                    MetadataOwner::Run { .. } => before.clone(),
                    _ => test_registry::snapshot(),
                };
                let refused = plan_on(tag(owner, key, Some("x")), &snapshot);
                let refused = refused.unwrap_err().to_string();
                assert!(refused.contains(why), "{refused}");
            }
        }
        let nameless = plan_on(tag(run_owner(), "mlflow.runName", Some(" ")), &before);
        assert_eq!(
            nameless.unwrap_err(),
            PlanError::Refused("run run3 needs a name".into())
        );
    }

    #[test]
    fn deleted_and_missing_runs_are_refused() {
        let mut gone = snapshot_of_run(&[]);
        gone.runs[0].run.lifecycle = Lifecycle::Deleted;
        let refused = plan_on(tag(run_owner(), TEAM, Some("x")), &gone).unwrap_err();
        assert!(refused.to_string().contains("restore it first"));
        gone.runs.clear();
        let refused = plan_on(tag(run_owner(), TEAM, Some("x")), &gone).unwrap_err();
        assert!(matches!(refused, PlanError::NotFound(_)));
    }

    #[test]
    fn edits_of_older_journals_still_load() {
        for (text, owner) in [
            (
                r#"{"intent":"tag","model":"iris","version":"3","key":"team","value":"a"}"#,
                MetadataOwner::Version {
                    model: "iris".into(),
                    version: crate::domain::VersionNumber(3),
                },
            ),
            (
                r#"{"intent":"describe","model":"iris","version":null,"text":"a"}"#,
                model_owner(),
            ),
        ] {
            let intent: Intent = serde_json::from_str(text).unwrap();
            let (Intent::Tag { owner: read, .. } | Intent::Describe { owner: read, .. }) = &intent
            else {
                panic!("{intent:?}")
            };
            assert_eq!(*read, owner);
            let again: Intent =
                serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
            assert_eq!(again, intent);
        }
        let change = r#"{"topic":"tag","version":"3","key":"team","from":null,"to":"a"}"#;
        let read: MetadataChange = serde_json::from_str(change).unwrap();
        let again: MetadataChange =
            serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        let change = r#"{"topic":"description","version":null,"from":null,"to":"a"}"#;
        let read: MetadataChange = serde_json::from_str(change).unwrap();
        assert_eq!(read.key.version, None);
    }
}
