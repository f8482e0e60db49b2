//! What the environment says: variables, the terminal, files.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::finding::{Finding, State};
use crate::cli::context::Context;
use crate::config::{environment, user};
use crate::store::{Target, TargetError};

/// Variables whose value may be shown.
const OPEN: [&str; 14] = [
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_INSECURE_TLS",
    "MLFLOW_TRACKING_SERVER_CERT_PATH",
    "MLFLOW_WORKSPACE",
    "NO_PROXY",
    "FRONTRUNNER_PROFILE",
    "FRONTRUNNER_THEME",
    "FRONTRUNNER_COLOR",
    "FRONTRUNNER_MOUSE",
    "FRONTRUNNER_ASCII",
    "FRONTRUNNER_REFRESH",
    "FRONTRUNNER_PROTECTED",
    "FRONTRUNNER_TAGS",
    "FRONTRUNNER_READ_ONLY",
];

/// Variables of which it is only said that they are set: they are secrets, or addresses that often hold one.
const CLOSED: [&str; 6] = [
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "https_proxy",
];

/// The variables that are set.
pub fn variables() -> Vec<Finding> {
    let mut findings = vec![tracking_uri()];
    if environment("MLFLOW_REGISTRY_URI").is_some() {
        findings.push(Finding::note(
            "environment",
            "MLFLOW_REGISTRY_URI",
            "set, and not used: models are read from the tracking store",
        ));
    }
    findings.extend(OPEN.iter().filter_map(|name| {
        environment(name).map(|value| Finding::fine("environment", *name, value))
    }));
    findings.extend(
        CLOSED
            .iter()
            .filter(|name| environment(name).is_some())
            .map(|name| Finding::fine("environment", *name, "set")),
    );
    for name in ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"] {
        if environment(name).is_none() {
            findings.push(Finding::fine("environment", name, "not set"));
        }
    }
    findings.push(Finding::fine("environment", "user", user(&environment)));
    findings
}

fn tracking_uri() -> Finding {
    let name = "MLFLOW_TRACKING_URI";
    match environment(name) {
        None => Finding::fine("environment", name, "not set"),
        Some(uri) => match Target::parse(&uri) {
            Ok(_) => Finding::fine("environment", name, uri),
            // What is no address is not repeated: there may be a password in it.
            Err(TargetError::Address { why, .. }) => Finding::new(
                State::Problem,
                "environment",
                name,
                format!("no address: {why}"),
            ),
            Err(error) => Finding::new(State::Problem, "environment", name, error.to_string()),
        },
    }
}

/// What the terminal can do, as far as it says.
pub fn terminal() -> Vec<Finding> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let or_unset = |name: &str| environment(name).unwrap_or_else(|| "not set".to_owned());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment(name))
        .unwrap_or_default();
    let is_utf8 = locale
        .to_ascii_lowercase()
        .replace('-', "")
        .contains("utf8");
    let size = crossterm::terminal::size().map_or_else(
        |_| "not known".to_owned(),
        |(columns, rows)| format!("{columns} × {rows}"),
    );
    let mut findings = vec![
        Finding::fine("terminal", "stdin, stdout, stderr", {
            let ends = [
                io::stdin().is_terminal(),
                io::stdout().is_terminal(),
                io::stderr().is_terminal(),
            ];
            format!("terminal: {}", ends.map(yes).join(", "))
        }),
        Finding::fine("terminal", "TERM", or_unset("TERM")),
        Finding::fine("terminal", "COLORTERM", or_unset("COLORTERM")),
        Finding::fine("terminal", "NO_COLOR", or_unset("NO_COLOR")),
        Finding::fine("terminal", "size", size),
    ];
    findings.push(if is_utf8 {
        Finding::fine("terminal", "locale", locale)
    } else {
        Finding::note(
            "terminal",
            "locale",
            format!(
                "{} is not UTF-8: borders and marks are ASCII",
                if locale.is_empty() { "C" } else { &locale }
            ),
        )
    });
    for (name, what) in [("TMUX", "inside tmux"), ("SSH_CONNECTION", "over SSH")] {
        if environment(name).is_some() {
            findings.push(Finding::fine("terminal", name, what));
        }
    }
    findings
}

/// The files of this program.
pub fn files(context: &Context<'_>) -> Vec<Finding> {
    let state = |path: &Path| {
        format!(
            "{}{}",
            path.display(),
            if path.exists() {
                ""
            } else {
                " (not there yet)"
            }
        )
    };
    let credentials =
        environment("HOME").map(|home| Path::new(&home).join(".mlflow").join("credentials"));
    let mut findings = vec![
        Finding::fine(
            "files",
            "settings",
            state(&context.directories.config_file()),
        ),
        Finding::fine(
            "files",
            "journal",
            state(&context.directories.journal_file()),
        ),
    ];
    if let Some(path) = credentials.filter(|path| path.exists()) {
        findings.push(Finding::fine(
            "files",
            "MLflow's credentials",
            path.display().to_string(),
        ));
    }
    let names: Vec<&str> = context
        .settings
        .profile
        .keys()
        .map(String::as_str)
        .collect();
    findings.push(Finding::fine(
        "settings",
        "profiles",
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        },
    ));
    findings
}
