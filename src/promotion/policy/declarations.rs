//! Names that conditions can use: typos are found when a policy is loaded.

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

/// Fields of `candidate` and `champion`.
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
    "external",
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

pub(super) const CODE_FIELDS: &[&str] =
    &["commit", "branch", "repository", "dirty", "diff", "script"];

/// Values: `recorded`, `partly`, `not recorded`.
pub(super) const LINEAGE_FIELDS: &[&str] = &[
    "code",
    "data",
    "params",
    "seed",
    "environment",
    "run",
    "model",
    "signature",
];

/// The fixed fields of an object at a path; `None` if it can have any key.
pub(super) fn fields_of(path: &[&str]) -> Option<&'static [&'static str]> {
    match path {
        ["candidate" | "champion"] => Some(VERSION_FIELDS),
        ["run"] | ["candidate" | "champion", "run"] => Some(RUN_FIELDS),
        ["candidate" | "champion", "code"] => Some(CODE_FIELDS),
        ["lineage"] | ["candidate" | "champion", "lineage"] => Some(LINEAGE_FIELDS),
        _ => None,
    }
}

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
