//! Versions of registered models, with their tags and aliases.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::connection::Failure;
use super::registry::aliases;
use super::schema::Schema;
use super::values::{at, integer, text};
use crate::domain::run::Pair;
use crate::domain::{ModelName, ModelVersion, RunId, Stage, VersionNumber, VersionStatus};
use crate::store::MadeFrom;
use crate::text::Untrusted;

/// The stage of a row that MLflow deleted.
pub(super) const DELETED: &str = "Deleted_Internal";

/// Which versions are meant.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// All of a model.
    Of(&'a ModelName),
    /// Those made from a run.
    FromRun(&'a RunId),
    /// Those made from something.
    Made(&'a MadeFrom),
    /// The newest of each stage, of one model or of all.
    Latest(Option<&'a ModelName>),
}

impl<'a> Wanted<'a> {
    /// The condition on `v`, with one parameter.
    fn condition(self, schema: &Schema) -> String {
        let here = schema.in_workspace("model_versions", "v");
        let live = format!("coalesce(v.current_stage, '') <> '{DELETED}' AND {here}");
        match self {
            Self::Of(_) => format!("v.name = ?1 AND {live}"),
            Self::FromRun(_) => format!("v.run_id = ?1 AND {live}"),
            Self::Made(of) => format!("{} AND {live}", super::made_from::condition(of, schema)),
            Self::Latest(_) => {
                let there = schema.in_workspace("model_versions", "n");
                format!(
                    "(?1 IS NULL OR v.name = ?1) AND {live} AND v.version = (SELECT max(n.version) FROM model_versions AS n \
                     WHERE n.name = v.name AND n.current_stage IS v.current_stage AND {there})"
                )
            }
        }
    }

    fn parameter(self) -> Option<&'a str> {
        match self {
            Self::Of(name) => Some(name.raw()),
            Self::FromRun(run) => Some(run.raw()),
            Self::Made(of) => Some(super::made_from::parameter(of)),
            Self::Latest(name) => name.map(ModelName::raw),
        }
    }

    fn name(self) -> Option<&'a str> {
        match self {
            Self::Of(name) => Some(name.raw()),
            Self::FromRun(_) | Self::Made(_) => None,
            Self::Latest(name) => name.map(ModelName::raw),
        }
    }
}

/// A version's number; what is none is 0, which MLflow never gives.
pub(super) fn number(value: ValueRef<'_>) -> VersionNumber {
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
    wanted: Wanted<'_>,
) -> Result<Vec<ModelVersion>, Failure> {
    let condition = wanted.condition(schema);
    let mut tags = tags(connection, schema, &condition, wanted.parameter())?;
    let aliases = aliases(connection, schema, wanted.name())?;
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
    let columns = schema.select("model_versions", "v", &columns);
    let sql = format!(
        "SELECT {columns} FROM model_versions AS v WHERE {condition} ORDER BY v.name, v.version DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([wanted.parameter()])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        let mut version = version(row);
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

fn version(row: &Row<'_>) -> ModelVersion {
    let stage_text = text(at(row, 5));
    ModelVersion {
        name: ModelName::new(text(at(row, 0))),
        version: number(at(row, 1)),
        creation_time: integer(at(row, 2)),
        last_updated_time: integer(at(row, 3)),
        user: text(at(row, 4)),
        stage: Stage::parse(stage_text.raw()).unwrap_or(Stage::None),
        stage_text,
        description: text(at(row, 6)),
        source: text(at(row, 7)),
        run_id: RunId::new(text(at(row, 8))),
        status: VersionStatus::parse(text(at(row, 9)).raw()),
        status_message: text(at(row, 10)),
        tags: Vec::new(),
        aliases: Vec::new(),
    }
}

type Tags = HashMap<(Untrusted, VersionNumber), Vec<Pair>>;

fn tags(
    connection: &Connection,
    schema: &Schema,
    condition: &str,
    parameter: Option<&str>,
) -> Result<Tags, Failure> {
    let mut tags = Tags::new();
    if schema.has_table("model_version_tags") {
        let here = schema.in_workspace("model_version_tags", "t");
        let sql = format!(
            "SELECT t.name, t.version, t.\"key\", t.value FROM model_versions AS v \
             JOIN model_version_tags AS t ON t.name = v.name AND t.version = v.version AND {here} WHERE {condition}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([parameter])?;
        while let Some(row) = rows.next()? {
            tags.entry((text(at(row, 0)), number(at(row, 1))))
                .or_default()
                .push(Pair::new(text(at(row, 2)), text(at(row, 3))));
        }
    }
    Ok(tags)
}
