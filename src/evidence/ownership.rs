//! Ownership of local documents: they belong to the version that they refer to.

use serde_json::Value;

use super::value::value_text;
use super::{EvidenceSubject, SearchRule};
use crate::domain::Stage;

/// Whether a part of a document refers to the version, its run or its logged model. `aliases` are names of the version from
/// earlier documents.
pub(super) fn names_version(
    find: &SearchRule,
    subject: EvidenceSubject<'_>,
    aliases: &[String],
    part: &Value,
) -> bool {
    let version = subject.version;
    if let Some((model, number)) = &find.names {
        let has = |values: Vec<&Value>, expected: &str| {
            values
                .into_iter()
                .any(|value| value_text(value) == expected)
        };
        if has(model.select(part), version.name.raw())
            && has(number.select(part), &version.version.to_string())
        {
            return true;
        }
    }
    if let (Some(path), Some(run)) = (&find.names_run, subject.run)
        && !run.name.is_empty()
        && path
            .select(part)
            .into_iter()
            .any(|value| value.as_str() == Some(run.name.raw()))
    {
        return true;
    }
    find.joins
        .iter()
        .flat_map(|path| path.select(part))
        .any(|value| refers_to_version(&value_text(value), subject, aliases))
}

/// Whether a reference leads to the version: by its source, logged model, run (unless to another model of the run), or by a
/// `models:/` URI with its number, stage or alias.
fn refers_to_version(reference: &str, subject: EvidenceSubject<'_>, aliases: &[String]) -> bool {
    let version = subject.version;
    let source = version.source.raw();
    if !source.is_empty()
        && (reference == source
            || reference
                .strip_prefix(source)
                .is_some_and(|rest| rest.starts_with('/')))
    {
        return true;
    }
    // Aliases can be short and common: they must be the whole reference, or all after a colon.
    let named = version
        .logged_model()
        .is_some_and(|id| contains_word(reference, id.raw()))
        || aliases
            .iter()
            .any(|name| reference == name || reference.rsplit(':').next() == Some(name.as_str()));
    let run = [
        subject.run.map(|run| run.id.raw()),
        Some(version.run_id.raw()),
    ];
    let by_run = || {
        run.iter()
            .flatten()
            .any(|id| contains_word(reference, id) && !names_other_model(reference, source, id))
    };
    named
        || by_run()
        || registry_uris(subject)
            .iter()
            .any(|address| contains_word(reference, address))
}

/// The version's `models:/` URIs.
fn registry_uris(subject: EvidenceSubject<'_>) -> Vec<String> {
    let version = subject.version;
    let name = version.name.raw();
    let mut all = vec![format!("models:/{name}/{}", version.version)];
    all.extend(
        version
            .aliases
            .iter()
            .map(|alias| format!("models:/{name}@{}", alias.raw())),
    );
    if matches!(version.stage, Stage::Staging | Stage::Production) {
        all.push(format!("models:/{name}/{}", version.stage.as_str()));
    }
    all
}

/// Whether a reference leads to another model of the run than the version's source.
fn names_other_model(reference: &str, source: &str, run: &str) -> bool {
    let folder = |text: &str| {
        let rest = text.split_once(run)?.1;
        let rest = rest
            .strip_prefix("/artifacts")
            .unwrap_or(rest)
            .trim_matches('/');
        (!rest.is_empty()).then(|| rest.to_owned())
    };
    let (Some(other), Some(own)) = (folder(reference), folder(source)) else {
        return false;
    };
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !within(&other, &own) && !within(&own, &other)
}

/// Whether a text contains an id as a whole word.
fn contains_word(text: &str, id: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !id.is_empty()
        && text.match_indices(id).any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + id.len()..]);
            !is_part(before.chars().next_back()) && !is_part(after.chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_match_whole_words_only() {
        assert!(contains_word("s3://b/1/abc/artifacts", "abc"));
        assert!(contains_word("models:/churn/3", "models:/churn/3"));
        assert!(!contains_word("models:/churn/31", "models:/churn/3"));
        assert!(!contains_word("s3://b/xabc", "abc"));
        assert!(!contains_word("anything", ""));
    }

    #[test]
    fn models_of_one_run_are_distinguished() {
        let is_other = |reference: &str, source: &str| names_other_model(reference, source, "abc");
        assert!(is_other("s3://b/1/abc/artifacts/two", "runs:/abc/one"));
        assert!(is_other(
            "s3://b/1/abc/artifacts/model_2",
            "s3://b/1/abc/artifacts/model"
        ));
        assert!(!is_other("s3://b/1/abc/artifacts/one/", "runs:/abc/one"));
        assert!(!is_other(
            "s3://b/1/abc/artifacts/one/data",
            "runs:/abc/one"
        ));
        assert!(!is_other("abc", "runs:/abc/one"));
        assert!(!is_other("s3://b/1/abc/artifacts/one", "models:/m-1"));
    }
}
