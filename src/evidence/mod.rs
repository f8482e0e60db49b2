//! Evidence: the facts that other tools left with a version, as recognisers find them.
//!
//! A recogniser is a TOML file: where one tool leaves what, and what it means. It is data: nothing here knows a tool. What is
//! looked at comes from outside: nothing of it is run or unpickled, and everything is bounded.

mod belongs;
mod deployment;
mod documents;
mod format;
mod gather;
mod get;
mod look;
mod paths;
mod read;
mod recogniser;
mod report;
mod rule;
mod table;

pub use format::Format;
pub use look::{Held, Home, Subject, look};
pub use paths::Globs;
pub use recogniser::{Find, Place, Recogniser};
pub use report::{Deployment, Evidence, Fact, FactValue, Looked, Report};
pub use rule::Tells;

/// The most bytes of a document that is read.
pub const DOCUMENT_BYTES: u64 = 4 << 20;

/// The most documents that one place of a recogniser is read in.
pub const DOCUMENTS: usize = 200;

/// The most values of a document: a small file may hold very many, and each takes more room in memory than in the file.
pub const DOCUMENT_VALUES: usize = 600_000;

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
pub fn recognisers(own: &[(String, String)]) -> (Vec<Recogniser>, Vec<String>) {
    let (mut all, mut wrong): (Vec<Recogniser>, Vec<String>) = (Vec::new(), Vec::new());
    let built_in = BUILT_IN.iter().map(|(file, text)| (*file, *text));
    for (file, text) in built_in.chain(
        own.iter()
            .map(|(file, text)| (file.as_str(), text.as_str())),
    ) {
        match Recogniser::parse(file, text) {
            Ok(recogniser) => {
                all.retain(|other| other.id != recogniser.id);
                all.push(recogniser);
            }
            Err(mistakes) => wrong.extend(
                mistakes
                    .iter()
                    .map(|mistake| format!("{}:{mistake}", crate::text::untrusted::clean(file))),
            ),
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    (all, wrong)
}
