//! What the registry says now: the ground on which a plan stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{Alias, ModelName, ModelVersion, RegisteredModel, Run, Stage, VersionNumber};

/// A fresh reading of one registered model, and of the run that is to be registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The store's identity.
    pub origin: String,
    /// The model that was asked for.
    pub name: ModelName,
    /// The model; nothing when it is not there.
    pub model: Option<RegisteredModel>,
    /// All its versions, newest first.
    pub versions: Vec<ModelVersion>,
    /// The run that is to be registered, or that the version came from.
    pub run: Option<Run>,
}

/// A digest of everything that a plan was made from: equal readings, equal fingerprints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

/// Who holds which place: what a plan changes and a read-back is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Every version's stage.
    pub stages: BTreeMap<VersionNumber, Stage>,
    /// Every alias and the version it leads to.
    pub aliases: BTreeMap<Alias, VersionNumber>,
}

impl Reading {
    /// Who holds which place.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            stages: self.versions.iter().map(|v| (v.version, v.stage)).collect(),
            aliases: self.model.iter().flat_map(|model| model.aliases.iter().cloned()).collect(),
        }
    }

    /// A version of the model.
    #[must_use]
    pub fn version(&self, number: VersionNumber) -> Option<&ModelVersion> {
        self.versions.iter().find(|version| version.version == number)
    }

    /// The digest of what was read: of every fact on which a plan stands. Times of the last change are left out: a move
    /// that changes nothing bumps them, and an alias that moves does not.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digest = Digest::new();
        digest.part(&self.origin).part(self.name.raw());
        digest.part(&format!("{:?}", self.model.as_ref().map(|model| model.creation_time)));
        for (alias, version) in &self.state().aliases {
            digest.part("alias").part(alias.raw()).part(&version.to_string());
        }
        let mut versions: Vec<&ModelVersion> = self.versions.iter().collect();
        versions.sort_by_key(|version| version.version);
        for version in versions {
            digest.part("version").part(&version.version.to_string()).part(&format!("{:?}", version.creation_time));
            digest.part(version.stage_text.raw()).part(version.source.raw()).part(version.run_id.raw()).part(version.status.as_str());
        }
        if let Some(run) = &self.run {
            digest.part("run").part(run.id.raw()).part(run.status.as_str()).part(run.lifecycle.as_str());
        }
        digest.end()
    }
}

impl Fingerprint {
    /// The first eight characters: what a person sees of it.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.chars().take(8).collect()
    }
}

/// SHA-256 over parts, each told apart from its neighbours by its length.
struct Digest(Sha256);

impl Digest {
    fn new() -> Self {
        Self(Sha256::new())
    }

    fn part(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
        self
    }

    fn end(self) -> Fingerprint {
        Fingerprint(self.0.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
    }
}
