//! `review MODEL/VERSION --to SLOT`: compare candidate and champion; record or prepare a review.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::CommandContext;
use super::gates::review_version;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::file::write_output;
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::write::{WriteArgs, execute};
use crate::config::{current_user, env_var};
use crate::domain::Slot;
use crate::export::Sheet;
use crate::export::review::ReviewDocument;
use crate::files::read_text;
use crate::ops::gates::Review;
use crate::ops::lineage::{LineageSources, commits_since_champion};
use crate::ops::review::{ReviewSettings, load_context};
use crate::promotion::{Decision, Intent, PreparedReview, ReviewFile};
use crate::store::StoreHandle;

/// Limit of a prepared review, in bytes.
const MAX_REVIEW_BYTES: u64 = 64 << 10;

#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION", required_unless_present = "submit")]
    version: Option<String>,
    /// Stage or @alias to review the version for [default: the first protected one, which is Production unless policy or
    /// settings name others].
    #[arg(long, value_name = "STAGE|@ALIAS")]
    to: Option<String>,
    /// Approve the version.
    #[arg(long, conflicts_with = "reject")]
    approve: bool,
    /// Reject the version.
    #[arg(long)]
    reject: bool,
    /// When approving a transition request, archive the versions that are currently in that stage.
    #[arg(long, requires = "approve")]
    archive_existing: bool,
    /// Write the decision to a file, for a person with write access to submit.
    #[arg(long, value_name = "FILE")]
    prepare: Option<PathBuf>,
    /// Record a prepared decision.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["version", "approve", "reject", "prepare"])]
    submit: Option<PathBuf>,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `review`.
///
/// # Errors
/// When the version does not exist, the facts changed since the review, or the write fails.
pub async fn run(arguments: &ReviewArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    if let Some(path) = &arguments.submit {
        return submit_prepared(path, arguments, context).await;
    }
    let store = context.open_store().await?;
    let named = arguments.version.as_deref().unwrap_or_default();
    let review = review_version(named, arguments.to.as_deref(), &store, context).await?;
    let decision = match (arguments.approve, arguments.reject) {
        (true, _) => Decision::Approve,
        (_, true) => Decision::Reject,
        _ => return print_review(&review, &store, context).await,
    };
    let Review {
        evaluation,
        candidate,
        ..
    } = review;
    let (slot, version) = (evaluation.target.slot, evaluation.target.version);
    let (model, facts_digest) = (candidate.version.name, evaluation.facts_digest);
    let Some(path) = &arguments.prepare else {
        let intent = match (slot, evaluation.requests.is_empty()) {
            (Slot::Stage(to), false) => Intent::ResolveRequest {
                model,
                version,
                to,
                decision,
                facts_digest,
                archive_existing: arguments.archive_existing,
            },
            (slot, _) => Intent::Review {
                model,
                version,
                slot,
                decision,
                facts_digest,
                prepared: None,
            },
        };
        return execute(intent, &arguments.write_args, &store, context).await;
    };
    let prepared = PreparedReview {
        reviewer: current_user(&env_var),
        at: context.now,
        comment: arguments.write_args.reason().to_owned(),
    };
    let review = ReviewFile::new((model, version, &slot), decision, facts_digest, prepared);
    prepare(path, &review, context)
}

fn prepare(
    path: &Path,
    review: &ReviewFile,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    write_output(path, review.to_text().as_bytes(), false)?;
    context.printer.note(&format!(
        "wrote {path}; a user with write access records it with: frontrunner review --submit {path}",
        path = path.display()
    ));
    Ok(())
}

async fn print_review(
    review: &Review,
    store: &StoreHandle,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let policy = context.policy()?;
    let entries = context.journal().entries(store.reader.origin());
    let settings = ReviewSettings {
        policy: &policy,
        entries: &entries.unwrap_or_default(),
        user: &current_user(&env_var),
        protected_slots: &context.settings.protected_slots,
        writes_tags: context.settings.write_tags,
        now: context.now,
    };
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let beyond = load_context(sources, review, settings).await;
    let commits = commits_since_champion(&review.candidate, review.champion.as_ref());
    let packet = ReviewDocument {
        evaluation: &review.evaluation,
        candidate: &review.candidate,
        champion: review.champion.as_ref(),
        commits: commits.as_deref().map_err(String::as_str),
        context: &beyond,
    };
    let document = packet.to_document();
    if context.printer.format == OutputFormat::Markdown {
        return context.printer.write_raw(&document.to_markdown());
    }
    let mut sheet = Sheet::new(["gate", "verdict", "reason"]);
    for gate in &review.evaluation.gates {
        sheet.push_row([
            gate.name.clone(),
            gate.outcome.as_str().to_owned(),
            gate.reason.clone(),
        ]);
    }
    context.printer.print(&CommandOutput::text(
        packet.to_json(),
        sheet,
        document.to_lines(context.printer.width()),
    ))
}

/// Records a prepared review, if it is about what the registry holds now.
async fn submit_prepared(
    path: &Path,
    arguments: &ReviewArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let invalid = |why: String| {
        CliError::new(
            ExitStatus::Usage,
            format!("{} is not a prepared review", path.display()),
        )
        .with_cause(why)
    };
    let text = read_text(path, MAX_REVIEW_BYTES).map_err(|error| invalid(error.to_string()))?;
    let file: ReviewFile =
        serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    let slot = file.to.parse::<Slot>().map_err(invalid)?;
    let store = context.open_store().await?;
    let named = format!("{}/{}", file.model.raw(), file.version);
    let review = review_version(&named, Some(&file.to), &store, context).await?;
    if review.evaluation.facts_digest != file.facts_digest {
        return Err(CliError::new(
            ExitStatus::Changed,
            "the candidate changed since the review",
        )
        .with_hint("have it reviewed again"));
    }
    let intent = Intent::Review {
        model: file.model,
        version: file.version,
        slot,
        decision: file.decision,
        facts_digest: file.facts_digest,
        prepared: Some(file.prepared),
    };
    execute(intent, &arguments.write_args, &store, context).await
}
