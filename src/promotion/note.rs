//! What is only said of a version or a model: reviews, tags, descriptions; and deleting a version.

use super::draft::Draft;
use super::record::log_key;
use super::said::filled;
use super::{
    APPROVAL_PREFIX, Approval, Decision, LOG_PREFIX, Place, PlanError, Prepared, Said, TAG_PREFIX,
    Topic, warnings,
};
use crate::domain::{RegistryWrite, Stage, VersionNumber};
use crate::text::Untrusted;

/// How much of a reviewer's words goes into a tag, in characters.
const LONGEST_COMMENT: usize = 1_000;

/// How much of a text a plan shows, in characters.
const SHOWN: usize = 60;

/// What a reviewer says.
pub(super) struct Word<'a> {
    pub to: &'a Place,
    pub decision: Decision,
    pub seen: &'a str,
    pub prepared: Option<&'a Prepared>,
}

/// Plans to put a review on record: a tag that is bound to what the reviewer saw.
pub(super) fn review(
    draft: &mut Draft,
    number: VersionNumber,
    word: &Word<'_>,
) -> Result<(), PlanError> {
    let Word {
        to,
        decision,
        seen,
        prepared,
    } = *word;
    let version = draft.version(number)?;
    let own = Prepared {
        by: draft.context.user.clone(),
        at: draft.context.now,
        comment: draft.context.reason.clone(),
    };
    let said = prepared.unwrap_or(&own);
    let approval = Approval {
        by: said.by.clone(),
        at: said.at,
        to: to.to_string(),
        decision,
        comment: said.comment.chars().take(LONGEST_COMMENT).collect(),
        seen: seen.to_owned(),
        recorded_by: prepared.map(|_| own.by.clone()),
    };
    let said = |other: &&Approval| other.by == approval.by && other.to == approval.to;
    let before = Approval::of(version);
    let last = before.iter().rfind(said);
    if last.is_some_and(|last| last.decision == decision && last.seen == approval.seen) {
        return Err(PlanError::NothingToDo(format!(
            "{} said so already",
            approval.by
        )));
    }
    let before = last.map_or_else(
        || format!("no review by {}", approval.by),
        |last| format!("{} by {}", last.decision.as_str(), last.by),
    );
    let key = log_key(&draft.context.id).replace(LOG_PREFIX, APPROVAL_PREFIX);
    let value =
        serde_json::to_string(&approval).map_err(|error| PlanError::Refused(error.to_string()))?;
    let topic = Topic::Tag {
        version: number,
        key: key.as_str().into(),
    };
    let said = Said {
        topic,
        from: version.tag(&key).cloned(),
        to: Some(value.as_str().into()),
    };
    draft.say(said, "review", draft.label(number), before, approval.line());
    Ok(())
}

/// Plans to set or remove a tag. Our own records are no one's to change.
pub(super) fn tag(
    draft: &mut Draft,
    number: VersionNumber,
    key: &Untrusted,
    value: Option<&Untrusted>,
) -> Result<(), PlanError> {
    let version = draft.version(number)?;
    if key.raw().starts_with(TAG_PREFIX) {
        return Err(PlanError::Refused(format!(
            "{} is a record: tags that begin with {TAG_PREFIX} are not changed by hand",
            key.clean()
        )));
    }
    let before = version.tag(key.raw());
    if before == value {
        return Err(PlanError::NothingToDo(format!(
            "the tag {} of {} is so already",
            key.clean(),
            draft.label(number)
        )));
    }
    draft.warn_all(warnings::of_tag_key(version, key.raw()));
    let topic = Topic::Tag {
        version: number,
        key: key.clone(),
    };
    say(
        draft,
        Said {
            topic,
            from: before.cloned(),
            to: value.cloned(),
        },
    );
    Ok(())
}

/// Plans to describe a version or a model.
pub(super) fn describe(
    draft: &mut Draft,
    number: Option<VersionNumber>,
    text: &Untrusted,
) -> Result<(), PlanError> {
    let (before, target) = if let Some(number) = number {
        (&draft.version(number)?.description, draft.label(number))
    } else {
        let missing = || {
            PlanError::Missing(format!(
                "there is no registered model {}",
                draft.name().clean()
            ))
        };
        (
            &draft
                .reading
                .model
                .as_ref()
                .ok_or_else(missing)?
                .description,
            draft.name().clean().into_owned(),
        )
    };
    if before == text {
        return Err(PlanError::NothingToDo(format!(
            "{target} is described so already"
        )));
    }
    let said = Said {
        topic: Topic::Description { version: number },
        from: filled(before),
        to: filled(text),
    };
    say(draft, said);
    Ok(())
}

/// Adds a tag or a description to a plan, with what stood there and what will.
pub(super) fn say(draft: &mut Draft, said: Said) {
    let subject = &draft.reading.subject;
    let (action, target, none) = match (&said.topic, &said.to) {
        (Topic::Tag { version, key }, to) if key.raw().starts_with(APPROVAL_PREFIX) => (
            if to.is_some() {
                "review"
            } else {
                "take back review"
            },
            subject.label(*version),
            "no review",
        ),
        (Topic::Tag { version, key }, to) => {
            let action = if to.is_some() { "tag" } else { "remove tag" };
            (
                action,
                format!("{} {}", subject.label(*version), key.clean()),
                "no tag",
            )
        }
        (
            Topic::Description {
                version: Some(version),
            },
            _,
        ) => ("describe", subject.label(*version), "no description"),
        (Topic::Description { version: None }, _) => {
            ("describe", subject.to_string(), "no description")
        }
    };
    let in_words = |text: &Untrusted| {
        serde_json::from_str::<Approval>(text.raw())
            .map_or_else(|_| short(text), |approval| approval.line())
    };
    let shown = |text: &Option<Untrusted>| text.as_ref().map_or_else(|| none.to_owned(), in_words);
    let (from, to) = (shown(&said.from), shown(&said.to));
    draft.say(said, action, target, from, to);
}

/// Plans to delete a version that holds no place: who serves it is asked to take it away first.
pub(super) fn delete(draft: &mut Draft, number: VersionNumber) -> Result<(), PlanError> {
    let (version, label) = (draft.version(number)?, draft.label(number));
    let aliases: Vec<String> = draft
        .state
        .aliases_of(number)
        .into_iter()
        .map(|alias| format!("@{}", alias.clean()))
        .collect();
    if !matches!(version.stage, Stage::None | Stage::Archived) || !aliases.is_empty() {
        let stage = (!matches!(version.stage, Stage::None | Stage::Archived))
            .then(|| version.stage.to_string());
        let held = stage
            .into_iter()
            .chain(aliases)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(PlanError::Refused(format!(
            "{label} holds {held}: demote it first"
        )));
    }
    let again = if version.run_id.is_empty() {
        "nor registered again: it names no run".to_owned()
    } else {
        format!(
            "undoing this registers its run {} again, as a new version",
            version.run_id.short()
        )
    };
    draft.warn(format!(
        "{label} can't be brought back, since MLflow overwrites where its model was; {again}"
    ));
    let from = version.source.clean().into_owned();
    draft.step(
        RegistryWrite::DeleteVersion {
            name: draft.name().clone(),
            version: number,
        },
        "delete",
        label,
        from,
        "gone".to_owned(),
    );
    Ok(())
}

pub(super) fn short(text: &Untrusted) -> String {
    let clean = text.clean();
    if clean.chars().count() > SHOWN {
        clean.chars().take(SHOWN).chain(['…']).collect()
    } else {
        clean.into_owned()
    }
}
