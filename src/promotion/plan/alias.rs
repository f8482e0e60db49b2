//! Giving an alias to a version, and taking it away.

use super::builder::PlanBuilder;
use super::transition::diff_after;
use super::{PlanError, warnings};
use crate::domain::{Alias, StoreWrite, VersionNumber};

/// The longest alias that MLflow's schema takes, in characters.
const MAX_ALIAS_CHARS: usize = 255;

/// Plans to give an alias.
pub(super) fn set(
    builder: &mut PlanBuilder,
    alias: &Alias,
    number: VersionNumber,
) -> Result<(), PlanError> {
    validate(alias).map_err(PlanError::Refused)?;
    let version = builder.version(number)?;
    let holder = builder.state.aliases.get(alias).copied();
    if holder == Some(number) {
        return Err(PlanError::NothingToDo(format!(
            "{} is @{}",
            builder.label(number),
            alias.clean()
        )));
    }
    builder.require_promotable(version)?;
    builder.warn_all(warnings::of_alias(builder.snapshot, alias.raw()));
    builder.warn_all(warnings::of_source_run(builder.snapshot, version));
    let write = StoreWrite::SetAlias {
        name: builder.model_name().clone(),
        alias: alias.clone(),
        version: number,
    };
    let changes = diff_after(&builder.state, &write);
    let from = holder.map_or_else(|| "no version".to_owned(), |holder| builder.label(holder));
    builder.push_tag_record(version, &from, &builder.label(number), changes);
    builder.push_slot_change(write, "alias");
    Ok(())
}

/// Plans to take an alias away. One that leads nowhere can be taken away, too.
pub(super) fn remove(builder: &mut PlanBuilder, alias: &Alias) -> Result<(), PlanError> {
    let name = builder.model_name();
    if builder.snapshot.model.is_none() {
        return Err(PlanError::NotFound(format!(
            "there is no registered model {}",
            name.clean()
        )));
    }
    builder.warn_all(warnings::of_alias(builder.snapshot, alias.raw()));
    let Some(holder) = builder.state.aliases.get(alias).copied() else {
        return Err(PlanError::NothingToDo(format!(
            "no version of {} is @{}",
            name.clean(),
            alias.clean()
        )));
    };
    let write = StoreWrite::DeleteAlias {
        name: name.clone(),
        alias: alias.clone(),
    };
    let changes = diff_after(&builder.state, &write);
    if let Some(version) = builder.snapshot.version(holder) {
        builder.push_tag_record(version, &builder.label(holder), "no version", changes);
    }
    builder.push_slot_change(write, "remove alias");
    Ok(())
}

/// MLflow's own rules, checked before anything is sent; and no line end, which MLflow lets through.
fn validate(alias: &Alias) -> Result<(), String> {
    let (raw, shown) = (alias.raw(), alias.clean());
    let is_version = raw
        .strip_prefix(['v', 'V'])
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(char::is_numeric));
    if raw.is_empty() {
        Err("an alias needs a name".to_owned())
    } else if raw.chars().count() > MAX_ALIAS_CHARS {
        Err(format!(
            "an alias has at most {MAX_ALIAS_CHARS} characters, and this one has {}",
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
            assert_eq!(validate(&good.into()), Ok(()), "{good}");
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
            assert!(validate(&bad.into()).is_err(), "{bad}");
        }
    }
}
