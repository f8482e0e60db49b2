//! The names that conditions can use: a table, so that a policy's typing errors are found before it judges anything.

/// What stands at the beginning of a path.
pub(super) const ROOTS: &[&str] = &[
    "candidate",
    "champion",
    "target",
    "promoter",
    "run",
    "datasets",
    "lineage",
    "evidence",
    "approvals",
];

/// What a candidate and a champion have.
pub(super) const VERSION_FIELDS: &[&str] = &[
    "name",
    "version",
    "stage",
    "aliases",
    "status",
    "description",
    "author",
    "created",
    "source",
    "tags",
    "run",
    "metrics",
    "params",
    "datasets",
    "code",
    "environment",
    "lineage",
    "evidence",
    "approvals",
];

/// What a run has.
pub(super) const RUN_FIELDS: &[&str] = &[
    "id",
    "name",
    "status",
    "user",
    "start_time",
    "end_time",
    "duration",
    "tags",
    "parent",
];

/// What is known of code.
pub(super) const CODE_FIELDS: &[&str] =
    &["commit", "branch", "repository", "dirty", "diff", "script"];

/// The checklist of what is recorded: `recorded`, `partly`, `not recorded`.
pub(super) const LINEAGE_FIELDS: &[&str] = &[
    "code",
    "data",
    "params",
    "seed",
    "environment",
    "model",
    "signature",
];

/// The parts of an object that are fixed, by the path that leads to it; others may have any key.
pub(super) fn fields_of(path: &[&str]) -> Option<&'static [&'static str]> {
    match path {
        ["candidate" | "champion"] => Some(VERSION_FIELDS),
        ["run"] | ["candidate" | "champion", "run"] => Some(RUN_FIELDS),
        ["candidate" | "champion", "code"] => Some(CODE_FIELDS),
        ["lineage"] | ["candidate" | "champion", "lineage"] => Some(LINEAGE_FIELDS),
        _ => None,
    }
}

/// Functions that can be called, beside the operators.
pub(super) const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "max",
    "min",
    "type",
    "dyn",
    "has",
];
