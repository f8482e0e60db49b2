//! TLS in front of a server of plain HTTP, with a certificate of a private authority.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};

/// A running front; its threads end with the test's process.
pub struct TlsFront {
    /// `localhost:PORT`.
    pub host: String,
    /// The authority's certificate, as PEM.
    pub authority: String,
}

impl TlsFront {
    /// Passes each request on to the server at an address, which closes the connection after its response.
    pub fn start(url: &str) -> Self {
        let upstream = url.trim_start_matches("http://").to_owned();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("localhost:{}", listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, upstream) = (Arc::clone(&config), upstream.clone());
                std::thread::spawn(move || pass_on(stream, config, &upstream));
            }
        });
        Self {
            host,
            authority: authority.pem(),
        }
    }
}

/// One request; a client that does not trust the certificate disconnects before it sends one.
fn pass_on(mut stream: TcpStream, config: Arc<ServerConfig>, upstream: &str) {
    let mut tls = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut tls, &mut stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    while !is_whole(&request) {
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let mut server = TcpStream::connect(upstream).unwrap();
    server.write_all(&request).unwrap();
    let mut response = Vec::new();
    server.read_to_end(&mut response).unwrap();
    let _ = stream.write_all(&response);
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// Whether a request has all of its body.
fn is_whole(request: &[u8]) -> bool {
    let end = request.windows(4).position(|end| end == b"\r\n\r\n");
    let Some(end) = end else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    request.len() >= end + 4 + length
}
