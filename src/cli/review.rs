//! `review MODEL/VERSION --to PLACE`: candidate against champion on one page; and a reviewer's word, on record or prepared.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::gates::ask;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::output::{Format, Report};
use crate::cli::write::{Road, travel};
use crate::config::{environment, user};
use crate::domain::{ModelName, VersionNumber};
use crate::export::Sheet;
use crate::export::review::Packet;
use crate::ops::gates::sides;
use crate::ops::lineage::{Sources, commits};
use crate::promotion::policy::{Candidate, Judged};
use crate::promotion::{Decision, Intent, Place, Prepared};

/// The longest prepared review that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// What can be said to `review`.
#[derive(Debug, Args)]
pub struct Arguments {
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
    road: Road,
}

/// A word as it is handed from the reviewer to somebody with rights.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    /// What the file is.
    frontrunner_review: u32,
    model: ModelName,
    version: VersionNumber,
    to: String,
    decision: Decision,
    seen: String,
    #[serde(flatten)]
    prepared: Prepared,
}

/// Shows the packet, or takes a reviewer's word.
///
/// # Errors
/// When what is named is not there, the word is about other facts, or it can't be put on record.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(path) = &arguments.submit {
        return submit(path, arguments, context).await;
    }
    let policy = context.policy()?;
    let session = context.open().await?;
    let named = arguments.version.as_deref().unwrap_or_default();
    let (asked, reading) = ask(&session, named, &arguments.to).await?;
    let lookout = context.lookout(session.reader.as_ref());
    let sources = Sources {
        reader: session.reader.as_ref(),
        lookout: &lookout,
    };
    let (candidate, champion) = sides(sources, &asked, &reading).await?;
    let who = user(&environment);
    let judged = policy
        .judge(&candidate, champion.as_ref(), &asked, &who, &[])
        .with_requests(&reading);
    let decision = match (arguments.approve, arguments.reject) {
        (true, _) => Decision::Approve,
        (_, true) => Decision::Reject,
        _ => return show(&judged, &candidate, champion.as_ref(), context),
    };
    let (model, version) = (reading.name().clone(), asked.version);
    let Some(path) = &arguments.prepare else {
        let intent = match (&asked.target, judged.requests.is_empty()) {
            (Place::Stage(to), false) => {
                let (to, archive_existing) = (*to, arguments.archive_existing);
                Intent::Answer {
                    model,
                    version,
                    to,
                    decision,
                    seen: judged.seen,
                    archive_existing,
                }
            }
            _ => Intent::Review {
                model,
                version,
                to: asked.target,
                decision,
                seen: judged.seen,
                prepared: None,
            },
        };
        return travel(intent, &arguments.road, &session, context).await;
    };
    let prepared = Prepared {
        by: who,
        at: context.now,
        comment: arguments.road.reason().to_owned(),
    };
    let word = Word {
        frontrunner_review: 1,
        model,
        version,
        to: asked.target.to_string(),
        decision,
        seen: judged.seen,
        prepared,
    };
    let text = serde_json::to_string_pretty(&word).unwrap_or_default();
    std::fs::write(path, text + "\n").map_err(|error| {
        Failure::new(Exit::Failed, format!("{} can't be written", path.display()))
            .because(error.to_string())
    })?;
    context.output.note(&format!(
        "{} is written; nothing was sent. Somebody with rights puts it on record: frontrunner review --submit {}",
        path.display(),
        path.display()
    ));
    Ok(())
}

fn show(
    judged: &Judged,
    candidate: &Candidate,
    champion: Option<&Candidate>,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let commits = commits(candidate, champion);
    let commits = commits.as_deref().map_err(String::as_str);
    let packet = Packet {
        judged,
        candidate,
        champion,
        commits,
    };
    if context.output.format == Format::Markdown {
        return context.output.raw(&packet.markdown());
    }
    let mut sheet = Sheet::new(["gate", "verdict", "reason"]);
    for gate in &judged.gates {
        sheet.row([
            gate.name.clone(),
            gate.verdict.as_str().to_owned(),
            gate.reason.clone(),
        ]);
    }
    context.output.report(&Report::text(
        packet.json(),
        sheet,
        packet.lines(context.output.width()),
    ))
}

/// Puts a word on record that somebody else prepared, if it is about what is there now.
async fn submit(
    path: &PathBuf,
    arguments: &Arguments,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let wrong = |why: String| {
        Failure::new(
            Exit::Usage,
            format!("{} is no prepared review", path.display()),
        )
        .because(why)
    };
    let size = std::fs::metadata(path)
        .map_err(|error| wrong(error.to_string()))?
        .len();
    if size > LONGEST {
        return Err(wrong(format!("it has more than {LONGEST} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let word: Word = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let to = Place::parse(&word.to).map_err(wrong)?;
    let policy = context.policy()?;
    let session = context.open().await?;
    let (asked, reading) = ask(
        &session,
        &format!("{}/{}", word.model.raw(), word.version),
        &word.to,
    )
    .await?;
    let lookout = context.lookout(session.reader.as_ref());
    let sources = Sources {
        reader: session.reader.as_ref(),
        lookout: &lookout,
    };
    let (candidate, champion) = sides(sources, &asked, &reading).await?;
    let judged = policy.judge(
        &candidate,
        champion.as_ref(),
        &asked,
        &user(&environment),
        &[],
    );
    if judged.seen != word.seen {
        return Err(Failure::new(
            Exit::Changed,
            "the review is about other facts: the candidate changed since",
        )
        .next("have it reviewed again"));
    }
    let intent = Intent::Review {
        model: word.model,
        version: word.version,
        to,
        decision: word.decision,
        seen: word.seen,
        prepared: Some(word.prepared),
    };
    travel(intent, &arguments.road, &session, context).await
}
