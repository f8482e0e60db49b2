//! What is concluded from runs, against those who know: scikit-learn, scipy, pandas and numpy on the same data. The figures of both
//! are printed side by side (`cargo test --test references -- --nocapture`).

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::sync::OnceLock;

use crate::support::mlflow::{V3, run_script};
use frontrunner::analysis::importance::{RankCorrelation, importance};
use frontrunner::analysis::nearest::nearest_runs;
use frontrunner::analysis::pareto::pareto_fronts;
use frontrunner::chart::{Smoother, downsample};
use frontrunner::domain::{Goal, KeyValue, Metric, MetricValue, Run};
use serde_json::Value;

/// What the references say.
fn reference_output() -> &'static Value {
    static OUTPUT: OnceLock<Value> = OnceLock::new();
    OUTPUT.get_or_init(|| {
        serde_json::from_str(
            run_script(
                V3,
                include_str!("reference_implementations/reference.py"),
                &[],
            )
            .lines()
            .last()
            .unwrap(),
        )
        .unwrap()
    })
}

fn cases() -> &'static [Value] {
    reference_output()["cases"].as_array().unwrap()
}

fn runs(case: &Value) -> Vec<Run> {
    let run = |(at, told): (usize, &Value)| {
        let mut run = Run::bare(format!("run{at:04}").into(), "1".into());
        run.start_time = Some(-i64::try_from(at).unwrap());
        run.params = told["params"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| KeyValue::new(key.as_str(), value.as_str().unwrap()))
            .collect();
        let metric = |key: &str| Metric {
            key: key.into(),
            value: MetricValue::new(told[key].as_f64().unwrap()),
            timestamp: 0,
            step: 0,
        };
        run.metrics = vec![metric("goal"), metric("second")];
        run
    };
    case["runs"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(run)
        .collect()
}

#[test]
fn importance_matches_scikit_learn() {
    for case in cases() {
        let found = importance(&runs(case), "goal");
        let (ours, theirs) = (found.r_squared.unwrap(), case["r2"].as_f64().unwrap());
        println!(
            "\n{}: {} runs; R² {ours:.3}, scikit-learn {theirs:.3}",
            case["name"].as_str().unwrap(),
            found.runs
        );
        println!(
            "  {:<12}{:>10}{:>10}{:>10}{:>14}",
            "param", "ours", "± sd", "sklearn", "rank ours/scipy"
        );
        assert!((ours - theirs).abs() < 0.15, "{ours} {theirs}");
        let mut by_reference = Vec::new();
        for param in &found.params {
            let key = param.key.raw();
            let loss = param.permutation.unwrap();
            let (mean, deviation) = (loss.mean, loss.std_dev);
            let reference = case["lost"][key].as_f64().unwrap();
            by_reference.push((key, mean, reference));
            let (rank, scipy) = match param.rank_correlation.unwrap() {
                RankCorrelation::Spearman { rho, .. } => (rho, case["rho"][key].as_f64().unwrap()),
                RankCorrelation::EpsilonSquared { value: squared, .. } => {
                    (squared, case["epsilon"][key].as_f64().unwrap())
                }
            };
            println!(
                "  {key:<12}{mean:>10.3}{deviation:>10.3}{reference:>10.3}{rank:>9.4}/{scipy:.4}"
            );
            assert!((rank - scipy).abs() < 1e-9, "{key}: {rank} {scipy}");
            assert!(
                (mean - reference).abs() < 0.12 + 0.25 * reference.abs(),
                "{key}: {mean} {reference}"
            );
        }
        // Params whose importances are clearly apart stand in the same order.
        for (key, mean, reference) in &by_reference {
            for (other, other_mean, other_reference) in &by_reference {
                assert!(
                    *reference < other_reference + 0.2 || mean > other_mean,
                    "{key} is before {other} by scikit-learn only"
                );
            }
        }
    }
}

#[test]
fn pareto_front_and_nearest_runs_match_numpy() {
    for case in cases() {
        let runs = runs(case);
        let goals: Vec<Goal> = ["goal min", "second min"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let found = pareto_fronts(&runs, &goals);
        let front: Vec<bool> = case["front"]
            .as_array()
            .unwrap()
            .iter()
            .map(|on| on.as_bool().unwrap())
            .collect();
        println!(
            "{}: {} runs on the front",
            case["name"].as_str().unwrap(),
            front.iter().filter(|on| **on).count()
        );
        assert_eq!(
            found
                .fronts
                .iter()
                .map(|front| *front == Some(1))
                .collect::<Vec<_>>(),
            front
        );
        for near in nearest_runs(&runs, &runs[0].id) {
            let at: usize = near.id.raw()[3..].parse().unwrap();
            let theirs = case["apart"][at].as_f64().unwrap();
            assert!(
                (near.distance - theirs).abs() < 1e-9,
                "{at}: {} {theirs}",
                near.distance
            );
        }
    }
}

#[test]
fn smoothing_matches_pandas_ewm() {
    let series: Vec<f64> = reference_output()["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect();
    for (weight, theirs) in reference_output()["smooth"].as_object().unwrap() {
        let mut smoother = Smoother::new(weight.parse().unwrap());
        let mut worst = 0.0_f64;
        for (value, theirs) in series.iter().zip(theirs.as_array().unwrap()) {
            match (smoother.update(*value), theirs.as_f64()) {
                (Some(ours), Some(theirs)) => {
                    worst = worst.max((ours - theirs).abs() / theirs.abs().max(1.0));
                }
                (ours, theirs) => assert_eq!(ours.is_none(), theirs.is_none()),
            }
        }
        println!("EMA {weight}: the greatest difference to pandas is {worst:.1e}");
        assert!(worst < 1e-9, "{weight}: {worst}");
    }
}

#[test]
fn downsampled_extremes_match_numpy() {
    let series: Vec<f64> = reference_output()["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect();
    let places = series.iter().enumerate().map(|(x, y)| (x as f64 + 0.5, *y));
    let line = downsample(places, (0.0, series.len() as f64), 16);
    for (column, theirs) in reference_output()["extremes"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let within = |x: f64| (x * 16.0 / series.len() as f64) as usize == column;
        let ours = line
            .iter()
            .filter(|(x, y)| within(*x) && !y.is_nan())
            .map(|(_, y)| *y);
        let (low, high) = ours.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
            (low.min(y), high.max(y))
        });
        assert_eq!(
            (low.to_bits(), high.to_bits()),
            (
                theirs[0].as_f64().unwrap().to_bits(),
                theirs[1].as_f64().unwrap().to_bits()
            )
        );
    }
}
