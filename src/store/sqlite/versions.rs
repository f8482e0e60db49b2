//! Versions of registered models, with their tags and aliases.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::connection::QueryError;
use super::registry::load_aliases;
use super::schema::Schema;
use super::values::{column_value, integer, text};
use crate::domain::run::KeyValue;
use crate::domain::{ModelName, ModelVersion, RunId, Stage, VersionNumber, VersionStatus};
use crate::store::Upstream;
use crate::text::Untrusted;

/// The stage of a row that MLflow deleted.
pub(super) const DELETED_STAGE: &str = "Deleted_Internal";

/// Which versions are meant.
#[derive(Clone, Copy)]
pub(super) enum VersionSelector<'a> {
    /// All of a model.
    OfModel(&'a ModelName),
    /// Those made from a run.
    OfRun(&'a RunId),
    /// Those made from something.
    DownstreamOf(&'a Upstream),
    /// The newest of each stage, of one model or of all.
    Latest(Option<&'a ModelName>),
}

impl<'a> VersionSelector<'a> {
    /// The condition on `v`, with one parameter.
    fn condition(self, schema: &Schema) -> String {
        let here = schema.workspace_condition("model_versions", "v");
        let not_deleted = format!("coalesce(v.current_stage, '') <> '{DELETED_STAGE}' AND {here}");
        match self {
            Self::OfModel(_) => format!("v.name = ?1 AND {not_deleted}"),
            Self::OfRun(_) => format!("v.run_id = ?1 AND {not_deleted}"),
            Self::DownstreamOf(upstream) => format!(
                "{} AND {not_deleted}",
                super::downstream::version_condition(upstream, schema)
            ),
            Self::Latest(_) => {
                let inner_workspace = schema.workspace_condition("model_versions", "n");
                format!(
                    "(?1 IS NULL OR v.name = ?1) AND {not_deleted} AND v.version = (SELECT max(n.version) FROM model_versions AS n \
                     WHERE n.name = v.name AND n.current_stage IS v.current_stage AND {inner_workspace})"
                )
            }
        }
    }

    fn parameter(self) -> Option<&'a str> {
        match self {
            Self::OfModel(name) => Some(name.raw()),
            Self::OfRun(run) => Some(run.raw()),
            Self::DownstreamOf(upstream) => Some(super::downstream::condition_parameter(upstream)),
            Self::Latest(name) => name.map(ModelName::raw),
        }
    }

    fn model_name(self) -> Option<&'a str> {
        match self {
            Self::OfModel(name) => Some(name.raw()),
            Self::OfRun(_) | Self::DownstreamOf(_) => None,
            Self::Latest(name) => name.map(ModelName::raw),
        }
    }
}

/// A version's number; what is none is 0, which MLflow never gives.
pub(super) fn version_number(value: ValueRef<'_>) -> VersionNumber {
    VersionNumber(
        integer(value)
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default(),
    )
}

/// The versions that are meant, by model, newest first.
pub(super) fn load(
    connection: &Connection,
    schema: &Schema,
    selector: VersionSelector<'_>,
) -> Result<Vec<ModelVersion>, QueryError> {
    let condition = selector.condition(schema);
    let mut tags = load_tags(connection, schema, &condition, selector.parameter())?;
    let aliases = load_aliases(connection, schema, selector.model_name())?;
    let columns = [
        "name",
        "version",
        "creation_time",
        "last_updated_time",
        "user_id",
        "current_stage",
        "description",
        "source",
        "run_id",
        "status",
        "status_message",
    ];
    let columns = schema.select_columns("model_versions", "v", &columns);
    let sql = format!(
        "SELECT {columns} FROM model_versions AS v WHERE {condition} ORDER BY v.name, v.version DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([selector.parameter()])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        let mut version = read_version(row);
        version.tags = tags
            .remove(&(version.name.text().clone(), version.version))
            .unwrap_or_default();
        let of_model = aliases
            .get(version.name.text())
            .map_or(&[][..], Vec::as_slice);
        version.aliases = of_model
            .iter()
            .filter(|(_, to)| *to == version.version)
            .map(|(alias, _)| alias.clone())
            .collect();
        versions.push(version);
    }
    Ok(versions)
}

fn read_version(row: &Row<'_>) -> ModelVersion {
    let stage_text = text(column_value(row, 5));
    ModelVersion {
        name: ModelName::new(text(column_value(row, 0))),
        version: version_number(column_value(row, 1)),
        creation_time: integer(column_value(row, 2)),
        last_updated_time: integer(column_value(row, 3)),
        user: text(column_value(row, 4)),
        stage: Stage::parse(stage_text.raw()).unwrap_or(Stage::None),
        stage_text,
        description: text(column_value(row, 6)),
        source: text(column_value(row, 7)),
        run_id: RunId::new(text(column_value(row, 8))),
        status: VersionStatus::parse(text(column_value(row, 9)).raw()),
        status_message: text(column_value(row, 10)),
        tags: Vec::new(),
        aliases: Vec::new(),
    }
}

type TagsByVersion = HashMap<(Untrusted, VersionNumber), Vec<KeyValue>>;

fn load_tags(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    parameter: Option<&str>,
) -> Result<TagsByVersion, QueryError> {
    let mut tags = TagsByVersion::new();
    if schema.has_table("model_version_tags") {
        let here = schema.workspace_condition("model_version_tags", "t");
        let sql = format!(
            "SELECT t.name, t.version, t.\"key\", t.value FROM model_versions AS v \
             JOIN model_version_tags AS t ON t.name = v.name AND t.version = v.version AND {here} WHERE {condition}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([parameter])?;
        while let Some(row) = rows.next()? {
            tags.entry((
                text(column_value(row, 0)),
                version_number(column_value(row, 1)),
            ))
            .or_default()
            .push(KeyValue::new(
                text(column_value(row, 2)),
                text(column_value(row, 3)),
            ));
        }
    }
    Ok(tags)
}
