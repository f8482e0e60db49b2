//! Targets and what is said about those that can't be opened.

use super::*;

#[test]
fn parses_uris_and_paths() {
    for (text, path) in [
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:////data/mlflow.db?mode=ro", "/data/mlflow.db"),
        ("sqlite:///file:mlflow.db?mode=ro&uri=true", "mlflow.db"),
        (
            "sqlite:///file:///data/mlflow.db?uri=true",
            "/data/mlflow.db",
        ),
        ("runs/mlflow.db", "runs/mlflow.db"),
        ("file:///data/mlflow.db", "/data/mlflow.db"),
        ("file:///my%20data/mlflow.db", "/my data/mlflow.db"),
    ] {
        assert_eq!(
            StoreTarget::parse(text),
            Ok(StoreTarget::Sqlite(path.into()))
        );
    }
    let server = StoreTarget::parse("https://mlflow.example.org/team").unwrap();
    assert_eq!(server.backend().label, "MLflow server");
    assert_eq!(server.to_string(), "https://mlflow.example.org/team");
}

#[test]
fn recognizes_what_a_folder_contains() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().to_str().unwrap();
    assert!(StoreTarget::parse(text).is_err());
    assert_eq!(
        StoreTarget::discover(folder.path()),
        Err(StoreTargetError::NoStore)
    );
    let run = folder.path().join("wandb/run-20261123_135403-a");
    std::fs::create_dir_all(&run).unwrap();
    let wandb = StoreTarget::Wandb(folder.path().join("wandb"));
    assert_eq!(StoreTarget::parse(text), Ok(wandb.clone()));
    assert_eq!(StoreTarget::discover(folder.path()), Ok(wandb));
    let log = run.join("run-a.wandb");
    std::fs::write(&log, "").unwrap();
    assert_eq!(
        StoreTarget::parse(log.to_str().unwrap()),
        Ok(StoreTarget::Wandb(run))
    );
    // A database goes before runs.
    let path = folder.path().join("mlflow.db");
    std::fs::write(&path, "").unwrap();
    assert_eq!(
        StoreTarget::parse(text),
        Ok(StoreTarget::Sqlite(path.clone()))
    );
    assert_eq!(
        StoreTarget::discover(folder.path()),
        Ok(StoreTarget::Sqlite(path))
    );
}

#[test]
fn unsupported_targets_are_explained() {
    for (text, why) in [
        ("databricks://a:b", "profile"),
        ("uc:catalog", "--registry"),
        ("arn:aws:sagemaker:x", "mlflow-tracking-server"),
        ("mssql+pymssql://host/db", "mlflow server"),
        ("s3://bucket", "http"),
        ("sqlite:///:memory:", "no file"),
    ] {
        let error = StoreTarget::parse(text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(
        StoreTargetError::NoStore
            .to_string()
            .contains("./mlflow.db or ./mlruns or ./wandb")
    );
}

#[test]
fn no_error_shows_a_secret() {
    for text in [
        "https://ana:hunter2@mlflow.example.org",
        "mssql+pymssql://u:hunter2@h/db",
        "postgresql://u:hunter2@h:port/db",
        "postgresql:u:hunter2@h",
        "HTTPS://u:hunter2@h",
        " https://u:hunter2@h",
        "https://u:hunter2@h:notaport",
        "https://u:hun/hunter2@h",
        "https://u:12/hunter2@h",
        "https://u:h#hunter2@h",
        "https:/u:hunter2@h",
        "ftp://u:hunter2@h",
        "file://u:hunter2@h",
        "sqlite://u:hunter2@h/db",
        "u:hunter2@h:5000",
        "h:5000/?token=hunter2",
    ] {
        let error = StoreTarget::parse(text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }
    let target = StoreTarget::parse("http://h/?token=hunter2#hunter2").unwrap();
    assert_eq!(target.to_string(), "http://h/");
}

#[test]
fn almost_valid_targets_get_advice() {
    let advice = |text: &str| StoreTarget::parse(text).unwrap_err().to_string();
    for text in [
        "localhost:5000",
        "mlflow.example.org:443/team",
        "[::1]:5000",
    ] {
        assert!(advice(text).contains(&format!("did you mean `http://{text}`?")));
    }
    assert!(advice("sqlite://mlflow.db").contains("sqlite:///mlflow.db"));
    for text in ["sqlite+pysqlite:///mlflow.db", "SQLite:///mlflow.db"] {
        assert_eq!(
            StoreTarget::parse(text),
            Ok(StoreTarget::Sqlite("mlflow.db".into()))
        );
    }
}
