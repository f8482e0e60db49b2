//! A proxy that keeps what was asked: it stands in front of a server, passes everything on, and remembers methods and paths.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running proxy; its threads end with the test's process.
pub struct RecordingProxy {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    state: Arc<RecorderState>,
}

struct RecorderState {
    upstream: String,
    requests: Mutex<Vec<(String, String)>>,
    /// `None` where they are not kept.
    answers: Mutex<Option<KeptAnswers>>,
}

/// The answers to requests, each by its method, path and body.
type KeptAnswers = HashMap<(String, String, Vec<u8>), Vec<u8>>;

impl RecordingProxy {
    /// Stands in front of a server on this machine, named by its address.
    pub fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(RecorderState {
            upstream: server.trim_start_matches("http://").to_owned(),
            requests: Mutex::default(),
            answers: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // A client that gives up in the middle is no failure of the test.
                std::thread::spawn(move || state.forward(stream));
            }
        });
        Self { url, state }
    }

    /// Everything asked since the last time, as (method, path with query).
    pub fn take_requests(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.state.requests.lock().unwrap())
    }

    /// Asks the server only once for the same from now on: the store must not change. MLflow takes most of the time of a test
    /// that asks much.
    pub fn keep_answers(&self) {
        *self.state.answers.lock().unwrap() = Some(HashMap::new());
    }
}

impl RecorderState {
    /// Passes one request on, and its answer back; both connections are then closed.
    fn forward(&self, mut client: TcpStream) -> Option<()> {
        let request = RawRequest::read(&mut client)?;
        let (method, path) = (&request.method, &request.path);
        self.requests
            .lock()
            .unwrap()
            .push((method.clone(), path.clone()));
        let key = (method.clone(), path.clone(), request.body.clone());
        let known = self
            .answers
            .lock()
            .unwrap()
            .as_ref()
            .and_then(|answers| answers.get(&key).cloned());
        let answer = match known {
            Some(answer) => answer,
            None => request.forward_to(&self.upstream)?,
        };
        client.write_all(&answer).ok()?;
        if let Some(answers) = &mut *self.answers.lock().unwrap() {
            answers.insert(key, answer);
        }
        client.shutdown(Shutdown::Both).ok()
    }
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
