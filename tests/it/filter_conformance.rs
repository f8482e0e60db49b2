//! Filters and sort orders compared with MLflow itself: the same results for the same queries on
//! the same runs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should stop"
)]

use std::fmt::Write as _;

use crate::support::mlflow::{V2, V3, run_script};
use frontrunner::domain::{DatasetInput, KeyValue, Metric, MetricValue, Run, RunStatus};
use frontrunner::table::filter::Filter;
use frontrunner::table::{Arrangement, ColumnKey, DisplayRow, RunTable, SortKey, arrange};
use serde_json::{Value, json};

const ASK: &str = include_str!("filter_conformance/ask.py");

/// MLflow's results of some queries, and the runs that it searched.
struct MlflowOutput {
    table: RunTable,
    answers: Vec<QueryResult>,
}

/// The result of one query.
struct QueryResult {
    filter: String,
    ids: Result<Vec<String>, String>,
}

fn query_mlflow(version: &str, questions: &[Value]) -> MlflowOutput {
    let folder = tempfile::tempdir().unwrap();
    let printed = run_script(
        version,
        ASK,
        &[
            folder.path().to_str().unwrap(),
            &Value::from(questions).to_string(),
        ],
    );
    let output: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let runs: Vec<Run> = output["runs"].as_array().unwrap().iter().map(run).collect();
    assert_eq!(runs.len(), 60);
    let mut table = RunTable::default();
    table.upsert(&runs);
    let answer = |answer: &Value| QueryResult {
        filter: text(&answer["filter"]),
        ids: answer["ids"].as_array().map_or_else(
            || Err(text(&answer["error"])),
            |ids| Ok(ids.iter().map(text).collect()),
        ),
    };
    MlflowOutput {
        table,
        answers: output["answers"]
            .as_array()
            .unwrap()
            .iter()
            .map(answer)
            .collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn run(json: &Value) -> Run {
    let mut run = Run::bare(text(&json["id"]).into(), text(&json["experiment"]).into());
    run.name = text(&json["name"]).into();
    run.status = RunStatus::parse(&text(&json["status"]));
    run.user = text(&json["user"]).into();
    (run.start_time, run.end_time) = (json["start"].as_i64(), json["end"].as_i64());
    run.artifact_uri = text(&json["artifact_uri"]).into();
    let pairs = |key: &str| -> Vec<(String, String)> {
        json[key]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect()
    };
    let metric = |(key, value): (String, String)| Metric {
        key: key.into(),
        value: MetricValue::new(value.parse().unwrap()),
        timestamp: 0,
        step: 0,
    };
    run.metrics = pairs("metrics").into_iter().map(metric).collect();
    run.params = pairs("params")
        .into_iter()
        .map(|(key, value)| KeyValue::new(key, value))
        .collect();
    run.tags = pairs("tags")
        .into_iter()
        .map(|(key, value)| KeyValue::new(key, value))
        .collect();
    let dataset = |input: &Value| DatasetInput {
        name: text(&input[0]).into(),
        digest: text(&input[1]).into(),
        source_type: "local".into(),
        source: "{}".into(),
        schema: None,
        profile: None,
        context: input[2].as_str().map(Into::into),
    };
    run.datasets = json["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(dataset)
        .collect();
    run
}

/// The ids of our rows, in our order.
fn matching_ids(table: &RunTable, filter: Option<Filter>, sort: Vec<SortKey>) -> Vec<String> {
    let lines = arrange(
        table,
        &Arrangement {
            filter,
            sort,
            ..Arrangement::default()
        },
        i64::MAX,
    );
    let id = |line| {
        if let DisplayRow::Run { row, .. } = line {
            table.run_id(row).raw().to_owned()
        } else {
            panic!("{line:?}")
        }
    };
    lines.into_iter().map(id).collect()
}

/// Every operator of MLflow on every kind of field, and the odd spellings that its parser accepts.
fn accepted_filters() -> Vec<String> {
    let orders = ["=", "!=", ">", ">=", "<", "<="];
    let (largest, least) = ("1.7976931348623157e308", "-1.7976931348623157e308");
    let numbers = [
        "0",
        "0.5",
        "-1.25",
        "1e-7",
        "3",
        "12345678.9",
        "-0.0",
        largest,
        least,
    ];
    let texts = [
        "'adam'",
        "'ADAM'",
        "''",
        "\"it's\"",
        "'a\"b'",
        "'größe'",
        "'%a%'",
        "'a_b'",
        "'5_%'",
        "'%'",
        "'日%'",
        "'it''s'",
    ];
    let labels = [
        "'ResNet 50'",
        "\"it's\"",
        "'resnet%'",
        "'FINISHED'",
        "'finished'",
        "'ada'",
        "'%'",
        "'_da'",
    ];
    let datasets = [
        "'iris'",
        "\"it's\"",
        "'%i%'",
        "'IR%'",
        "'training'",
        "'d-mo'",
    ];
    let params = [
        "params.opt",
        "param.`data/aug mode`",
        "parameter.\"data/aug mode\"",
        "parameters.order",
        "tags.team",
        "tag.`a b/c`",
    ];
    let attributes = [
        "run_name",
        "attributes.run_name",
        "attr.`Run name`",
        "`run name`",
        "attribute.\"Run Name\"",
        "status",
        "run.user_id",
    ];
    let times = [
        "start_time",
        "attributes.end_time",
        "created",
        "attr.Created",
    ];
    let lists = ["('iris', \"it's\")", "('iris', 'training')", "('d-mo')"];
    [
        EXTRA_FILTERS.map(str::to_owned).to_vec(),
        all_combinations(
            &[
                "metrics.acc",
                "metric.`val/acc`",
                "metrics.\"val loss\"",
                "metrics.f1",
            ],
            &orders,
            &numbers,
        ),
        all_combinations(
            &params,
            &["=", "!=", "LIKE", "ILIKE", "like", "iLike"],
            &texts,
        ),
        all_combinations(&params, &["IS", "is", "Is noT"], &["NULL", "null"]),
        all_combinations(&attributes, &["=", "!=", "LIKE", "ILIKE"], &labels),
        all_combinations(&times, &orders, &["1700000010000", "0", "1700000010000.5"]),
        all_combinations(
            &["dataset.name", "datasets.digest", "dataset.context"],
            &["=", "!=", "LIKE", "ILIKE"],
            &datasets,
        ),
        all_combinations(
            &["dataset.name", "datasets.digest", "dataset.context"],
            &["IN", "NOT IN"],
            &lists,
        ),
    ]
    .concat()
}

fn all_combinations(fields: &[&str], operators: &[&str], values: &[&str]) -> Vec<String> {
    let with = |field: &str| -> Vec<String> {
        operators
            .iter()
            .flat_map(|operator| {
                values
                    .iter()
                    .map(move |value| format!("{operator} {value}"))
            })
            .map(|test| format!("{field} {test}"))
            .collect()
    };
    fields.iter().flat_map(|field| with(field)).collect()
}

/// Filters outside the product of fields, operators and values. `FIRST_ID` and `FIRST_URI` are the
/// newest run's.
const EXTRA_FILTERS: [&str; 18] = [
    "",
    "params.none IS NULL",
    "tags.none IS NOT NULL",
    "run_id = 'FIRST_ID'",
    "attributes.run_id != 'FIRST_ID'",
    "run_id IN ('FIRST_ID')",
    "run_id NOT IN ('FIRST_ID', 'x')",
    "run_id LIKE '%a%'",
    "artifact_uri = 'FIRST_URI'",
    "artifact_uri LIKE '%/artifacts'",
    "tags.mlflow.parentRunId != ''",
    "tags.mlflow.source.name LIKE '%/train.py'",
    "metrics.acc>0.1 and params.opt!='sgd' AND tags.team LIKE '%a%'",
    "dataset.name = 'iris' AND dataset.context = 'eval' AND dataset.name = 'moons'",
    "`metrics`.`acc` > 0 aNd   status='FINISHED'",
    "params.opt = 'adam' params.order != 'sgd'",
    "params.opt = 'line\nbreak'",
    "tags.team LIKE '%'\n AND metrics.f1 >= 0",
];

/// What neither MLflow nor we take.
const REFUSED_FILTERS: [&str; 25] = [
    "metrics.acc = '0.5'",
    "metrics.acc == 0.5",
    "metrics.acc LIKE 'a'",
    "metrics.acc = nan",
    "metrics.acc > abc",
    "metrics.acc",
    "metrics.acc >",
    "params.opt = adam",
    "params.opt > 'a'",
    "params.opt = 'adam",
    "tags.team < 'a'",
    "status > 'A'",
    "status = FINISHED",
    "start_time = 'yesterday'",
    "lifecycle_stage = 'active'",
    "attributes.accuracy = '1'",
    "dataset.kind = 'x'",
    "dataset.name > 'x'",
    "metrices.acc > 1",
    "params.opt = 'a' AND (",
    "params.opt IS 5",
    "run_id IN ()",
    "run_id IN 'a'",
    "params.opt <> 'a'",
    "(metrics.acc > 1",
];

/// Order clauses as MLflow writes them, and what they are here. Params and tags that are numbers
/// are left out: MLflow sorts them as text, and we don't, on purpose.
fn orders() -> Vec<(Vec<&'static str>, Vec<SortKey>)> {
    let key = |column: &str, descending| {
        let column = match column.split_once('.') {
            Some(("metrics", key)) => ColumnKey::Metric(key.into()),
            Some(("params", key)) => ColumnKey::Param(key.into()),
            Some(("tags", key)) => ColumnKey::Tag(key.into()),
            _ => ColumnKey::Attribute(frontrunner::table::Attribute::parse(column).unwrap()),
        };
        SortKey { column, descending }
    };
    vec![
        (vec![], vec![]),
        (vec!["metrics.acc"], vec![key("metrics.acc", false)]),
        (vec!["metrics.acc DESC"], vec![key("metrics.acc", true)]),
        (
            vec!["metric.`val/acc` ASC", "metrics.f1 DESC"],
            vec![key("metrics.val/acc", false), key("metrics.f1", true)],
        ),
        (
            vec!["metrics.\"val loss\" desc"],
            vec![key("metrics.val loss", true)],
        ),
        (vec!["metrics.none DESC"], vec![key("metrics.none", true)]),
        (vec!["tags.team"], vec![key("tags.team", false)]),
        (
            vec!["tags.`a b/c` DESC", "metrics.acc"],
            vec![key("tags.a b/c", true), key("metrics.acc", false)],
        ),
        (vec!["start_time"], vec![key("start_time", false)]),
        (
            vec!["attributes.start_time DESC"],
            vec![key("start_time", true)],
        ),
        (vec!["end_time ASC"], vec![key("end_time", false)]),
        (vec!["end_time DESC"], vec![key("end_time", true)]),
        (
            vec!["status", "metrics.acc DESC"],
            vec![key("status", false), key("metrics.acc", true)],
        ),
        (vec!["status DESC"], vec![key("status", true)]),
        (vec!["run_name"], vec![key("run_name", false)]),
        (vec!["attribute.run_name DESC"], vec![key("run_name", true)]),
        (
            vec!["user_id", "run_id DESC"],
            vec![key("user_id", false), key("run_id", true)],
        ),
        (vec!["artifact_uri DESC"], vec![key("artifact_uri", true)]),
    ]
}

#[test]
fn filters_and_orders_match_mlflow() {
    let (accepted, orders) = (accepted_filters(), orders());
    let mut questions: Vec<Value> = accepted
        .iter()
        .map(|filter| json!({ "filter": filter }))
        .collect();
    questions.extend(REFUSED_FILTERS.map(|filter| json!({ "filter": filter })));
    questions.extend(
        orders
            .iter()
            .map(|(clauses, _)| json!({ "filter": "", "order": clauses })),
    );
    let MlflowOutput { table, answers } = query_mlflow(V3, &questions);
    let (filters, rest) = answers.split_at(accepted.len());
    let (refused, ordered) = rest.split_at(REFUSED_FILTERS.len());

    let mut differences = String::new();
    let mut selective = 0;
    for QueryResult { filter, ids } in filters {
        let ours = Filter::parse(filter)
            .map(|filter| matching_ids(&table, Some(filter), Vec::new()))
            .map_err(|error| error.message);
        selective += usize::from(
            ids.as_ref()
                .is_ok_and(|ids| !ids.is_empty() && ids.len() < table.len()),
        );
        if ours.as_ref().ok() != ids.as_ref().ok() || ids.is_err() {
            let count = |ids: &Result<Vec<String>, String>| {
                ids.as_ref()
                    .map_or_else(Clone::clone, |ids| format!("{} runs", ids.len()))
            };
            let _ = writeln!(
                differences,
                "{filter}\n  MLflow: {}\n  we: {}",
                count(ids),
                count(&ours)
            );
        }
    }
    for QueryResult { filter, ids } in refused {
        if ids.is_ok() || Filter::parse(filter).is_ok() {
            let _ = writeln!(
                differences,
                "{filter}: MLflow takes it: {}; we do: {}",
                ids.is_ok(),
                Filter::parse(filter).is_ok()
            );
        }
    }
    for ((clauses, sort), QueryResult { ids, .. }) in orders.into_iter().zip(ordered) {
        if ids.as_ref() != Ok(&matching_ids(&table, None, sort)) {
            let _ = writeln!(
                differences,
                "order by {clauses:?} differs: {:?}",
                ids.as_ref().err()
            );
        }
    }
    assert_eq!(differences, "");
    // Filters that all runs or none pass would agree whatever they mean.
    assert!(
        selective * 2 > filters.len(),
        "only {selective} of {} filters match some runs but not all",
        filters.len()
    );
}

/// Filters of ours, of which MLflow is asked the part that it can do.
const OWN_FILTERS: [&str; 26] = [
    "metrics.acc < 1",
    "metrics.acc != 0",
    "metrics.acc != 0.5",
    "metrics.`val/acc` >= 0 AND resnet",
    "metrics.acc BETWEEN -2 AND 1 AND params.opt != 'sgd'",
    "metrics.`val loss` > 1e-8 AND metrics.`val loss` < 1e299",
    "metrics.f1 NOT BETWEEN 0 AND 1",
    "params.lr < 0.05 AND tags.team LIKE '%a%'",
    "params.opt = \"it's\" OR params.opt = 'a\"b'",
    "params.`data/aug mode` = 'a\"b' is:finished",
    "params.order ILIKE '%A%' AND params.order != 'ADAM'",
    "params.order ILIKE 'GRÖ%'",
    "params.opt LIKE '50%' AND params.opt IS NOT NULL",
    "tags.`a b/c` != '' AND NOT is:nan",
    "tags.mlflow.source.name LIKE '%train.py' AND source LIKE '/home%'",
    "is:running OR is:failed",
    "is:killed AND is:nested",
    "status IN ('RUNNING', 'FAILED') AND status != 'FAILED'",
    "run_name = \"it's\" AND user_id = 'ada'",
    "run_name LIKE '%esNe%' AND user_id != 'bob'",
    "start_time > 1700000005000 AND end_time IS NULL",
    "start_time BETWEEN 1700000005000 AND 1700000015000 AND duration > 30s",
    "dataset.name = \"it's\" AND dataset.context IS NULL",
    "dataset.name IN ('iris', 'moons') AND dataset.digest != 'd-ir'",
    "dataset.context NOT IN ('training') AND datasets LIKE '%moons%'",
    "run_id LIKE '%a%' AND run_id NOT IN ('x', 'y') AND artifact_uri LIKE '%artifacts'",
];

fn assert_pushdown_is_lossless(version: &str) {
    let filters = OWN_FILTERS
        .map(|filter| Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}")));
    let pushed = filters.each_ref().map(Filter::pushdown);
    let questions: Vec<Value> = pushed
        .iter()
        .map(|part| json!({ "filter": part.remote.clone().unwrap_or_default() }))
        .collect();
    let MlflowOutput { table, answers } = query_mlflow(version, &questions);
    for ((filter, part), answer) in filters.into_iter().zip(pushed).zip(answers) {
        let remote = answer.ids.unwrap_or_else(|error| {
            panic!(
                "{filter}: {version} does not take {}: {error}",
                answer.filter
            )
        });
        let passes = |id: &String| {
            let row = table.row_of(&id.as_str().into()).unwrap();
            part.residual
                .as_ref()
                .is_none_or(|local| local.matches(&table, row, i64::MAX))
        };
        let together: Vec<String> = remote.into_iter().filter(passes).collect();
        assert_eq!(
            together,
            matching_ids(&table, Some(filter.clone()), Vec::new()),
            "{filter} on {version}, pushed {}",
            answer.filter
        );
    }
}

#[test]
fn pushdown_to_mlflow_3_is_lossless() {
    assert_pushdown_is_lossless(V3);
}

#[test]
fn pushdown_to_mlflow_2_is_lossless() {
    assert_pushdown_is_lossless(V2);
}
