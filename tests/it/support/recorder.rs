//! A proxy that keeps what was asked: it stands in front of a server, passes everything on, and remembers methods and paths.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running proxy; its threads end with the test's process.
pub struct RecordingProxy {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

impl RecordingProxy {
    /// Stands in front of a server on this machine, named by its address.
    pub fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (upstream, kept) = (
            server.trim_start_matches("http://").to_owned(),
            Arc::clone(&requests),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (upstream, kept) = (upstream.clone(), Arc::clone(&kept));
                // A client that gives up in the middle is no failure of the test.
                std::thread::spawn(move || forward(stream, &upstream, &kept));
            }
        });
        Self { url, requests }
    }

    /// Everything asked since the last time, as (method, path with query).
    pub fn take_requests(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

/// Passes one request on, and its answer back; both connections are then closed.
fn forward(
    mut client: TcpStream,
    upstream: &str,
    seen: &Mutex<Vec<(String, String)>>,
) -> Option<()> {
    let request = RawRequest::read(&mut client)?;
    seen.lock()
        .unwrap()
        .push((request.method.clone(), request.path.clone()));
    client.write_all(&request.forward_to(upstream)?).ok()?;
    client.shutdown(Shutdown::Both).ok()
}

/// One request, as it came.
#[derive(Clone)]
pub struct RawRequest {
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    head: String,
    body: Vec<u8>,
}

impl RawRequest {
    /// Reads one.
    pub fn read(client: &mut TcpStream) -> Option<Self> {
        let (head, mut body) = read_head(client)?;
        let mut words = head.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        });
        let begin = body.len();
        body.resize(begin + length.unwrap_or(0_usize).saturating_sub(begin), 0);
        client.read_exact(&mut body[begin..]).ok()?;
        let kept = head
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        let head = kept.collect::<Vec<_>>().join("\r\n") + "\r\nConnection: close\r\n\r\n";
        Some(Self {
            method,
            path,
            head,
            body,
        })
    }

    /// Sends it to a server, and gives the whole answer.
    pub fn forward_to(&self, upstream: &str) -> Option<Vec<u8>> {
        let mut server = TcpStream::connect(upstream).ok()?;
        server.write_all(self.head.as_bytes()).ok()?;
        server.write_all(&self.body).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}

/// The lines of a request's head, and what came of its body with them.
fn read_head(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            bytes.truncate(end);
            return Some((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        match client.read(&mut piece) {
            Ok(n @ 1..) => bytes.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    }
}
