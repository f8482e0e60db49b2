//! Whose a document outside of the store is: it belongs to a version that it names.

use serde_json::Value;

use super::{Find, Subject};
use crate::domain::Stage;

/// Whether a part of a document names the version, its run or its logged model. `aliases` are other names of the version, as
/// documents before told.
pub(super) fn names_version(
    find: &Find,
    subject: Subject<'_>,
    aliases: &[String],
    part: &Value,
) -> bool {
    let version = subject.version;
    if let Some((model, number)) = &find.names {
        let is = |values: Vec<&Value>, wanted: &str| {
            values.into_iter().any(|value| text(value) == wanted)
        };
        if is(model.all(part), version.name.raw())
            && is(number.all(part), &version.version.to_string())
        {
            return true;
        }
    }
    if let (Some(path), Some(run)) = (&find.names_run, subject.run)
        && !run.name.is_empty()
        && path
            .all(part)
            .into_iter()
            .any(|value| value.as_str() == Some(run.name.raw()))
    {
        return true;
    }
    find.joins
        .iter()
        .flat_map(|path| path.all(part))
        .any(|value| is_of(&text(value), subject, aliases))
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a text leads to the version: by its own address, by the logged model, by the run (and then not to another model of the
/// same run), or by the registry's address with its number, stage or alias.
fn is_of(told: &str, subject: Subject<'_>, aliases: &[String]) -> bool {
    let version = subject.version;
    let source = version.source.raw();
    if !source.is_empty()
        && (told == source
            || told
                .strip_prefix(source)
                .is_some_and(|rest| rest.starts_with('/')))
    {
        return true;
    }
    // Names that other documents gave it may be short and common: they have to be all that is told, or all after a colon.
    let named = version
        .logged_model()
        .is_some_and(|id| has_word(told, id.raw()))
        || aliases
            .iter()
            .any(|name| told == name || told.rsplit(':').next() == Some(name.as_str()));
    let run = [
        subject.run.map(|run| run.id.raw()),
        Some(version.run_id.raw()),
    ];
    let by_run = || {
        run.iter()
            .flatten()
            .any(|id| has_word(told, id) && !is_other_model(told, source, id))
    };
    named
        || by_run()
        || addresses(subject)
            .iter()
            .any(|address| has_word(told, address))
}

/// How the registry's address of the version may be written.
fn addresses(subject: Subject<'_>) -> Vec<String> {
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

/// Whether a text leads to a model of the run, and the version's source to another one.
fn is_other_model(told: &str, source: &str, run: &str) -> bool {
    let folder = |text: &str| {
        let rest = text.split_once(run)?.1;
        let rest = rest
            .strip_prefix("/artifacts")
            .unwrap_or(rest)
            .trim_matches('/');
        (!rest.is_empty()).then(|| rest.to_owned())
    };
    let (Some(told), Some(own)) = (folder(told), folder(source)) else {
        return false;
    };
    let within = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !within(&told, &own) && !within(&own, &told)
}

/// Whether a text has an id in it that is not a part of a longer one.
fn has_word(text: &str, id: &str) -> bool {
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
    fn an_id_is_a_whole_word() {
        assert!(has_word("s3://b/1/abc/artifacts", "abc"));
        assert!(has_word("models:/churn/3", "models:/churn/3"));
        assert!(!has_word("models:/churn/31", "models:/churn/3"));
        assert!(!has_word("s3://b/xabc", "abc"));
        assert!(!has_word("anything", ""));
    }

    #[test]
    fn two_models_of_one_run_are_told_apart() {
        let told = |told: &str, source: &str| is_other_model(told, source, "abc");
        assert!(told("s3://b/1/abc/artifacts/two", "runs:/abc/one"));
        assert!(told(
            "s3://b/1/abc/artifacts/model_2",
            "s3://b/1/abc/artifacts/model"
        ));
        assert!(!told("s3://b/1/abc/artifacts/one/", "runs:/abc/one"));
        assert!(!told("s3://b/1/abc/artifacts/one/data", "runs:/abc/one"));
        assert!(!told("abc", "runs:/abc/one"));
        assert!(!told("s3://b/1/abc/artifacts/one", "models:/m-1"));
    }
}
