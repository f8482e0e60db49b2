//! `gates MODEL/VERSION --to PLACE`: what the policy says, by exit code.

use clap::Args;
use serde_json::json;

use super::context::Context;
use crate::cli::output::Report;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::config::{environment, user};
use crate::export::Sheet;
use crate::ops::gates::{Promoter, judge_one};
use crate::ops::lineage::Sources;
use crate::ops::registry::read_model;
use crate::promotion::policy::Asked;
use crate::promotion::{Place, Reading};
use crate::store::Opened;

/// What can be said to `gates`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias; without one, the policy itself is checked.
    #[arg(value_name = "MODEL/VERSION")]
    version: Option<String>,
    /// For which place: a stage or an @alias.
    #[arg(long, value_name = "PLACE", default_value = "Production")]
    to: String,
}

/// Judges the gates. The exit code is 0 when all pass, and 4 when one does not.
///
/// # Errors
/// When a gate does not pass, the policy has mistakes, or the facts can't be read.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let policy = context.policy()?;
    let Some(named) = &arguments.version else {
        let gates: usize = policy.models.iter().map(|model| model.gates.len()).sum();
        let line = format!(
            "the policy is sound: {gates} gates for {} patterns of models",
            policy.models.len()
        );
        let value = json!({"models": policy.models.len(), "gates": gates});
        return context.output.report(&Report::text(
            value,
            Sheet::new(["patterns", "gates"]),
            vec![line],
        ));
    };
    let session = context.open().await?;
    let (asked, reading) = ask(&session, named, &arguments.to).await?;
    let who = user(&environment);
    let promoter = Promoter {
        name: &who,
        overrides: &[],
    };
    let lookout = context.lookout(session.reader.as_ref());
    let sources = Sources {
        reader: session.reader.as_ref(),
        lookout: &lookout,
    };
    let judged = judge_one(&policy, sources, &asked, &reading, promoter).await?;
    let mut sheet = Sheet::new(["gate", "verdict", "reason", "values"]);
    for gate in &judged.gates {
        let values: Vec<String> = gate
            .values
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        sheet.row([
            gate.name.clone(),
            gate.verdict.as_str().to_owned(),
            gate.reason.clone(),
            values.join(", "),
        ]);
    }
    let value = json!({
        "model": reading.name().raw(),
        "version": asked.version.0,
        "target": asked.target.to_string(),
        "passes": judged.passes(),
        "gates": judged.gates,
        "requests": judged.requests,
    });
    context.output.report(&Report::table(value, sheet))?;
    context.output.flush()?;
    for request in &judged.requests {
        context
            .output
            .note(&format!("{}: `frontrunner review` answers", request.line()));
    }
    if judged.passes() {
        if judged.gates.is_empty() {
            context.output.note("no gate guards this place");
        }
        return Ok(());
    }
    let count = judged
        .gates
        .iter()
        .filter(|gate| !matches!(gate.verdict.as_str(), "pass" | "overridden"))
        .count();
    Err(Failure::new(
        Exit::Refused,
        format!("{count} of {} gates do not pass", judged.gates.len()),
    ))
}

/// What is asked, and what the registry says.
///
/// # Errors
/// When the place is none, or the version is not there.
pub async fn ask(session: &Opened, named: &str, to: &str) -> Result<(Asked, Reading), Failure> {
    let target = Place::parse(to).map_err(|why| Failure::new(Exit::Usage, why))?;
    let (model, version) = resolve::version(session.reader.as_ref(), named).await?;
    let mut reading = read_model(session.reader.as_ref(), &model.name).await?;
    reading.requests = session
        .reader
        .transition_requests(&model.name, version)
        .await?;
    Ok((Asked { target, version }, reading))
}
