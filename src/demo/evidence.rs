//! What other tools left with a release, in the words of those tools: a validation of its data, and a report on drift.

use serde_json::{Value, json};

use crate::domain::Millis;

/// A time as Great Expectations writes it.
fn format_time(at: Millis) -> Option<String> {
    jiff::Timestamp::from_millisecond(at)
        .ok()
        .map(|time| time.to_string())
}

/// What Great Expectations 1.x says of the training data: some of its expectations may not hold.
pub(super) fn great_expectations_result(at: Millis, expectations: &[(&str, &str, bool)]) -> String {
    let results: Vec<Value> = expectations
        .iter()
        .map(|(kind, column, holds)| {
            json!({
                "success": holds,
                "expectation_config": {"type": kind, "kwargs": {"batch_id": "lake-customers", "column": column}, "severity": "critical", "meta": {}},
                "result": {"element_count": 61_904, "unexpected_count": if *holds { 0 } else { 312 }},
                "meta": {}, "exception_info": {"raised_exception": false, "exception_traceback": null, "exception_message": null},
            })
        })
        .collect();
    let failed = expectations.iter().filter(|(_, _, holds)| !holds).count();
    let count = expectations.len();
    let document = json!({
        "success": failed == 0,
        "results": results,
        "suite_name": "customers",
        "statistics": {
            "evaluated_expectations": count, "successful_expectations": count - failed, "unsuccessful_expectations": failed,
            "success_percent": 100.0 * (count - failed) as f64 / count as f64,
        },
        "meta": {"great_expectations_version": "1.24.1", "run_id": {"run_name": null, "run_time": format_time(at)}},
        "id": null,
    });
    format!("{document:#}\n")
}

/// What Evidently 0.7 says of the difference between the training data and last month's customers: `drifted` of `columns`.
pub(super) fn evidently_report(columns: u32, drifted: u32) -> String {
    let share = f64::from(drifted) / f64::from(columns);
    let id = "0f2b5a5d6c0e4d6b9d7e0d6b1b5a9c11";
    let document = json!({
        "metrics": [{
            "id": id,
            "metric_name": "DriftedColumnsCount(drift_share=0.25)",
            "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.25},
            "value": {"count": f64::from(drifted), "share": share},
        }],
        "tests": [{
            "name": "Share of Drifted Columns: Less than 0.25",
            "description": format!("Drift is detected for {:.2}% of columns ({drifted} out of {columns}).", share * 100.0),
            "metric_config": {"metric_id": id, "params": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.25}},
            "status": if share < 0.25 { "SUCCESS" } else { "FAIL" },
        }],
    });
    format!("{document:#}\n")
}
