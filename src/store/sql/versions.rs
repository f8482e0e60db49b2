//! Versions of registered models, with their tags and aliases.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::registry::load_aliases;
use super::schema::Schema;
use super::tables::{QueryError, Row, Tables, params};
use super::values::{integer, text};
use crate::domain::run::KeyValue;
use crate::domain::{ModelName, ModelVersion, RunId, Stage, VersionNumber, VersionStatus};
use crate::store::Upstream;
use crate::text::Untrusted;

/// The stage of a row that MLflow deleted.
pub(super) const DELETED_STAGE: &str = "Deleted_Internal";

/// Which versions to load.
#[derive(Clone, Copy)]
pub(super) enum VersionSelector<'a> {
    OfModel(&'a ModelName),
    OfRun(&'a RunId),
    DownstreamOf(&'a Upstream),
    /// The newest of each stage, of one model or of all.
    Latest(Option<&'a ModelName>),
    /// Those in Staging and Production, of all models.
    Staged,
}

impl<'a> VersionSelector<'a> {
    /// The condition on `v`, with [`Self::parameter`] as its only parameter.
    fn condition(self, schema: &Schema) -> String {
        let workspace = schema.workspace_condition("model_versions", "v");
        let not_deleted =
            format!("coalesce(v.current_stage, '') <> '{DELETED_STAGE}' AND {workspace}");
        match self {
            Self::OfModel(_) => format!("v.name = ?1 AND {not_deleted}"),
            Self::OfRun(_) => format!("v.run_id = ?1 AND {not_deleted}"),
            Self::DownstreamOf(upstream) => format!(
                "{} AND {not_deleted}",
                super::downstream::version_condition(upstream, schema)
            ),
            Self::Staged => {
                format!(
                    "?1 IS NULL AND v.current_stage IN ('Staging', 'Production') AND {not_deleted}"
                )
            }
            Self::Latest(_) => {
                let workspace = schema.workspace_condition("model_versions", "n");
                let is = schema.dialect().null_safe_equal;
                format!(
                    "(?1 IS NULL OR v.name = ?1) AND {not_deleted} AND v.version = (SELECT max(n.version) FROM model_versions AS n \
                     WHERE n.name = v.name AND n.current_stage {is} v.current_stage AND {workspace})"
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
            Self::Staged => None,
        }
    }

    fn model_name(self) -> Option<&'a str> {
        match self {
            Self::OfModel(name) => Some(name.raw()),
            Self::OfRun(_) | Self::DownstreamOf(_) | Self::Staged => None,
            Self::Latest(name) => name.map(ModelName::raw),
        }
    }
}

/// 0, which MLflow never assigns, for what is not a number.
pub(super) fn version_number(row: &dyn Row, column: usize) -> VersionNumber {
    let number = integer(row, column).and_then(|number| u64::try_from(number).ok());
    VersionNumber(number.unwrap_or_default())
}

/// Loads versions by model, newest first.
pub(super) fn load(
    tables: Tables<'_>,
    selector: VersionSelector<'_>,
) -> Result<Vec<ModelVersion>, QueryError> {
    let condition = selector.condition(tables.schema);
    let mut tags = load_tags(tables, &condition, selector.parameter())?;
    let aliases = load_aliases(tables, selector.model_name())?;
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
    let columns = tables
        .schema
        .select_columns("model_versions", "v", &columns);
    let sql = format!("SELECT {columns} FROM model_versions AS v WHERE {condition}");
    let mut versions = tables.collect(&sql, &params![selector.parameter()], |row| {
        let (name, version) = (text(row, 0), version_number(row, 1));
        let stage_text = text(row, 5);
        let of_model = aliases.get(&name).into_iter().flatten();
        ModelVersion {
            version,
            creation_time: integer(row, 2),
            last_updated_time: integer(row, 3),
            user: text(row, 4),
            stage: Stage::parse(stage_text.raw()).unwrap_or(Stage::None),
            stage_text,
            description: text(row, 6),
            source: text(row, 7),
            run_id: RunId::new(text(row, 8)),
            status: VersionStatus::parse(text(row, 9).raw()),
            status_message: text(row, 10),
            tags: tags.remove(&(name.clone(), version)).unwrap_or_default(),
            aliases: of_model
                .filter(|(_, target)| *target == version)
                .map(|(alias, _)| alias.clone())
                .collect(),
            name: ModelName::new(name),
        }
    })?;
    let key = |version: &ModelVersion| (version.name.text().clone(), Reverse(version.version));
    versions.sort_by_cached_key(key);
    Ok(versions)
}

type TagsByVersion = HashMap<(Untrusted, VersionNumber), Vec<KeyValue>>;

fn load_tags(
    tables: Tables<'_>,
    condition: &str,
    parameter: Option<&str>,
) -> Result<TagsByVersion, QueryError> {
    let mut tags = TagsByVersion::new();
    if tables.schema.has_table("model_version_tags") {
        let workspace = tables.schema.workspace_condition("model_version_tags", "t");
        let sql = format!(
            "SELECT t.name, t.version, t.\"key\", t.value FROM model_versions AS v \
             JOIN model_version_tags AS t ON t.name = v.name AND t.version = v.version AND {workspace} WHERE {condition}"
        );
        tables.for_each(&sql, &params![parameter], |row| {
            let tag = KeyValue::new(text(row, 2), text(row, 3));
            tags.entry((text(row, 0), version_number(row, 1)))
                .or_default()
                .push(tag);
        })?;
    }
    Ok(tags)
}
