//! A proxy that spoils requests and answers on their way, each by a dice of its own seed, so that a failure comes again.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::recorder::RawRequest;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InjectedFault {
    /// The connection is reset before the request was read.
    Reset,
    /// The request is read and dropped.
    DropRequest,
    /// A gateway says 504 and does not pass the request on.
    GatewayTimeout,
    /// The request arrives after the client has given up.
    DelayRequest,
    /// The request arrives twice.
    DuplicateRequest,
    /// The answer is dropped.
    DropResponse,
    /// The answer is cut in its middle.
    TruncateResponse,
    /// A gateway says 502 although the request arrived.
    BadGateway,
    /// A page of HTML stands in for the answer.
    HtmlResponse,
    /// The answer comes slowly, but in time.
    SlowResponse,
}

const ALL_FAULTS: [InjectedFault; 10] = [
    InjectedFault::Reset,
    InjectedFault::DropRequest,
    InjectedFault::GatewayTimeout,
    InjectedFault::DelayRequest,
    InjectedFault::DuplicateRequest,
    InjectedFault::DropResponse,
    InjectedFault::TruncateResponse,
    InjectedFault::BadGateway,
    InjectedFault::HtmlResponse,
    InjectedFault::SlowResponse,
];

/// A running proxy; its threads end with the test's process.
pub struct FaultProxy {
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
    state: Arc<ProxyState>,
}

struct ProxyState {
    upstream: String,
    delay: Duration,
    is_enabled: AtomicBool,
    rng_state: AtomicU64,
    /// The faults that were done, and to what: (fault, whether it was a write, whether it made a version).
    injected: Mutex<Vec<(InjectedFault, bool, bool)>>,
    /// Requests that are still held back.
    delayed: AtomicU64,
    /// At which request from now on the line goes dead, and whether that one still arrives.
    hang_at: Mutex<Option<(usize, bool)>>,
    is_hung: AtomicBool,
}

impl FaultProxy {
    /// Stands in front of a server. `late` is how long a late request is held back.
    pub fn start(server: &str, seed: u64, late: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(ProxyState {
            upstream: server.trim_start_matches("http://").to_owned(),
            delay: late,
            is_enabled: AtomicBool::new(false),
            rng_state: AtomicU64::new(seed),
            injected: Mutex::new(Vec::new()),
            delayed: AtomicU64::new(0),
            hang_at: Mutex::new(None),
            is_hung: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || state.forward(stream));
            }
        });
        Self { url, state }
    }

    /// Spoils from now on, or no longer.
    pub fn set_enabled(&self, on: bool) {
        self.state.is_enabled.store(on, Ordering::SeqCst);
    }

    /// Lets so many requests through; the next one is never answered. `arrives` says whether it reaches the server.
    pub fn hang_after(&self, requests: usize, arrives: bool) {
        self.state.is_hung.store(false, Ordering::SeqCst);
        *self.state.hang_at.lock().unwrap() = Some((requests, arrives));
    }

    /// Lets everything through again.
    pub fn resume(&self) {
        *self.state.hang_at.lock().unwrap() = None;
    }

    /// Whether the request came that is never answered.
    pub fn is_hung(&self) -> bool {
        self.state.is_hung.load(Ordering::SeqCst)
    }

    /// The faults since the last time: what was done, whether to a write, and whether that write made a version.
    pub fn take_faults(&self) -> Vec<(InjectedFault, bool, bool)> {
        std::mem::take(&mut *self.state.injected.lock().unwrap())
    }

    /// Waits until no late request is held back any more.
    pub fn wait_for_delayed(&self) {
        while self.state.delayed.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl ProxyState {
    /// The next number of the dice: splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn next_random(&self) -> u64 {
        let mut z = self
            .rng_state
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn forward(&self, mut client: TcpStream) -> Option<()> {
        let roll = self.next_random();
        let is_on = self.is_enabled.load(Ordering::SeqCst);
        let fault = ALL_FAULTS[usize::try_from(roll >> 32).unwrap() % ALL_FAULTS.len()];
        if is_on && fault == InjectedFault::Reset && roll % 100 < 12 {
            self.record(fault, false, false);
            return client.shutdown(Shutdown::Both).ok();
        }
        let request = RawRequest::read(&mut client)?;
        if let Some(arrives) = self.next_hang() {
            if arrives {
                let _ = request.forward_to(&self.upstream);
            }
            self.is_hung.store(true, Ordering::SeqCst);
            // Until the client is gone.
            let _ = std::io::Read::read(&mut client, &mut [0; 1]);
            return None;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let reads = ["/get", "/search", "/get-latest-versions", "/alias"]
            .iter()
            .any(|end| path.ends_with(end));
        let is_write = request.method != "GET"
            && !(request.method == "POST" && reads && !path.ends_with("/alias"));
        // Most reads are asked again by themselves, so that writes are what is worth spoiling.
        let chance = if is_write { 45 } else { 6 };
        if !is_on || roll % 100 >= chance || fault == InjectedFault::Reset {
            client
                .write_all(&request.forward_to(&self.upstream)?)
                .ok()?;
            return client.shutdown(Shutdown::Both).ok();
        }
        self.record(fault, is_write, path.ends_with("model-versions/create"));
        self.inject(fault, &request, client)
    }

    /// Whether the line is dead for this request, and then whether it still arrives.
    fn next_hang(&self) -> Option<bool> {
        let mut dead_at = self.hang_at.lock().unwrap();
        let (left, arrives) = dead_at.as_mut()?;
        if *left == 0 {
            return Some(*arrives);
        }
        *left -= 1;
        None
    }

    fn inject(
        &self,
        fault: InjectedFault,
        request: &RawRequest,
        mut client: TcpStream,
    ) -> Option<()> {
        let gateway = |status: &str| {
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>no</p>"
            )
        };
        match fault {
            InjectedFault::Reset | InjectedFault::DropRequest => {}
            InjectedFault::GatewayTimeout => client
                .write_all(gateway("504 Gateway Timeout").as_bytes())
                .ok()?,
            InjectedFault::DelayRequest => {
                self.delayed.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(self.delay);
                let _ = request.forward_to(&self.upstream);
                self.delayed.fetch_sub(1, Ordering::SeqCst);
            }
            InjectedFault::DuplicateRequest => {
                let _ = request.forward_to(&self.upstream);
                client
                    .write_all(&request.forward_to(&self.upstream)?)
                    .ok()?;
            }
            InjectedFault::DropResponse => drop(request.forward_to(&self.upstream)),
            InjectedFault::TruncateResponse => {
                let answer = request.forward_to(&self.upstream)?;
                client
                    .write_all(&answer[..answer.len().saturating_sub(4)])
                    .ok()?;
            }
            InjectedFault::BadGateway => {
                let _ = request.forward_to(&self.upstream);
                client
                    .write_all(gateway("502 Bad Gateway").as_bytes())
                    .ok()?;
            }
            InjectedFault::HtmlResponse => {
                let _ = request.forward_to(&self.upstream);
                client.write_all(gateway("200 OK").as_bytes()).ok()?;
            }
            InjectedFault::SlowResponse => {
                std::thread::sleep(Duration::from_millis(300));
                client
                    .write_all(&request.forward_to(&self.upstream)?)
                    .ok()?;
            }
        }
        client.shutdown(Shutdown::Both).ok()
    }

    fn record(&self, fault: InjectedFault, is_write: bool, makes: bool) {
        self.injected.lock().unwrap().push((fault, is_write, makes));
    }
}
