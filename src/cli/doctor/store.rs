//! What can be said of the store: which is meant, whether it answers, what it can do, what the journal has open for it.

use super::finding::{Finding, State};
use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::resolve;
use crate::promotion::Outcome;
use crate::promotion::journal::EntryState;
use crate::store::{Features, Target};
use crate::text::untrusted::clean;

/// Looks at the store that would be opened.
///
/// # Errors
/// What stands in the way; it is among the findings, too.
pub async fn look(context: &Context<'_>, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    match looked(context, findings).await {
        Err(failure) => {
            let why = failure
                .cause
                .as_deref()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            findings.push(Finding::new(
                State::Problem,
                "store",
                "open",
                format!("{}{why}", failure.message),
            ));
            Err(failure)
        }
        done => done,
    }
}

async fn looked(context: &Context<'_>, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let found = resolve::target(
        context.named(),
        context.flags.profile.as_deref(),
        &context.settings,
        &context.directories,
        context.now,
    )?;
    let shown = match &found.target {
        Target::Server(url) => url.to_string(),
        Target::Sqlite(path) | Target::Wandb(path) => path.display().to_string(),
    };
    findings.push(Finding::fine(
        "store",
        "target",
        format!("{shown} ({})", found.because),
    ));
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let features = reader.features().await?;
    findings.extend(told(&features));
    findings.push(match &session.writer {
        Some(_) => Finding::fine("store", "session", "may write"),
        None => Finding::note("store", "session", "may only look"),
    });
    let experiments = reader.experiments(crate::store::View::Active).await?;
    findings.push(Finding::fine(
        "store",
        "experiments",
        experiments.len().to_string(),
    ));
    if features.registry {
        findings.push(Finding::fine(
            "store",
            "registered models",
            reader.models().await?.len().to_string(),
        ));
    }
    findings.extend(open_entries(context, reader.origin())?);
    Ok(())
}

fn told(features: &Features) -> Vec<Finding> {
    let has = |what: &str, is: bool| Finding::fine("store", what, if is { "yes" } else { "no" });
    let mut findings = vec![
        Finding::fine("store", "product", features.product.clone()),
        has("filters at the store", features.filters),
        has("histories in bulk", features.bulk_histories),
        has("logged models", features.logged_models),
        has("model registry", features.registry),
    ];
    findings.extend(
        features
            .read_only
            .as_ref()
            .map(|why| Finding::note("store", "read-only", clean(why))),
    );
    findings
}

/// Writes of which the end is not known: a session that ended in between, or a store that could not be asked.
fn open_entries(context: &Context<'_>, origin: &str) -> Result<Vec<Finding>, Failure> {
    let entries = context.journal().entries(origin)?;
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
            Finding::note("journal", "unfinished", what)
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::fine(
            "journal",
            "entries for this store",
            format!("{}, none unfinished", entries.len()),
        ));
    }
    Ok(findings)
}
