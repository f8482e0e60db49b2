//! `history MODEL`: who moved which version where, when and why.

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::find;
use super::print::Report;
use super::runs::local_time;
use crate::export::Sheet;
use crate::journal::{Event, Origin, timeline};

/// What can be said to `history`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model.
    #[arg(value_name = "MODEL")]
    model: String,
}

/// Tells the history, newest first. A model that is deleted has one as long as the journal knows it.
///
/// # Errors
/// When neither the store nor the journal knows the model.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let mut entries = context.journal().entries(reader.origin())?;
    entries.retain(|entry| entry.plan.intent.model().raw() == arguments.model);
    let model = match find::model(reader, &arguments.model).await {
        Ok(model) => Some(model),
        Err(failure) if failure.exit == Exit::NoMatch && !entries.is_empty() => None,
        Err(failure) => return Err(failure),
    };
    let versions = match &model {
        Some(model) => reader.versions(&model.name).await?,
        None => Vec::new(),
    };
    let events = timeline(&entries, model.as_ref(), &versions);
    let value = serde_json::to_value(&events).unwrap_or(Value::Null);
    context.output.report(&Report::table(value, sheet(&events)))
}

fn sheet(events: &[Event]) -> Sheet {
    let mut sheet = Sheet::new(["when", "who", "action", "from", "to", "reason", "gates", "origin", "journal_id"]);
    for event in events {
        let origin = match event.origin {
            Origin::Journal => "journal",
            Origin::Tags => "tags",
            Origin::Gap => "gap",
        };
        sheet.row([
            event.when.map_or_else(|| "—".to_owned(), local_time),
            event.who.clone(),
            event.action.clone(),
            event.from.clone(),
            event.to.clone(),
            event.reason.clone(),
            event.gates.clone(),
            origin.to_owned(),
            event.journal_id.clone().unwrap_or_default(),
        ]);
    }
    sheet
}
