//! What MLflow takes as a name. Its own client and server check this before a store does; here nobody else would.

use super::connection::Failure;
use crate::domain::write::Tag;
use crate::domain::{Alias, FaultKind, ModelName};
use crate::text::untrusted::clean;

/// The most characters of an alias.
const ALIAS_CHARS: usize = 255;

/// The most characters of a tag's key.
const KEY_CHARS: usize = 250;

fn refuse(why: String) -> Result<(), Failure> {
    Err(Failure::Known(FaultKind::Invalid, why))
}

/// Whether a name that is taken for a path would become another one: MLflow keeps names as files elsewhere.
fn is_another_path(name: &str) -> bool {
    name.starts_with("..") || name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Python's `\w`.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A pattern's `$` also stands before a last line end in Python: such names are in stores, and must be reachable.
fn body(name: &str) -> &str {
    name.strip_suffix('\n').unwrap_or(name)
}

/// A registered model's name.
pub(super) fn check_model(name: &ModelName) -> Result<(), Failure> {
    let raw = name.raw();
    if raw.trim().is_empty() {
        return refuse("a model's name can't be blank".to_owned());
    }
    if raw.contains(['/', ':']) || is_another_path(raw) {
        return refuse(format!(
            "'{}' can't name a model: no '/', no ':', and no name that is a path",
            clean(raw)
        ));
    }
    Ok(())
}

/// An alias; `reserved` tells whether MLflow's own words are refused, as they are when one is set.
pub(super) fn check_alias(alias: &Alias, reserved: bool) -> Result<(), Failure> {
    let raw = alias.raw();
    if raw.is_empty()
        || raw.chars().count() > ALIAS_CHARS
        || !body(raw).chars().all(|c| is_word(c) || c == '-')
    {
        return refuse(format!(
            "'{}' can't be an alias: up to {ALIAS_CHARS} letters, digits, '_' and '-'",
            clean(raw)
        ));
    }
    let is_version = body(raw)
        .strip_prefix(['v', 'V'])
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(char::is_numeric));
    if reserved && (raw.to_lowercase() == "latest" || is_version) {
        return refuse(format!("the alias '{}' is reserved by MLflow", clean(raw)));
    }
    Ok(())
}

/// A tag's key.
pub(super) fn check_key(key: &str) -> Result<(), Failure> {
    let plain = body(key).chars().all(|c| is_word(c) || "/.- :".contains(c));
    if !plain || is_another_path(key) || key.chars().count() > KEY_CHARS {
        return refuse(format!(
            "'{}' can't be a tag's key: up to {KEY_CHARS} letters, digits and '_-. :/'",
            clean(key)
        ));
    }
    Ok(())
}

/// A tag, whose value may have `limit` characters.
pub(super) fn check_tag(tag: &Tag, limit: usize) -> Result<(), Failure> {
    check_key(tag.key.raw())?;
    if tag.value.raw().chars().count() > limit {
        return refuse(format!(
            "the value of tag '{}' is longer than {limit} characters",
            tag.key.clean()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_as_mlflow_takes_them() {
        for good in ["iris", "größe 2", "a\u{202e}b", "x "] {
            assert!(check_model(&ModelName::from(good)).is_ok(), "{good}");
        }
        for bad in ["", " ", "a/b", "a:b", ".", "..", "..a"] {
            assert!(check_model(&ModelName::from(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn aliases_that_mlflow_reserves_can_be_removed_but_not_set() {
        for reserved in ["latest", "Latest", "v1", "V22"] {
            assert!(
                check_alias(&Alias::from(reserved), true).is_err(),
                "{reserved}"
            );
            assert!(
                check_alias(&Alias::from(reserved), false).is_ok(),
                "{reserved}"
            );
        }
        for good in ["champion", "vee", "v1-beta", "精度"] {
            assert!(check_alias(&Alias::from(good), true).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a.b", "a@b"] {
            assert!(check_alias(&Alias::from(bad), true).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_of_tags_are_plain_and_values_bounded() {
        for good in ["frontrunner.intent", "a/b", "größe: x"] {
            assert!(check_key(good).is_ok(), "{good}");
        }
        for bad in ["", "a//b", "/a", "a/", "a\u{1b}b", "a;b", "../x"] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
        assert!(check_tag(&Tag::new("k", "12345"), 5).is_ok());
        assert!(check_tag(&Tag::new("k", "123456"), 5).is_err());
    }
}
