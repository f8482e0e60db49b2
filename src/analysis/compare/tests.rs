use super::*;
use crate::domain::{DatasetInput, KeyValue, Metric, MetricValue, RunStatus};

fn run(id: &str, params: &[(&str, &str)], metrics: &[(&str, f64)], tags: &[(&str, &str)]) -> Run {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(key, value)| KeyValue::new(*key, *value))
            .collect()
    };
    Run {
        params: pairs(params),
        tags: pairs(tags),
        metrics: metrics
            .iter()
            .map(|(key, value)| Metric {
                key: (*key).into(),
                value: MetricValue::new(*value),
                timestamp: 0,
                step: 0,
            })
            .collect(),
        ..Run::bare(id.into(), "1".into())
    }
}

fn row<'a>(comparison: &'a Comparison, kind: RowKind, key: &str) -> &'a ComparisonRow {
    comparison
        .rows
        .iter()
        .find(|row| row.kind == kind && row.key.raw() == key)
        .unwrap_or_else(|| panic!("no {key}"))
}

#[test]
fn equal_numbers_match_and_missing_is_a_value() {
    let compared = compare(
        vec![
            run(
                "a",
                &[
                    ("lr", "1e-3"),
                    ("flag", "True"),
                    ("empty", ""),
                    ("none", "None"),
                ],
                &[],
                &[],
            ),
            run(
                "b",
                &[("lr", "0.001"), ("flag", "true"), ("none", "")],
                &[],
                &[],
            ),
        ],
        None,
    );
    let differs = |key| row(&compared, RowKind::Param, key).differs;
    assert_eq!(
        [
            differs("lr"),
            differs("flag"),
            differs("empty"),
            differs("none")
        ],
        [false, true, true, true]
    );
    assert_eq!(
        row(&compared, RowKind::Param, "empty").values,
        [Some("".into()), None]
    );
}

#[test]
fn best_follows_each_metrics_direction() {
    let runs = vec![
        run("a", &[], &[("acc", 0.5), ("loss", 2.0)], &[]),
        run("b", &[], &[("acc", 0.9), ("loss", 3.0)], &[]),
    ];
    let compared = compare(runs.clone(), Some(&"b".into()));
    assert_eq!(compared.baseline, 1);
    assert_eq!(row(&compared, RowKind::Metric, "acc").best_runs, [1]);
    assert_eq!(row(&compared, RowKind::Metric, "loss").best_runs, [0]);
    assert_eq!(
        row(&compared, RowKind::Metric, "loss").delta,
        [Some(-1.0), Some(0.0)]
    );
    let declared = compare_with_directions(runs, None, &|_| Some(Direction::Max));
    assert_eq!(row(&declared, RowKind::Metric, "loss").best_runs, [1]);
    let rates = vec![
        run("a", &[], &[("lr", 0.1)], &[]),
        run("b", &[], &[("lr", 0.2)], &[]),
    ];
    let rate = compare(rates, None);
    let rate = row(&rate, RowKind::Metric, "lr");
    assert_eq!(
        (rate.direction, rate.best_runs.len(), rate.delta[1]),
        (None, 0, Some(0.1)),
        "a learning rate has no direction"
    );
}

#[test]
fn non_finite_values_have_no_delta_and_are_never_best() {
    let values = [f64::NAN, f64::NAN, f64::INFINITY, 1.0];
    let mut runs: Vec<Run> = values
        .iter()
        .enumerate()
        .map(|(i, v)| run(&i.to_string(), &[], &[("m", *v)], &[]))
        .collect();
    runs.push(run("missing", &[], &[], &[]));
    let compared = compare(runs.clone(), Some(&"3".into()));
    let metric = row(&compared, RowKind::Metric, "m");
    assert_eq!(metric.delta, [None, None, None, Some(0.0), None]);
    assert!(
        metric.best_runs.is_empty(),
        "a single number is not the best"
    );
    assert!(
        !row(&compare(runs[..2].to_vec(), None), RowKind::Metric, "m").differs,
        "NaN is NaN"
    );
    assert!(row(&compare(runs[1..3].to_vec(), None), RowKind::Metric, "m").differs);
    assert_eq!(metric.values[2], Some("Infinity".into()));
}

#[test]
fn ties_are_all_best_unless_all_are_equal() {
    let of = |values: &[f64]| {
        let runs = values
            .iter()
            .map(|v| run("x", &[], &[("acc", *v)], &[]))
            .collect();
        row(&compare(runs, None), RowKind::Metric, "acc")
            .best_runs
            .clone()
    };
    assert_eq!(of(&[0.9, 0.5, 0.9]), [0, 2]);
    assert!(of(&[0.9, 0.9]).is_empty());
}

#[test]
fn delta_percent_is_relative_to_the_baseline() {
    let runs = vec![
        run("a", &[], &[("r2", -0.5), ("zero", 0.0)], &[]),
        run("b", &[], &[("r2", -0.25), ("zero", 1.0)], &[]),
    ];
    let compared = compare(runs, None);
    assert_eq!(
        row(&compared, RowKind::Metric, "r2").delta_percent(1),
        Some(50.0)
    );
    assert_eq!(
        row(&compared, RowKind::Metric, "zero").delta_percent(1),
        None
    );
}

#[test]
fn tags_code_and_environment_are_separate_groups() {
    let tags = [
        ("team", "vision"),
        ("mlflow.note.content", "a try"),
        ("mlflow.user", "ann"),
        ("mlflow.source.git.commit", "abc"),
        ("mlflow.source.git.diff", "+x"),
        ("mlflow.docker.image.uri", "img:1"),
        ("mlflow.databricks.cluster.id", "c-1"),
        ("mlflow.databricks.gitRepoProvider", "gitHub"),
        ("host", "gpu-7"),
    ];
    let compared = compare(vec![run("a", &[], &[], &tags)], None);
    let keys = |kind| {
        compared
            .rows
            .iter()
            .filter(|row| row.kind == kind)
            .map(|row| row.key.raw())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(RowKind::Tag), ["description", "team"]);
    assert_eq!(keys(RowKind::Code), ["commit", "dirty"]);
    assert_eq!(
        keys(RowKind::Environment),
        ["databricks.cluster.id", "docker_image", "host"]
    );
}

#[test]
fn datasets_are_keyed_by_name_and_context() {
    let dataset = |digest: &str, context: Option<&str>| DatasetInput {
        name: "iris".into(),
        digest: digest.into(),
        source_type: "local".into(),
        source: "{}".into(),
        schema: None,
        profile: None,
        context: context.map(Into::into),
    };
    let with = |datasets| Run {
        datasets,
        ..Run::bare("a".into(), "1".into())
    };
    let runs = vec![
        with(vec![
            dataset("b", Some("training")),
            dataset("a", Some("training")),
            dataset("c", None),
        ]),
        with(vec![
            dataset("a", Some("training")),
            dataset("b", Some("training")),
        ]),
    ];
    let compared = compare(runs, None);
    let training = row(&compared, RowKind::Dataset, "iris (training)");
    assert_eq!(
        (training.values[0].clone(), training.differs),
        (Some("a, b".into()), false)
    );
    assert_eq!(
        row(&compared, RowKind::Dataset, "iris").values,
        [Some("c".into()), None]
    );
}

#[test]
fn attributes_come_first_in_fixed_order() {
    let ended = Run {
        name: "n".into(),
        status: RunStatus::Finished,
        start_time: Some(0),
        end_time: Some(3_725_000),
        ..Run::bare("a".into(), "7".into())
    };
    let going = Run {
        end_time: None,
        status: RunStatus::Running,
        ..ended.clone()
    };
    let compared = compare(vec![ended, going], None);
    let keys: Vec<_> = compared.rows.iter().map(|row| row.key.raw()).collect();
    assert_eq!(
        keys,
        [
            "run_name",
            "status",
            "start_time",
            "duration",
            "experiment_id"
        ]
    );
    assert_eq!(
        compared.rows[2].values[0],
        Some("1970-01-01T00:00:00Z".into())
    );
    assert_eq!(compared.rows[3].values, [Some("1h 02m".into()), None]);
    assert_eq!((compared.equal_count(), compared.different_count()), (3, 2));
}

#[test]
fn comparing_no_runs_gives_no_rows() {
    assert!(compare(Vec::new(), Some(&"x".into())).rows.is_empty());
}

#[test]
fn groups_show_mean_and_std_dev() {
    let of = |id: &str, lr: &str, seed: &str, acc: f64| {
        run(id, &[("lr", lr), ("seed", seed)], &[("acc", acc)], &[])
    };
    let runs = [
        of("a", "1", "1", 0.8),
        of("b", "1", "2", 0.9),
        of("c", "2", "1", 0.5),
        of("d", "1", "3", f64::NAN),
    ];
    let compared = compare_groups(&runs, &"lr".into(), &Direction::from_metric_name);
    assert_eq!(
        compared
            .runs
            .iter()
            .map(|run| run.name.raw())
            .collect::<Vec<_>>(),
        ["lr 1, 3 runs", "lr 2, 1 runs"]
    );
    let acc = compared
        .rows
        .iter()
        .find(|row| row.key.raw() == "acc")
        .unwrap();
    let spread = acc.group_stats[0].unwrap();
    assert!((acc.numbers[0].unwrap() - 0.85).abs() < 1e-12 && spread.count == 2);
    assert!((spread.std_dev.unwrap() - 0.070_710_678_118).abs() < 1e-9);
    assert_eq!(
        acc.group_stats[1],
        Some(GroupStats {
            std_dev: None,
            count: 1
        })
    );
    assert_eq!(
        row(&compared, RowKind::Param, "seed").values,
        [None, Some("1".into())],
        "values that differ within a group are left out"
    );
}

#[test]
fn respelled_values_are_equal_and_flagged() {
    let of =
        |id: &str, lr: &str, config: &str| run(id, &[("lr", lr), ("config", config)], &[], &[]);
    let compared = compare(
        vec![of("a", "1e-3", "{'a': 1}"), of("b", "0.001", "{\"a\": 1}")],
        None,
    );
    let params: Vec<(bool, bool)> = compared
        .rows
        .iter()
        .filter(|row| row.kind == RowKind::Param)
        .map(|row| (row.differs, row.differs_in_spelling))
        .collect();
    assert_eq!(params, [(false, true), (false, true)]);
}
