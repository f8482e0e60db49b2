//! A server that behaves as it is told, down to the byte: what no real MLflow does, and what proxies, login pages and attackers do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Response {
    /// Sends these bytes, and closes the connection.
    Bytes(Vec<u8>),
    /// Takes the request and stays silent until the client goes.
    Silence,
    /// Sends these bytes, and stays silent until the client goes.
    Unfinished(Vec<u8>),
    /// Sends the first, then the second, which is not empty, again and again until the client goes.
    Endless(Vec<u8>, Vec<u8>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// All header lines, in lower case.
    pub headers: String,
    /// The body.
    pub body: String,
}

/// A running server; its threads end with the test's process.
pub struct BadServer {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    bytes_sent: Arc<AtomicUsize>,
}

impl BadServer {
    /// Starts a server that answers each request as the rule says.
    pub fn start(rule: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (requests, bytes_sent) = (
            Arc::<Mutex<Vec<Request>>>::default(),
            Arc::<AtomicUsize>::default(),
        );
        let (kept, counted, rule) = (
            Arc::clone(&requests),
            Arc::clone(&bytes_sent),
            Arc::new(rule),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, counted, rule) =
                    (Arc::clone(&kept), Arc::clone(&counted), Arc::clone(&rule));
                // A client that gives up in the middle is what some tests are about.
                std::thread::spawn(move || serve(stream, &kept, &counted, &*rule));
            }
        });
        Self {
            url,
            requests,
            bytes_sent,
        }
    }

    /// A server that says the same to everything.
    pub fn always(says: Response) -> Self {
        Self::start(move |_| says.clone())
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How many bytes it got rid of so far; what a system keeps on the way is among them.
    pub fn bytes_sent(&self) -> usize {
        self.bytes_sent.load(Ordering::Relaxed)
    }
}

/// An answer with its length and more header lines, each without a line end.
pub fn response(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Response {
    let length = body.as_ref().len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n")
            .into_bytes();
    for line in headers {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.as_ref());
    Response::Bytes(bytes)
}

/// JSON as MLflow sends it.
pub fn json(status: &str, body: &str) -> Response {
    response(status, &["Content-Type: application/json"], body)
}

/// A web page.
pub fn html(status: &str) -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>\u{1b}]0;owned\u{7}</body></html>";
    response(status, &["Content-Type: text/html; charset=utf-8"], page)
}

/// An error in MLflow's own words.
pub fn mlflow_error(status: &str, code: &str, message: &str) -> Response {
    json(
        status,
        &serde_json::json!({"error_code": code, "message": message}).to_string(),
    )
}

/// A JSON object of that many bytes, of which all but the first two are zeros, as gzip: 13 bits for each 258 of them.
pub fn gzip_bomb(bytes: usize) -> Vec<u8> {
    let mut bits = BitWriter {
        bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        filled: 8,
    };
    // The last block, in the fixed code; its literals below 144 are 48 more, in 8 bits.
    bits.push(0b11, 3);
    for literal in [b'{', 0] {
        bits.push_code(u16::from(literal) + 48, 8);
    }
    for _ in 0..bytes / 258 {
        // As many as one code can say, from one byte back.
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
    }
    bits.push_code(0, 7);
    bits.bytes
}

/// Bits in the order of DEFLATE: the lowest of a byte first.
struct BitWriter {
    bytes: Vec<u8>,
    filled: u8,
}

impl BitWriter {
    fn push(&mut self, bits: u16, count: u8) {
        for at in 0..count {
            if self.filled == 8 {
                self.bytes.push(0);
                self.filled = 0;
            }
            *self.bytes.last_mut().unwrap() |= u8::from(bits >> at & 1 == 1) << self.filled;
            self.filled += 1;
        }
    }

    /// Huffman codes come with their highest bit first.
    fn push_code(&mut self, code: u16, count: u8) {
        self.push(code.reverse_bits() >> (16 - count), count);
    }
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    sent: &AtomicUsize,
    rule: &dyn Fn(&Request) -> Response,
) -> Option<()> {
    let request = read_request(&mut stream)?;
    seen.lock().unwrap().push(request.clone());
    let send = |stream: &mut TcpStream, bytes: &[u8]| -> Option<()> {
        stream.write_all(bytes).ok()?;
        sent.fetch_add(bytes.len(), Ordering::Relaxed);
        Some(())
    };
    let wait_for_end =
        |stream: &mut TcpStream| std::io::copy(stream, &mut std::io::sink()).ok().map(drop);
    match rule(&request) {
        Response::Bytes(bytes) => send(&mut stream, &bytes),
        Response::Silence => wait_for_end(&mut stream),
        Response::Unfinished(bytes) => {
            send(&mut stream, &bytes)?;
            wait_for_end(&mut stream)
        }
        Response::Endless(head, piece) => {
            // Nothing is always sent: it would go on after the client.
            assert!(!piece.is_empty());
            send(&mut stream, &head)?;
            loop {
                send(&mut stream, &piece)?;
            }
        }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut piece) {
            Ok(n @ 1..) => bytes.extend_from_slice(&piece[..n]),
            _ => return None,
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let (first, headers) = head.split_once("\r\n")?;
    let headers = headers.to_lowercase();
    let length = headers
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    let begin = body.len().min(length);
    body.resize(length, 0);
    stream.read_exact(&mut body[begin..]).ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Request {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
