//! Resolves models by name, and versions as `MODEL/VERSION`, `MODEL/latest` or `MODEL@alias`.

use super::{is_similar, list_candidates};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{ModelName, ModelVersion, RegisteredModel, StoreErrorKind, VersionNumber};
use crate::store::ReadStore;
use crate::text::untrusted::clean;

#[derive(Clone, Debug, PartialEq, Eq)]
enum VersionSelector {
    Number(VersionNumber),
    Latest,
    Alias(String),
}

/// The model with a name.
///
/// # Errors
/// If there is none; similar names are in the error's detail.
pub async fn model(reader: &dyn ReadStore, name: &str) -> Result<RegisteredModel, CliError> {
    match reader.model(&ModelName::from(name)).await {
        Err(error) if error.kind == StoreErrorKind::NotFound => {}
        result => return Ok(result?),
    }
    Err(missing_model(reader, name).await?)
}

/// The model with a name, and its versions.
///
/// # Errors
/// As for [`model`].
pub async fn model_and_versions(
    reader: &dyn ReadStore,
    name: &str,
) -> Result<(RegisteredModel, Vec<ModelVersion>), CliError> {
    match reader.model_and_versions(&ModelName::from(name)).await {
        Err(error) if error.kind == StoreErrorKind::NotFound => {}
        result => return Ok(result?),
    }
    Err(missing_model(reader, name).await?)
}

/// The error for a model that does not exist, with the names of similar ones.
async fn missing_model(reader: &dyn ReadStore, name: &str) -> Result<CliError, CliError> {
    let models = reader.models().await?;
    let similar: Vec<&RegisteredModel> = models
        .iter()
        .filter(|model| is_similar(model.name.raw(), name))
        .collect();
    let error = CliError::new(
        ExitStatus::NoMatch,
        format!("no registered model `{}`", clean(name)),
    );
    Ok(if similar.is_empty() {
        error.with_hint("`frontrunner models` lists models")
    } else {
        error
            .with_detail(list_candidates(
                similar.iter().map(|model| model.name.clean().into_owned()),
            ))
            .with_hint("did you mean one of these?")
    })
}

/// The model and version number that a text selects.
///
/// # Errors
/// If the text is malformed, or the model, version or alias does not exist.
pub async fn version(
    reader: &dyn ReadStore,
    text: &str,
) -> Result<(RegisteredModel, VersionNumber), CliError> {
    let (name, selector) = parse(text)?;
    let model = model(reader, name).await?;
    let numbers = reader.version_numbers(&model).await?;
    let found = match &selector {
        VersionSelector::Alias(alias) => {
            let holder = model.version_for_alias(alias);
            let holder = holder.ok_or_else(|| alias_not_found(&model, alias))?;
            let found = numbers.iter().find(|known| **known == holder);
            Some(found.ok_or_else(|| dangling_alias(&model, alias, holder))?)
        }
        VersionSelector::Number(number) => numbers.iter().find(|known| *known == number),
        VersionSelector::Latest => numbers.iter().max(),
    };
    match found {
        Some(number) => Ok((model, *number)),
        None => Err(version_not_found(&model, text, &numbers)),
    }
}

/// Splits at the last `/` or `@`, since model names can contain either.
fn parse(text: &str) -> Result<(&str, VersionSelector), CliError> {
    let malformed = || {
        CliError::new(
            ExitStatus::Usage,
            format!("invalid version `{}`", clean(text)),
        )
        .with_hint("write MODEL/VERSION, MODEL/latest or MODEL@alias")
    };
    let at = text
        .rfind(['/', '@'])
        .filter(|at| *at > 0)
        .ok_or_else(malformed)?;
    let (name, rest) = text.split_at(at);
    match (rest.starts_with('@'), rest.get(1..).unwrap_or_default()) {
        (_, "") => Err(malformed()),
        (true, alias) => Ok((name, VersionSelector::Alias(alias.to_owned()))),
        (false, "latest") => Ok((name, VersionSelector::Latest)),
        (false, number) => number
            .parse()
            .map(|number| (name, VersionSelector::Number(number)))
            .map_err(|_| malformed()),
    }
}

/// Other tools delete a version and leave its aliases.
fn dangling_alias(model: &RegisteredModel, alias: &str, holder: VersionNumber) -> CliError {
    let (name, alias) = (model.name.clean(), clean(alias));
    CliError::new(
        ExitStatus::NoMatch,
        format!("@{alias} points to {name}/{holder}, which does not exist"),
    )
    .with_hint("set the alias on a version: `frontrunner promote MODEL/VERSION --to @ALIAS`")
}

fn alias_not_found(model: &RegisteredModel, alias: &str) -> CliError {
    let error = CliError::new(
        ExitStatus::NoMatch,
        format!("{} has no alias @{}", model.name.clean(), clean(alias)),
    );
    if model.aliases.is_empty() {
        return error.with_cause("the model has no aliases");
    }
    let lines = model
        .aliases
        .iter()
        .map(|(alias, number)| format!("@{} is version {number}", alias.clean()));
    error.with_detail(list_candidates(lines))
}

fn version_not_found(model: &RegisteredModel, text: &str, numbers: &[VersionNumber]) -> CliError {
    let error = CliError::new(ExitStatus::NoMatch, format!("no version `{}`", clean(text)));
    let name = model.name.clean();
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(first), Some(last)) => {
            let count = numbers.len();
            error.with_cause(format!("{name} has {count} versions, {first} to {last}"))
        }
        _ => error.with_cause(format!("{name} has no versions")),
    }
    .with_hint("`frontrunner versions MODEL` lists versions")
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
