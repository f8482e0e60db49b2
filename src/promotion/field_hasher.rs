//! SHA-256 over fields, each prefixed with its length, so that different lists of fields never hash alike.

use sha2::{Digest as _, Sha256};

pub(super) struct FieldHasher(Sha256);

impl FieldHasher {
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// Hashes a text.
    pub fn write_str(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Hashes an optional number; `None` differs from every number.
    pub fn write_opt_i64(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.write_str("some").write_str(&number.to_string()),
            None => self.write_str("none"),
        }
    }

    pub fn finish_hex(self) -> String {
        self.0
            .finalize()
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
}
