//! The program in places that others wrote to: addresses with secrets, repositories, links, pipes and policies of strangers.

mod credentials;
mod files;
mod git;
mod journal;
mod policies;
mod secrets;
mod sqlite;
