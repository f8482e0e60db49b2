//! `versions MODEL`: the versions of a model, with the metrics of their source runs.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use futures_util::{StreamExt, stream};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::context::CommandContext;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::cli::resolve;
use crate::domain::{ModelName, ModelVersion};
use crate::evidence;
use crate::export::{Sheet, records, tables};
use crate::lineage::LineageFacts;
use crate::ops::lineage::{LineageSources, lineage_facts_from_snapshot};
use crate::ops::models::source_runs;
use crate::ops::registry::read_model_snapshot;
use crate::store::Result;

/// How many versions are read at a time.
const MAX_CONCURRENT: usize = 4;

#[derive(Debug, Args)]
pub struct VersionsArgs {
    /// Registered model.
    #[arg(value_name = "MODEL", required_unless_present = "made_from")]
    model: Option<String>,
    /// List the versions of all models made from digest:…, commit:…, run:… or model:m-….
    #[arg(long, value_name = "WHAT")]
    made_from: Option<String>,
    /// Add a column for each fact that other tools recorded.
    #[arg(long, conflicts_with = "made_from")]
    evidence: bool,
}

/// Prints the versions, newest first.
///
/// # Errors
/// When the model is missing or the store cannot be read.
pub async fn run(
    arguments: &VersionsArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    if let Some(what) = &arguments.made_from {
        return super::downstream::run(what, arguments.model.as_deref(), context).await;
    }
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let name = arguments.model.as_deref().unwrap_or_default();
    let (model, versions) = resolve::model_and_versions(reader, name).await?;
    let runs = source_runs(reader, &versions).await;
    let (all, zone): (Vec<&ModelVersion>, _) = (versions.iter().collect(), &TimeZone::system());
    let mut sheet = if model.is_prompt() {
        tables::prompt_version_sheet(&all, zone)
    } else {
        tables::version_sheet(&all, reader.slot_kinds(), zone)
    };
    let values = versions
        .iter()
        .map(|version| json!(records::VersionRecord::new(version, runs.of(version))));
    let mut values: Vec<Value> = values.collect();
    if arguments.evidence {
        let evidence_sources = context.evidence_sources(reader);
        let reports = read_evidence(
            LineageSources {
                reader,
                evidence_sources: &evidence_sources,
            },
            &model.name,
            &versions,
        )
        .await?;
        add_evidence(&reports, &mut sheet, &mut values);
    }
    context
        .printer
        .print(&CommandOutput::table(Value::Array(values), sheet))
}

/// The evidence of each version, in the order of the versions.
async fn read_evidence(
    sources: LineageSources<'_>,
    model: &ModelName,
    versions: &[ModelVersion],
) -> Result<Vec<evidence::EvidenceReport>, CliError> {
    let snapshot = read_model_snapshot(sources.reader, model).await?;
    let snapshot = &snapshot;
    let read = versions.iter().map(|version| async move {
        lineage_facts_from_snapshot(sources, snapshot, version.version).await
    });
    let read: Vec<Result<LineageFacts>> = stream::iter(read.collect::<Vec<_>>())
        .buffered(MAX_CONCURRENT)
        .collect()
        .await;
    Ok(read
        .into_iter()
        .collect::<Result<Vec<LineageFacts>>>()?
        .into_iter()
        .map(|facts| facts.evidence)
        .collect())
}

/// Adds a column for each fact of any version, before the last column, and `evidence` to each value.
fn add_evidence(reports: &[evidence::EvidenceReport], sheet: &mut Sheet, values: &mut [Value]) {
    let facts_of_report = |report: &evidence::EvidenceReport| -> BTreeMap<String, String> {
        let facts = report
            .tools
            .iter()
            .flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)));
        facts
            .map(|(tool, fact)| (format!("{}.{}", tool.id, fact.name), fact.value.to_string()))
            .collect()
    };
    let facts_by_version: Vec<BTreeMap<String, String>> =
        reports.iter().map(facts_of_report).collect();
    let names: BTreeSet<&String> = facts_by_version.iter().flat_map(BTreeMap::keys).collect();
    let at = sheet.headers.len() - 1;
    sheet
        .headers
        .splice(at..at, names.iter().map(|name| (*name).clone()));
    for (row, facts) in sheet.rows.iter_mut().zip(&facts_by_version) {
        row.splice(
            at..at,
            names
                .iter()
                .map(|name| facts.get(*name).cloned().unwrap_or_default()),
        );
    }
    for (value, report) in values.iter_mut().zip(reports) {
        if let Value::Object(fields) = value {
            fields.insert("evidence".to_owned(), report.facts());
        }
    }
}
