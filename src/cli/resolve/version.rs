//! Versions as `MODEL/VERSION`, `MODEL/latest` or `MODEL@alias`, and models by name.

use super::{listed, near};
use crate::cli::output::failure::{Exit, Failure};
use crate::domain::{FaultKind, ModelName, RegisteredModel, VersionNumber};
use crate::store::Read;
use crate::text::untrusted::clean;

/// What stands after the model's name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Number(VersionNumber),
    Latest,
    Alias(String),
}

/// The model of a name.
///
/// # Errors
/// When there is none: with those that are nearly called so.
pub async fn model(reader: &dyn Read, name: &str) -> Result<RegisteredModel, Failure> {
    match reader.model(&ModelName::from(name)).await {
        Err(fault) if fault.kind == FaultKind::Missing => {}
        answer => return Ok(answer?),
    }
    let models = reader.models().await?;
    let near: Vec<&RegisteredModel> = models
        .iter()
        .filter(|model| near(model.name.raw(), name))
        .collect();
    let failure = Failure::new(
        Exit::NoMatch,
        format!("there is no registered model {}", clean(name)),
    );
    Err(if near.is_empty() {
        failure.next("`frontrunner models` lists them")
    } else {
        failure
            .with_detail(listed(
                near.iter().map(|model| model.name.clean().into_owned()),
            ))
            .next("name one of these")
    })
}

/// The model and the number of the version that a text names.
///
/// # Errors
/// When the text is no such name, or what it names is not there.
pub async fn version(
    reader: &dyn Read,
    text: &str,
) -> Result<(RegisteredModel, VersionNumber), Failure> {
    let (name, which) = parse(text)?;
    let model = model(reader, name).await?;
    if let Which::Alias(alias) = &which {
        let number = model.alias(alias).ok_or_else(|| no_alias(&model, alias))?;
        return Ok((model, number));
    }
    let numbers: Vec<VersionNumber> = reader
        .versions(&model.name)
        .await?
        .iter()
        .map(|version| version.version)
        .collect();
    let found = match which {
        Which::Number(number) => numbers.iter().find(|known| **known == number),
        Which::Latest | Which::Alias(_) => numbers.iter().max(),
    };
    match found {
        Some(number) => Ok((model, *number)),
        None => Err(no_version(&model, text, &numbers)),
    }
}

/// Splits at the last `/` or `@`, so that a name may hold either.
fn parse(text: &str) -> Result<(&str, Which), Failure> {
    let wrong = || {
        Failure::new(Exit::Usage, format!("{} names no version", clean(text)))
            .next("write MODEL/VERSION, MODEL/latest or MODEL@alias")
    };
    let at = text
        .rfind(['/', '@'])
        .filter(|at| *at > 0)
        .ok_or_else(wrong)?;
    let (name, rest) = text.split_at(at);
    match (rest.starts_with('@'), rest.get(1..).unwrap_or_default()) {
        (_, "") => Err(wrong()),
        (true, alias) => Ok((name, Which::Alias(alias.to_owned()))),
        (false, "latest") => Ok((name, Which::Latest)),
        (false, number) => number
            .parse()
            .map(|number| (name, Which::Number(number)))
            .map_err(|_| wrong()),
    }
}

fn no_alias(model: &RegisteredModel, alias: &str) -> Failure {
    let failure = Failure::new(
        Exit::NoMatch,
        format!("{} has no alias @{}", model.name.clean(), clean(alias)),
    );
    if model.aliases.is_empty() {
        return failure.next("it has no alias at all");
    }
    let lines = model
        .aliases
        .iter()
        .map(|(alias, number)| format!("@{} is version {number}", alias.clean()));
    failure.with_detail(listed(lines))
}

fn no_version(model: &RegisteredModel, text: &str, numbers: &[VersionNumber]) -> Failure {
    let failure = Failure::new(
        Exit::NoMatch,
        format!("there is no version {}", clean(text)),
    );
    match (numbers.iter().min(), numbers.iter().max()) {
        (Some(first), Some(last)) => failure.next(format!(
            "{} has {} versions, {first} to {last}",
            model.name.clean(),
            numbers.len()
        )),
        _ => failure.next(format!("{} has no version yet", model.name.clean())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_separator_splits() {
        assert_eq!(
            parse("iris/3").unwrap(),
            ("iris", Which::Number(VersionNumber(3)))
        );
        assert_eq!(parse("a@b/latest").unwrap(), ("a@b", Which::Latest));
        assert_eq!(
            parse("team/iris@champion").unwrap(),
            ("team/iris", Which::Alias("champion".into()))
        );
    }

    #[test]
    fn what_names_no_version_is_wrong_usage() {
        for text in [
            "iris",
            "iris/",
            "iris@",
            "@champion",
            "iris/three",
            "iris/01x",
            "",
        ] {
            assert_eq!(parse(text).unwrap_err().exit, Exit::Usage, "{text}");
        }
    }
}
