//! The user name that the journal and the registry's tags record.

use super::EnvLookup;

/// In order of precedence: the name that the server knows, then those of Python's `getpass.getuser`,
/// which MLflow uses for `mlflow.user`.
const USER_VARIABLES: [&str; 5] = [
    "MLFLOW_TRACKING_USERNAME",
    "LOGNAME",
    "USER",
    "LNAME",
    "USERNAME",
];

/// The user name from the environment, else the account's name, else `unknown`. No server has
/// verified it.
#[must_use]
pub fn current_user(lookup: EnvLookup<'_>) -> String {
    let from_env = USER_VARIABLES
        .iter()
        .find_map(|name| lookup(name).filter(|value| !value.is_empty()));
    from_env
        .or_else(|| whoami::username().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::current_user;

    #[test]
    fn tracking_username_takes_precedence() {
        let variables = |name: &str| match name {
            "MLFLOW_TRACKING_USERNAME" => Some("ana@example.org".to_owned()),
            "USER" => Some("ana".to_owned()),
            _ => None,
        };
        assert_eq!(current_user(&variables), "ana@example.org");
        assert_eq!(
            current_user(&|name| (name == "USER").then(|| "ana".to_owned())),
            "ana"
        );
        // Cron jobs and containers may set none of the variables; the account still has a name.
        assert!(!current_user(&|_| None).is_empty());
    }
}
