//! `versions MODEL`: the versions of a model, with the metrics of the runs that they came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use clap::Args;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::context::Context;
use super::runs::local_time;
use crate::cli::output::Report;
use crate::cli::output::failure::Failure;
use crate::cli::resolve;
use crate::domain::{ModelName, ModelVersion, Run, RunId};
use crate::evidence;
use crate::export::{Sheet, records};
use crate::lineage::Facts;
use crate::ops::lineage::{Sources, facts_of};
use crate::ops::registry::read_model;
use crate::store::{Answer, Read};

/// How many runs are asked for at once.
const AT_ONCE: usize = 4;

/// What can be said to `versions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model.
    #[arg(value_name = "MODEL", required_unless_present = "made_from")]
    model: Option<String>,
    /// Lineage backwards: the versions of all models that were made from digest:…, commit:…, run:… or model:m-….
    #[arg(long, value_name = "WHAT")]
    made_from: Option<String>,
    /// Adds what other tools left with each version, a column a fact.
    #[arg(long, conflicts_with = "made_from")]
    evidence: bool,
}

/// Lists the versions, newest first.
///
/// # Errors
/// When the model is not there, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(what) = &arguments.made_from {
        return super::made_from::run(what, arguments.model.as_deref(), context).await;
    }
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let model = resolve::model(reader, arguments.model.as_deref().unwrap_or_default()).await?;
    let versions = reader.versions(&model.name).await?;
    let runs = runs_of(reader, &versions).await;
    let mut sheet = Sheet::new([
        "version", "stage", "aliases", "status", "run_id", "created", "user", "source",
    ]);
    for version in &versions {
        let aliases: Vec<String> = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.clean()))
            .collect();
        sheet.row([
            version.version.to_string(),
            version.stage_text.raw().to_owned(),
            aliases.join(" "),
            version.status.as_str().to_owned(),
            version.run_id.raw().to_owned(),
            version
                .creation_time
                .map_or_else(|| "—".to_owned(), local_time),
            version.user.raw().to_owned(),
            version.source.raw().to_owned(),
        ]);
    }
    let values = versions.iter().map(|version| {
        json!(records::VersionRecord::new(
            version,
            runs.get(&version.run_id)
        ))
    });
    let mut values: Vec<Value> = values.collect();
    if arguments.evidence {
        let lookout = context.lookout(reader);
        let found = evidence_of(
            Sources {
                reader,
                lookout: &lookout,
            },
            &model.name,
            &versions,
        )
        .await?;
        add_evidence(&found, &mut sheet, &mut values);
    }
    context
        .output
        .report(&Report::table(Value::Array(values), sheet))
}

/// What other tools left with each version, in the order of the versions.
async fn evidence_of(
    sources: Sources<'_>,
    model: &ModelName,
    versions: &[ModelVersion],
) -> Result<Vec<evidence::Report>, Failure> {
    let reading = read_model(sources.reader, model).await?;
    let reading = &reading;
    let read = versions
        .iter()
        .map(|version| async move { facts_of(sources, reading, version.version).await });
    let read: Vec<Answer<Facts>> = stream::iter(read.collect::<Vec<_>>())
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(read
        .into_iter()
        .collect::<Answer<Vec<Facts>>>()?
        .into_iter()
        .map(|facts| facts.evidence)
        .collect())
}

/// Adds a column for each fact that one of the versions has, before the last one, and `evidence` to each value.
fn add_evidence(found: &[evidence::Report], sheet: &mut Sheet, values: &mut [Value]) {
    let told = |report: &evidence::Report| -> BTreeMap<String, String> {
        let facts = report
            .evidence
            .iter()
            .flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)));
        facts
            .map(|(tool, fact)| (format!("{}.{}", tool.id, fact.name), fact.value.to_string()))
            .collect()
    };
    let told: Vec<BTreeMap<String, String>> = found.iter().map(told).collect();
    let names: BTreeSet<&String> = told.iter().flat_map(BTreeMap::keys).collect();
    let at = sheet.heads.len() - 1;
    sheet
        .heads
        .splice(at..at, names.iter().map(|name| (*name).clone()));
    for (row, told) in sheet.rows.iter_mut().zip(&told) {
        row.splice(
            at..at,
            names
                .iter()
                .map(|name| told.get(*name).cloned().unwrap_or_default()),
        );
    }
    for (value, report) in values.iter_mut().zip(found) {
        if let Value::Object(fields) = value {
            fields.insert("evidence".to_owned(), report.facts());
        }
    }
}

/// The runs that versions came from. One that can't be read leaves its version without metrics, no more.
async fn runs_of(reader: &dyn Read, versions: &[ModelVersion]) -> HashMap<RunId, Run> {
    let ids: std::collections::HashSet<RunId> = versions
        .iter()
        .map(|version| version.run_id.clone())
        .filter(|id| !id.is_empty())
        .collect();
    let runs = stream::iter(ids)
        .map(|id| async move { reader.run(&id).await.ok() })
        .buffer_unordered(AT_ONCE);
    runs.filter_map(|run| async move { run.map(|run| (run.id.clone(), run)) })
        .collect()
        .await
}
