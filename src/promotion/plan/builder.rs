//! Builder of plans: each step that is pushed also advances the predicted state.

use std::collections::BTreeSet;

use super::{Confirmation, MetadataChange, Plan, PlanContext, PlanError, PlanStep, warnings};
use crate::domain::{
    KeyValue, ModelName, ModelVersion, Stage, StoreWrite, VersionNumber, VersionStatus,
};
use crate::lineage::{Warning, WarningTopic};
use crate::promotion::tag_record::{LAST_TAG, TagRecord};
use crate::promotion::{Intent, Preconditions, RegistryChange, RegistrySnapshot, RegistryState};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

pub(super) struct PlanBuilder<'a> {
    pub snapshot: &'a RegistrySnapshot,
    pub context: &'a PlanContext,
    /// Predicted state after the steps so far.
    pub state: RegistryState,
    /// Name to type, if not the model's own for a protected slot.
    pub confirmation_name: Option<Untrusted>,
    action: String,
    metadata: Vec<MetadataChange>,
    steps: Vec<PlanStep>,
    warnings: Vec<Warning>,
}

impl<'a> PlanBuilder<'a> {
    /// Checks that the snapshot is of the intent's subject.
    pub fn new(
        intent: &Intent,
        snapshot: &'a RegistrySnapshot,
        context: &'a PlanContext,
    ) -> Result<Self, PlanError> {
        let expected = intent.subject();
        let found = snapshot
            .model
            .as_ref()
            .map_or_else(|| snapshot.subject.clone(), |model| (&model.name).into());
        if [&snapshot.subject, &found]
            .into_iter()
            .any(|subject| *subject != expected)
        {
            return Err(PlanError::Refused(format!(
                "requested {expected}, but the store returned {found}"
            )));
        }
        let (action, warnings) = (intent.to_string(), warnings::of_registry(snapshot));
        Ok(Self {
            snapshot,
            context,
            state: snapshot.state(),
            confirmation_name: None,
            action,
            metadata: Vec::new(),
            steps: Vec::new(),
            warnings: warnings.into_iter().map(Warning::from).collect(),
        })
    }

    pub fn model_name(&self) -> &'a ModelName {
        self.snapshot.model_name()
    }

    /// Cleaned: `iris/3`.
    pub fn label(&self, version: VersionNumber) -> String {
        self.snapshot.subject.label(version)
    }

    pub fn warn(&mut self, text: String) {
        self.warnings.push(text.into());
    }

    pub fn warn_all<W: Into<Warning>>(&mut self, warnings: impl IntoIterator<Item = W>) {
        self.warnings.extend(warnings.into_iter().map(W::into));
    }

    /// Warns of a state that the planned write leads to.
    pub fn warn_of_consequence(&mut self, text: &str) {
        self.warnings.push(consequence(text));
    }

    pub fn version(&self, number: VersionNumber) -> Result<&'a ModelVersion, PlanError> {
        if self.snapshot.model.is_none() {
            return Err(PlanError::NotFound(format!(
                "there is no registered model {}",
                self.model_name().clean()
            )));
        }
        self.snapshot
            .version(number)
            .ok_or_else(|| PlanError::NotFound(format!("{} does not exist", self.label(number))))
    }

    /// Refuses a version that is not ready to be served.
    pub fn require_promotable(&self, version: &ModelVersion) -> Result<(), PlanError> {
        let label = self.label(version.version);
        if version.is_half_deleted() {
            return Err(PlanError::Refused(format!(
                "{label} is half deleted: its model is gone"
            )));
        }
        if version.status != VersionStatus::Ready {
            return Err(PlanError::Refused(format!(
                "{label} is {}, not READY: it cannot be promoted",
                clean(version.status.as_str())
            )));
        }
        Ok(())
    }

    pub fn push_step(
        &mut self,
        write: StoreWrite,
        action: &str,
        target: String,
        before: String,
        after: String,
    ) {
        self.state.apply(&write);
        self.steps.push(PlanStep {
            write: Some(write),
            action: action.to_owned(),
            target,
            before,
            after,
        });
    }

    /// Adds a change of a description, name or tag; the plan keeps the previous value.
    pub fn push_metadata(
        &mut self,
        change: MetadataChange,
        action: &str,
        target: String,
        before: String,
        after: String,
    ) {
        self.push_step(
            change.to_write(&self.snapshot.subject),
            action,
            target,
            before,
            after,
        );
        self.metadata.push(change);
    }

    /// Adds a write that changes holders, and the changes that the store makes on its own.
    pub fn push_slot_change(&mut self, write: StoreWrite, action: &str) {
        let before = self.state.clone();
        self.state.apply(&write);
        let moved_version = match &write {
            StoreWrite::TransitionStage { version, .. }
            | StoreWrite::ApproveTransition { version, .. } => Some(*version),
            _ => None,
        };
        let name = &self.snapshot.subject;
        let changes = before.diff(&self.state);
        let is_intended = |change: &&RegistryChange| !matches!(change, RegistryChange::Stage { version, .. } if Some(*version) != moved_version);
        let step = |write, action: &str, change: &RegistryChange| PlanStep {
            write,
            action: action.to_owned(),
            target: change.target(name),
            before: change.before(name),
            after: change.after(name),
        };
        // A version that is already in its stage is moved there again only to archive the others.
        let unchanged = |version: VersionNumber, stage: Stage| RegistryChange::Stage {
            version,
            from: stage,
            to: stage,
        };
        let intended = changes.iter().find(is_intended).cloned().or_else(|| {
            moved_version.and_then(|v| Some(unchanged(v, *self.state.stages.get(&v)?)))
        });
        self.steps
            .extend(intended.as_ref().map(|own| step(Some(write), action, own)));
        if let Some(RegistryChange::Alias {
            alias,
            from: Some(from),
            to: Some(_),
        }) = &intended
        {
            let (target, alias) = (name.label(*from), alias.clean());
            let (action, before, after) = (
                "loses alias".to_owned(),
                format!("@{alias}"),
                "none".to_owned(),
            );
            self.steps.push(PlanStep {
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
                .filter(|change| !is_intended(change))
                .map(|change| step(None, "archived by the store", change)),
        );
    }

    /// Adds the record tags on a version; they come before the change, so that no change lacks its record. Another version
    /// that the change concerns gets the record as its last one if it has an older, which would be wrong afterwards.
    pub fn push_tag_record(
        &mut self,
        on: &ModelVersion,
        from: &str,
        to: &str,
        changes: Vec<RegistryChange>,
    ) {
        if !self.context.writes_tags {
            return;
        }
        let plan = self.snapshot.fingerprint();
        let others: BTreeSet<VersionNumber> = changes.iter().flat_map(concerned_versions).collect();
        let record = TagRecord::new(self.context, &self.action, from, to, plan.short(), changes);
        for tag in record.to_tags() {
            self.push_record_tag(on, tag);
        }
        let others = others.into_iter().filter(|other| *other != on.version);
        for other in others.filter_map(|other| self.snapshot.version(other)) {
            if other.tag(LAST_TAG).is_some() {
                self.push_record_tag(other, record.to_last_tag());
            }
        }
    }

    fn push_record_tag(&mut self, on: &ModelVersion, tag: KeyValue) {
        let (version, name, target) = (
            on.version,
            self.model_name().clone(),
            self.label(on.version),
        );
        let before = if on.tag(tag.key.raw()).is_some() {
            "an older record"
        } else {
            "no record"
        };
        let after = tag.key.clean().into_owned();
        self.push_step(
            StoreWrite::set_version_tag(name, version, tag),
            "record on",
            target,
            before.to_owned(),
            after,
        );
    }

    pub fn build(self, intent: Intent) -> Plan {
        let before = self.snapshot.state();
        let mut warnings = self.warnings.clone();
        let left_behind = warnings::of_slots_left_behind(self.snapshot, &before, &self.state);
        warnings.extend(left_behind.iter().map(|text| consequence(text)));
        let is_protected = before
            .diff(&self.state)
            .iter()
            .flat_map(RegistryChange::slots)
            .any(|slot| self.context.protected_slots.contains(&slot));
        let deletes = self
            .steps
            .iter()
            .any(|step| matches!(step.write, Some(StoreWrite::DeleteVersion { .. })));
        let default_name = (is_protected || deletes).then(|| self.model_name().text().clone());
        let confirmation = self
            .confirmation_name
            .or(default_name)
            .map_or(Confirmation::Yes, Confirmation::TypeName);
        Plan {
            id: self.context.id.clone(),
            intent,
            origin: self.snapshot.origin.clone(),
            user: self.context.user.clone(),
            reason: self.context.reason.clone(),
            planned_at: self.context.now,
            steps: self.steps,
            metadata: self.metadata,
            before,
            after: self.state,
            preconditions: Preconditions::from_snapshot(self.snapshot),
            fingerprint: self.snapshot.fingerprint(),
            warnings,
            confirmation,
        }
    }
}

/// The versions that a change moves, or takes an alias from or to.
fn concerned_versions(change: &RegistryChange) -> Vec<VersionNumber> {
    match change {
        RegistryChange::Stage { version, .. } => vec![*version],
        RegistryChange::Alias { from, to, .. } => from.iter().chain(to).copied().collect(),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => Vec::new(),
    }
}

fn consequence(text: &str) -> Warning {
    Warning::new(WarningTopic::Consequence, text)
}
