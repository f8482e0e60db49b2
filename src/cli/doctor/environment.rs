//! Findings about environment variables, the terminal and files.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::finding::{Finding, Severity};
use crate::cli::context::CommandContext;
use crate::config::{current_user, env_var, is_utf8_locale, locale};
use crate::domain::Address;
use crate::promotion::policy::PolicySource;
use crate::store::StoreTarget;

/// Variables whose values are printed; in public, too, where nobody is named in them.
const PLAIN_VARIABLES: [(&str, bool); 28] = [
    ("MLFLOW_TRACKING_DIR", false),
    ("MLFLOW_TRACKING_AUTH", false),
    ("MLFLOW_TRACKING_AWS_SIGV4", true),
    ("MLFLOW_TRACKING_CLIENT_CERT_PATH", false),
    ("DATABRICKS_HOST", false),
    ("DATABRICKS_CONFIG_PROFILE", false),
    ("DATABRICKS_CONFIG_FILE", false),
    ("DATABRICKS_AUTH_TYPE", true),
    ("DATABRICKS_CLIENT_ID", false),
    ("AWS_PROFILE", false),
    ("AWS_REGION", true),
    ("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN", false),
    ("MLFLOW_TRACKING_USERNAME", false),
    ("MLFLOW_TRACKING_INSECURE_TLS", true),
    ("MLFLOW_TRACKING_SERVER_CERT_PATH", false),
    ("MLFLOW_WORKSPACE", false),
    ("NO_PROXY", false),
    ("no_proxy", false),
    ("FRONTRUNNER_PROFILE", false),
    ("FRONTRUNNER_THEME", true),
    ("FRONTRUNNER_COLOR", true),
    ("FRONTRUNNER_MOUSE", true),
    ("FRONTRUNNER_ASCII", true),
    ("FRONTRUNNER_REFRESH", true),
    ("FRONTRUNNER_PROTECTED", false),
    ("FRONTRUNNER_TAGS", true),
    ("FRONTRUNNER_READ_ONLY", true),
    ("FRONTRUNNER_LOG", false),
];

/// Variables whose values are not printed: secrets, or URLs that often contain one.
const SECRET_VARIABLES: [&str; 17] = [
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "PGPASSWORD",
    "MYSQL_PWD",
    "MLFLOW_UC_OSS_TOKEN",
    "DATABRICKS_TOKEN",
    "DATABRICKS_CLIENT_SECRET",
    "ARM_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
];

pub fn check_variables() -> Vec<Finding> {
    let mut findings = vec![check_tracking_uri()];
    findings.extend(
        ["MLFLOW_REGISTRY_URI", "MLFLOW_REGISTRY_DIR"]
            .into_iter()
            .filter_map(|name| {
                let address = Address::from(env_var(name)?).to_string();
                Some(Finding::ok("environment", name, address).with_public("set"))
            }),
    );
    findings.extend(PLAIN_VARIABLES.iter().filter_map(|(name, is_public)| {
        let found = Finding::ok("environment", *name, env_var(name)?);
        Some(if *is_public {
            found
        } else {
            found.with_public("set")
        })
    }));
    findings.extend(
        SECRET_VARIABLES
            .iter()
            .filter(|name| env_var(name).is_some())
            .map(|name| Finding::ok("environment", *name, "set")),
    );
    for name in ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"] {
        if env_var(name).is_none() {
            findings.push(Finding::ok("environment", name, "not set"));
        }
    }
    let user = Finding::ok("environment", "user", current_user(&env_var));
    findings.push(user.with_public("known"));
    findings
}

fn check_tracking_uri() -> Finding {
    let name = "MLFLOW_TRACKING_URI";
    match env_var(name) {
        None => Finding::ok("environment", name, "not set"),
        Some(uri) => match StoreTarget::parse(&uri) {
            Ok(target) => Finding::ok("environment", name, Address::from(uri).to_string())
                .with_public(format!("set, {}", target.backend().label)),
            Err(error) => Finding::new(Severity::Problem, "environment", name, error.to_string())
                .with_public("set, but invalid"),
        },
    }
}

pub fn check_terminal() -> Vec<Finding> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let or_unset = |name: &str| env_var(name).unwrap_or_else(|| "not set".to_owned());
    let locale = locale();
    let is_utf8 = is_utf8_locale(locale.as_deref());
    let locale = locale.unwrap_or_else(|| "not set".to_owned());
    let size = crossterm::terminal::size().map_or_else(
        |_| "unknown".to_owned(),
        |(columns, rows)| format!("{columns} × {rows}"),
    );
    let mut findings = vec![
        Finding::ok("terminal", "stdin, stdout, stderr", {
            let streams = [
                io::stdin().is_terminal(),
                io::stdout().is_terminal(),
                io::stderr().is_terminal(),
            ];
            format!("terminal: {}", streams.map(yes).join(", "))
        }),
        Finding::ok("terminal", "TERM", or_unset("TERM")),
        Finding::ok("terminal", "COLORTERM", or_unset("COLORTERM")),
        Finding::ok("terminal", "NO_COLOR", or_unset("NO_COLOR")),
        Finding::ok("terminal", "size", size),
    ];
    findings.push(if is_utf8 {
        Finding::ok("terminal", "locale", locale)
    } else {
        Finding::note(
            "terminal",
            "locale",
            format!("{locale} is not UTF-8: borders and marks are ASCII"),
        )
    });
    for (name, what) in [("TMUX", "inside tmux"), ("SSH_CONNECTION", "over SSH")] {
        if env_var(name).is_some() {
            findings.push(Finding::ok("terminal", name, what));
        }
    }
    findings
}

pub fn check_files(context: &CommandContext<'_>) -> Vec<Finding> {
    let state = |path: &Path| {
        format!(
            "{}{}",
            path.display(),
            if path.exists() { "" } else { " (missing)" }
        )
    };
    let credentials =
        env_var("HOME").map(|home| Path::new(&home).join(".mlflow").join("credentials"));
    let mut findings = vec![
        Finding::ok(
            "files",
            "settings",
            state(&context.directories.config_file()),
        ),
        Finding::ok(
            "files",
            "journal",
            state(&context.directories.journal_file()),
        ),
    ];
    if let Some(path) = credentials.filter(|path| path.exists()) {
        findings.push(Finding::ok(
            "files",
            "MLflow's credentials",
            path.display().to_string(),
        ));
    }
    let names: Vec<&str> = context
        .settings
        .profiles
        .keys()
        .map(String::as_str)
        .collect();
    let profiles = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    let profiles = Finding::ok("settings", "profiles", profiles);
    findings.push(profiles.with_public(names.len().to_string()));
    findings
}

/// The policies in force, or why there are none.
pub fn check_policies(context: &CommandContext<'_>) -> Vec<Finding> {
    let policy = match context.policy() {
        Ok(policy) => policy,
        Err(error) => {
            let details = error.cause.iter().chain(&error.detail).cloned();
            let reason: Vec<String> = std::iter::once(error.message.clone())
                .chain(details)
                .collect();
            let reason = reason.join(": ");
            return vec![Finding::new(Severity::Problem, "policy", "invalid", reason)];
        }
    };
    if policy.sources.is_empty() {
        return vec![Finding::ok("policy", "in force", "none")];
    }
    let finding = |(nth, source): (usize, &PolicySource)| {
        let sections = policy.models.iter().filter(|model| model.source == nth);
        let gates: usize = sections.map(|model| model.gates.len()).sum();
        let owner = if source.is_project {
            "the project's"
        } else {
            "yours"
        };
        let read_only = if source.is_read_only {
            ", read-only"
        } else {
            ""
        };
        let about = format!("({owner}, {gates} gates{read_only})");
        Finding::ok("policy", "in force", format!("{} {about}", source.path)).with_public(about)
    };
    policy.sources.iter().enumerate().map(finding).collect()
}
