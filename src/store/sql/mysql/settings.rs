//! What a connection to MySQL needs to know: the parameters of PyMySQL and of MySQL's own client in
//! the URI, and MLflow's variables.

use std::path::PathBuf;

use mysql_async::{ClientIdentity, OptsBuilder, SslOpts};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use super::connection::MySqlConnector;
use crate::store::limits;
use crate::store::sql::tables::QueryError;
use crate::store::sql::uri::{DatabaseUri, expand_home};
use crate::store::sql::variables::DatabaseVariables;
use crate::text::untrusted::clean;

/// How to connect to the server of a URI.
pub(super) fn connector(
    uri: &DatabaseUri,
    variables: &DatabaseVariables,
    runtime: Handle,
) -> Result<MySqlConnector, QueryError> {
    // Fails if a provider is installed already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = uri.endpoint(variables);
    let password = uri
        .password()
        .or_else(|| variables.get("MYSQL_PWD").map(SecretString::from));
    let socket = endpoint.socket.as_ref();
    let options = OptsBuilder::default()
        .ip_or_hostname(&endpoint.host)
        .tcp_port(endpoint.port)
        .socket(socket.map(|path| path.to_string_lossy().into_owned()))
        // The server would have this client move to its socket.
        .prefer_socket(false)
        .user(Some(&endpoint.user))
        .pass(password.as_ref().map(ExposeSecret::expose_secret))
        .db_name(Some(&endpoint.database))
        .ssl_opts(ssl_options(uri, variables)?)
        // An update to the same value counts as one.
        .client_found_rows(true)
        .max_allowed_packet(Some(limits::RESPONSE_BYTES));
    Ok(MySqlConnector {
        options: options.into(),
        endpoint,
        runtime,
    })
}

/// TLS if any option asks for it. An authority that is named is verified.
fn ssl_options(
    uri: &DatabaseUri,
    variables: &DatabaseVariables,
) -> Result<Option<SslOpts>, QueryError> {
    let file = |name: &str, variable: &str| -> Option<PathBuf> {
        let path = uri.setting(name, variable, variables)?;
        Some(expand_home(&path, variables.home()))
    };
    let authorities = file("ssl_ca", "MLFLOW_MYSQL_SSL_CA");
    let certificate = file("ssl_cert", "MLFLOW_MYSQL_SSL_CERT");
    let key = file("ssl_key", "MLFLOW_MYSQL_SSL_KEY");
    let flag = |name: &str| {
        let value = uri.parameter(name).map(str::to_ascii_lowercase);
        value.map(|value| matches!(value.as_str(), "true" | "1" | "yes"))
    };
    let mode = uri.parameter("ssl_mode").or(uri.parameter("ssl-mode"));
    let has_authorities = authorities.is_some();
    // What PyMySQL does: with an authority, it is verified, and the name of the host only on request.
    let (is_wanted, verifies_authority, verifies_name) =
        match mode.map(str::to_ascii_uppercase).as_deref() {
            Some("DISABLED") => (false, false, false),
            Some("PREFERRED" | "REQUIRED") => (true, has_authorities, false),
            Some("VERIFY_CA") => (true, true, false),
            Some("VERIFY_IDENTITY") => (true, true, true),
            Some(other) => {
                return QueryError::invalid(format!("unknown ssl_mode {}", clean(other)));
            }
            None => {
                let names_file = has_authorities || certificate.is_some();
                let verifies = flag("ssl_verify_cert").unwrap_or(has_authorities);
                let identity = flag("ssl_verify_identity").or(flag("ssl_check_hostname"));
                let asked = flag("ssl").unwrap_or(names_file || identity == Some(true));
                (asked, verifies, identity.unwrap_or(false))
            }
        };
    if !is_wanted {
        return Ok(None);
    }
    let mut options = SslOpts::default()
        .with_danger_accept_invalid_certs(!verifies_authority)
        .with_danger_skip_domain_validation(!verifies_name);
    if let Some(path) = authorities {
        options = options
            .with_root_certs(vec![path.into()])
            .with_disable_built_in_roots(true);
    }
    if let (Some(certificate), Some(key)) = (certificate, key) {
        let identity = ClientIdentity::new(certificate.into(), key.into());
        options = options.with_client_identity(Some(identity));
    }
    Ok(Some(options))
}
