//! All that is known of a version, also what a narrow list has no columns for.

use super::VersionsScreen;
use crate::domain::{ModelVersion, VersionStatus};
use crate::evidence::ToolEvidence;
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::cell_text::local_time;
use crate::tui::screens::details::{Fact, open_facts, version_facts};

impl VersionsScreen {
    /// Opens the facts of the version under the cursor in full.
    pub(super) fn open_details(&self, context: &mut UpdateContext<'_>) {
        let Some(version) = self.current() else {
            return;
        };
        let mut facts = self.row_facts(version, context);
        facts.extend(version_facts(version, context.now));
        let evidence = self.assessment.get().map(|all| all.evidence.as_slice());
        let evidence = evidence.unwrap_or_default().iter();
        let own = evidence.filter(|(number, _)| *number == version.version);
        facts.extend(own.flat_map(|(_, tools)| tools).map(tool_fact));
        let title = format!("{}/{}", version.name.clean(), version.version);
        open_facts(title, &facts, context);
    }

    /// What the columns of the list show.
    fn row_facts(&self, version: &ModelVersion, context: &UpdateContext<'_>) -> Vec<Fact> {
        let zone = &context.shared.session.time_zone;
        let aliases: Vec<String> = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.clean()))
            .collect();
        let run = match self.run_of(version) {
            Some(run) => format!("{}, {}", run.label().clean(), run.id.clean()),
            None => version.run_id.clean().into_owned(),
        };
        let status = match version.status {
            VersionStatus::Ready => String::new(),
            _ => clean(version.status.as_str()).into_owned(),
        };
        let gates = self.gate_summary(version.version);
        let gates = gates.map_or_else(String::new, |(passed, total, first)| {
            let first = first.map_or_else(String::new, |gate| format!(", {}", gate.describe()));
            format!("{passed} of {total} pass{first}")
        });
        let created = version.creation_time.map(|at| local_time(at, zone));
        let facts = [
            ("stage", version.stage_text.clean().into_owned()),
            ("aliases", aliases.join(" ")),
            ("run", run),
            ("source", version.source.clean().into_owned()),
            ("created", created.unwrap_or_default()),
            ("by", version.user.clean().into_owned()),
            ("status", status),
            ("gates", gates),
        ];
        // MLflow gives the versions of a prompt a source that is none, and no stage.
        let is_used = |key: &str| !version.is_prompt() || !matches!(key, "stage" | "source");
        let has_stages = context.shared.session.slot_kinds.stages;
        let facts = facts
            .into_iter()
            .filter(|(key, text)| !text.is_empty() && is_used(key))
            .filter(|(key, _)| has_stages || *key != "stage");
        facts.map(|(key, text)| Fact::new(key, text)).collect()
    }
}

/// What a tool found, with a mark where it is not as expected.
fn tool_fact(tool: &ToolEvidence) -> Fact {
    let lines = tool.facts.iter().map(|fact| {
        let mark = if fact.is_unexpected {
            ", not as expected"
        } else {
            ""
        };
        let value = fact.value.to_string();
        format!("{} {}{mark}", clean(&fact.name), clean(&value))
    });
    let served = tool.deployments.len();
    let served = (served > 0).then(|| format!("serves {served}"));
    let lines: Vec<String> = lines.chain(served).collect();
    Fact::new(clean(&tool.name), lines.join("\n"))
}
