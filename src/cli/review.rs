//! `review MODEL/VERSION --to PLACE`: candidate against champion on one page; and a reviewer's word, on record or prepared.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::context::CommandContext;
use super::gates::read_gate_inputs;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::write::{WriteArgs, execute};
use crate::config::{current_user, env_var};
use crate::domain::{ModelName, VersionNumber};
use crate::export::Sheet;
use crate::export::review::ReviewDocument;
use crate::ops::gates::candidate_and_champion;
use crate::ops::lineage::{LineageSources, commits_since_champion};
use crate::promotion::policy::{Candidate, PolicyEvaluation};
use crate::promotion::{Decision, Intent, PreparedReview, Slot};

/// The longest prepared review that is read, in bytes.
const MAX_REVIEW_BYTES: u64 = 64 << 10;

/// What can be said to `review`.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION", required_unless_present = "submit")]
    version: Option<String>,
    /// For which place: a stage or an @alias.
    #[arg(long, value_name = "PLACE", default_value = "Production")]
    to: String,
    /// Say that it may.
    #[arg(long, conflicts_with = "reject")]
    approve: bool,
    /// Say that it may not.
    #[arg(long)]
    reject: bool,
    /// When a yes answers a request: archive the versions that are in that stage now.
    #[arg(long, requires = "approve")]
    archive_existing: bool,
    /// Write the word to a file, for somebody with rights to submit.
    #[arg(long, value_name = "FILE")]
    prepare: Option<PathBuf>,
    /// Put a prepared word on record.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["version", "approve", "reject", "prepare"])]
    submit: Option<PathBuf>,
    #[command(flatten)]
    road: WriteArgs,
}

/// A word as it is handed from the reviewer to somebody with rights.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewFile {
    /// What the file is.
    frontrunner_review: u32,
    model: ModelName,
    version: VersionNumber,
    to: String,
    decision: Decision,
    #[serde(rename = "seen")]
    facts_digest: String,
    #[serde(flatten)]
    prepared: PreparedReview,
}

/// Shows the packet, or takes a reviewer's word.
///
/// # Errors
/// When what is named is not there, the word is about other facts, or it can't be put on record.
pub async fn run(arguments: &ReviewArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    if let Some(path) = &arguments.submit {
        return submit_prepared(path, arguments, context).await;
    }
    let policy = context.load_policy()?;
    let store = context.open_store().await?;
    let named = arguments.version.as_deref().unwrap_or_default();
    let (asked, snapshot) = read_gate_inputs(&store, named, &arguments.to).await?;
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let (candidate, champion) = candidate_and_champion(sources, &asked, &snapshot).await?;
    let who = current_user(&env_var);
    let judged = policy
        .evaluate(&candidate, champion.as_ref(), &asked, &who, &[])
        .with_requests(&snapshot);
    let decision = match (arguments.approve, arguments.reject) {
        (true, _) => Decision::Approve,
        (_, true) => Decision::Reject,
        _ => return show_packet(&judged, &candidate, champion.as_ref(), context),
    };
    let (model, version) = (snapshot.model_name().clone(), asked.version);
    let Some(path) = &arguments.prepare else {
        let intent = match (&asked.slot, judged.requests.is_empty()) {
            (Slot::Stage(to), false) => {
                let (to, archive_existing) = (*to, arguments.archive_existing);
                Intent::ResolveRequest {
                    model,
                    version,
                    to,
                    decision,
                    facts_digest: judged.facts_digest,
                    archive_existing,
                }
            }
            _ => Intent::Review {
                model,
                version,
                slot: asked.slot,
                decision,
                facts_digest: judged.facts_digest,
                prepared: None,
            },
        };
        return execute(intent, &arguments.road, &store, context).await;
    };
    let prepared = PreparedReview {
        reviewer: who,
        at: context.now,
        comment: arguments.road.reason().to_owned(),
    };
    let review = ReviewFile {
        frontrunner_review: 1,
        model,
        version,
        to: asked.slot.to_string(),
        decision,
        facts_digest: judged.facts_digest,
        prepared,
    };
    let text = serde_json::to_string_pretty(&review).unwrap_or_default();
    std::fs::write(path, text + "\n").map_err(|error| {
        CliError::new(
            ExitStatus::Failed,
            format!("{} can't be written", path.display()),
        )
        .with_cause(error.to_string())
    })?;
    context.printer.note(&format!(
        "{} is written; nothing was sent. Somebody with rights puts it on record: frontrunner review --submit {}",
        path.display(),
        path.display()
    ));
    Ok(())
}

fn show_packet(
    judged: &PolicyEvaluation,
    candidate: &Candidate,
    champion: Option<&Candidate>,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let commits = commits_since_champion(candidate, champion);
    let commits = commits.as_deref().map_err(String::as_str);
    let packet = ReviewDocument {
        evaluation: judged,
        candidate,
        champion,
        commits,
    };
    let document = packet.to_document();
    if context.printer.format == OutputFormat::Markdown {
        return context.printer.write_raw(&document.to_markdown());
    }
    let mut sheet = Sheet::new(["gate", "verdict", "reason"]);
    for gate in &judged.gates {
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

/// Puts a word on record that somebody else prepared, if it is about what is there now.
async fn submit_prepared(
    path: &PathBuf,
    arguments: &ReviewArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let wrong = |why: String| {
        CliError::new(
            ExitStatus::Usage,
            format!("{} is no prepared review", path.display()),
        )
        .with_cause(why)
    };
    let size = std::fs::metadata(path)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > MAX_REVIEW_BYTES {
        return Err(wrong(format!("it has more than {MAX_REVIEW_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let review: ReviewFile =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let to = Slot::parse(&review.to).map_err(wrong)?;
    let policy = context.load_policy()?;
    let store = context.open_store().await?;
    let (asked, snapshot) = read_gate_inputs(
        &store,
        &format!("{}/{}", review.model.raw(), review.version),
        &review.to,
    )
    .await?;
    let evidence_sources = context.evidence_sources(store.reader.as_ref());
    let sources = LineageSources {
        reader: store.reader.as_ref(),
        evidence_sources: &evidence_sources,
    };
    let (candidate, champion) = candidate_and_champion(sources, &asked, &snapshot).await?;
    let judged = policy.evaluate(
        &candidate,
        champion.as_ref(),
        &asked,
        &current_user(&env_var),
        &[],
    );
    if judged.facts_digest != review.facts_digest {
        return Err(CliError::new(
            ExitStatus::Changed,
            "the review is about other facts: the candidate changed since",
        )
        .with_hint("have it reviewed again"));
    }
    let intent = Intent::Review {
        model: review.model,
        version: review.version,
        slot: to,
        decision: review.decision,
        facts_digest: review.facts_digest,
        prepared: Some(review.prepared),
    };
    execute(intent, &arguments.road, &store, context).await
}
