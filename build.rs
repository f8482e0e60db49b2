//! Names the commit and the target in `frontrunner --version --verbose`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FRONTRUNNER_COMMIT");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let profile = variable("PROFILE");
    let commit = Some(variable("FRONTRUNNER_COMMIT"))
        .filter(|commit| !commit.is_empty())
        .or_else(packaged_commit)
        // A debug build is not rebuilt for every commit.
        .or_else(|| (profile != "debug").then(checked_out_commit).flatten())
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=FRONTRUNNER_COMMIT={commit}");
    println!("cargo::rustc-env=FRONTRUNNER_TARGET={}", variable("TARGET"));
    println!("cargo::rustc-env=FRONTRUNNER_PROFILE_NAME={profile}");
}

/// The commit that `cargo package` recorded.
fn packaged_commit() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    Some(commit.chars().take(12).collect())
}

fn checked_out_commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // Moves with every commit and checkout.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    let is_dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(commit + if is_dirty { ", modified" } else { "" })
}
