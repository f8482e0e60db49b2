//! A repository's configuration runs nothing, however it is found.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use frontrunner::ops::lineage::run_git_in;

use crate::support::program::{Program, run_to_end};

/// A repository whose configuration names a program in every key that is known to run one.
struct HostileRepository {
    path: PathBuf,
    /// A folder with nothing else in it, which is looked through too.
    _above: TempDir,
}

impl HostileRepository {
    fn new() -> Self {
        let above = tempfile::tempdir().unwrap();
        let repository = Self {
            path: above.path().join("repository"),
            _above: above,
        };
        std::fs::create_dir(repository.path()).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn marker(&self) -> PathBuf {
        self.path().join("was-run")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(["-c", "user.name=x", "-c", "user.email=x@x"])
            .args(arguments)
            .envs([
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, file: &str, text: &str) -> String {
        std::fs::write(self.path().join(file), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Adds a gitlink that has the name of a DVC file and points to a commit of this repository.
    fn add_gitlink(&self, commit: &str) -> String {
        let entry = format!("160000,{commit},data.csv.dvc");
        self.git(&["update-index", "--add", "--cacheinfo", &entry]);
        self.git(&["commit", "-qm", "link"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The configuration is written last: it would stop git from making the commits.
    fn arm(&self) {
        use std::os::unix::fs::PermissionsExt as _;
        let program = self.path().join("program.sh");
        let script = format!("#!/bin/sh\ntouch '{}'\n", self.marker().display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let program = program.display();
        let config = format!(
            "[core]\nrepositoryformatversion = 0\nfsmonitor = {program}\npager = {program}\nsshCommand = {program}\n\
             [diff]\nexternal = {program}\nsubmodule = diff\n[diff \"x\"]\ncommand = {program}\ntextconv = {program}\n\
             [filter \"x\"]\nsmudge = {program}\nclean = {program}\n\
             [gpg]\nprogram = {program}\n[format]\npretty = %GG\n[log]\nshowSignature = true\n\
             [alias]\nls-tree = !{program}\ncat-file = !{program}\n[pager]\nlog = {program}\n\
             [remote \"origin\"]\nurl = ext::{program}\npromisor = true\npartialclonefilter = blob:none\n\
             [include]\npath = {}\n",
            self.path().join("pipe").display()
        );
        std::fs::write(self.path().join(".git/config"), config).unwrap();
        std::fs::write(
            self.path().join(".git/info/attributes"),
            "* diff=x filter=x\n",
        )
        .unwrap();
        let made = Command::new("mkfifo")
            .arg(self.path().join("pipe"))
            .status();
        assert!(made.unwrap().success());
    }
}

/// Writes the commit to the runs of a store, so that lineage and evidence look for it.
fn record_commit(program: &Program, commit: &str) {
    let store = rusqlite::Connection::open(program.store()).unwrap();
    store
        .execute("DELETE FROM tags WHERE key LIKE 'mlflow.source.git.%'", ())
        .unwrap();
    store
        .execute(
            "INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.source.git.commit', ?1, run_uuid FROM runs",
            [commit],
        )
        .unwrap();
}

#[test]
fn repository_configuration_runs_nothing() {
    let repository = HostileRepository::new();
    let first = repository.commit("train.py", "1\n");
    let linked = repository.add_gitlink(&first);
    let program = Program::new();
    record_commit(&program, &linked);
    repository.arm();
    // In the repository, and in the folder above it.
    for folder in [repository.path(), repository.path().parent().unwrap()] {
        let store = program.store();
        for arguments in [
            ["evidence", "churn-classifier/1"],
            ["lineage", "churn-classifier/1"],
            ["review", "churn-classifier/2"],
            ["reproduce", "churn-classifier/1"],
        ] {
            let mut command = program.command(&arguments);
            command.arg("--target").arg(&store).current_dir(folder);
            let ended = run_to_end(command);
            assert!([0, 4].contains(&ended.code), "{arguments:?}: {ended:?}");
            assert!(
                !repository.marker().exists(),
                "{arguments:?} ran the program"
            );
        }
    }
}

#[test]
fn diff_and_log_of_a_hostile_repository_run_nothing() {
    let repository = HostileRepository::new();
    let first = repository.commit("train.py", "1\n");
    let second = repository.commit("train.py", "2\n");
    let linked = repository.add_gitlink(&first);
    repository.arm();
    for (before, after) in [(&first, &second), (&second, &linked)] {
        let in_repository = |arguments: &[&str]| {
            let commits = [before.as_str(), after.as_str()];
            run_git_in(repository.path(), arguments, &commits)
        };
        let diff = in_repository(&["diff", "--stat", "--patch", before, after, "--"]).unwrap();
        assert!(!diff.is_empty());
        let range = format!("{before}..{after}");
        assert!(
            !in_repository(&["log", "--format=%s", &range, "--"])
                .unwrap()
                .is_empty()
        );
    }
    assert!(!repository.marker().exists());
    assert!(run_git_in(repository.path(), &["log", "-1"], &["--output=x"]).is_err());
}
