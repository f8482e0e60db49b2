//! Params, metrics, tags, datasets and model links of a batch of runs. The ids are one
//! JSON parameter, so that rows come with the run's position and no run is looked up by its id again.

use super::tables::{QueryError, Row, Tables, params};
use super::values::{integer, interned, metric_value, optional_text, text};
use crate::domain::{DatasetInput, KeyValue, LoggedModelId, Metric, ModelOutput};
use crate::store::interner::Interner;

/// The tag of an input that names the role of its dataset.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// One list for each run, by its position in the batch.
pub(super) type ByRun<T> = Vec<Vec<T>>;

fn empty_lists<T>(count: usize) -> ByRun<T> {
    std::iter::repeat_with(Vec::new).take(count).collect()
}

/// The table of the ids in `?1`, and how another one is joined to it.
pub(super) fn ids_join(tables: Tables<'_>) -> (String, &'static str) {
    (tables.schema.ids("?1"), tables.dialect().ordered_join)
}

/// Collects rows by their first column, the position in the batch.
fn collect_by_run<T>(
    tables: Tables<'_>,
    sql: &str,
    (ids, count): (&str, usize),
    mut convert: impl FnMut(&dyn Row) -> T,
) -> Result<ByRun<T>, QueryError> {
    let mut lists = empty_lists(count);
    tables.for_each(sql, &params![ids], |row| {
        let position = integer(row, 0).and_then(|position| usize::try_from(position).ok());
        if let Some(list) = position.and_then(|position| lists.get_mut(position)) {
            list.push(convert(row));
        }
    })?;
    Ok(lists)
}

/// The rows of `params` or `tags`.
pub(super) fn load_pairs(
    tables: Tables<'_>,
    table: &str,
    ids: (&str, usize),
) -> Result<ByRun<KeyValue>, QueryError> {
    if !tables.schema.has_table(table) {
        return Ok(empty_lists(ids.1));
    }
    let columns = tables.schema.select_columns(table, "p", &["key", "value"]);
    let (ids_table, join) = ids_join(tables);
    let sql = format!(
        "SELECT ids.key, {columns} FROM {ids_table} {join} {table} AS p ON p.run_uuid = ids.value"
    );
    let mut keys = Interner::default();
    collect_by_run(tables, &sql, ids, |row| KeyValue {
        key: interned(&mut keys, row, 1),
        value: text(row, 2),
    })
}

/// The latest value of each metric.
pub(super) fn load_metrics(
    tables: Tables<'_>,
    ids: (&str, usize),
) -> Result<ByRun<Metric>, QueryError> {
    let table = "latest_metrics";
    if !tables.schema.has_table(table) {
        return Ok(empty_lists(ids.1));
    }
    let columns = ["key", "value", "is_nan", "timestamp", "step"];
    let columns = tables.schema.select_columns(table, "m", &columns);
    let (ids_table, join) = ids_join(tables);
    let sql = format!(
        "SELECT ids.key, {columns} FROM {ids_table} {join} {table} AS m ON m.run_uuid = ids.value"
    );
    let mut keys = Interner::default();
    collect_by_run(tables, &sql, ids, |row| Metric {
        key: interned(&mut keys, row, 1),
        value: metric_value(row, 2, 3),
        timestamp: integer(row, 4).unwrap_or_default(),
        step: integer(row, 5).unwrap_or_default(),
    })
}

pub(super) fn load_datasets(
    tables: Tables<'_>,
    ids: (&str, usize),
) -> Result<ByRun<DatasetInput>, QueryError> {
    let Some(inputs) = DatasetsSql::new(tables) else {
        return Ok(empty_lists(ids.1));
    };
    let (ids_table, join) = ids_join(tables);
    let DatasetsSql {
        columns,
        is_dataset,
    } = inputs;
    let sql = format!(
        "SELECT ids.key, {columns} FROM {ids_table} \
         {join} inputs AS i ON i.destination_id = ids.value AND {is_dataset} \
         {join} datasets AS d ON d.dataset_uuid = i.source_id"
    );
    // The runs of an experiment share few datasets, whose schemas and profiles can be long.
    let mut texts = Interner::default();
    collect_by_run(tables, &sql, ids, |row| to_dataset(row, &mut texts))
}

/// The datasets of runs: `datasets AS d` joined to `inputs AS i`.
pub(super) struct DatasetsSql {
    /// What [`to_dataset`] reads, from the second column on.
    pub(super) columns: String,
    /// The condition on `i`.
    pub(super) is_dataset: &'static str,
}

impl DatasetsSql {
    /// `None` in a schema without datasets.
    pub(super) fn new(tables: Tables<'_>) -> Option<Self> {
        let required = ["inputs", "input_tags", "datasets"];
        if !required.iter().all(|table| tables.schema.has_table(table)) {
            return None;
        }
        let columns = [
            "name",
            "digest",
            "dataset_source_type",
            "dataset_source",
            "dataset_schema",
            "dataset_profile",
        ];
        let columns = tables.schema.select_columns("datasets", "d", &columns);
        Some(Self {
            columns: format!(
                "{columns}, (SELECT t.value FROM input_tags AS t WHERE t.input_uuid = i.input_uuid AND t.name = '{CONTEXT_TAG}')"
            ),
            is_dataset: "i.destination_type = 'RUN' AND i.source_type = 'DATASET'",
        })
    }
}

/// Reads the columns of [`DatasetsSql`], after a first one.
pub(super) fn to_dataset(row: &dyn Row, texts: &mut Interner) -> DatasetInput {
    let mut shared = |column| interned(texts, row, column);
    let (name, digest, source_type, source) = (shared(1), shared(2), shared(3), shared(4));
    let mut optional = |column| optional_text(row, column).map(|_| shared(column));
    DatasetInput {
        name,
        digest,
        source_type,
        source,
        schema: optional(5),
        profile: optional(6),
        context: optional(7),
    }
}

/// The logged models that runs read and made (MLflow 3).
pub(super) fn load_model_links(
    tables: Tables<'_>,
    ids: (&str, usize),
) -> Result<(ByRun<LoggedModelId>, ByRun<ModelOutput>), QueryError> {
    if !tables.schema.has_column("inputs", "step") {
        return Ok((empty_lists(ids.1), empty_lists(ids.1)));
    }
    let (ids_table, join) = ids_join(tables);
    let from = format!("FROM {ids_table} {join} inputs AS i ON i.source_id = ids.value");
    let inputs_sql = format!(
        "SELECT ids.key, i.destination_id {from} AND i.source_type = 'RUN_INPUT' AND i.destination_type = 'MODEL_INPUT'"
    );
    let outputs_sql = format!(
        "SELECT ids.key, i.destination_id, i.step {from} AND i.source_type = 'RUN_OUTPUT' AND i.destination_type = 'MODEL_OUTPUT'"
    );
    let inputs = collect_by_run(tables, &inputs_sql, ids, |row| {
        LoggedModelId::new(text(row, 1))
    })?;
    let outputs = collect_by_run(tables, &outputs_sql, ids, |row| ModelOutput {
        model_id: LoggedModelId::new(text(row, 1)),
        step: integer(row, 2).unwrap_or_default(),
    })?;
    Ok((inputs, outputs))
}
