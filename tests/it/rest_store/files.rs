//! Artifacts, compared with MLflow's client.

use frontrunner::domain::{Artifact, ArtifactOwner};
use serde_json::{Value, json};

use super::ServerFixture;
use crate::support::mlflow::V3;

const FILL: &str = "
import pathlib
for path, text in files.items():
    client.log_text(run, text, path)
model = None
if IS_3:
    folder = pathlib.Path('model')
    (folder / 'data').mkdir(parents=True)
    for path, text in files.items():
        (folder / 'data' / path.rsplit('/', 1)[-1]).write_text(text)
    model = client.create_logged_model(experiment, name='with files', source_run_id=run).model_id
    client.log_model_artifacts(model, str(folder))
answer = model
";

const LIST: &str = "
listed = client.list_logged_model_artifacts(model, path or None) if model else client.list_artifacts(run, path or None)
answer = sorted([f.path, f.is_dir, f.file_size] for f in listed)
";

fn artifacts_json(mut listed: Vec<Artifact>) -> Value {
    listed.sort_by(|a, b| a.path.cmp(&b.path));
    listed
        .iter()
        .map(|it| json!([it.path.raw(), it.is_dir, it.size]))
        .collect()
}

/// Every folder, and the beginning of every file.
pub async fn artifacts_are_listed_and_read(store: &mut ServerFixture) {
    let files = json!({
        "plain.txt": "first line\nsecond line\n",
        "empty.txt": "",
        "notes/größe 1 'quoted' & more.txt": "grüße ".repeat(40_000),
        "notes/a+b=c, d&e;f.json": "{}",
        "notes/deep/er/\u{7cbe}\u{5ea6}.txt": "精度",
    });
    let (run, experiment) = (store.id("parent").to_owned(), store.id("plain").to_owned());
    let model = store.client.run(
        FILL,
        &json!({"files": files, "run": run, "experiment": experiment}),
    );
    let home = ArtifactOwner::Run(run.as_str().into());
    for path in ["", "notes", "notes/deep", "notes/deep/er", "nowhere"] {
        let theirs = store
            .client
            .run(LIST, &json!({"run": run, "model": null, "path": path}));
        assert_eq!(
            artifacts_json(store.reader.artifacts(&home, path).await.unwrap()),
            theirs,
            "in {path:?}"
        );
    }
    for (path, text) in files.as_object().unwrap() {
        assert_reads(store, &home, path, text.as_str().unwrap()).await;
    }
    for path in [
        "no/such.txt",
        "../../../../etc/passwd",
        "/etc/passwd",
        "notes/../../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
    ] {
        assert!(
            store.reader.preview(&home, path, 100).await.is_err(),
            "{path} was read"
        );
    }
    assert_eq!(model.is_string(), store.version == V3);
    let Some(id) = model.as_str() else { return };
    let home = ArtifactOwner::LoggedModel(id.into());
    for path in ["", "data"] {
        let theirs = store
            .client
            .run(LIST, &json!({"run": run, "model": id, "path": path}));
        assert_eq!(
            artifacts_json(store.reader.artifacts(&home, path).await.unwrap()),
            theirs,
            "in {path:?} of a logged model"
        );
    }
    for (path, text) in files.as_object().unwrap() {
        let name = path.rsplit('/').next().unwrap();
        assert_reads(
            store,
            &home,
            &format!("data/{name}"),
            text.as_str().unwrap(),
        )
        .await;
    }
}

/// Previews longer than the file, of its exact length, and shorter.
async fn assert_reads(store: &ServerFixture, home: &ArtifactOwner, path: &str, text: &str) {
    for limit in [1 << 20, text.len(), text.len().saturating_sub(1), 7] {
        let preview = store
            .reader
            .preview(home, path, limit as u64)
            .await
            .unwrap_or_else(|fault| panic!("{path}: {fault}"));
        let expected = &text.as_bytes()[..limit.min(text.len())];
        assert!(
            preview.bytes == expected,
            "{path}: {} bytes of {}",
            preview.bytes.len(),
            expected.len()
        );
        assert_eq!(
            preview.is_truncated,
            limit < text.len(),
            "{path}, {limit} of {} bytes",
            text.len()
        );
    }
}
