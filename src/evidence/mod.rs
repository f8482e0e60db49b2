//! Evidence: facts that other tools recorded for a version, found by integrations.
//!
//! An integration is a TOML file that describes the files and tags of one tool: the code knows no tool. Documents are
//! untrusted: nothing in them is run or unpickled, and everything is bounded.

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
mod value;

pub use extract::{EvidenceFile, EvidenceSubject, FileOrigin, extract};
pub use format::DocumentFormat;
pub use integration::{Integration, SearchLocation, SearchRule};
pub use paths::Globs;
pub use report::{Deployment, EvidenceReport, Fact, FactValue, SearchTrace, ToolEvidence};
pub use rule::LineageRole;
pub(crate) use value::value_text;

/// Bytes of a document.
pub const MAX_DOCUMENT_BYTES: u64 = 4 << 20;

/// Documents that one search rule reads.
pub const MAX_DOCUMENTS: usize = 200;

/// Values in a document: each takes more space in memory than in the file.
pub const MAX_DOCUMENT_VALUES: usize = 600_000;

macro_rules! built_in {
    ($($file:literal)*) => {
        /// File name and text of the built-in integrations. A test compares the list with the folder.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($file, include_str!(concat!("../../integrations/", $file)))),*];
    };
}

built_in! {
    "arize.toml" "bentoml.toml" "databricks.toml" "delta_lake.toml" "dvc.toml" "evidently.toml" "feast.toml"
    "great_expectations.toml" "katib.toml" "kserve.toml" "kubeflow_pipelines.toml" "mlflow_evaluation.toml" "nannyml.toml"
    "sagemaker.toml" "seldon_core.toml" "torchserve.toml" "vertex_ai.toml" "wandb.toml" "whylabs.toml"
}

/// Parses the built-in integrations and a user's (file name and text). A later one replaces one with the same id. Returns
/// the errors of files that could not be parsed, cleaned.
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
