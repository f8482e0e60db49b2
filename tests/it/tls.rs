//! TLS as configured by MLflow's variables: a private authority, no verification, and neither. The
//! server is rustls with a fresh certificate; the program is the built one.

#![expect(
    clippy::unwrap_used,
    reason = "a certificate that can't be made fails its test"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontrunner::domain::{StoreWrite, VersionNumber};
use frontrunner::store::rest::RestStore;
use frontrunner::store::{ConnectOptions, WriteStore};

use crate::support::program::{Program, ProgramOutput, run_to_end};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream};
use serde_json::Value;

/// A server with a certificate of a private authority.
struct Server {
    url: String,
    /// The authority's certificate, as PEM.
    authority: String,
    /// A client's certificate of the same authority with its key, as PEM.
    client: String,
}

impl Server {
    fn start() -> Self {
        Self::start_with(&[], false, serve)
    }

    /// A server that takes clients with a certificate of its authority only.
    fn start_mutual() -> Self {
        Self::start_with(&[], true, serve)
    }

    fn start_with(
        protocols: &[&[u8]],
        is_mutual: bool,
        serve: impl Fn(TcpStream, Arc<ServerConfig>) + Send + Sync + Copy + 'static,
    ) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = if is_mutual {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let builder = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            config.with_client_cert_verifier(builder.build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let mut config = config
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let client_key = KeyPair::generate().unwrap();
        let client = CertificateParams::new(vec!["ann".to_owned()])
            .unwrap()
            .signed_by(&client_key, &authority)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&config);
                std::thread::spawn(move || serve(stream, config));
            }
        });
        Self {
            url,
            authority: authority.pem(),
            client: client.pem() + &client_key.serialize_pem(),
        }
    }
}

/// Responds to one request; a client that does not trust the certificate disconnects before it
/// sends one.
fn serve(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let mut tls = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut tls, &mut stream);
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let body = if request.starts_with(b"GET /version") {
        "3.17.2".to_owned()
    } else {
        r#"{"experiments": [{"experiment_id": "1", "name": "behind TLS", "lifecycle_stage": "active"}]}"#.to_owned()
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

fn run_against(program: &Program, server: &Server, variables: &[(&str, &str)]) -> ProgramOutput {
    let mut command = program.command(&["experiments", "--json", "--target", &server.url]);
    command.envs(variables.iter().copied());
    run_to_end(command)
}

#[test]
fn custom_ca_is_trusted_when_configured() {
    let (program, server) = (Program::new(), Server::start());
    let pem = program.folder().join("authority.pem");
    std::fs::write(&pem, &server.authority).unwrap();
    let ended = run_against(
        &program,
        &server,
        &[("MLFLOW_TRACKING_SERVER_CERT_PATH", pem.to_str().unwrap())],
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    let output: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(output[0]["name"], "behind TLS");
}

#[test]
fn client_certificate_is_sent_and_its_lack_is_named() {
    let (program, server) = (Program::new(), Server::start_mutual());
    let write = |name: &str, text: &str| {
        let path = program.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let authority = write("authority.pem", &server.authority);
    let run = |client: Option<&str>| {
        let mut variables = vec![("MLFLOW_TRACKING_SERVER_CERT_PATH", authority.as_str())];
        variables.extend(client.map(|client| ("MLFLOW_TRACKING_CLIENT_CERT_PATH", client)));
        run_against(&program, &server, &variables)
    };
    let known = run(Some(&write("client.pem", &server.client)));
    assert_eq!(known.code, 0, "{known:?}");
    let none = run(None);
    assert!(
        none.stderr.contains("asks for a client certificate")
            && none.stderr.contains("MLFLOW_TRACKING_CLIENT_CERT_PATH"),
        "{none:?}"
    );
    let other = run(Some(&write("other.pem", &Server::start().client)));
    assert!(
        other.stderr.contains("rejects the client certificate"),
        "{other:?}"
    );
    let no_key = run(Some(&authority));
    assert!(
        no_key
            .stderr
            .contains("not a certificate with its private key"),
        "{no_key:?}"
    );
}

#[test]
fn unknown_ca_is_refused_with_a_hint() {
    let (program, server) = (Program::new(), Server::start());
    let ended = run_against(&program, &server, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (6, ""), "{ended:?}");
    assert!(
        ended.stderr.contains("certificate is not trusted")
            && ended.stderr.contains("MLFLOW_TRACKING_SERVER_CERT_PATH"),
        "{ended:?}"
    );
}

#[test]
fn wrong_ca_is_refused() {
    let (program, server) = (Program::new(), Server::start());
    let pem = program.folder().join("other.pem");
    std::fs::write(&pem, Server::start().authority).unwrap();
    let ended = run_against(
        &program,
        &server,
        &[("MLFLOW_TRACKING_SERVER_CERT_PATH", pem.to_str().unwrap())],
    );
    assert_eq!((ended.code, ended.stdout.as_str()), (6, ""), "{ended:?}");
}

#[test]
fn verification_is_disabled_only_on_request() {
    let (program, server) = (Program::new(), Server::start());
    assert_eq!(
        run_against(
            &program,
            &server,
            &[("MLFLOW_TRACKING_INSECURE_TLS", "true")]
        )
        .code,
        0
    );
    assert_eq!(
        run_against(
            &program,
            &server,
            &[("MLFLOW_TRACKING_INSECURE_TLS", "false")]
        )
        .code,
        6
    );
    let both = [
        ("MLFLOW_TRACKING_INSECURE_TLS", "true"),
        ("MLFLOW_TRACKING_SERVER_CERT_PATH", "authority.pem"),
    ];
    let refused = run_against(&program, &server, &both);
    assert!(
        refused.code == 2 && refused.stderr.contains("can't both be set"),
        "{refused:?}"
    );
}

/// Streams that a client of [`refuse_streams`] opened.
static REFUSED_STREAMS: AtomicUsize = AtomicUsize::new(0);

/// HTTP/2 that refuses every request: the client may send it again, and a gateway may have passed it on.
/// <https://www.rfc-editor.org/rfc/rfc9113#section-8.7>
fn refuse_streams(mut stream: TcpStream, config: Arc<ServerConfig>) {
    const HEADERS: u8 = 1;
    let mut tls = ServerConnection::new(config).unwrap();
    let mut stream = Stream::new(&mut tls, &mut stream);
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).is_err() {
        return;
    }
    let _ = stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).is_err() {
            return;
        }
        if head[3] == HEADERS {
            REFUSED_STREAMS.fetch_add(1, Ordering::SeqCst);
            let mut reset = vec![0, 0, 4, 3, 0];
            reset.extend_from_slice(&head[5..9]);
            reset.extend_from_slice(&[0, 0, 0, 7]);
            let _ = stream.write_all(&reset);
        }
        let _ = stream.flush();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_write_is_sent_once() {
    let server = Server::start_with(&[b"h2"], false, refuse_streams);
    let options = ConnectOptions {
        insecure_tls: true,
        ..ConnectOptions::default()
    };
    let store = RestStore::connect(&server.url.parse().unwrap(), &options).unwrap();
    let write = StoreWrite::SetAlias {
        name: "shop".into(),
        alias: "champion".into(),
        version: VersionNumber(1),
    };
    let error = store.writer().unwrap().write(&write).await.unwrap_err();
    assert!(error.outcome_unknown, "{error:?}");
    assert_eq!(REFUSED_STREAMS.load(Ordering::SeqCst), 1);
}
