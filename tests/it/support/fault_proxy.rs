//! A proxy that spoils requests and answers on their way, each by a dice of its own seed, so that a failure comes again.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::recorder::Asked;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is reset before the request was read.
    Reset,
    /// The request is read and dropped.
    DropRequest,
    /// A gateway says 504 and does not pass the request on.
    GatewayTimeout,
    /// The request arrives after the client has given up.
    Late,
    /// The request arrives twice.
    Twice,
    /// The answer is dropped.
    DropAnswer,
    /// The answer is cut in its middle.
    Cut,
    /// A gateway says 502 although the request arrived.
    BadGateway,
    /// A page of HTML stands in for the answer.
    Html,
    /// The answer comes slowly, but in time.
    Slow,
}

const ALL: [Fault; 10] = [
    Fault::Reset,
    Fault::DropRequest,
    Fault::GatewayTimeout,
    Fault::Late,
    Fault::Twice,
    Fault::DropAnswer,
    Fault::Cut,
    Fault::BadGateway,
    Fault::Html,
    Fault::Slow,
];

/// A running proxy; its threads end with the test's process.
pub struct FaultProxy {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    state: Arc<State>,
}

struct State {
    upstream: String,
    late: Duration,
    on: AtomicBool,
    dice: AtomicU64,
    /// The faults that were done, and to what: (fault, whether it was a write, whether it made a version).
    done: Mutex<Vec<(Fault, bool, bool)>>,
    /// Requests that are still held back.
    held: AtomicU64,
    /// At which request from now on the line goes dead, and whether that one still arrives.
    dead_at: Mutex<Option<(usize, bool)>>,
    is_dead: AtomicBool,
}

impl FaultProxy {
    /// Stands in front of a server. `late` is how long a late request is held back.
    pub fn before(server: &str, seed: u64, late: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            upstream: server.trim_start_matches("http://").to_owned(),
            late,
            on: AtomicBool::new(false),
            dice: AtomicU64::new(seed),
            done: Mutex::new(Vec::new()),
            held: AtomicU64::new(0),
            dead_at: Mutex::new(None),
            is_dead: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || state.pass(stream));
            }
        });
        Self { url, state }
    }

    /// Spoils from now on, or no longer.
    pub fn spoil(&self, on: bool) {
        self.state.on.store(on, Ordering::SeqCst);
    }

    /// Lets so many requests through; the next one is never answered. `arrives` says whether it reaches the server.
    pub fn die_after(&self, requests: usize, arrives: bool) {
        self.state.is_dead.store(false, Ordering::SeqCst);
        *self.state.dead_at.lock().unwrap() = Some((requests, arrives));
    }

    /// Lets everything through again.
    pub fn revive(&self) {
        *self.state.dead_at.lock().unwrap() = None;
    }

    /// Whether the request came that is never answered.
    pub fn is_dead(&self) -> bool {
        self.state.is_dead.load(Ordering::SeqCst)
    }

    /// The faults since the last time: what was done, whether to a write, and whether that write made a version.
    pub fn taken(&self) -> Vec<(Fault, bool, bool)> {
        std::mem::take(&mut *self.state.done.lock().unwrap())
    }

    /// Waits until no late request is held back any more.
    pub fn settle(&self) {
        while self.state.held.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl State {
    /// The next number of the dice: splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn roll(&self) -> u64 {
        let mut z = self
            .dice
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pass(&self, mut client: TcpStream) -> Option<()> {
        let roll = self.roll();
        let is_on = self.on.load(Ordering::SeqCst);
        let fault = ALL[usize::try_from(roll >> 32).unwrap() % ALL.len()];
        if is_on && fault == Fault::Reset && roll % 100 < 12 {
            self.note(fault, false, false);
            return client.shutdown(Shutdown::Both).ok();
        }
        let asked = Asked::read(&mut client)?;
        if let Some(arrives) = self.dies() {
            if arrives {
                let _ = asked.send(&self.upstream);
            }
            self.is_dead.store(true, Ordering::SeqCst);
            // Until the client is gone.
            let _ = std::io::Read::read(&mut client, &mut [0; 1]);
            return None;
        }
        let path = asked.path.split('?').next().unwrap_or_default();
        let reads = ["/get", "/search", "/get-latest-versions", "/alias"]
            .iter()
            .any(|end| path.ends_with(end));
        let is_write = asked.method != "GET"
            && !(asked.method == "POST" && reads && !path.ends_with("/alias"));
        // Most reads are asked again by themselves, so that writes are what is worth spoiling.
        let chance = if is_write { 45 } else { 6 };
        if !is_on || roll % 100 >= chance || fault == Fault::Reset {
            client.write_all(&asked.send(&self.upstream)?).ok()?;
            return client.shutdown(Shutdown::Both).ok();
        }
        self.note(fault, is_write, path.ends_with("model-versions/create"));
        self.spoil(fault, &asked, client)
    }

    /// Whether the line is dead for this request, and then whether it still arrives.
    fn dies(&self) -> Option<bool> {
        let mut dead_at = self.dead_at.lock().unwrap();
        let (left, arrives) = dead_at.as_mut()?;
        if *left == 0 {
            return Some(*arrives);
        }
        *left -= 1;
        None
    }

    fn spoil(&self, fault: Fault, asked: &Asked, mut client: TcpStream) -> Option<()> {
        let gateway = |status: &str| {
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>no</p>"
            )
        };
        match fault {
            Fault::Reset | Fault::DropRequest => {}
            Fault::GatewayTimeout => client
                .write_all(gateway("504 Gateway Timeout").as_bytes())
                .ok()?,
            Fault::Late => {
                self.held.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(self.late);
                let _ = asked.send(&self.upstream);
                self.held.fetch_sub(1, Ordering::SeqCst);
            }
            Fault::Twice => {
                let _ = asked.send(&self.upstream);
                client.write_all(&asked.send(&self.upstream)?).ok()?;
            }
            Fault::DropAnswer => drop(asked.send(&self.upstream)),
            Fault::Cut => {
                let answer = asked.send(&self.upstream)?;
                client
                    .write_all(&answer[..answer.len().saturating_sub(4)])
                    .ok()?;
            }
            Fault::BadGateway => {
                let _ = asked.send(&self.upstream);
                client
                    .write_all(gateway("502 Bad Gateway").as_bytes())
                    .ok()?;
            }
            Fault::Html => {
                let _ = asked.send(&self.upstream);
                client.write_all(gateway("200 OK").as_bytes()).ok()?;
            }
            Fault::Slow => {
                std::thread::sleep(Duration::from_millis(300));
                client.write_all(&asked.send(&self.upstream)?).ok()?;
            }
        }
        client.shutdown(Shutdown::Both).ok()
    }

    fn note(&self, fault: Fault, is_write: bool, makes: bool) {
        self.done.lock().unwrap().push((fault, is_write, makes));
    }
}
