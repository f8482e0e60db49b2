//! `history MODEL`: who changed which stage or alias, when and why.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::domain::{Millis, ModelName};
use crate::export::{Sheet, tables};
use crate::ops::history::{ModelHistory, model_history};
use crate::promotion::journal::{EventSource, Holder, TimelineEvent, holders_at};
use crate::text::untrusted::clean;

/// When, who and what: a narrow terminal lists the rest below them.
const KEY_COLUMNS: usize = 3;

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Registered model.
    #[arg(value_name = "MODEL")]
    model: String,
    /// Show who held each stage and alias at the end of a date, or at a time such as 2026-03-03T14:00.
    #[arg(long, value_name = "WHEN")]
    at: Option<String>,
}

/// Prints the history, newest first. The history of a deleted model comes from the journal.
///
/// # Errors
/// When the model is missing, in the store and in the journal.
pub async fn run(
    arguments: &HistoryArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let entries = context.journal_entries(reader.origin())?;
    let name = ModelName::from(arguments.model.as_str());
    let history = model_history(reader, &name, entries).await?;
    let snapshot = &history.snapshot;
    if snapshot.model.is_none() && history.entries.is_empty() {
        // Reports the missing model, with similar names.
        resolve::model(reader, &arguments.model).await?;
    }
    let (value, sheet) = if let Some(text) = &arguments.at {
        let (model, at) = (snapshot.model.as_ref(), parse_time(text)?);
        let holders = holders_at(&history.entries, model, &snapshot.versions, context.now, at);
        let sheet = holders_sheet(&holders, &arguments.model);
        (serde_json::to_value(&holders), sheet)
    } else {
        let events: Vec<&TimelineEvent> = history.events.iter().collect();
        (
            serde_json::to_value(recorded_events(&history)),
            tables::history_sheet(&events, &TimeZone::system()),
        )
    };
    let value = value.unwrap_or(Value::Null);
    let output = CommandOutput::complete_table(value, sheet, KEY_COLUMNS);
    context.printer.print(&output)
}

/// The events for scripts. Where this journal has entries, they are what earlier versions printed; what
/// only the registry shows is added where there are none.
fn recorded_events(history: &ModelHistory) -> Vec<&TimelineEvent> {
    let is_listed = |event: &&TimelineEvent| {
        history.entries.is_empty() || event.source != EventSource::Registry
    };
    history.events.iter().filter(is_listed).collect()
}

/// A date means its end. Local times are in the zone of this machine.
fn parse_time(text: &str) -> Result<Millis, CliError> {
    let zone = TimeZone::system();
    let end_of_day = text
        .parse::<Date>()
        .ok()
        .filter(|_| !text.contains(['T', ':']))
        .map(|date| date.at(23, 59, 59, 999_000_000));
    let local = end_of_day.or_else(|| text.parse::<DateTime>().ok());
    let instant = text.parse::<Timestamp>().ok().or_else(|| {
        zone.to_ambiguous_zoned_datetime(local?)
            .compatible()
            .ok()
            .map(|zoned| zoned.timestamp())
    });
    instant.map(Timestamp::as_millisecond).ok_or_else(|| {
        CliError::new(ExitStatus::Usage, format!("invalid date: {}", clean(text)))
            .with_hint("write 2026-03-03, or 2026-03-03T14:00")
    })
}

fn holders_sheet(holders: &[Holder], model: &str) -> Sheet {
    let mut sheet = Sheet::new(["place", "version", "known"]);
    for holder in holders {
        let time = |at: Option<Millis>| {
            at.map_or_else(|| "the first record".to_owned(), format_local_time)
        };
        let known = match (holder.is_known, holder.differs_at) {
            (true, _) => "yes".to_owned(),
            (false, Some(at)) => format!(
                "no: changed between {} and {}",
                time(holder.last_seen_at),
                format_local_time(at)
            ),
            (false, None) => "no: first seen later".to_owned(),
        };
        let version = holder
            .version
            .map_or_else(|| "none".to_owned(), |version| format!("{model}/{version}"));
        sheet.push_row([holder.slot.clone(), version, known]);
    }
    sheet
}
