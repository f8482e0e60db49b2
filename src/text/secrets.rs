//! Secrets in addresses: passwords before an `@`, tokens in a query.
//!
//! [`redact`] finds addresses within any text and hides what is certainly a secret. [`redact_address`] takes a text that is
//! one address, possibly mistyped, and hides everything that may be one.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Replaces a secret.
const MASK: &str = "…";

/// A scheme and the rest of an address up to a blank, a quote or a line end that was made visible.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z][A-Za-z0-9+.-]*)://([^\s"'<>`⏎⇥]*)"#).ok());

/// The beginning of an address.
static SCHEME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("([A-Za-z][A-Za-z0-9+.-]*)://").ok());

/// Parts of the names of query parameters whose values are secrets: those of OAuth, AWS, Google and Azure among them.
const SECRET_NAME_PARTS: [&str; 11] = [
    "token",
    "password",
    "passwd",
    "pwd",
    "secret",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "signature",
    "credential",
];

/// Whole names of query parameters whose values are secrets.
const SECRET_NAMES: [&str; 8] = [
    "key",
    "sig",
    "auth",
    "code",
    "pass",
    "jwt",
    "pw",
    "access_key",
];

/// The text without the passwords and tokens of the addresses in it. Idempotent; borrows if there are none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let Some(address) = ADDRESS.as_ref().filter(|_| text.contains("://")) else {
        return Cow::Borrowed(text);
    };
    address.replace_all(text, |found: &regex::Captures<'_>| {
        let word = found.get(0).map_or("", |word| word.as_str());
        redact_parameters(&redact_users(word)).into_owned()
    })
}

/// The address without its user, password, query and fragment. Takes what was meant as one, such as `u:word@host` or
/// `https:/u:p/w@host`.
#[must_use]
pub fn redact_address(text: &str) -> String {
    let text = text.trim();
    let scheme_end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c))
        .filter(|end| *end > 0 && text[*end..].starts_with(':'));
    let (head, rest) = match scheme_end {
        Some(end) => {
            let rest = text[end + 1..].trim_start_matches(['/', '\\']);
            text.split_at(text.len() - rest.len())
        }
        None => ("", text),
    };
    // Without slashes, `u:word@host` has no scheme.
    let has_scheme = head.ends_with(['/', '\\']);
    let is_http = head.to_ascii_lowercase().starts_with("http");
    let userinfo = rest
        .rfind('@')
        .filter(|at| is_http || !has_scheme && !head.is_empty() || rest[..*at].contains(':'));
    let shown = match userinfo {
        Some(at) if has_scheme => format!("{head}{MASK}{}", &rest[at..]),
        Some(at) => format!("{MASK}{}", &rest[at..]),
        None => text.to_owned(),
    };
    if !has_scheme {
        return redact_parameters(&shown).into_owned();
    }
    match shown.find(['?', '#']).map(|at| shown.split_at(at + 1)) {
        Some((before, after)) if !after.is_empty() => format!("{before}{MASK}"),
        _ => shown,
    }
}

/// Whether the name of a setting or a variable says that its value is a secret.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAME_PARTS.iter().any(|part| name.contains(part))
}

/// Replaces user and password in every address of a word, which can be a list or have an address as a parameter. A user
/// without a password is kept, except in HTTP, where it is a token. Linear in the length of the word, which can be hostile.
fn redact_users(word: &str) -> String {
    let schemes: Vec<regex::Captures<'_>> = SCHEME
        .as_ref()
        .map(|scheme| scheme.captures_iter(word).collect())
        .unwrap_or_default();
    let starts: Vec<(usize, usize, bool)> = schemes.iter().filter_map(scheme_bounds).collect();
    let last_at = word.rfind('@');
    let (mut out, mut copied) = (String::with_capacity(word.len()), 0);
    for (nth, (begin, host, is_http)) in starts.iter().enumerate() {
        // Inside of a user and password that are replaced already.
        if *begin < copied {
            continue;
        }
        let end = starts.get(nth + 1).map_or(word.len(), |next| next.0);
        let rest = &word[*host..end];
        let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
        // A password with a slash ends the authority early, in what should be a port.
        let has_odd_port = authority.rsplit_once(':').is_some_and(|(_, port)| {
            port.bytes()
                .any(|byte| !byte.is_ascii_digit() && byte != b']')
        });
        let user_end = match authority.rfind('@') {
            Some(at) => Some(host + at).filter(|_| *is_http || authority[..at].contains(':')),
            None if has_odd_port => last_at.filter(|at| at >= host),
            None => None,
        };
        if let Some(user_end) = user_end {
            out.push_str(&word[copied..*host]);
            out.push_str(MASK);
            copied = user_end;
        }
    }
    out.push_str(&word[copied..]);
    out
}

/// Where a scheme begins, where the address goes on after it, and whether it is HTTP.
fn scheme_bounds(found: &regex::Captures<'_>) -> Option<(usize, usize, bool)> {
    let (whole, name) = (found.get(0)?, found.get(1)?);
    let name = name.as_str().to_ascii_lowercase();
    let is_http = name.ends_with("http") || name.ends_with("https");
    Some((whole.start(), whole.end(), is_http))
}

fn is_secret_parameter(name: &str) -> bool {
    names_secret(name) || SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// Replaces the values of query and fragment parameters whose names say that they are secrets.
fn redact_parameters(address: &str) -> Cow<'_, str> {
    let Some(start) = address.find(['?', '#']) else {
        return Cow::Borrowed(address);
    };
    let separators = ['?', '#', '&', ';'];
    let mut out = address[..start].to_owned();
    for part in address[start..].split_inclusive(separators) {
        let value_end = part.len() - usize::from(part.ends_with(separators));
        match part[..value_end].split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret_parameter(name) => {
                out.push_str(&format!("{name}={MASK}{}", &part[value_end..]));
            }
            _ => out.push_str(part),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A recursion would end the stack, a search from each address to the end would not end today.
    #[test]
    fn text_of_many_addresses_is_read_once() {
        let plain = "a://".repeat(250_000);
        assert_eq!(redact(&plain), plain);
        let ports = "a://b:c".repeat(100_000);
        assert_eq!(redact(&ports), ports);
        let secrets = "https://u:PW@h,".repeat(50_000);
        assert_eq!(redact(&secrets), "https://…@h,".repeat(50_000));
    }

    #[test]
    fn passwords_and_tokens_in_text_are_hidden() {
        for (text, expected) in [
            (
                "postgresql://u:PW@h/db failed",
                "postgresql://…@h/db failed",
            ),
            (
                "at mysql+pymysql://u:PW@h:3306/db",
                "at mysql+pymysql://…@h:3306/db",
            ),
            ("HTTPS://u:PW@h", "HTTPS://…@h"),
            ("https://u:P/W@h/x", "https://…@h/x"),
            ("https://u:P#W@h", "https://…@h"),
            ("https://u:P@PW@h", "https://…@h"),
            (
                "git clone https://PW@host.org/a.git",
                "git clone https://…@host.org/a.git",
            ),
            (
                "{\"url\": \"redis://:PW@h/0\"}",
                "{\"url\": \"redis://…@h/0\"}",
            ),
            (
                "s3://b/k?X-Amz-Signature=PW&x=1",
                "s3://b/k?X-Amz-Signature=…&x=1",
            ),
            (
                "http://h/login#access_token=PW",
                "http://h/login#access_token=…",
            ),
            ("http://h/?next=http://u:PW@i", "http://h/?next=http://…@i"),
            ("http://h,http://u:PW@i", "http://h,http://…@i"),
        ] {
            assert_eq!(redact(text), expected);
        }
        for text in [
            "http://localhost:5000/#/runs?page=2",
            "http://[::1]:5000/x@y",
            "ssh://git@host.org/a.git",
            "abfss://container@account.dfs.core.windows.net/x",
            "models:/iris@champion",
            "image:tag@sha256:1",
        ] {
            assert!(
                matches!(redact(text), Cow::Borrowed(_)) || redact(text) == text,
                "{text}"
            );
        }
    }

    #[test]
    fn mistyped_addresses_hide_whatever_may_be_a_secret() {
        for text in [
            "https://u:PW@h:notaport",
            " https://u:PW@h",
            "HTTPS://u:PW@h",
            "https:/u:PW@h",
            "https://u:12/PW@h",
            "https://u:P#PW@h",
            "https://u:P?PW@h",
            "ftp://u:PW@h",
            "file://u:PW@h",
            "u:PW@h:5000",
            "//u:PW@h",
            "postgresql:u:PW@h/db",
            "https://h/?PW",
            "h:5000/?token=PW",
            "https://PW@h",
        ] {
            let shown = redact_address(text);
            assert!(!shown.contains("PW") && shown.contains(MASK), "{shown}");
        }
        for text in [
            "localhost:5000",
            "./runs/mlflow.db",
            "https://h:5000/team",
            "sqlite:///a.db",
        ] {
            assert_eq!(redact_address(text), text);
        }
    }

    proptest! {
        #[test]
        fn redaction_is_idempotent(text in "[a-z:/@?=&# …]{0,40}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
