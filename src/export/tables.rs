//! Tables of the registry and its records, which the command line prints and the screens export.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Sheet;
use crate::domain::{ModelVersion, RegisteredModel, SlotKinds, Stage, VersionNumber};
use crate::lineage::Graph;
use crate::promotion::Outcome;
use crate::promotion::journal::{EntryState, EventSource, JournalEntry, TimelineEvent};
use crate::text::quantity::format_zoned_time;

/// Registered models.
#[must_use]
pub fn model_sheet(models: &[&RegisteredModel], slots: SlotKinds) -> Sheet {
    let mut sheet = Sheet::new(["name", "latest", "production", "aliases", "description"]);
    for model in models {
        sheet.push_row([
            model.name.raw().to_owned(),
            join_or_dash(&latest_version(model)),
            join_or_dash(&model.versions_in(Stage::Production)),
            model_aliases(model),
            model.description.raw().to_owned(),
        ]);
    }
    without_missing_slots(sheet, slots)
}

/// The sheet without the columns of slots that the registry does not have.
fn without_missing_slots(sheet: Sheet, slots: SlotKinds) -> Sheet {
    let sheet = if slots.stages {
        sheet
    } else {
        sheet.without_columns(&["stage", "production"])
    };
    if slots.aliases {
        sheet
    } else {
        sheet.without_columns(&["aliases"])
    }
}

/// Prompts, which have no stages.
#[must_use]
pub fn prompt_sheet(prompts: &[&RegisteredModel]) -> Sheet {
    let mut sheet = Sheet::new(["prompt", "latest", "aliases", "description"]);
    for prompt in prompts {
        sheet.push_row([
            prompt.name.raw().to_owned(),
            join_or_dash(&latest_version(prompt)),
            model_aliases(prompt),
            prompt.description.raw().to_owned(),
        ]);
    }
    sheet
}

fn latest_version(model: &RegisteredModel) -> Vec<VersionNumber> {
    let latest = model.latest_versions.iter().map(|version| version.version);
    latest.max().into_iter().collect()
}

fn model_aliases(model: &RegisteredModel) -> String {
    let aliases = model
        .aliases
        .iter()
        .map(|(alias, version)| format!("@{}={version}", alias.clean()));
    aliases.collect::<Vec<_>>().join(" ")
}

fn join_or_dash(versions: &[VersionNumber]) -> String {
    if versions.is_empty() {
        return "—".to_owned();
    }
    let numbers: Vec<String> = versions.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

/// The versions of a model.
#[must_use]
pub fn version_sheet(versions: &[&ModelVersion], slots: SlotKinds, zone: &TimeZone) -> Sheet {
    let mut sheet = Sheet::new([
        "version", "stage", "aliases", "status", "run_id", "created", "user", "source",
    ]);
    for version in versions {
        sheet.push_row([
            version.version.to_string(),
            version.stage_text.raw().to_owned(),
            version_aliases(version),
            version.status.as_str().to_owned(),
            version.run_id.raw().to_owned(),
            format_created(version, zone),
            version.user.raw().to_owned(),
            version.source.raw().to_owned(),
        ]);
    }
    without_missing_slots(sheet, slots)
}

/// The versions of a prompt: its text is what a model's run and source are.
#[must_use]
pub fn prompt_version_sheet(versions: &[&ModelVersion], zone: &TimeZone) -> Sheet {
    let mut sheet = Sheet::new(["prompt", "version", "aliases", "created", "message", "text"]);
    for version in versions {
        let text = version.prompt_text().unwrap_or_default();
        sheet.push_row([
            version.name.raw().to_owned(),
            version.version.to_string(),
            version_aliases(version),
            format_created(version, zone),
            version.description.raw().to_owned(),
            text.raw().to_owned(),
        ]);
    }
    sheet
}

fn version_aliases(version: &ModelVersion) -> String {
    let aliases = version.aliases.iter();
    let aliases: Vec<String> = aliases.map(|alias| format!("@{}", alias.clean())).collect();
    aliases.join(" ")
}

fn format_created(version: &ModelVersion, zone: &TimeZone) -> String {
    let created = version.creation_time;
    created.map_or_else(|| "—".to_owned(), |at| format_zoned_time(at, zone))
}

/// The history of a model.
#[must_use]
pub fn history_sheet(events: &[&TimelineEvent], zone: &TimeZone) -> Sheet {
    let mut sheet = Sheet::new([
        "when",
        "who",
        "action",
        "from",
        "to",
        "reason",
        "gates",
        "origin",
        "journal_id",
    ]);
    for event in events {
        let origin = match event.source {
            EventSource::Journal => "journal",
            EventSource::Tags => "tags",
            EventSource::Unrecorded => "gap",
            EventSource::Registry => "registry",
        };
        sheet.push_row([
            match (event.at, event.not_before) {
                (Some(when), None) => format_zoned_time(when, zone),
                (Some(when), Some(since)) => {
                    format!(
                        "{} to {}",
                        format_zoned_time(since, zone),
                        format_zoned_time(when, zone)
                    )
                }
                (None, Some(since)) => format!("after {}", format_zoned_time(since, zone)),
                (None, None) => "—".to_owned(),
            },
            event.user.clone(),
            event.action.clone(),
            event.readable_from().into_owned(),
            event.readable_to().into_owned(),
            event.reason.clone(),
            event.gates.clone(),
            origin.to_owned(),
            event.journal_id.clone().unwrap_or_default(),
        ]);
    }
    sheet
}

/// A row for each attribute of each node.
#[must_use]
pub fn lineage_sheet(graph: &Graph) -> Sheet {
    let mut sheet = Sheet::new(["kind", "label", "key", "value"]);
    for node in &graph.nodes {
        let mut add = |key: &str, value: &str| {
            sheet.push_row([
                node.kind.as_str().to_owned(),
                node.label.raw().to_owned(),
                key.to_owned(),
                value.to_owned(),
            ]);
        };
        if node.attributes.is_empty() {
            add("", "");
        }
        for (key, value) in &node.attributes {
            add(key, value.raw());
        }
    }
    sheet
}

/// The entries of the journal.
#[must_use]
pub fn journal_sheet(entries: &[&JournalEntry], zone: &TimeZone) -> Sheet {
    let mut sheet = Sheet::new(["when", "who", "change", "outcome", "reason", "journal_id"]);
    for entry in entries {
        sheet.push_row([
            format_zoned_time(entry.at, zone),
            entry.plan.user.clone(),
            entry.plan.intent.to_string(),
            outcome(entry),
            entry.plan.reason.clone(),
            entry.id.clone(),
        ]);
    }
    sheet
}

/// The entries of the journal for scripts.
#[must_use]
pub fn journal_records(entries: &[&JournalEntry]) -> Value {
    let record = |entry: &&JournalEntry| {
        json!({
            "journal_id": entry.id,
            "at": entry.at,
            "user": entry.plan.user,
            "change": entry.plan.intent.to_string(),
            "outcome": outcome(entry),
            "reason": entry.plan.reason,
            "undone_by": entry.undone_by,
        })
    };
    entries.iter().map(record).collect()
}

fn outcome(entry: &JournalEntry) -> String {
    let text = match &entry.state {
        EntryState::Unfinished => "unfinished",
        EntryState::Ended(Outcome::Verified) if entry.undone_by.is_some() => "undone",
        EntryState::Ended(Outcome::Verified) => "verified",
        EntryState::Ended(Outcome::NotApplied { .. }) => "not applied",
        EntryState::Ended(Outcome::Conflict { .. }) => "conflict",
        EntryState::Ended(Outcome::Unknown { .. }) => "unknown",
    };
    text.to_owned()
}
