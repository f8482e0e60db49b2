//! What the registry says now: the ground on which a plan stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

    /// The digest of what was read.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        unimplemented!()
    }
}
