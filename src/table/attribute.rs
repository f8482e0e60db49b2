//! Attributes: the properties that every run has, as opposed to its metrics, params and tags.

use super::cells::ColumnData;
use super::column_kind::{ColumnDisplay, ColumnKind, DEFAULT, RemoteSupport, ValueKind};
use super::rows::RunTable;
use crate::domain::RunField;

/// A property that every run has, though its value may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of attributes says what each is")]
pub enum Attribute {
    Status,
    Name,
    Start,
    End,
    Duration,
    User,
    Source,
    Commit,
    Datasets,
    Experiment,
    RunId,
    Parent,
    ArtifactUri,
}

/// One row of [`ATTRIBUTES`].
struct AttributeSpec {
    /// The name in filters and on the command line: MLflow's, where it has one.
    name: &'static str,
    /// MLflow's other spellings, and short ones.
    aliases: &'static [&'static str],
    title: &'static str,
    kind: ColumnKind,
}

/// In the order of the enum.
static ATTRIBUTES: [AttributeSpec; 13] = [
    AttributeSpec {
        name: "status",
        aliases: &[],
        title: "status",
        kind: ColumnKind {
            display: ColumnDisplay::StatusSymbol,
            rank: 0,
            is_visible_by_default: true,
            remote: RemoteSupport::Text,
            field: |_| Some(RunField::Status),
            data: |_, _| ColumnData::Status,
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "run_name",
        aliases: &["name", "run name"],
        title: "name",
        kind: ColumnKind {
            display: ColumnDisplay::RunName,
            rank: 1,
            is_visible_by_default: true,
            max_width: 32,
            remote: RemoteSupport::Text,
            field: |_| Some(RunField::Name),
            data: |table, _| ColumnData::Text(&table.name),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "start_time",
        aliases: &["start", "created"],
        title: "start",
        kind: ColumnKind {
            rank: 2,
            is_visible_by_default: true,
            field: |_| Some(RunField::StartTime),
            data: |table, _| ColumnData::Time(&table.start),
            ..TIME
        },
    },
    AttributeSpec {
        name: "end_time",
        aliases: &["end"],
        title: "end",
        kind: ColumnKind {
            field: |_| Some(RunField::EndTime),
            data: |table, _| ColumnData::Time(&table.end),
            ..TIME
        },
    },
    AttributeSpec {
        name: "duration",
        aliases: &[],
        title: "duration",
        kind: ColumnKind {
            values: ValueKind::Duration,
            rank: 2,
            is_visible_by_default: true,
            field: |_| Some(RunField::Duration),
            data: |_, _| ColumnData::Duration,
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "user_id",
        aliases: &["user"],
        title: "user",
        kind: ColumnKind {
            is_visible_by_default: true,
            field: |_| Some(RunField::User),
            data: |table, _| ColumnData::Text(&table.user),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "source",
        aliases: &[],
        title: "source",
        kind: ColumnKind {
            is_visible_by_default: true,
            field: |_| Some(RunField::TextTag("mlflow.source.name".into())),
            data: |table, _| tag_text(table, "mlflow.source.name"),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "commit",
        aliases: &[],
        title: "commit",
        kind: ColumnKind {
            field: |_| Some(RunField::TextTag("mlflow.source.git.commit".into())),
            data: |table, _| tag_text(table, "mlflow.source.git.commit"),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "datasets",
        aliases: &["dataset"],
        title: "datasets",
        kind: ColumnKind {
            data: |_, _| ColumnData::Datasets,
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "experiment_id",
        aliases: &["experiment"],
        title: "experiment",
        kind: ColumnKind {
            has_statistics: false,
            field: |_| Some(RunField::Experiment),
            data: |table, _| ColumnData::Tag(&table.experiment),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "run_id",
        aliases: &["id"],
        title: "run",
        kind: ColumnKind {
            remote: RemoteSupport::TextOrList,
            field: |_| Some(RunField::RunId),
            data: |_, _| ColumnData::RunId,
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "parent_run_id",
        aliases: &["parent"],
        title: "parent_run",
        kind: ColumnKind {
            field: |_| Some(RunField::TextTag("mlflow.parentRunId".into())),
            data: |table, _| tag_text(table, "mlflow.parentRunId"),
            ..DEFAULT
        },
    },
    AttributeSpec {
        name: "artifact_uri",
        aliases: &[],
        title: "artifact_uri",
        kind: ColumnKind {
            remote: RemoteSupport::Text,
            field: |_| Some(RunField::ArtifactUri),
            data: |table, _| ColumnData::Text(&table.artifact_uri),
            ..DEFAULT
        },
    },
];

const TIME: ColumnKind = ColumnKind {
    values: ValueKind::Time,
    remote: RemoteSupport::Number,
    ..DEFAULT
};

/// A tag that is read as an attribute.
fn tag_text<'t>(table: &'t RunTable, tag: &str) -> ColumnData<'t> {
    let column = table.tags.get(tag);
    column.map_or(ColumnData::Absent, ColumnData::Text)
}

impl Attribute {
    /// Every attribute, in the order of the column chooser.
    pub const ALL: [Self; 13] = [
        Self::Status,
        Self::Name,
        Self::Start,
        Self::Duration,
        Self::User,
        Self::Source,
        Self::Commit,
        Self::Datasets,
        Self::End,
        Self::Experiment,
        Self::RunId,
        Self::Parent,
        Self::ArtifactUri,
    ];

    fn spec(self) -> &'static AttributeSpec {
        &ATTRIBUTES[self as usize]
    }

    pub(super) fn kind(self) -> &'static ColumnKind {
        &self.spec().kind
    }

    pub(super) fn title(self) -> &'static str {
        self.spec().title
    }

    /// The name in filters and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// Reads a name or an alias, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| {
            let spec = attribute.spec();
            std::iter::once(&spec.name)
                .chain(spec.aliases)
                .any(|name| name.eq_ignore_ascii_case(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_parse_from_name_and_aliases() {
        for attribute in Attribute::ALL {
            assert_eq!(Attribute::parse(attribute.as_str()), Some(attribute));
        }
        assert_eq!(Attribute::parse("Run Name"), Some(Attribute::Name));
        assert_eq!(Attribute::parse("created"), Some(Attribute::Start));
        assert_eq!(Attribute::parse("parent"), Some(Attribute::Parent));
        assert_eq!(Attribute::parse("accuracy"), None);
    }
}
