//! Findings about the store: target, features, access, and unfinished writes in the journal.

use std::path::Path;

use super::finding::{Finding, Severity};
use crate::cli::context::CommandContext;
use crate::cli::output::error::CliError;
use crate::cli::resolve::{self, ResolvedTarget};
use crate::promotion::Outcome;
use crate::promotion::journal::EntryState;
use crate::store::{Backend, Features, LoginStep, ReadStore, StoreTarget};
use crate::text::untrusted::clean;

/// Checks the store that would be opened.
///
/// # Errors
/// The error that prevents opening it, which is also a finding.
pub async fn check_store(
    context: &CommandContext<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), CliError> {
    match run_checks(context, findings).await {
        Err(error) => {
            let cause = error
                .cause
                .as_deref()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            findings.push(Finding::new(
                Severity::Problem,
                "store",
                "open",
                format!("{}{cause}", error.message),
            ));
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

async fn run_checks(
    context: &CommandContext<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), CliError> {
    let found = resolve::target(
        context.named_target(),
        context.global_args.profile.as_deref(),
        &context.settings,
        &context.directories,
        context.now,
    )?;
    findings.extend(describe_target(context, &found)?);
    let store = context.open_store_silently().await?;
    let reader = store.reader.as_ref();
    findings.extend(describe_login(&reader.login_steps().await));
    let features = reader.features().await?;
    findings.extend(describe_features(found.target.backend(), &features));
    findings.extend(describe_missing(reader));
    findings.push(match &store.writer {
        Ok(_) => Finding::ok("store", "session", "read-write"),
        Err(reason) => Finding::note("store", "session", format!("read-only: {reason}")),
    });
    let workspaces = reader.workspaces().await?;
    if workspaces.len() > 1 {
        let names: Vec<_> = workspaces.iter().map(|name| clean(name)).collect();
        let detail = format!("{}; choose one by --workspace", names.join(", "));
        findings.push(Finding::ok("store", "workspaces", detail));
    }
    let experiments = reader
        .experiments(crate::store::LifecycleFilter::Active)
        .await?;
    findings.push(Finding::ok(
        "store",
        "experiments",
        experiments.len().to_string(),
    ));
    if features.has_registry {
        findings.push(Finding::ok(
            "store",
            "registered models",
            reader.models().await?.len().to_string(),
        ));
    }
    findings.extend(unfinished_entries(context, reader.origin())?);
    Ok(())
}

/// The store that is opened and why, the registry if it is another one, and what is unsafe about them.
fn describe_target(
    context: &CommandContext<'_>,
    found: &ResolvedTarget,
) -> Result<Vec<Finding>, CliError> {
    let reason = match &found.profile {
        Some(_) => "from a profile",
        None => &found.reason,
    };
    let target = format!("{} ({})", found.target, found.reason);
    let public = format!("{} ({reason})", found.target.backend().label);
    let mut findings = vec![Finding::ok("store", "target", target).with_public(public)];
    if let Some(registry) = context.resolve_registry(found)? {
        let detail = format!("{} ({})", registry.target, registry.reason);
        findings.push(Finding::ok("store", "registry", detail).with_public("another store"));
    }
    let warnings = resolve::warnings(&found.target, &context.connection(found)?);
    let notes = warnings.into_iter();
    findings.extend(notes.map(|warning| Finding::note("store", "security", warning)));
    findings.extend(other_stores(found));
    Ok(findings)
}

/// The steps of the login; the last one failed if any did.
fn describe_login(steps: &[LoginStep]) -> Vec<Finding> {
    let finding = |step: &LoginStep| match step.hint {
        None => Finding::ok("login", step.name, step.detail.clone()).with_public("ok"),
        Some(hint) => {
            let detail = format!("{}; {hint}", step.detail);
            Finding::new(Severity::Problem, "login", step.name, detail).with_public(hint)
        }
    };
    steps.iter().map(finding).collect()
}

/// The stores in this folder that a discovered one goes before.
fn other_stores(found: &ResolvedTarget) -> Vec<Finding> {
    if !found.is_discovered {
        return Vec::new();
    }
    let others = StoreTarget::discover_all(Path::new("."));
    others
        .iter()
        .filter(|other| **other != found.target)
        .map(|other| {
            let detail = format!("{other} ({}); name it to open it", other.backend().label);
            Finding::note("store", "also in this folder", detail).with_public(other.backend().label)
        })
        .collect()
}

fn describe_features(backend: &Backend, features: &Features) -> Vec<Finding> {
    let has = |what: &str, is: bool| Finding::ok("store", what, if is { "yes" } else { "no" });
    vec![
        Finding::ok("store", "kind", backend.label),
        Finding::ok("store", "product", features.product.clone()),
        has("server-side filters", features.can_filter),
        has("bulk histories", features.has_bulk_histories),
        has("logged models", features.has_logged_models),
        has("model registry", features.has_registry),
    ]
}

/// What MLflow's stores have and this one lacks, with what takes its place.
fn describe_missing(reader: &dyn ReadStore) -> Vec<Finding> {
    let slots = reader.slot_kinds();
    let missing = [
        (
            slots.aliases,
            "aliases",
            "no: versions hold a stage, such as Production",
        ),
        (
            slots.stages,
            "stages",
            "no: versions hold aliases, such as @champion",
        ),
        (
            reader.has_files(),
            "files of runs",
            "no: open a run in the web pages of the service",
        ),
    ];
    let missing = missing.into_iter().filter(|(has, ..)| !has);
    missing
        .map(|(_, what, detail)| Finding::ok("store", what, detail))
        .collect()
}

/// Writes without a known outcome: after a crash, or if the store could not be read.
fn unfinished_entries(
    context: &CommandContext<'_>,
    origin: &str,
) -> Result<Vec<Finding>, CliError> {
    let (entries, damage) = context.journal().load(origin)?;
    let open = entries.iter().filter(|entry| {
        matches!(
            &entry.state,
            EntryState::Unfinished | EntryState::Ended(Outcome::Unknown { .. })
        )
    });
    let mut findings: Vec<Finding> = open
        .map(|entry| {
            let what = format!(
                "{}; `frontrunner rollback --entry {}`",
                entry.plan.intent, entry.id
            );
            Finding::note("journal", "unfinished", what).with_public("a write without an outcome")
        })
        .collect();
    let is_finished = findings.is_empty();
    findings.extend(
        damage
            .describe()
            .map(|damage| Finding::note("journal", "damaged", damage)),
    );
    if is_finished {
        findings.push(Finding::ok(
            "journal",
            "entries for this store",
            format!("{}, all finished", entries.len()),
        ));
    }
    Ok(findings)
}
