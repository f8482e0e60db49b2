//! What MLflow takes as a name. Its own client and server check this before a store does; here nobody else would.

use super::connection::QueryError;
use crate::domain::KeyValue;
use crate::domain::{Alias, ModelName, StoreErrorKind};
use crate::text::untrusted::clean;

/// The most characters of an alias.
const ALIAS_CHARS: usize = 255;

/// The most characters of a tag's key.
const TAG_KEY_CHARS: usize = 250;

fn reject(why: String) -> Result<(), QueryError> {
    Err(QueryError::Store(StoreErrorKind::InvalidRequest, why))
}

/// Whether a name that is taken for a path would become another one: MLflow keeps names as files elsewhere.
fn is_path_like(name: &str) -> bool {
    name.starts_with("..") || name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Python's `\w`.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A pattern's `$` also stands before a last line end in Python: such names are in stores, and must be reachable.
fn without_final_newline(name: &str) -> &str {
    name.strip_suffix('\n').unwrap_or(name)
}

/// A registered model's name.
pub(super) fn check_model_name(name: &ModelName) -> Result<(), QueryError> {
    let raw = name.raw();
    if raw.trim().is_empty() {
        return reject("a model's name can't be blank".to_owned());
    }
    if raw.contains(['/', ':']) || is_path_like(raw) {
        return reject(format!(
            "'{}' can't name a model: no '/', no ':', and no name that is a path",
            clean(raw)
        ));
    }
    Ok(())
}

/// An alias; `reserved` tells whether MLflow's own words are refused, as they are when one is set.
pub(super) fn check_alias(alias: &Alias, reject_reserved: bool) -> Result<(), QueryError> {
    let raw = alias.raw();
    if raw.is_empty()
        || raw.chars().count() > ALIAS_CHARS
        || !without_final_newline(raw)
            .chars()
            .all(|c| is_word_char(c) || c == '-')
    {
        return reject(format!(
            "'{}' can't be an alias: up to {ALIAS_CHARS} letters, digits, '_' and '-'",
            clean(raw)
        ));
    }
    let is_version = without_final_newline(raw)
        .strip_prefix(['v', 'V'])
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(char::is_numeric));
    if reject_reserved && (raw.to_lowercase() == "latest" || is_version) {
        return reject(format!("the alias '{}' is reserved by MLflow", clean(raw)));
    }
    Ok(())
}

/// A tag's key.
pub(super) fn check_tag_key(key: &str) -> Result<(), QueryError> {
    let plain = without_final_newline(key)
        .chars()
        .all(|c| is_word_char(c) || "/.- :".contains(c));
    if !plain || is_path_like(key) || key.chars().count() > TAG_KEY_CHARS {
        return reject(format!(
            "'{}' can't be a tag's key: up to {TAG_KEY_CHARS} letters, digits and '_-. :/'",
            clean(key)
        ));
    }
    Ok(())
}

/// A tag, whose value may have `limit` characters.
pub(super) fn check_tag(tag: &KeyValue, limit: usize) -> Result<(), QueryError> {
    check_tag_key(tag.key.raw())?;
    if tag.value.raw().chars().count() > limit {
        return reject(format!(
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
    fn validates_model_names_like_mlflow() {
        for good in ["iris", "größe 2", "a\u{202e}b", "x "] {
            assert!(check_model_name(&ModelName::from(good)).is_ok(), "{good}");
        }
        for bad in ["", " ", "a/b", "a:b", ".", "..", "..a"] {
            assert!(check_model_name(&ModelName::from(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_aliases_can_be_removed_but_not_set() {
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
    fn validates_tag_keys_and_value_length() {
        for good in ["frontrunner.intent", "a/b", "größe: x"] {
            assert!(check_tag_key(good).is_ok(), "{good}");
        }
        for bad in ["", "a//b", "/a", "a/", "a\u{1b}b", "a;b", "../x"] {
            assert!(check_tag_key(bad).is_err(), "{bad}");
        }
        assert!(check_tag(&KeyValue::new("k", "12345"), 5).is_ok());
        assert!(check_tag(&KeyValue::new("k", "123456"), 5).is_err());
    }
}
