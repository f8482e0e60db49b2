//! Files of runs and logged models.

use serde::Deserialize;

use super::{int, list, text};
use crate::domain::Artifact;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct WireFile {
    #[serde(deserialize_with = "text")]
    path: String,
    is_dir: Option<bool>,
    #[serde(deserialize_with = "int")]
    file_size: Option<i64>,
}

impl WireFile {
    pub fn into_artifact(self) -> Artifact {
        let is_dir = self.is_dir.unwrap_or(false);
        let size = self
            .file_size
            .and_then(|size| u64::try_from(size).ok())
            .filter(|_| !is_dir);
        Artifact {
            path: self.path.into(),
            is_dir,
            size,
        }
    }
}

/// Signed addresses of files: those of runs and those of logged models have other names.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct SignedAddressPage {
    #[serde(deserialize_with = "list")]
    credential_infos: Vec<SignedAddress>,
    #[serde(deserialize_with = "list")]
    credentials: Vec<LoggedModelCredential>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LoggedModelCredential {
    credential_info: SignedAddress,
}

/// A signed address, and the headers that it was signed with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::store::rest) struct SignedAddress {
    #[serde(deserialize_with = "text")]
    pub signed_uri: String,
    #[serde(deserialize_with = "list")]
    headers: Vec<WireHeader>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireHeader {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    value: String,
}

impl SignedAddressPage {
    pub fn into_addresses(self) -> Vec<SignedAddress> {
        let of_models = self.credentials.into_iter().map(|one| one.credential_info);
        self.credential_infos.into_iter().chain(of_models).collect()
    }
}

impl SignedAddress {
    pub fn header_pairs(&self) -> Vec<(String, String)> {
        let pair = |header: &WireHeader| (header.name.clone(), header.value.clone());
        self.headers.iter().map(pair).collect()
    }
}
