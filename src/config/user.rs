//! Who is at the keyboard: the name that the journal and the registry's tags carry.

use super::EnvLookup;

/// The variables that are asked in turn: who the server knows us as, then the order of Python's `getpass.getuser`,
/// which MLflow uses for `mlflow.user`.
const USER_VARIABLES: [&str; 5] = [
    "MLFLOW_TRACKING_USERNAME",
    "LOGNAME",
    "USER",
    "LNAME",
    "USERNAME",
];

/// The user's name: as the environment tells it, else as the account is called, else `unknown`. It is what is claimed here,
/// not what a server has verified.
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
        // A cron job or a container may have no variable at all: the account still has a name.
        assert!(!current_user(&|_| None).is_empty());
    }
}
