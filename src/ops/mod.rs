//! Use cases of the command line and the screens: async, over a store, on top of the pure modules.

pub mod apply;
pub mod clock;
pub mod gates;
pub mod journal;
pub mod lineage;
pub mod plan_write;
pub mod recover;
pub mod registry;
mod send;
