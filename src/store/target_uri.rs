//! The forms in which stores are named: addresses, URIs and paths.

use std::path::{Path, PathBuf};

use url::Url;

use super::backend::{StoreTarget, StoreTargetError};
use super::{DatabaseKind, DatabaseUri, ManagedTarget, Result};

/// A path after `file:`, which can follow an empty or local host.
pub(super) fn file_uri_path(rest: &str) -> Option<&str> {
    match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => Some(path),
        Some(path) => path
            .strip_prefix("localhost")
            .filter(|path| path.starts_with('/'))
            .or_else(|| path.starts_with('.').then_some(path)),
        None => Some(rest),
    }
}

/// MLflow percent-encodes the path of an absolute address.
pub(super) fn decode_path(path: &str) -> PathBuf {
    let decoded = Some(path)
        .filter(|path| path.starts_with('/') && path.contains('%'))
        .and_then(|path| Url::parse(&format!("file://{path}")).ok())
        .and_then(|url| url.to_file_path().ok());
    decoded.unwrap_or_else(|| path.into())
}

/// Whether a text is `host:port`, with or without a path.
pub(super) fn is_host_and_port(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once(':').is_some_and(|(host, port)| {
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        !host.is_empty()
            && host.chars().all(is_host)
            && (1..=5).contains(&port.len())
            && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The rest of a URI after its scheme, which is not case-sensitive.
fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_once(':')?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

pub(super) fn parse_server_uri(text: &str) -> Option<Result<StoreTarget, StoreTargetError>> {
    ["http", "https"]
        .iter()
        .find_map(|scheme| strip_scheme(text, scheme))?;
    Some(match Url::parse(text) {
        Ok(url) if has_credentials(&url) => Err(StoreTargetError::CredentialsInUrl),
        Ok(mut url) => {
            // They are not sent, and may contain a token.
            url.set_query(None);
            url.set_fragment(None);
            Ok(StoreTarget::Server(url))
        }
        Err(error) => Err(StoreTargetError::InvalidUrl {
            target: text.into(),
            why: error.to_string(),
        }),
    })
}

/// The target of a managed service, or why there is none, for the backend that a target or its mistake belongs to.
pub(super) fn parse_managed_uri(
    text: &str,
    is_mine: fn(&ManagedTarget) -> bool,
) -> Option<Result<StoreTarget, StoreTargetError>> {
    match ManagedTarget::parse(text)? {
        Ok(target) if is_mine(&target) => Some(Ok(StoreTarget::Managed(target))),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    }
}

/// Whether an address has a user or password. A password that begins with digits and has a slash, `u:12/word@host`, is
/// parsed as a port and a path.
fn has_credentials(url: &Url) -> bool {
    let is_after_port = |at: usize| at > 0 && !url.path()[..at].ends_with('/');
    !url.username().is_empty()
        || url.password().is_some()
        || url.port().is_some() && url.path().rfind('@').is_some_and(is_after_port)
}

/// SQLAlchemy's form, with or without the name of a driver: three slashes before a relative path, four before an absolute
/// one.
pub(super) fn parse_sqlite_uri(text: &str) -> Option<Result<StoreTarget, StoreTargetError>> {
    let path = ["sqlite", "sqlite+pysqlite", "sqlite+aiosqlite"]
        .iter()
        .find_map(|scheme| strip_scheme(text, scheme))?;
    let unsupported = |why| {
        Err(StoreTargetError::Unsupported {
            target: text.into(),
            why,
        })
    };
    let path = match path.strip_prefix("///") {
        Some(path) => path,
        None if path.starts_with("//") => {
            return Some(unsupported(
                "three slashes come before a relative path, four before an absolute one: sqlite:///mlflow.db",
            ));
        }
        None => path,
    };
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // SQLite's own URI, as SQLAlchemy takes it with `uri=true`.
    if let Some(rest) = path.strip_prefix("file:") {
        return Some(match file_uri_path(rest) {
            Some(path) => Ok(StoreTarget::Sqlite(decode_path(path))),
            None => unsupported("a file address names no host: sqlite:///file:PATH?uri=true"),
        });
    }
    Some(if path.is_empty() || path == ":memory:" {
        unsupported("it names no file")
    } else {
        Ok(StoreTarget::Sqlite(path.into()))
    })
}

pub(super) fn parse_database_uri(
    text: &str,
    kind: DatabaseKind,
) -> Option<Result<StoreTarget, StoreTargetError>> {
    let parsed = DatabaseUri::parse(text)?;
    if parsed.as_ref().is_ok_and(|uri| uri.kind != kind) {
        return None;
    }
    Some(
        parsed
            .map(StoreTarget::Database)
            .map_err(|why| StoreTargetError::Unsupported {
                target: text.into(),
                why,
            }),
    )
}

pub(super) fn find_database(folder: &Path) -> Option<StoreTarget> {
    let path = folder.join("mlflow.db");
    path.is_file().then_some(StoreTarget::Sqlite(path))
}
