//! What a connection to PostgreSQL needs to know, from the places where its own client looks: the
//! URI, variables such as `PGPASSWORD`, and `.pgpass`.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::PostgresConnector;
use crate::files::read_text;
use crate::store::limits;
use crate::store::sql::tables::QueryError;
use crate::store::sql::tls::{TlsFiles, Verification, client_config};
use crate::store::sql::uri::{DatabaseUri, Endpoint, expand_home};
use crate::store::sql::variables::DatabaseVariables;
use crate::text::untrusted::clean;

/// How to connect to the server of a URI.
pub(super) fn connector(
    uri: &DatabaseUri,
    variables: &DatabaseVariables,
    runtime: Handle,
) -> Result<PostgresConnector, QueryError> {
    let endpoint = uri.endpoint(variables);
    let setting = |parameter: &str, variable: &str| uri.setting(parameter, variable, variables);
    let home = variables.home();
    let mut config = Config::new();
    config
        .user(&endpoint.user)
        .dbname(&endpoint.database)
        .application_name("frontrunner");
    if let Some(options) = setting("options", "PGOPTIONS") {
        config.options(options);
    }
    let password = uri
        .password()
        .or_else(|| variables.get("PGPASSWORD").map(SecretString::from))
        .or_else(|| from_password_file(uri, &endpoint, variables));
    if let Some(password) = password {
        config.password(password.expose_secret());
    }
    let path = |parameter, variable, default: &str| {
        let named = setting(parameter, variable).map(|path| expand_home(&path, home));
        let usual = || home.map(|home| home.join(".postgresql").join(default));
        named.or_else(|| usual().filter(|path| path.is_file()))
    };
    let authorities = path("sslrootcert", "PGSSLROOTCERT", "root.crt");
    let certificate = path("sslcert", "PGSSLCERT", "postgresql.crt");
    let key = path("sslkey", "PGSSLKEY", "postgresql.key");
    let mode = setting("sslmode", "PGSSLMODE");
    let (mode, verification) = ssl_mode(mode.as_deref(), authorities.is_some(), &endpoint)?;
    config.ssl_mode(mode);
    config.channel_binding(
        match setting("channel_binding", "PGCHANNELBINDING").as_deref() {
            Some("require") => ChannelBinding::Require,
            Some("disable") => ChannelBinding::Disable,
            _ => ChannelBinding::Prefer,
        },
    );
    let files = TlsFiles {
        // Not a file, but the system's authorities.
        authorities: authorities.filter(|path| path.as_os_str() != "system"),
        identity: certificate.zip(key),
    };
    Ok(PostgresConnector {
        tls: MakeRustlsConnect::new(client_config(verification, &files)?),
        config,
        endpoint,
        runtime,
    })
}

/// As in PostgreSQL's client: `require` verifies the authority if there is one to verify by.
fn ssl_mode(
    mode: Option<&str>,
    has_authorities: bool,
    endpoint: &Endpoint,
) -> Result<(SslMode, Verification), QueryError> {
    // No server speaks TLS on a Unix socket.
    if endpoint.socket.is_some() {
        return Ok((SslMode::Disable, Verification::None));
    }
    Ok(match mode {
        Some("disable") => (SslMode::Disable, Verification::None),
        None | Some("prefer" | "allow") => (SslMode::Prefer, Verification::None),
        Some("require") if has_authorities => (SslMode::Require, Verification::Authority),
        Some("require") => (SslMode::Require, Verification::None),
        Some("verify-ca") => (SslMode::Require, Verification::Authority),
        Some("verify-full") => (SslMode::Require, Verification::Full),
        Some(other) => {
            return QueryError::invalid(format!("unknown sslmode {}", clean(other)));
        }
    })
}

/// The password of the first line of `.pgpass` that matches.
fn from_password_file(
    uri: &DatabaseUri,
    endpoint: &Endpoint,
    variables: &DatabaseVariables,
) -> Option<SecretString> {
    let named = uri.setting("passfile", "PGPASSFILE", variables);
    let home = variables.home();
    let path = match named {
        Some(path) => expand_home(&path, home),
        None => home?.join(".pgpass"),
    };
    if is_readable_by_others(&path) {
        // PostgreSQL's client ignores it, too.
        tracing::warn!("the password file can be read by other users, and is ignored");
        return None;
    }
    let text = read_text(&path, limits::CREDENTIALS_BYTES).ok()?;
    // The client looks up a socket in its usual folder as localhost.
    let host = endpoint
        .socket
        .as_ref()
        .map_or(endpoint.host.clone(), |socket: &PathBuf| {
            let is_usual =
                socket == Path::new("/var/run/postgresql") || socket == Path::new("/tmp");
            if is_usual {
                "localhost".to_owned()
            } else {
                socket.to_string_lossy().into_owned()
            }
        });
    let port = endpoint.port.to_string();
    let sought = [&*host, &*port, &*endpoint.database, &*endpoint.user];
    text.lines()
        .find_map(|line| matching_password(line, sought))
}

/// The password of a line `host:port:database:user:password`, whose fields can be `*`.
fn matching_password(line: &str, sought: [&str; 4]) -> Option<SecretString> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => fields.last_mut()?.extend(chars.next()),
            ':' if fields.len() < 5 => fields.push(String::new()),
            c => fields.last_mut()?.push(c),
        }
    }
    let password = fields.pop().filter(|_| fields.len() == 4)?;
    let matches = |(field, sought): (&String, &str)| field == "*" || field == sought;
    fields
        .iter()
        .zip(sought)
        .all(matches)
        .then(|| password.into())
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_line_of_a_password_file() {
        let find = |line: &str| {
            let found = matching_password(line, ["h", "5432", "ml", "ana"]);
            found.map(|password| password.expose_secret().to_owned())
        };
        assert_eq!(find("h:5432:ml:ana:hunter2").as_deref(), Some("hunter2"));
        assert_eq!(find("*:*:*:ana:a\\:b\\\\c:d").as_deref(), Some("a:b\\c:d"));
        for other in ["h:5432:ml:bo:pw", "#h:5432:ml:ana:pw", "h:5432:ml:ana", ""] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
