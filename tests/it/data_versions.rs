//! Data versions without manual input: a git repository with data in DVC, an MLflow training run, a registered version, and its
//! lineage. The test writes DVC's files with the md5 of the data, or runs DVC if `target/dvc` has it (`pip install dvc`).

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::mlflow::{V3, run_script};
use tempfile::TempDir;

/// A repository with an MLflow store next to the code.
struct Repository {
    path: PathBuf,
    /// A folder with nothing else in it, which is looked through too.
    _above: TempDir,
}

impl Repository {
    /// A repository with the training script and the data at its first version.
    fn new() -> Self {
        let above = tempfile::tempdir().unwrap();
        let repository = Self {
            path: above.path().join("repository"),
            _above: above,
        };
        std::fs::create_dir(repository.path()).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository.write(".gitignore", "mlflow.db*\nstore/\ndata/users.csv\nhome/\n");
        repository.write("train.py", "# trains\n");
        repository.data(1);
        repository.commit("Train on users");
        repository
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    fn commit(&self, subject: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", subject]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Adds new data to DVC.
    fn data(&self, rows: usize) {
        let mut text = "a,b,y\n".to_owned();
        for row in 0..rows + 3 {
            writeln!(text, "{row},{},{}", row % 2, row % 2).unwrap();
        }
        self.write("data/users.csv", &text);
        let dvc = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dvc/bin/dvc");
        if dvc.exists() {
            if !self.path().join(".dvc").exists() {
                stdout_of(self.dvc(&dvc).args(["init", "-q"]));
            }
            stdout_of(self.dvc(&dvc).args(["add", "-q", "data/users.csv"]));
        } else {
            let md5 = stdout_of(Command::new("md5sum").arg(self.path().join("data/users.csv")));
            let md5 = md5.split_whitespace().next().unwrap();
            self.write(
                "data/users.csv.dvc",
                &format!(
                    "outs:\n- md5: {md5}\n  size: {}\n  hash: md5\n  path: users.csv\n",
                    text.len()
                ),
            );
        }
    }

    fn dvc(&self, dvc: &Path) -> Command {
        let mut command = Command::new(dvc);
        command
            .current_dir(self.path())
            .env("DVC_NO_ANALYTICS", "1");
        command
    }

    /// Trains and registers a version with MLflow.
    fn train(&self) -> String {
        let printed = run_script(
            V3,
            include_str!("lineage/churn.py"),
            &[self.path().to_str().unwrap()],
        );
        printed.lines().last().unwrap().to_owned()
    }

    /// The summary of a version's lineage: the line after the title.
    fn lineage(&self, version: &str) -> String {
        lineage(self.path(), self.path(), version)
    }
}

fn lineage(store: &Path, folder: &Path, version: &str) -> String {
    stdout_of(program(store, folder).args(["lineage", &format!("churn/{version}")]))
        .lines()
        .nth(1)
        .unwrap()
        .to_owned()
}

fn program(store: &Path, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command.arg("--target").arg(store.join("mlflow.db"));
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("MLFLOW_TRACKING_URI");
    for name in ["config", "data", "cache"] {
        command.env(
            format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
            store.join("home").join(name),
        );
    }
    command
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let who = [
        "-c",
        "user.name=ana",
        "-c",
        "user.email=ana@example.org",
        "-c",
        "tag.gpgSign=false",
        "-c",
        "commit.gpgSign=false",
    ];
    stdout_of(
        Command::new("git")
            .arg("-C")
            .arg(folder)
            .args(who)
            .args(arguments),
    )
}

fn stdout_of(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn md5(repository: &Repository) -> String {
    let text = std::fs::read_to_string(repository.path().join("data/users.csv.dvc")).unwrap();
    text.split("md5: ")
        .nth(1)
        .unwrap()
        .chars()
        .take(8)
        .collect()
}

#[test]
fn version_records_code_and_data() {
    let repository = Repository::new();
    assert_eq!(repository.train(), "1");
    repository.data(2);
    repository.commit("More users");
    repository.git(&["tag", "v2.3"]);
    repository.write("train.py", "# trains better\n");
    let code = repository.commit("Train better");
    assert_eq!(repository.train(), "2");
    assert_eq!(repository.train(), "3");
    let line = repository.lineage("3");
    assert!(
        line.contains(&format!("churn v3 = code {} + data v2.3 (DVC)", &code[..7])),
        "{line}"
    );
    // Without a tag: DVC's digest, not MLflow's.
    let line = repository.lineage("1");
    assert!(
        line.contains(" + data ") && line.contains(" (DVC)") && !line.contains("v2.3"),
        "{line}"
    );

    // From a folder of the repository, and from one above it.
    std::fs::create_dir_all(repository.path().join("sub/folder")).unwrap();
    for folder in [
        repository.path().join("sub/folder"),
        repository.path().parent().unwrap().to_owned(),
    ] {
        let line = lineage(repository.path(), &folder, "3");
        assert!(
            line.contains("data v2.3 (DVC)"),
            "{}: {line}",
            folder.display()
        );
    }
    assert_git_tags(&repository);
    assert_other_repository(&repository);
    assert_multiple_files(&repository);
    assert_lock_file_only(&repository);
}

/// Annotated tags, several, with a prefix; data that changed after its tag.
fn assert_git_tags(repository: &Repository) {
    repository.data(3);
    repository.commit("Third data");
    repository.git(&["tag", "nightly"]);
    repository.git(&["tag", "-a", "-m", "The third data", "data-v3.0"]);
    repository.git(&["tag", "data-v3.1"]);
    let version = repository.train();
    let line = repository.lineage(&version);
    assert!(line.contains("data v3.1 (DVC)"), "{line}");
    repository.data(4);
    repository.commit("Fourth data, without a tag");
    let version = repository.train();
    let line = repository.lineage(&version);
    assert!(
        line.contains(&format!("data {} (DVC)", md5(repository))),
        "{line}"
    );
    // A data tag on a later commit: the data is the same there.
    repository.write("train.py", "# trains on\n");
    repository.commit("Only code");
    repository.git(&["tag", "-a", "-m", "Fourth data", "data/v4"]);
    let version = repository.train();
    let line = repository.lineage(&version);
    assert!(line.contains("data v4 (DVC)"), "{line}");
}

/// The local repository has the run's commit, but the run names another repository.
fn assert_other_repository(repository: &Repository) {
    let version = repository.train();
    let set = r#"
import sys, mlflow
client = mlflow.MlflowClient(f"sqlite:///{sys.argv[1]}/mlflow.db")
client.set_tag(client.get_model_version("churn", sys.argv[2]).run_id, "mlflow.source.git.repoURL", "git@host.org:team/churn.git")
"#;
    run_script(V3, set, &[repository.path().to_str().unwrap(), &version]);
    repository.git(&["remote", "add", "origin", "https://host.org/team/churn"]);
    assert!(
        repository.lineage(&version).contains("data v4 (DVC)"),
        "the same address in another spelling"
    );
    repository.git(&[
        "remote",
        "set-url",
        "origin",
        "https://host.org/someone/fork",
    ]);
    let line = repository.lineage(&version);
    assert!(
        !line.contains("(DVC)"),
        "a fork's tags may be anybody's: {line}"
    );
    let all = stdout_of(
        program(repository.path(), repository.path())
            .args(["lineage", &format!("churn/{version}")]),
    );
    assert!(
        all.contains("is a checkout of https://host.org/someone/fork"),
        "{all}"
    );
    repository.git(&["remote", "remove", "origin"]);
}

/// Another file in DVC changes later: the run's dataset names the first.
fn assert_multiple_files(repository: &Repository) {
    repository.write(
        "models/old.pkl.dvc",
        "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 1\n  path: old.pkl\n",
    );
    repository.commit("Keep a model");
    repository.git(&["tag", "model-9"]);
    let version = repository.train();
    let line = repository.lineage(&version);
    assert!(line.contains("data v4 (DVC)"), "{line}");
}

/// A pipeline without `.dvc` files.
fn assert_lock_file_only(repository: &Repository) {
    let files: [PathBuf; 2] =
        ["data/users.csv.dvc", "models/old.pkl.dvc"].map(|path| repository.path().join(path));
    for file in &files {
        std::fs::remove_file(file).unwrap();
    }
    repository.write(
        "dvc.lock",
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    deps:\n    - path: data/users.csv\n      hash: md5\n      md5: aabbccddeeff00112233445566778899\n      size: 8\n    - path: train.py\n      md5: 00000000000000000000000000000000\n",
    );
    repository.commit("A pipeline");
    let version = repository.train();
    let line = repository.lineage(&version);
    assert!(line.contains("data aabbccdd (DVC)"), "{line}");
    repository.git(&["tag", "v5.0"]);
    let line = repository.lineage(&version);
    assert!(line.contains("data v5.0 (DVC)"), "{line}");
}
