//! What is known of the item under the cursor, for the pane below a list and for the dialog that shows it in full.

use jiff::tz::TimeZone;

use crate::config::theme::Role;
use crate::domain::{
    Experiment, Millis, ModelName, ModelVersion, RUN_DESCRIPTION_TAG, RegisteredModel, Stage,
};
use crate::promotion::journal::{EntryState, EventSource, JournalEntry, TimelineEvent};
use crate::promotion::{Approval, Decision, Outcome, TAG_PREFIX, TagRecord};
use crate::text::Untrusted;
use crate::text::quantity;
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::cell_text::{local_time, within_model};
use crate::tui::app::dialogs::{Dialog, TextDialog};

/// A fact with the name of what it is about; both cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub key: String,
    /// Can have several lines.
    pub text: String,
    /// Of the text.
    pub role: Role,
}

impl Fact {
    pub(super) fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            text: text.into(),
            role: Role::Text,
        }
    }

    fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// Opens facts in full.
pub(super) fn open_facts(title: String, facts: &[Fact], context: &mut UpdateContext<'_>) {
    let mut lines = Vec::new();
    for fact in facts {
        let mut text = fact.text.lines();
        match (text.next().unwrap_or_default(), text.clone().next()) {
            (first, None) => lines.push(format!("{}: {first}", fact.key)),
            (first, Some(_)) => {
                lines.push(format!("{}:", fact.key));
                lines.extend(
                    std::iter::once(first)
                        .chain(text)
                        .map(|line| format!("  {line}")),
                );
            }
        }
    }
    if lines.is_empty() {
        lines.push("nothing more is recorded".to_owned());
    }
    context.open(Dialog::Text(Box::new(TextDialog::new(title, lines))));
}

fn lines(text: &Untrusted) -> String {
    text.clean_lines().collect::<Vec<_>>().join("\n")
}

/// What people recorded on a version, without the tags that records are made of.
pub(crate) fn version_facts(version: &ModelVersion, now: Millis) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(text) = version.prompt_text() {
        facts.push(Fact::new("text", lines(&text)));
    }
    if !version.description.is_empty() {
        facts.push(Fact::new("description", lines(&version.description)));
    }
    for review in Approval::from_version_tags(version) {
        let role = match review.decision {
            Decision::Approve => Role::Good,
            Decision::Reject => Role::Bad,
        };
        let age = quantity::format_age(now - review.at);
        let text = format!("{}, {age}", clean(&review.describe_with_comment()));
        facts.push(Fact::new("review", text).with_role(role));
    }
    facts.extend(last_move(version, now));
    let own = version.tags.iter().filter(|tag| {
        let key = tag.key.raw();
        !key.starts_with(TAG_PREFIX) && !is_internal(key)
    });
    facts.extend(own.map(|tag| Fact::new(tag.key.clean(), lines(&tag.value))));
    facts
}

/// The newest record of a stage or an alias. Edits and reviews leave none.
fn last_move(version: &ModelVersion, now: Millis) -> Option<Fact> {
    let records = TagRecord::from_version_tags(version);
    let record = records
        .iter()
        .max_by_key(|record| record.recorded_at_ms())?;
    let age = record.recorded_at_ms().map(|at| now - at);
    let age = age.map_or_else(String::new, |age| {
        format!(", {}", quantity::format_age(age))
    });
    let reason = if record.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(&record.reason))
    };
    let (action, user) = (clean(&record.action), clean(&record.user));
    Some(Fact::new(
        "last move",
        format!("{action} by {user}{age}{reason}"),
    ))
}

/// MLflow's own tags of a prompt: its text is shown.
pub(crate) fn is_internal(key: &str) -> bool {
    key.starts_with("mlflow.prompt.") || key.starts_with("_mlflow_prompt")
}

/// The outcome of a write, in a word.
pub(crate) fn outcome_word(entry: &JournalEntry) -> (&'static str, Role) {
    match &entry.state {
        EntryState::Unfinished => ("unfinished", Role::Bad),
        EntryState::Ended(Outcome::Verified) if entry.undone_by.is_some() => {
            ("undone", Role::Muted)
        }
        EntryState::Ended(Outcome::Verified) => ("verified", Role::Good),
        EntryState::Ended(Outcome::NotApplied { .. }) => ("not applied", Role::Muted),
        EntryState::Ended(Outcome::Conflict { .. }) => ("conflict", Role::Bad),
        EntryState::Ended(Outcome::Unknown { .. }) => ("unknown", Role::Warn),
    }
}

/// A write of the journal: its outcome with the reason, its time and its steps.
pub(crate) fn entry_facts(entry: &JournalEntry, zone: &TimeZone) -> Vec<Fact> {
    let (word, role) = outcome_word(entry);
    let why = match &entry.state {
        EntryState::Ended(
            Outcome::NotApplied { reason: why } | Outcome::Unknown { reason: why },
        ) => why.clone(),
        EntryState::Ended(Outcome::Conflict { differences: found }) => found.join("; "),
        EntryState::Unfinished => {
            "frontrunner ended before the outcome was known: t checks the registry".into()
        }
        EntryState::Ended(Outcome::Verified) => String::new(),
    };
    let plan: String = entry.plan.fingerprint.0.chars().take(8).collect();
    let mut facts = vec![
        Fact::new("what", entry.plan.intent.to_string()),
        Fact::new("outcome", format!("{word}  {why}").trim_end()).with_role(role),
        Fact::new("when", local_time(entry.at, zone)),
        Fact::new("who", clean(&entry.plan.user)),
        Fact::new("entry", format!("{}  plan {plan}", entry.id)).with_role(Role::Muted),
    ];
    if !entry.plan.reason.is_empty() {
        facts.push(Fact::new("reason", clean(&entry.plan.reason)));
    }
    let steps = entry.plan.steps.iter();
    let steps = steps.filter(|step| step.write.is_some() || !step.before.is_empty());
    let steps: Vec<String> = steps
        .map(|step| {
            let change = format!("{} → {}", step.before, step.after);
            format!("{}  {}  {change}", step.action, step.target)
        })
        .collect();
    facts.extend((!steps.is_empty()).then(|| Fact::new("writes", steps.join("\n"))));
    facts
}

/// An event of a model's history, in the words of a screen that names the model.
pub(crate) fn event_facts(event: &TimelineEvent, model: &ModelName, zone: &TimeZone) -> Vec<Fact> {
    let when = match (event.at, event.not_before) {
        (Some(at), _) => local_time(at, zone),
        (None, Some(since)) => format!("after {}", local_time(since, zone)),
        (None, None) => "time unknown".to_owned(),
    };
    let source = match event.source {
        EventSource::Journal => "from this machine's journal",
        EventSource::Tags => "from tags of the version",
        EventSource::Unrecorded => "changed with another tool: user and reason are not recorded",
        EventSource::Registry => "from the registry, which has no more",
    };
    let change = format!("{} → {}", event.readable_from(), event.readable_to());
    let facts = [
        ("what", within_model(&event.action, model)),
        ("when", when),
        ("source", source.to_owned()),
        ("who", event.user.clone()),
        ("change", within_model(&change, model)),
        ("reason", event.reason.clone()),
        ("gates", event.gates.clone()),
        ("entry", event.journal_id.clone().unwrap_or_default()),
    ];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    facts.map(|(key, text)| Fact::new(key, text)).collect()
}

/// The experiment's note, where its artifacts are, and its tags.
pub(super) fn experiment_facts(experiment: &Experiment, zone: &TimeZone) -> Vec<Fact> {
    let note = experiment
        .tags
        .iter()
        .find(|tag| tag.key.raw() == RUN_DESCRIPTION_TAG);
    let own = experiment
        .tags
        .iter()
        .filter(|tag| tag.key.raw() != RUN_DESCRIPTION_TAG);
    let time = |key: &str, at: Option<Millis>| Some(Fact::new(key, local_time(at?, zone)));
    let runs = experiment
        .run_count
        .map(|runs| Fact::new("runs", runs.to_string()));
    let artifacts = Fact::new("artifacts", experiment.artifact_location.clean());
    note.map(|note| Fact::new("note", lines(&note.value)))
        .into_iter()
        .chain([
            Fact::new("name", experiment.name.clean()),
            Fact::new("id", experiment.id.clean()),
        ])
        .chain(runs)
        .chain(time("last run", experiment.last_run_time))
        .chain(time("created", experiment.creation_time))
        .chain([artifacts])
        .chain(own.map(|tag| Fact::new(tag.key.clean(), lines(&tag.value))))
        .collect()
}

/// The description, the aliases and the tags of a registered model.
pub(super) fn model_facts(model: &RegisteredModel) -> Vec<Fact> {
    let mut facts = vec![Fact::new("name", model.name.clean())];
    for stage in [Stage::Production, Stage::Staging] {
        let versions = model.versions_in(stage).into_iter();
        let versions: Vec<String> = versions.map(|version| format!("v{version}")).collect();
        facts.extend((!versions.is_empty()).then(|| Fact::new(stage.as_str(), versions.join(" "))));
    }
    if !model.description.is_empty() {
        facts.push(Fact::new("description", lines(&model.description)));
    }
    let aliases = model.aliases.iter();
    let aliases: Vec<String> = aliases
        .map(|(alias, version)| format!("@{}: v{version}", alias.clean()))
        .collect();
    if !aliases.is_empty() {
        facts.push(Fact::new("aliases", aliases.join("\n")));
    }
    let tags = model.tags.iter().filter(|tag| {
        let key = tag.key.raw();
        !key.starts_with(TAG_PREFIX) && !is_internal(key)
    });
    facts.extend(tags.map(|tag| Fact::new(tag.key.clean(), lines(&tag.value))));
    facts
}
