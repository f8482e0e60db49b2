//! Locations in object stores, as MLflow writes them.

use crate::domain::StoreErrorKind;
use crate::store::local_artifacts::ArtifactError;

/// Whose API a location needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) enum Service {
    /// Amazon S3 and stores with its API.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage, also by the names of Data Lake Storage.
    Azure,
}

/// A folder in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct ObjectLocation {
    pub(super) bucket: Bucket,
    /// The keys of the folder begin with this; without slashes at its ends.
    pub(super) prefix: String,
}

/// A bucket, or a container of Azure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bucket {
    pub(super) service: Service,
    pub(super) name: String,
    /// The host that the location names; none for `s3://` and `gs://`.
    pub(super) host: Option<String>,
}

/// The schemes, their services, and whether a host follows the bucket.
const SCHEMES: [(&str, Service, bool); 8] = [
    ("s3", Service::S3, false),
    ("r2", Service::S3, true),
    ("b2", Service::S3, true),
    ("gs", Service::Google, false),
    ("wasb", Service::Azure, true),
    ("wasbs", Service::Azure, true),
    ("abfs", Service::Azure, true),
    ("abfss", Service::Azure, true),
];

impl ObjectLocation {
    /// Reads a location such as `s3://bucket/path`; `None` for another scheme. MLflow encodes nothing in the path.
    pub(in crate::store) fn parse(location: &str) -> Option<Result<Self, ArtifactError>> {
        let (scheme, rest) = location.split_once("://")?;
        let (_, service, has_host) = SCHEMES.into_iter().find(|(known, ..)| *known == scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, host) = if has_host {
            match authority.split_once('@') {
                Some((name, host)) if !host.is_empty() => (name, Some(host.to_ascii_lowercase())),
                _ => return Some(invalid(location, "expected a bucket, @ and a host")),
            }
        } else {
            (authority, None)
        };
        if name.is_empty() {
            return Some(invalid(location, "it names no bucket"));
        }
        let bucket = Bucket {
            service,
            name: name.to_owned(),
            host,
        };
        let prefix = path.trim_matches('/').to_owned();
        Some(Ok(Self { bucket, prefix }))
    }

    /// The key of a path below the folder.
    pub(super) fn key(&self, path: &str) -> String {
        match (self.prefix.as_str(), path.trim_matches('/')) {
            ("", path) => path.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, path) => format!("{prefix}/{path}"),
        }
    }

    /// The path of a key below the folder.
    pub(super) fn path_of<'a>(&self, key: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() {
            return Some(key);
        }
        key.strip_prefix(&self.prefix)?.strip_prefix('/')
    }
}

fn invalid<T>(location: &str, why: &str) -> Result<T, ArtifactError> {
    let why = format!("invalid artifact location {location}: {why}");
    Err((StoreErrorKind::Unsupported, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(location: &str) -> (Service, String, Option<String>, String) {
        let found = ObjectLocation::parse(location).unwrap().unwrap();
        let bucket = found.bucket;
        (bucket.service, bucket.name, bucket.host, found.prefix)
    }

    #[test]
    fn locations_of_mlflow_are_read() {
        let text = str::to_owned;
        for (location, service, name, host, prefix) in [
            (
                "s3://b/1/r/artifacts",
                Service::S3,
                "b",
                None,
                "1/r/artifacts",
            ),
            ("s3://b", Service::S3, "b", None, ""),
            ("gs://b/a%20b/", Service::Google, "b", None, "a%20b"),
            (
                "r2://b@acc.r2.cloudflarestorage.com/x",
                Service::S3,
                "b",
                Some("acc.r2.cloudflarestorage.com"),
                "x",
            ),
            (
                "wasbs://c@acc.blob.core.windows.net/x/y",
                Service::Azure,
                "c",
                Some("acc.blob.core.windows.net"),
                "x/y",
            ),
            (
                "abfss://fs@acc.dfs.core.windows.net/x",
                Service::Azure,
                "fs",
                Some("acc.dfs.core.windows.net"),
                "x",
            ),
        ] {
            let expected = (service, text(name), host.map(text), text(prefix));
            assert_eq!(parse(location), expected, "{location}");
        }
        for other in ["/a/b", "file:///a", "dbfs:/x", "hdfs://h/x", "s3:/b"] {
            assert!(ObjectLocation::parse(other).is_none(), "{other}");
        }
        for invalid in ["s3:///x", "wasbs://c/x", "abfss://c@/x"] {
            assert!(
                ObjectLocation::parse(invalid).unwrap().is_err(),
                "{invalid}"
            );
        }
    }

    #[test]
    fn keys_and_paths_are_inverse() {
        let location = ObjectLocation::parse("s3://b/1/r").unwrap().unwrap();
        assert_eq!(location.key("model/MLmodel"), "1/r/model/MLmodel");
        assert_eq!(location.key(""), "1/r");
        assert_eq!(location.path_of("1/r/model/MLmodel"), Some("model/MLmodel"));
        assert_eq!(location.path_of("1/run/x"), None);
    }
}
