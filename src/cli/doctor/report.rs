//! The bug report of `doctor --report`: Markdown, without anything that names a person, a machine or a project.

use std::fmt::Write as _;

use super::finding::Finding;
use crate::cli::args::Cli;
use crate::cli::{context, version};
use crate::config::{current_user, env_var};
use crate::domain::Address;
use crate::text::anonymize::Anonymizer;
use crate::text::untrusted::clean;

const INTRODUCTION: &str = "\
<!-- Addresses, paths and names were removed. Read the report before you publish it. -->

### What happened

<!-- What you did, what you expected, what happened instead. -->

### Report
";

/// The report of some findings.
#[must_use]
pub fn render(findings: &[Finding], cli: &Cli, target: Option<&str>) -> String {
    let anonymizer = anonymizer(cli, target);
    let mut text = INTRODUCTION.to_owned() + "\n| | |\n| --- | --- |\n";
    for (name, value) in version::build_facts() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let _ = writeln!(text, "| system | {} |", system());
    text.push_str("\n| state | area | what | found |\n| --- | --- | --- | --- |\n");
    for finding in findings.iter().filter(|finding| finding.area != "program") {
        let detail = match &finding.public_detail {
            Some(detail) => detail.clone(),
            None => anonymizer.apply(&finding.detail),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            finding.severity.as_str(),
            finding.area,
            clean(&finding.subject),
            clean(&detail).replace('|', "\\|")
        );
    }
    text
}

fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| format!(" ({})", clean(name.trim_matches('"')).replace('|', " ")));
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{os} {arch}{}", name.unwrap_or_default())
}

/// Knows the names of this person, this machine and their stores.
fn anonymizer(cli: &Cli, target: Option<&str>) -> Anonymizer {
    let mut known = Vec::new();
    let folder = std::env::current_dir().map(|here| (here.display().to_string(), "FOLDER"));
    known.extend(folder.ok());
    known.extend(env_var("HOME").map(|home| (home, "~")));
    let users = ["USER", "LOGNAME", "MLFLOW_TRACKING_USERNAME"];
    known.extend(
        users
            .into_iter()
            .filter_map(env_var)
            .map(|name| (name, "USER")),
    );
    known.push((current_user(&env_var), "USER"));
    known.extend(whoami::username().ok().map(|name| (name, "USER")));
    known.extend(whoami::hostname().ok().map(|name| (name, "HOST")));
    known.extend(env_var("MLFLOW_WORKSPACE").map(|name| (name, "WORKSPACE")));
    if let Ok((_, settings)) = context::load_settings(cli) {
        for (name, profile) in settings.profiles {
            known.push((name, "PROFILE"));
            known.extend(profile.username.map(|name| (name, "USER")));
            known.extend(profile.workspace.map(|name| (name, "WORKSPACE")));
            known.push((profile.target.to_string(), "STORE"));
        }
    }
    let targets = [target, cli.global.target.as_deref(), cli.target.as_deref()];
    let named = targets.into_iter().flatten();
    let named = named.map(|target| (Address::from(target).to_string(), "STORE"));
    known.extend(named);
    Anonymizer::new(known)
}
