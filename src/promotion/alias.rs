//! Giving an alias to a version, and taking it away.

use super::draft::Draft;
use super::relocate::changes;
use super::{PlanError, warnings};
use crate::domain::{Alias, RegistryWrite, VersionNumber};

/// The longest alias that MLflow's schema takes, in characters.
const LONGEST: usize = 255;

/// Plans to give an alias.
pub(super) fn set(
    draft: &mut Draft,
    alias: &Alias,
    number: VersionNumber,
) -> Result<(), PlanError> {
    check(alias).map_err(PlanError::Refused)?;
    let version = draft.version(number)?;
    let holder = draft.state.aliases.get(alias).copied();
    if holder == Some(number) {
        return Err(PlanError::NothingToDo(format!(
            "{} is @{}",
            draft.label(number),
            alias.clean()
        )));
    }
    draft.must_be_promotable(version)?;
    draft.warn_all(warnings::of_alias(draft.reading, alias.raw()));
    draft.warn_all(warnings::of_origin(draft.reading, version));
    let write = RegistryWrite::SetAlias {
        name: draft.name().clone(),
        alias: alias.clone(),
        version: number,
    };
    let changes = changes(&draft.state, &write);
    let from = holder.map_or_else(|| "no version".to_owned(), |holder| draft.label(holder));
    draft.record(version, &from, &draft.label(number), changes);
    draft.place(write, "alias");
    Ok(())
}

/// Plans to take an alias away. One that leads nowhere can be taken away, too.
pub(super) fn remove(draft: &mut Draft, alias: &Alias) -> Result<(), PlanError> {
    let name = draft.name();
    if draft.reading.model.is_none() {
        return Err(PlanError::Missing(format!(
            "there is no registered model {}",
            name.clean()
        )));
    }
    draft.warn_all(warnings::of_alias(draft.reading, alias.raw()));
    let Some(holder) = draft.state.aliases.get(alias).copied() else {
        return Err(PlanError::NothingToDo(format!(
            "no version of {} is @{}",
            name.clean(),
            alias.clean()
        )));
    };
    let write = RegistryWrite::DeleteAlias {
        name: name.clone(),
        alias: alias.clone(),
    };
    let changes = changes(&draft.state, &write);
    if let Some(version) = draft.reading.version(holder) {
        draft.record(version, &draft.label(holder), "no version", changes);
    }
    draft.place(write, "remove alias");
    Ok(())
}

/// MLflow's own rules, checked before anything is sent; and no line end, which MLflow lets through.
fn check(alias: &Alias) -> Result<(), String> {
    let (raw, shown) = (alias.raw(), alias.clean());
    let is_version = raw
        .strip_prefix(['v', 'V'])
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(char::is_numeric));
    if raw.is_empty() {
        Err("an alias needs a name".to_owned())
    } else if raw.chars().count() > LONGEST {
        Err(format!(
            "an alias has at most {LONGEST} characters, and this one has {}",
            raw.chars().count()
        ))
    } else if raw.eq_ignore_ascii_case("latest") || is_version {
        Err(format!(
            "@{shown} is reserved: MLflow keeps latest, v1, v2, … for itself"
        ))
    } else if !raw
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    {
        Err(format!(
            "@{shown} is no alias: letters, digits, _ and - are allowed"
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_follows_mlflows_rules() {
        for good in [
            "champion",
            "Champion",
            "a_b-9",
            "vice",
            "v",
            "v1a",
            "чемпион",
            &"x".repeat(255),
        ] {
            assert_eq!(check(&good.into()), Ok(()), "{good}");
        }
        for bad in [
            "",
            "latest",
            "LaTest",
            "v1",
            "V22",
            "a b",
            "a/b",
            "champion\n",
            "a\u{200b}",
            "@x",
            &"x".repeat(256),
        ] {
            assert!(check(&bad.into()).is_err(), "{bad}");
        }
    }
}
