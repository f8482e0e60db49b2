//! Versions as `MODEL/VERSION`, `MODEL/latest` or `MODEL@alias`, and models by name.

use super::{is_similar, list_candidates};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{ModelName, RegisteredModel, StoreErrorKind, VersionNumber};
use crate::store::ReadStore;
use crate::text::untrusted::clean;

/// What stands after the model's name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum VersionSelector {
    Number(VersionNumber),
    Latest,
    Alias(String),
}

/// The model of a name.
///
/// # Errors
/// When there is none: with those that are nearly called so.
pub async fn model(reader: &dyn ReadStore, name: &str) -> Result<RegisteredModel, CliError> {
    match reader.model(&ModelName::from(name)).await {
        Err(fault) if fault.kind == StoreErrorKind::NotFound => {}
        answer => return Ok(answer?),
    }
    let models = reader.models().await?;
    let similar: Vec<&RegisteredModel> = models
        .iter()
        .filter(|model| is_similar(model.name.raw(), name))
        .collect();
    let failure = CliError::new(
        ExitStatus::NoMatch,
        format!("there is no registered model {}", clean(name)),
    );
    Err(if similar.is_empty() {
        failure.with_hint("`frontrunner models` lists them")
    } else {
        failure
            .with_detail(list_candidates(
                similar.iter().map(|model| model.name.clean().into_owned()),
            ))
            .with_hint("name one of these")
    })
}

/// The model and the number of the version that a text names.
///
/// # Errors
/// When the text is no such name, or what it names is not there.
pub async fn version(
    reader: &dyn ReadStore,
    text: &str,
) -> Result<(RegisteredModel, VersionNumber), CliError> {
    let (name, which) = parse(text)?;
    let model = model(reader, name).await?;
    if let VersionSelector::Alias(alias) = &which {
        let number = model
            .version_for_alias(alias)
            .ok_or_else(|| alias_not_found(&model, alias))?;
        return Ok((model, number));
    }
    let numbers: Vec<VersionNumber> = reader
        .versions(&model.name)
        .await?
        .iter()
        .map(|version| version.version)
        .collect();
    let found = match which {
        VersionSelector::Number(number) => numbers.iter().find(|known| **known == number),
        VersionSelector::Latest | VersionSelector::Alias(_) => numbers.iter().max(),
    };
    match found {
        Some(number) => Ok((model, *number)),
        None => Err(version_not_found(&model, text, &numbers)),
    }
}

/// Splits at the last `/` or `@`, so that a name may hold either.
fn parse(text: &str) -> Result<(&str, VersionSelector), CliError> {
    let wrong = || {
        CliError::new(
            ExitStatus::Usage,
            format!("{} names no version", clean(text)),
        )
        .with_hint("write MODEL/VERSION, MODEL/latest or MODEL@alias")
    };
    let at = text
        .rfind(['/', '@'])
        .filter(|at| *at > 0)
        .ok_or_else(wrong)?;
    let (name, rest) = text.split_at(at);
    match (rest.starts_with('@'), rest.get(1..).unwrap_or_default()) {
        (_, "") => Err(wrong()),
        (true, alias) => Ok((name, VersionSelector::Alias(alias.to_owned()))),
        (false, "latest") => Ok((name, VersionSelector::Latest)),
        (false, number) => number
            .parse()
            .map(|number| (name, VersionSelector::Number(number)))
            .map_err(|_| wrong()),
    }
}

fn alias_not_found(model: &RegisteredModel, alias: &str) -> CliError {
    let failure = CliError::new(
        ExitStatus::NoMatch,
        format!("{} has no alias @{}", model.name.clean(), clean(alias)),
    );
    if model.aliases.is_empty() {
        return failure.with_hint("it has no alias at all");
    }
    let lines = model
        .aliases
        .iter()
        .map(|(alias, number)| format!("@{} is version {number}", alias.clean()));
    failure.with_detail(list_candidates(lines))
}

fn version_not_found(model: &RegisteredModel, text: &str, numbers: &[VersionNumber]) -> CliError {
    let failure = CliError::new(
        ExitStatus::NoMatch,
        format!("there is no version {}", clean(text)),
    );
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(first), Some(last)) => failure.with_hint(format!(
            "{} has {} versions, {first} to {last}",
            model.name.clean(),
            numbers.len()
        )),
        _ => failure.with_hint(format!("{} has no version yet", model.name.clean())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_separator_splits() {
        assert_eq!(
            parse("iris/3").unwrap(),
            ("iris", VersionSelector::Number(VersionNumber(3)))
        );
        assert_eq!(
            parse("a@b/latest").unwrap(),
            ("a@b", VersionSelector::Latest)
        );
        assert_eq!(
            parse("team/iris@champion").unwrap(),
            ("team/iris", VersionSelector::Alias("champion".into()))
        );
    }

    #[test]
    fn invalid_version_reference_is_usage_error() {
        for text in [
            "iris",
            "iris/",
            "iris@",
            "@champion",
            "iris/three",
            "iris/01x",
            "",
        ] {
            assert_eq!(parse(text).unwrap_err().exit, ExitStatus::Usage, "{text}");
        }
    }
}
