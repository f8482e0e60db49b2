//! A plan in the making: steps are added in order, and the state runs ahead with them.

use super::record::Record;
use super::{
    Change, Confirm, Context, Ground, Intent, Plan, PlanError, Reading, Said, State, Step, warnings,
};
use crate::domain::{ModelName, ModelVersion, RegistryWrite, Stage, VersionNumber, VersionStatus};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub reading: &'a Reading,
    pub context: &'a Context,
    /// What the steps so far make of the registry.
    pub state: State,
    /// The name to be typed, where it is not only a model's protected place that asks for it.
    pub asks_for: Option<Untrusted>,
    what: String,
    said: Vec<Said>,
    steps: Vec<Step>,
    warnings: Vec<String>,
}

impl<'a> Draft<'a> {
    /// Begins a plan, once it is sure that the reading is about what is meant.
    pub fn begin(
        intent: &Intent,
        reading: &'a Reading,
        context: &'a Context,
    ) -> Result<Self, PlanError> {
        let asked = intent.subject();
        let found = reading
            .model
            .as_ref()
            .map_or_else(|| reading.subject.clone(), |model| (&model.name).into());
        if [&reading.subject, &found]
            .into_iter()
            .any(|subject| *subject != asked)
        {
            return Err(PlanError::Refused(format!(
                "{asked} was asked for, and the store answers {found}"
            )));
        }
        let (what, warnings) = (intent.to_string(), warnings::of_registry(reading));
        Ok(Self {
            reading,
            context,
            state: reading.state(),
            asks_for: None,
            what,
            said: Vec::new(),
            steps: Vec::new(),
            warnings,
        })
    }

    pub fn name(&self) -> &'a ModelName {
        self.reading.name()
    }

    /// A version in words, cleaned: `iris/3`.
    pub fn label(&self, version: VersionNumber) -> String {
        self.reading.subject.label(version)
    }

    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    pub fn warn_all(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// The version that is meant.
    pub fn version(&self, number: VersionNumber) -> Result<&'a ModelVersion, PlanError> {
        if self.reading.model.is_none() {
            return Err(PlanError::Missing(format!(
                "there is no registered model {}",
                self.name().clean()
            )));
        }
        self.reading
            .version(number)
            .ok_or_else(|| PlanError::Missing(format!("{} is not there", self.label(number))))
    }

    /// Whether a version may be given a place where it is served.
    pub fn must_be_promotable(&self, version: &ModelVersion) -> Result<(), PlanError> {
        let label = self.label(version.version);
        if version.is_leftover() {
            return Err(PlanError::Refused(format!(
                "{label} is the leftover of a deletion: its model is gone"
            )));
        }
        if version.status != VersionStatus::Ready {
            return Err(PlanError::Refused(format!(
                "{label} is {}, not READY: it can't be promoted",
                clean(version.status.as_str())
            )));
        }
        Ok(())
    }

    /// Adds a write of which the effect is told in words.
    pub fn step(
        &mut self,
        write: RegistryWrite,
        action: &str,
        target: String,
        before: String,
        after: String,
    ) {
        self.state.apply(&write);
        self.steps.push(Step {
            write: Some(write),
            action: action.to_owned(),
            target,
            before,
            after,
        });
    }

    /// Adds what is said of a version or a model; what stood there is kept with the plan.
    pub fn say(&mut self, said: Said, action: &str, target: String, before: String, after: String) {
        self.step(said.write(self.name()), action, target, before, after);
        self.said.push(said);
    }

    /// Adds a write that changes who holds a place, and what the store will do by itself.
    pub fn place(&mut self, write: RegistryWrite, action: &str) {
        let before = self.state.clone();
        self.state.apply(&write);
        let meant = match &write {
            RegistryWrite::TransitionStage { version, .. }
            | RegistryWrite::ApproveTransition { version, .. } => Some(*version),
            _ => None,
        };
        let name = &self.reading.subject;
        let changes = before.changes(&self.state);
        let is_ours = |change: &&Change| !matches!(change, Change::Stage { version, .. } if Some(*version) != meant);
        let step = |write, action: &str, change: &Change| Step {
            write,
            action: action.to_owned(),
            target: change.target(name),
            before: change.before(name),
            after: change.after(name),
        };
        // A version that is in its stage already is moved there again only to archive the others.
        let stays = |version: VersionNumber, stage: Stage| Change::Stage {
            version,
            from: stage,
            to: stage,
        };
        let own = changes
            .iter()
            .find(is_ours)
            .cloned()
            .or_else(|| meant.and_then(|v| Some(stays(v, *self.state.stages.get(&v)?))));
        self.steps
            .extend(own.as_ref().map(|own| step(Some(write), action, own)));
        if let Some(Change::Alias {
            alias,
            from: Some(from),
            to: Some(_),
        }) = &own
        {
            let (target, alias) = (name.label(*from), alias.clean());
            let (action, before, after) = (
                "leaves".to_owned(),
                format!("@{alias}"),
                format!("without @{alias}"),
            );
            self.steps.push(Step {
                write: None,
                action,
                target,
                before,
                after,
            });
        }
        self.steps.extend(
            changes
                .iter()
                .filter(|change| !is_ours(change))
                .map(|change| step(None, "archived by the store", change)),
        );
    }

    /// Adds the record that the write leaves on a version, before the places change hands.
    pub fn record(&mut self, on: &ModelVersion, from: &str, to: &str, changes: Vec<Change>) {
        if !self.context.tags {
            return;
        }
        let plan = self.reading.fingerprint();
        let record = Record::new(self.context, &self.what, from, to, plan.short(), changes);
        for tag in record.tags() {
            let (version, name, target) = (on.version, self.name().clone(), self.label(on.version));
            let before = if on.tag(tag.key.raw()).is_some() {
                "an older record"
            } else {
                "no record"
            };
            let after = tag.key.clean().into_owned();
            self.step(
                RegistryWrite::SetVersionTag { name, version, tag },
                "record on",
                target,
                before.to_owned(),
                after,
            );
        }
    }

    /// The finished plan.
    pub fn finish(self, intent: Intent) -> Plan {
        let before = self.reading.state();
        let is_protected = before
            .changes(&self.state)
            .iter()
            .flat_map(Change::places)
            .any(|place| self.context.protected.contains(&place));
        let deletes = self
            .steps
            .iter()
            .any(|step| matches!(step.write, Some(RegistryWrite::DeleteVersion { .. })));
        let own = (is_protected || deletes).then(|| self.name().text().clone());
        let confirm = self
            .asks_for
            .or(own)
            .map_or(Confirm::Yes, Confirm::TypeName);
        Plan {
            id: self.context.id.clone(),
            intent,
            origin: self.reading.origin.clone(),
            user: self.context.user.clone(),
            reason: self.context.reason.clone(),
            made_at: self.context.now,
            steps: self.steps,
            said: self.said,
            before,
            after: self.state,
            ground: Ground::of(self.reading),
            fingerprint: self.reading.fingerprint(),
            warnings: self.warnings,
            confirm,
        }
    }
}
