use super::*;
use crate::domain::{KeyValue, Metric, MetricValue};

fn run(n: usize, acc: f64, params: &[(&str, String)]) -> Run {
    let mut run = Run::bare(format!("run{n}").into(), "1".into());
    run.metrics = vec![Metric {
        key: "acc".into(),
        value: MetricValue::new(acc),
        timestamp: 0,
        step: 0,
    }];
    run.params = params
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).into(),
            value: value.as_str().into(),
        })
        .collect();
    run
}

/// Runs whose metric goes with `lr` by its magnitude, and a little with `optimizer`; `seed` has nothing to do with it.
fn sample_sweep(count: usize) -> Vec<Run> {
    let one = |n: usize| {
        let (power, seed) = ((n * 7) % 11, (n * 13) % 17);
        let optimizer = ["adam", "sgd", "lion"][n % 3];
        let acc = -0.1 * power as f64 + if optimizer == "sgd" { 0.05 } else { 0.0 };
        let lr = format!("1e-{power}");
        run(
            n,
            acc,
            &[
                ("lr", lr.clone()),
                ("lr_again", lr),
                ("optimizer", optimizer.into()),
                ("seed", seed.to_string()),
                ("fixed", "1".into()),
            ],
        )
    };
    (0..count).map(one).collect()
}

#[test]
fn strongest_param_ranks_first_and_noise_near_zero() {
    let found = importance(&sample_sweep(120), "acc");
    assert!(found.r_squared.unwrap() > 0.9, "{:?}", found.r_squared);
    let keys: Vec<&str> = found.params.iter().map(|param| param.key.raw()).collect();
    assert!(
        keys[..2].iter().all(|key| key.starts_with("lr")) && !keys.contains(&"fixed"),
        "{keys:?}"
    );
    assert_eq!(
        found.params[0].collinear_with.len(),
        1,
        "the two that always change together say so"
    );
    let seed = found
        .params
        .iter()
        .find(|param| param.key.raw() == "seed")
        .unwrap();
    assert!(seed.permutation.unwrap().mean.abs() < 0.02, "{seed:?}");
    assert!(
        matches!(found.params[0].rank_correlation, Some(RankCorrelation::Spearman { rho, low, high, runs: 120 }) if rho > 0.9 && low < rho && rho < high)
    );
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    assert_eq!(
        importance(&sample_sweep(120), "acc"),
        found,
        "the same runs give the same answer"
    );
}

#[test]
fn too_few_runs_give_no_ranking() {
    let found = importance(&sample_sweep(5), "acc");
    assert_eq!((found.r_squared, found.runs), (None, 5));
    assert_eq!(
        found.warnings,
        ["5 runs are too few to rank params: 10 with a number are needed"]
    );
    assert!(found.params.iter().all(|param| param.permutation.is_none()));
}

#[test]
fn pure_noise_gives_a_warning() {
    let noise = |n: usize| ((n * 7_919 + 13) % 101) as f64;
    let runs: Vec<Run> = (0..40)
        .map(|n| {
            run(
                n,
                noise(n),
                &[
                    ("a", ((n * 31) % 7).to_string()),
                    ("b", ((n * 17) % 5).to_string()),
                ],
            )
        })
        .collect();
    let found = importance(&runs, "acc");
    assert!(
        found
            .warnings
            .iter()
            .any(|caution| caution.contains("explains nothing")),
        "{found:?}"
    );
}

#[test]
fn runs_without_a_finite_metric_are_excluded_and_counted() {
    let mut runs = sample_sweep(12);
    runs[0].metrics[0].value = MetricValue::new(f64::NAN);
    runs[1].metrics.clear();
    let found = importance(&runs, "acc");
    assert_eq!((found.runs, found.excluded), (10, 2));
    let flat: Vec<Run> = (0..12)
        .map(|n| run(n, 0.5, &[("a", n.to_string())]))
        .collect();
    assert_eq!(
        importance(&flat, "acc").warnings,
        ["the metric is the same in all runs: nothing goes with it"]
    );
    assert_eq!(importance(&[], "acc").params.len(), 0);
}
