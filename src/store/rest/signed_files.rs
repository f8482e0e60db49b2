//! Files that Databricks hands out as signed addresses of a cloud's storage.
//!
//! The workspace's credential is never sent to such an address: the signature in it is the permission.

use serde_json::{Value, json};

use super::response::invalid_response;
use super::wire::{SignedAddress, SignedAddressPage};
use super::{Endpoint, RestStore, Transport};
use crate::domain::{ArtifactOwner, Preview, StoreError, StoreErrorKind};
use crate::store::{ByteSender, Result};

impl RestStore {
    pub(super) async fn read_signed_preview(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        limit: u64,
        what: &str,
    ) -> Result<Preview> {
        let signed = self.sign_address(owner, path, what).await?;
        let request = self.signed_request(&signed, what)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let transport = self.transport.without_login();
        let raw = transport.send(request, what, limit).await?;
        if !raw.status.is_success() {
            return Err(transport.response_error(raw, what));
        }
        Ok(Preview {
            bytes: raw.body,
            is_truncated: raw.is_truncated,
        })
    }

    pub(super) async fn stream_signed_file(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
        what: &str,
    ) -> Result<()> {
        let open = || async {
            // The signature of an earlier attempt may have expired.
            let signed = self.sign_address(owner, path, what).await?;
            let request = self.signed_request(&signed, what)?;
            self.transport
                .without_login()
                .open_stream(request, what)
                .await
        };
        let response = self.retry(open).await?;
        Transport::stream(response, what, to).await
    }

    /// Asks for the address of a file.
    async fn sign_address(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        what: &str,
    ) -> Result<SignedAddress> {
        let (endpoint, id, body): (_, _, Value) = match owner {
            ArtifactOwner::Run(run) => (
                Endpoint::RunFileCredentials,
                "",
                json!({"run_id": run.raw(), "path": [path]}),
            ),
            ArtifactOwner::LoggedModel(model) => (
                Endpoint::LoggedModelFileCredentials,
                model.raw(),
                json!({"paths": [path]}),
            ),
        };
        let page: SignedAddressPage = self.post_to(endpoint, id, &body, what).await?;
        page.into_addresses()
            .into_iter()
            .find(|signed| !signed.signed_uri.is_empty())
            .ok_or_else(|| invalid_response(what, "the response has no address"))
    }

    fn signed_request(
        &self,
        signed: &SignedAddress,
        what: &str,
    ) -> Result<reqwest::RequestBuilder> {
        let url = url::Url::parse(&signed.signed_uri)
            .map_err(|_| invalid_response(what, "the response has no valid address"))?;
        // A file of the workspace is not to be read from a neighbour of this machine.
        let is_safe = url.scheme() == "https"
            || super::is_loopback(&url) && super::is_loopback(&self.service.url);
        if !is_safe {
            return Err(StoreError::new(
                StoreErrorKind::InvalidResponse,
                what,
                "the signed address is not https",
            ));
        }
        Ok(self
            .transport
            .signed_request(url.as_str(), &signed.header_pairs()))
    }
}
