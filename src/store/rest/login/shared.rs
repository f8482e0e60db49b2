//! One login for all parts of a workspace: its runs and its catalog take the same tokens, so that each is got once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::databricks_config::DatabricksConfig;
use super::{Environment, Login};
use crate::store::ConnectOptions;

/// What a login depends on.
#[derive(PartialEq, Eq)]
struct Key {
    config: DatabricksConfig,
    environment: Environment,
    token_command: Option<Vec<String>>,
    insecure_tls: bool,
    certificates: [Option<PathBuf>; 2],
}

/// The logins that are in use.
static LOGINS: Mutex<Vec<(Key, Weak<Login>)>> = Mutex::new(Vec::new());

/// The login of a configuration, shared by all that use the same one while one of them lasts.
pub(in crate::store::rest) fn share(
    config: DatabricksConfig,
    options: &ConnectOptions,
    create: impl FnOnce() -> Login,
) -> Arc<Login> {
    let key = Key {
        config,
        environment: options.environment.clone(),
        token_command: options.token_command.clone(),
        insecure_tls: options.insecure_tls,
        certificates: [
            options.server_cert_path.clone(),
            options.client_cert_path.clone(),
        ],
    };
    let mut logins = LOGINS.lock().unwrap_or_else(PoisonError::into_inner);
    logins.retain(|(_, login)| login.strong_count() > 0);
    let known = logins.iter().find(|(known, _)| *known == key);
    if let Some(login) = known.and_then(|(_, login)| login.upgrade()) {
        return login;
    }
    let login = Arc::new(create());
    logins.push((key, Arc::downgrade(&login)));
    login
}
