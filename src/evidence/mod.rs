//! Evidence: the facts that other tools left with a version, as recognisers find them.
//!
//! A recogniser is a TOML file: where one tool leaves what, and what it means. It is data: nothing here knows a tool. What is
//! looked at comes from outside: nothing of it is run or unpickled, and everything is bounded.

mod collector;
mod data_frame;
mod deployment;
mod extract;
mod fetch_command;
mod format;
mod integration;
mod ownership;
mod parser;
mod paths;
mod report;
mod rule;
mod store_documents;

pub use extract::{EvidenceFile, EvidenceSubject, FileOrigin, extract};
pub use format::DocumentFormat;
pub use integration::{Integration, SearchLocation, SearchRule};
pub use paths::Globs;
pub use report::{Deployment, EvidenceReport, Fact, FactValue, SearchTrace, ToolEvidence};
pub use rule::LineageRole;
pub(crate) use rule::value_text;

/// The most bytes of a document that is read.
pub const MAX_DOCUMENT_BYTES: u64 = 4 << 20;

/// The most documents that one place of a recogniser is read in.
pub const MAX_DOCUMENTS: usize = 200;

/// The most values of a document: a small file may hold very many, and each takes more room in memory than in the file.
pub const MAX_DOCUMENT_VALUES: usize = 600_000;

macro_rules! built_in {
    ($($file:literal)*) => {
        /// The recognisers that come with the program: the name of the file, and its text.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($file, include_str!(concat!("../../integrations/", $file)))),*];
    };
}

built_in! {
    "arize.toml" "bentoml.toml" "databricks.toml" "delta_lake.toml" "dvc.toml" "evidently.toml" "feast.toml"
    "great_expectations.toml" "katib.toml" "kserve.toml" "kubeflow_pipelines.toml" "mlflow_evaluation.toml" "nannyml.toml"
    "sagemaker.toml" "seldon_core.toml" "torchserve.toml" "vertex_ai.toml" "wandb.toml" "whylabs.toml"
}

/// Reads recognisers: those that come with the program, and a user's, of which one with the same id replaces a built-in one.
/// What is wrong with a file is told, and the others are read.
#[must_use]
pub fn load_integrations(user_files: &[(String, String)]) -> (Vec<Integration>, Vec<String>) {
    let (mut all, mut errors): (Vec<Integration>, Vec<String>) = (Vec::new(), Vec::new());
    let built_in = BUILT_IN.iter().map(|(file, text)| (*file, *text));
    for (file, text) in built_in.chain(
        user_files
            .iter()
            .map(|(file, text)| (file.as_str(), text.as_str())),
    ) {
        match Integration::parse(file, text) {
            Ok(integration) => {
                all.retain(|other| other.id != integration.id);
                all.push(integration);
            }
            Err(diagnostics) => {
                errors.extend(diagnostics.iter().map(|diagnostic| {
                    format!("{}:{diagnostic}", crate::text::untrusted::clean(file))
                }));
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    (all, errors)
}
