//! Access to an open store: a reader always, and a writer or the reason why there is none.

use std::fmt;

use super::{Reader, Writer};
use crate::text::untrusted::clean;

/// Whether a session may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// No writer is made, whatever the store supports.
    ReadOnly(ReadOnlyReason),
    /// A writer is made if the store supports it.
    ReadWrite,
}

/// Why a session has no writer. Its `Display` is a clause for users: `--read-only was given`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOnlyReason {
    /// `--read-only`.
    Flag,
    /// `FRONTRUNNER_READ_ONLY`.
    Environment,
    /// `read_only` in the settings file.
    Settings,
    /// `read_only` in the profile of this name.
    Profile(String),
    /// `read_only` in the policy file of this path.
    Policy(String),
    /// The policy file is invalid, so it may forbid writes.
    InvalidPolicy,
    /// The reader merges two stores, or is the second one.
    SecondStore,
    /// The schema lacks a column, as `table.column`, that every write needs.
    SchemaTooOld(String),
    /// The schema requires a column, as `table.column`, that this version does not fill.
    SchemaTooNew(String),
    /// A table that MLflow writes has a trigger, which would run with every write.
    Trigger(String),
    /// The store has no registry tables.
    NoRegistry,
    /// The file system refuses writes.
    NotWritable(String),
    /// The backend, by its plural label, supports no writes.
    Backend(&'static str),
}

impl fmt::Display for ReadOnlyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("--read-only was given"),
            Self::Environment => f.write_str("FRONTRUNNER_READ_ONLY is set"),
            Self::Settings => f.write_str("the settings file sets read_only"),
            Self::Profile(name) => write!(f, "profile {} is read-only", clean(name)),
            Self::Policy(path) => write!(f, "the policy {} sets read_only", clean(path)),
            Self::InvalidPolicy => f.write_str("the policy is invalid"),
            Self::SecondStore => f.write_str("writes are disabled while a second store is open"),
            Self::SchemaTooOld(column) => {
                write!(f, "the schema is too old: {} is missing", clean(column))
            }
            Self::SchemaTooNew(column) => write!(
                f,
                "the schema is too new: unknown required column {}",
                clean(column)
            ),
            Self::Trigger(table) => write!(f, "the table {} has a trigger", clean(table)),
            Self::NoRegistry => f.write_str("the store has no model registry"),
            Self::NotWritable(why) => f.write_str(&clean(why)),
            Self::Backend(label) => write!(f, "{label} can only be read"),
        }
    }
}

impl ReadOnlyReason {
    /// How to get a session that can write.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Flag => "run it again without --read-only",
            Self::Environment => "unset FRONTRUNNER_READ_ONLY",
            Self::Settings => {
                "remove read_only from the file that `frontrunner config path` prints"
            }
            Self::Profile(_) => "remove read_only from the profile, or name the store by --target",
            Self::Policy(_) => {
                "ask the owner of that policy; policies add up, so no other one can lift it"
            }
            Self::InvalidPolicy => "see `frontrunner doctor`",
            Self::SecondStore => "open one store only",
            Self::SchemaTooOld(_) => "upgrade the database with `mlflow db upgrade URI`",
            Self::Trigger(_) => "write through `mlflow server`, or drop the trigger",
            Self::SchemaTooNew(_) => "write through `mlflow server`, or update frontrunner",
            Self::NotWritable(_) => {
                "check the permissions of the file and its folder, or of the database user"
            }
            Self::NoRegistry | Self::Backend(_) => {
                "open an MLflow server or the mlflow.db that has the registry"
            }
        }
    }
}

/// An open store.
#[derive(Clone)]
pub struct StoreHandle {
    /// Reads; never able to write.
    pub reader: Reader,
    /// Writes to the same store.
    pub writer: Result<Writer, ReadOnlyReason>,
}
