//! Reproducing the data of a version: downloads, and checks of the recorded digests.

use std::path::Path;

use serde_json::Value;

use super::dataset;
use super::reproduction::ReproductionStep;
use crate::domain::DatasetInput;
use crate::evidence::{EvidenceReport, LineageRole};

/// Prints whether a table file still has MLflow's digest. A difference does not end the script: the training may have changed the
/// table after it read the file, and MLflow's digest is that of the table.
const CHECK_TABLE: &str = "python -c 'import sys, pandas, mlflow.data; path, expected = sys.argv[1:]; read = pandas.read_parquet if path.endswith((\".parquet\", \".pq\")) else pandas.read_csv; found = mlflow.data.from_pandas(read(path)).digest; print(f\"digest of {path}: {found},\", \"as recorded\" if found == expected else f\"but recorded was {expected}: other data, or changed after it was read\")' {} {} || echo 'digest not checked: it needs pandas and mlflow' >&2";

/// How a recorded digest can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DigestCheck {
    /// MLflow's digest of a table that pandas reads.
    Table,
    /// The digest of the file's bytes, by this program.
    File(&'static str),
}

/// Adds the download of a dataset, by MLflow's source type, and the check of its digest.
pub(super) fn add_dataset_commands(step: &mut ReproductionStep, dataset: &DatasetInput) {
    let name = dataset::name_with_digest(dataset);
    let Some(location) = dataset::location(dataset) else {
        return step.add_note(&format!(
            "{name} has no recorded location: its digest is not checked"
        ));
    };
    let location = location.raw();
    let revision = serde_json::from_str::<Value>(dataset.source.raw()).ok();
    let revision = revision
        .as_ref()
        .and_then(|source| source.get("revision")?.as_str());
    let mut file = None;
    match (dataset.source_type.raw(), revision) {
        ("local", _) => {
            step.add_note(&format!("{name} was at {location} on the training machine"));
            file = Some(location.to_owned());
        }
        ("http", _) => {
            step.add_command("curl --fail --location --remote-name -- {}", &[location]);
            file = file_name(location).map(|name| format!("./{name}"));
        }
        ("hugging_face", Some(revision)) => {
            step.add_command(
                "hf download --repo-type dataset --revision {} -- {}",
                &[revision, location],
            );
        }
        ("hugging_face", None) => {
            step.add_command("hf download --repo-type dataset -- {}", &[location]);
            step.add_note(&format!("{name}: revision not recorded"));
        }
        _ if location.contains("://") => {
            step.add_command(
                "mlflow artifacts download --artifact-uri {} --dst-path data",
                &[location],
            );
            file = file_name(location).map(|name| format!("data/{name}"));
        }
        (kind, _) => step.add_note(&format!("{name} is {location} ({kind})")),
    }
    if !dataset.digest.is_empty() {
        add_digest_check(step, dataset, file.as_deref());
    }
}

/// Adds the check of a dataset's digest, or the note that there is none.
fn add_digest_check(step: &mut ReproductionStep, dataset: &DatasetInput, file: Option<&str>) {
    let (name, digest) = (dataset.name.raw(), dataset.digest.raw());
    let check = file.and_then(|file| Some((file, digest_check(dataset, file)?)));
    let Some((file, check)) = check else {
        return step.add_note(&format!(
            "expected digest of {name}: {digest}, not checked by this script"
        ));
    };
    step.add_note(&format!("expected digest of {name}: {digest}"));
    let missing = format!("digest of {name} not checked: {file} is not here");
    // The file may begin with a dash, which only a command of its own would take for an option.
    match check {
        DigestCheck::Table => step.add_command(
            &format!("if test -f {{}}; then {CHECK_TABLE}; else echo {{}} >&2; fi"),
            &[file, file, digest, &missing],
        ),
        DigestCheck::File(program) => step.add_command(
            &format!(
                "if test -f {{}}; then echo {{}} | {program} --check -; else echo {{}} >&2; fi"
            ),
            &[file, &format!("{digest}  {file}"), &missing],
        ),
    }
}

/// MLflow's own digests have eight characters; longer ones that a client set are those of the file.
fn digest_check(dataset: &DatasetInput, file: &str) -> Option<DigestCheck> {
    let digest = dataset.digest.raw();
    let is_hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digest.len() {
        32 if is_hex => return Some(DigestCheck::File("md5sum")),
        40 if is_hex => return Some(DigestCheck::File("sha1sum")),
        64 if is_hex => return Some(DigestCheck::File("sha256sum")),
        _ => {}
    }
    let extension = Path::new(file).extension()?.to_str()?;
    let is_table = ["csv", "parquet", "pq"].contains(&extension);
    // Tensors have another digest.
    let schema = dataset.schema.as_ref();
    let is_tensor = schema.is_some_and(|schema| schema.raw().contains("mlflow_tensorspec"));
    (is_table && !is_tensor).then_some(DigestCheck::Table)
}

/// The last part of an address without its query.
fn file_name(location: &str) -> Option<&str> {
    let path = location.split(['?', '#']).next()?;
    let name = path.rsplit('/').next()?;
    (!name.is_empty()).then_some(name)
}

/// Notes the digests of data tools whose data this script does not fetch.
pub(super) fn note_unchecked_digests(step: &mut ReproductionStep, evidence: &EvidenceReport) {
    for tool in &evidence.tools {
        let digests = tool
            .facts
            .iter()
            .filter(|fact| fact.lineage_role == Some(LineageRole::DataDigest));
        for fact in digests.filter(|_| tool.fetch_command.is_none()) {
            step.add_note(&format!(
                "{} {}: {}, not checked by this script",
                tool.name,
                fact.name.replace('_', " "),
                fact.value
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::Completeness;

    fn step_of(source_type: &str, source: &str, digest: &str) -> ReproductionStep {
        let mut step = ReproductionStep {
            aspect: "data",
            state: Completeness::Recorded,
            commands: Vec::new(),
            notes: Vec::new(),
        };
        let dataset = DatasetInput {
            name: "iris".into(),
            digest: digest.into(),
            source_type: source_type.into(),
            source: source.into(),
            schema: None,
            profile: None,
            context: Some("training".into()),
        };
        add_dataset_commands(&mut step, &dataset);
        step
    }

    #[test]
    fn digests_are_checked_where_the_file_is_known() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        for (source_type, source, digest, expected) in [
            (
                "local",
                r#"{"uri": "/d/iris.csv"}"#,
                "15b4ff74",
                Some("test -f /d/iris.csv; then python"),
            ),
            (
                "local",
                r#"{"uri": "/d/iris.bin"}"#,
                md5,
                Some("  /d/iris.bin' | md5sum --check -"),
            ),
            (
                "http",
                r#"{"url": "https://e.org/a/iris.csv?v=1"}"#,
                "15b4ff74",
                Some("test -f ./iris.csv"),
            ),
            (
                "s3",
                r#"{"uri": "s3://b/iris.parquet"}"#,
                "15b4ff74",
                Some("test -f data/iris.parquet"),
            ),
            ("local", r#"{"uri": "/d/iris.bin"}"#, "15b4ff74", None),
            ("hugging_face", r#"{"path": "imdb"}"#, "15b4ff74", None),
            ("code", "{}", "15b4ff74", None),
        ] {
            let step = step_of(source_type, source, digest);
            let has_check = |text: &str| step.commands.iter().any(|line| line.contains(text));
            let is_noted = step.notes.iter().any(|note| note.contains("not checked"));
            match expected {
                Some(text) => assert!(has_check(text) && !is_noted, "{step:?}"),
                None => assert!(!has_check("test -f") && is_noted, "{step:?}"),
            }
        }
    }

    #[test]
    fn file_name_that_cannot_be_quoted_is_never_run() {
        let step = step_of("local", "{\"uri\": \"/d/a\\u001b.csv\"}", "15b4ff74");
        assert!(step.commands.is_empty(), "{step:?}");
        let step = step_of(
            "local",
            r#"{"uri": "/d/$(touch pwned) 'x'.csv"}"#,
            "15b4ff74",
        );
        assert!(!step.commands[0].contains("f /d/$("), "{step:?}");
    }
}
