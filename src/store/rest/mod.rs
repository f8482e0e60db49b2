//! MLflow servers over HTTP.

use url::Url;

use super::{Answer, Connection, Read, Write};

/// A server, for reading.
pub struct RestStore {}

impl RestStore {
    /// Prepares to ask a server; sends nothing yet.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn connect(url: &Url, connection: &Connection) -> Answer<Self> {
        let _ = (url, connection);
        unimplemented!()
    }

    /// The writer of the same server.
    ///
    /// # Errors
    /// When its client can't be made.
    pub fn writer(&self) -> Answer<RestWriter> {
        unimplemented!()
    }
}

/// A server, for writing.
pub struct RestWriter {}
