//! The database schemas that this version was tested with.

/// Heads of MLflow's migrations, each with the newest MLflow that has it. Other schemas work as far as their columns
/// are those of MLflow: what is read and written is decided by the columns, not by the head.
pub const KNOWN_SCHEMAS: [(&str, &str); 3] = [
    ("dc11669786a5", "3.17.2"),
    ("0584bdc529eb", "2.22.5"),
    ("acf3f17fdcc7", "2.9.2"),
];
