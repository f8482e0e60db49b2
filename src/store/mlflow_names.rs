//! The names that MLflow accepts. Its client and server check them before its store does, so a
//! direct write must, too.

use crate::domain::{Alias, KeyValue, ModelName};
use crate::text::untrusted::clean;

/// Why MLflow rejects a name, for users.
#[derive(Debug)]
pub(super) struct InvalidName(pub(super) String);

fn invalid(why: impl Into<String>) -> Result<(), InvalidName> {
    Err(InvalidName(why.into()))
}

const ALIAS_CHARS: usize = 255;

const TAG_KEY_CHARS: usize = 250;

/// The longest description of a model or version that MLflow's databases take, in characters.
pub(super) const MAX_DESCRIPTION_CHARS: usize = 5_000;

/// Whether a name changes when it is normalized as a path: MLflow's file store uses names as file
/// names.
fn is_path_like(name: &str) -> bool {
    name.starts_with("..") || name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Python's `\w`.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// In Python, `$` also matches before a final newline: names with one exist, and must be accepted.
fn without_final_newline(name: &str) -> &str {
    name.strip_suffix('\n').unwrap_or(name)
}

pub(super) fn check_model_name(name: &ModelName) -> Result<(), InvalidName> {
    let raw = name.raw();
    if raw.trim().is_empty() {
        return invalid("the model name is blank");
    }
    if raw.contains(['/', ':']) || is_path_like(raw) {
        return invalid(format!(
            "invalid model name '{}': '/', ':' and paths are not allowed",
            clean(raw)
        ));
    }
    Ok(())
}

/// MLflow rejects reserved aliases when one is set, not when one is deleted.
pub(super) fn check_alias(alias: &Alias, reject_reserved: bool) -> Result<(), InvalidName> {
    let raw = alias.raw();
    if raw.is_empty()
        || raw.chars().count() > ALIAS_CHARS
        || !without_final_newline(raw)
            .chars()
            .all(|c| is_word_char(c) || c == '-')
    {
        return invalid(format!(
            "invalid alias '{}': expected up to {ALIAS_CHARS} letters, digits, '_' and '-'",
            clean(raw)
        ));
    }
    let is_version = without_final_newline(raw)
        .strip_prefix(['v', 'V'])
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(char::is_numeric));
    if reject_reserved && (raw.to_lowercase() == "latest" || is_version) {
        return invalid(format!("the alias '{}' is reserved by MLflow", clean(raw)));
    }
    Ok(())
}

pub(super) fn check_tag_key(key: &str) -> Result<(), InvalidName> {
    let plain = without_final_newline(key)
        .chars()
        .all(|c| is_word_char(c) || "/.- :".contains(c));
    if !plain || is_path_like(key) || key.chars().count() > TAG_KEY_CHARS {
        return invalid(format!(
            "invalid tag key '{}': expected up to {TAG_KEY_CHARS} letters, digits and '_-. :/'",
            clean(key)
        ));
    }
    Ok(())
}

/// `limit` is the most characters of the value.
pub(super) fn check_tag(tag: &KeyValue, limit: usize) -> Result<(), InvalidName> {
    check_tag_key(tag.key.raw())?;
    if tag.value.raw().chars().count() > limit {
        return invalid(format!(
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
