//! The socket of a connection, which counts what the server sends: a message can be two GiB, and
//! is kept in memory as a whole.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::domain::StoreErrorKind;
use crate::store::limits;
use crate::store::sql::tables::QueryError;
use crate::store::sql::uri::Endpoint;

/// How many bytes the server sent since the last query began.
#[derive(Clone, Default)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(super) fn restart(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) > limits::DATABASE_RESULT_BYTES
    }
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

pub(super) struct Socket {
    stream: Stream,
    meter: Meter,
}

impl Socket {
    pub(super) async fn connect(endpoint: &Endpoint, meter: Meter) -> Result<Self, QueryError> {
        let unreachable =
            |error: io::Error| QueryError::new(StoreErrorKind::Unreachable, error.to_string());
        #[cfg(unix)]
        if let Some(folder) = &endpoint.socket {
            let path = folder.join(format!(".s.PGSQL.{}", endpoint.port));
            let stream = UnixStream::connect(path).await.map_err(unreachable)?;
            return Ok(Self {
                stream: Stream::Unix(stream),
                meter,
            });
        }
        let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        Ok(Self {
            stream: Stream::Tcp(stream),
            meter,
        })
    }
}

/// Calls a method of either stream.
macro_rules! on_stream {
    ($socket:expr, $stream:ident => $call:expr) => {
        match &mut $socket.get_mut().stream {
            Stream::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            #[cfg(unix)]
            Stream::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let meter = self.meter.clone();
        let result = on_stream!(self, stream => stream.poll_read(cx, buffer));
        let read = (buffer.filled().len() - before) as u64;
        meter.0.fetch_add(read, Ordering::Relaxed);
        if meter.is_exceeded() {
            return Poll::Ready(Err(io::Error::other("the result is too large")));
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => stream.poll_shutdown(cx))
    }
}
