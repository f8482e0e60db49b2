//! Why a session is read-only: each source is named, with what to do about it.

use std::path::Path;

use crate::support::program::{Program, run_to_end};
use frontrunner::store::{AccessMode, ConnectOptions, ReadOnlyReason, StoreTarget, open};

const PROMOTION: [&str; 7] = [
    "promote",
    "churn-classifier/6",
    "--to",
    "Production",
    "--reason",
    "x",
    "--yes",
];

/// What makes the session of [`PROMOTION`] read-only.
enum Source {
    Arguments(&'static [&'static str]),
    Environment(&'static str),
    Settings(&'static str, &'static [&'static str]),
    Policy(&'static str),
    Schema(&'static str),
}

#[test]
fn refused_writes_name_the_source() {
    use Source::*;
    for (source, reason, hint) in [
        (
            Arguments(&["--read-only"]),
            "--read-only was given",
            "without --read-only",
        ),
        (
            Environment("FRONTRUNNER_READ_ONLY"),
            "FRONTRUNNER_READ_ONLY is set",
            "unset",
        ),
        (
            Settings("read_only = true", &[]),
            "the settings file sets read_only",
            "config path",
        ),
        (
            Settings(
                "[profile.look]\ntarget = \"mlflow.db\"\nread_only = true",
                &["--profile", "look"],
            ),
            "profile look is read-only",
            "--target",
        ),
        (
            Policy("read_only = true"),
            "sets read_only",
            "ask the owner of that policy",
        ),
        (
            Schema("ALTER TABLE model_versions DROP COLUMN run_link"),
            "too old: model_versions.run_link is missing",
            "mlflow db upgrade",
        ),
        (
            Schema(
                "ALTER TABLE registered_models ADD COLUMN approved_by TEXT NOT NULL DEFAULT 'x'; \
                 PRAGMA writable_schema = ON; \
                 UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL DEFAULT ''x''', 'NOT NULL')",
            ),
            "too new: unknown required column registered_models.approved_by",
            "mlflow server",
        ),
    ] {
        let program = Program::new();
        let (mut arguments, mut variable) = (PROMOTION.to_vec(), None);
        match source {
            Arguments(more) => arguments.extend(more),
            Environment(name) => variable = Some(name),
            Settings(text, more) => {
                program.write_config(text);
                arguments.extend(more);
            }
            Policy(text) => {
                std::fs::write(program.folder().join("frontrunner.toml"), text).unwrap();
            }
            Schema(sql) => {
                let database = rusqlite::Connection::open(program.store()).unwrap();
                database.execute_batch(sql).unwrap();
            }
        }
        let before = program.store_bytes();
        let mut command = program.command(&arguments);
        command.envs(variable.map(|name| (name, "true")));
        let refused = run_to_end(command);
        assert_eq!(refused.code, 5, "{reason}: {refused:?}");
        for part in [reason, hint] {
            assert!(refused.stderr.contains(part), "no {part:?}: {refused:?}");
        }
        assert!(
            program.store_bytes() == before,
            "{reason}: the store changed"
        );
        assert!(!program.journal().exists(), "{reason}");
    }
}

#[test]
fn doctor_reports_access() {
    let program = Program::new();
    let session = |arguments: &[&str]| {
        let findings = program.json(&[&["doctor"], arguments].concat()).to_string();
        (
            findings.contains("read-write"),
            findings.contains("--read-only was given"),
        )
    };
    assert_eq!(session(&[]), (true, false));
    assert_eq!(session(&["--read-only"]), (false, true));
}

#[tokio::test]
async fn a_wandb_folder_has_no_writer() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wandb_store/samples/0.16.6");
    let opened = open(
        &StoreTarget::Wandb(samples),
        AccessMode::ReadWrite,
        &ConnectOptions::default(),
    )
    .await
    .unwrap();
    let reason = opened.writer.err().unwrap();
    assert_eq!(reason, ReadOnlyReason::Backend("W&B runs"));
    assert_eq!(reason.to_string(), "W&B runs can only be read");
}

#[tokio::test]
async fn a_file_without_write_permission_is_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    std::fs::set_permissions(program.store(), std::fs::Permissions::from_mode(0o444)).unwrap();
    if std::fs::OpenOptions::new()
        .append(true)
        .open(program.store())
        .is_ok()
    {
        return; // The superuser writes to every file.
    }
    let target = StoreTarget::Sqlite(program.store());
    let opened = open(&target, AccessMode::ReadWrite, &ConnectOptions::default())
        .await
        .unwrap();
    assert!(matches!(
        opened.writer.err(),
        Some(ReadOnlyReason::NotWritable(_))
    ));
}
