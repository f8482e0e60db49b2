//! Tables and graphs of the screens, for new files.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::domain::{ModelVersion, RegisteredModel, SlotKinds};
use crate::export::{Sheet, json as json_text, lineage, records, tables};
use crate::lineage::Graph;
use crate::ops::RequestError;
use crate::ops::models::VersionRuns;
use crate::promotion::journal::{JournalEntry, TimelineEvent};

/// Headers and rows.
pub type TextRows = (Vec<String>, Vec<Vec<String>>);

/// A table in all its formats, as the command line prints them.
#[derive(Clone, Debug)]
pub struct TableExport {
    csv: Sheet,
    markdown: Sheet,
    json: Value,
}

impl TableExport {
    /// A run table: for CSV, for Markdown and for JSON.
    #[must_use]
    pub fn of_runs(csv: TextRows, markdown: TextRows, json: Value) -> Self {
        let sheet = |(headers, rows)| Sheet {
            headers,
            rows,
            ..Sheet::default()
        };
        Self {
            csv: sheet(csv),
            markdown: sheet(markdown),
            json,
        }
    }

    fn new(sheet: Sheet, json: Value) -> Self {
        Self {
            csv: sheet.clone(),
            markdown: sheet,
            json,
        }
    }

    /// Registered models, or prompts.
    #[must_use]
    pub fn of_models(models: &[&RegisteredModel], are_prompts: bool, slots: SlotKinds) -> Self {
        let sheet = if are_prompts {
            tables::prompt_sheet(models)
        } else {
            tables::model_sheet(models, slots)
        };
        let record = |model: &&RegisteredModel| json!(records::ModelRecord::from(*model));
        Self::new(sheet, models.iter().map(record).collect())
    }

    /// The versions of a model, or of a prompt.
    #[must_use]
    pub fn of_versions(
        versions: &[&ModelVersion],
        runs: &VersionRuns,
        is_prompt: bool,
        slots: SlotKinds,
        zone: &TimeZone,
    ) -> Self {
        let sheet = if is_prompt {
            tables::prompt_version_sheet(versions, zone)
        } else {
            tables::version_sheet(versions, slots, zone)
        };
        let record =
            |version: &&ModelVersion| json!(records::VersionRecord::new(version, runs.of(version)));
        Self::new(sheet, versions.iter().map(record).collect())
    }

    /// Events of a model's history.
    #[must_use]
    pub fn of_history(events: &[&TimelineEvent], zone: &TimeZone) -> Self {
        Self::new(tables::history_sheet(events, zone), json!(events))
    }

    /// Entries of the journal.
    #[must_use]
    pub fn of_journal(entries: &[&JournalEntry], zone: &TimeZone) -> Self {
        let sheet = tables::journal_sheet(entries, zone);
        Self::new(sheet, tables::journal_records(entries))
    }

    pub(super) fn render(&self, path: &str) -> Result<String, RequestError> {
        match extension(path).as_str() {
            "csv" => Ok(self.csv.to_csv()),
            "md" => Ok(self.markdown.to_markdown()),
            "json" => Ok(json_text::to_string(&self.json) + "\n"),
            _ => Err(unknown_extension("the name must end in .csv, .md or .json")),
        }
    }
}

pub(super) fn render_lineage(graph: &Graph, path: &str) -> Result<String, RequestError> {
    match extension(path).as_str() {
        "md" => Ok(lineage::document(graph).to_markdown()),
        "dot" | "gv" => Ok(lineage::dot(graph)),
        "json" => Ok(json_text::to_string(&json!(graph)) + "\n"),
        _ => Err(unknown_extension("the name must end in .md, .dot or .json")),
    }
}

fn extension(path: &str) -> String {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.unwrap_or_default().to_ascii_lowercase()
}

pub(super) fn unknown_extension(known: &str) -> RequestError {
    RequestError::new(known, "press x to enter another name")
}
