//! TLS to PostgreSQL by the modes of its own client (`sslmode`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::tables::QueryError;
use crate::domain::StoreErrorKind;
use crate::files::read_bytes;
use crate::store::limits;
use crate::text::untrusted::clean;

/// How far a server's certificate is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    /// Any certificate will do.
    None,
    /// A trusted authority issued it.
    Authority,
    /// Likewise, for this host.
    Full,
}

/// The files of a TLS connection.
#[derive(Clone, Debug, Default)]
pub(super) struct TlsFiles {
    /// The authorities to trust; those of the system without it.
    pub(super) authorities: Option<PathBuf>,
    /// The client's certificate and its key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
}

/// The configuration of a client.
pub(super) fn client_config(
    verification: Verification,
    files: &TlsFiles,
) -> Result<ClientConfig, QueryError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(ModeVerifier {
        inner: trusted(verification, files, &provider)?,
        provider: Arc::clone(&provider),
        verification,
    });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let pem = read(key)?;
            let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| in_file(key, &error))?;
            builder
                .with_client_auth_cert(certificates(certificate)?, key)
                .map_err(|error| in_file(certificate, &error))
        }
    }
}

fn trusted(
    verification: Verification,
    files: &TlsFiles,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, QueryError> {
    let Some(path) = &files.authorities else {
        return Ok(match verification {
            Verification::None => None,
            _ => Some(Arc::new(
                Verifier::new(Arc::clone(provider)).map_err(|error| invalid(&error))?,
            )),
        });
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| in_file(path, &error))?;
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| in_file(path, &error))?;
    Ok(Some(verifier))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, QueryError> {
    CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| in_file(path, &error))
}

fn read(path: &Path) -> Result<Vec<u8>, QueryError> {
    read_bytes(path, limits::CERTIFICATE_BYTES).map_err(|error| in_file(path, &error))
}

fn in_file(path: &Path, error: &dyn std::fmt::Display) -> QueryError {
    invalid(&format!("{}: {error}", clean(&path.to_string_lossy())))
}

fn invalid(error: &dyn std::fmt::Display) -> QueryError {
    QueryError::new(StoreErrorKind::InvalidRequest, error.to_string())
}

/// Verifies as far as a mode asks for.
#[derive(Debug)]
struct ModeVerifier {
    /// `None` if no certificate is verified.
    inner: Option<Arc<dyn ServerCertVerifier>>,
    provider: Arc<CryptoProvider>,
    verification: Verification,
}

impl ServerCertVerifier for ModeVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = self
            .inner
            .as_ref()
            .filter(|_| self.verification != Verification::None)
        else {
            return Ok(ServerCertVerified::assertion());
        };
        match inner.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is checked last, after the authority.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.verification == Verification::Authority => {
                Ok(ServerCertVerified::assertion())
            }
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
