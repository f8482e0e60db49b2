//! Artifacts of runs and models, in the formats of MLflow, Great Expectations and Evidently.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::RunSpec;
use crate::domain::Millis;

/// The library and environment of a model.
#[derive(Clone, Copy)]
pub(super) struct Flavor {
    /// MLflow's flavor name, such as `sklearn`.
    pub name: &'static str,
    pub model_file: &'static str,
    /// Python version.
    pub python: &'static str,
    /// Lines of `requirements.txt`.
    pub requirements: &'static [&'static str],
    /// MLflow type and name.
    pub inputs: &'static [(&'static str, &'static str)],
    /// MLflow type.
    pub output: &'static str,
}

impl Flavor {
    /// Names and texts of a model's files. `model_id` is `m-…` in MLflow 3 and a UUID before.
    pub fn files(
        &self,
        run: &RunSpec,
        model_id: &str,
        mlflow: &str,
    ) -> Vec<(&'static str, String)> {
        let requirements = self.requirements.join("\n") + "\n";
        let pip = format!("  - {}\n", self.requirements.join("\n  - "));
        vec![
            ("MLmodel", self.mlmodel_yaml(run, model_id, mlflow)),
            ("requirements.txt", requirements),
            (
                "python_env.yaml",
                format!(
                    "python: {}\nbuild_dependencies:\n- pip==24.0\n- setuptools\n- wheel\ndependencies:\n- -r requirements.txt\n",
                    self.python
                ),
            ),
            (
                "conda.yaml",
                format!(
                    "channels:\n- conda-forge\ndependencies:\n- python={}\n- pip<=24.0\n- pip:\n{pip}name: mlflow-env\n",
                    self.python
                ),
            ),
            ("input_example.json", self.input_example()),
            // A placeholder for the weights, which nothing loads.
            (
                self.model_file,
                format!("a stand-in for the weights of {}\n", run.id),
            ),
        ]
    }

    fn mlmodel_yaml(&self, run: &RunSpec, model_id: &str, mlflow: &str) -> String {
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .map(|(kind, name)| json!({"type": kind, "name": name, "required": true}))
            .collect();
        let outputs = json!([{"type": self.output, "required": true}]);
        let created_at = Timestamp::from_millisecond(run.last_logged)
            .unwrap_or_default()
            .strftime("%Y-%m-%d %H:%M:%S%.6f")
            .to_string();
        let model_id_line = if model_id.starts_with("m-") {
            format!("model_id: {model_id}\n")
        } else {
            String::new()
        };
        format!(
            "artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n    \
             loader_module: mlflow.{name}\n    model_path: {file}\n    predict_fn: predict\n    python_version: {python}\n  {name}:\n    \
             code: null\n    pickled_model: {file}\nis_signature_from_type_hint: false\nmlflow_version: {mlflow}\n{model_id_line}\
             model_size_bytes: 48\nmodel_uuid: {model_id}\nrun_id: {run}\nsaved_input_example_info:\n  \
             artifact_path: input_example.json\n  pandas_orient: split\n  type: dataframe\nsignature:\n  inputs: '{inputs}'\n  \
             outputs: '{outputs}'\n  params: null\nutc_time_created: '{created_at}'\n",
            name = self.name,
            file = self.model_file,
            python = self.python,
            run = run.id,
            inputs = json!(inputs),
        )
    }

    fn input_example(&self) -> String {
        let columns: Vec<_> = self.inputs.iter().map(|(_, name)| name).collect();
        let row: Vec<_> = (1..)
            .zip(self.inputs)
            .map(|(i, (kind, _))| {
                if *kind == "string" {
                    json!("a")
                } else {
                    json!(i)
                }
            })
            .collect();
        json!({"columns": columns, "data": [row]}).to_string()
    }
}

/// The metrics of a run with a single value, as JSON.
pub(super) fn metrics_json(run: &RunSpec) -> String {
    let single = run.series.iter().filter(|curve| curve.values.len() == 1);
    let metrics: serde_json::Map<_, _> = single
        .map(|curve| (curve.key.clone(), json!(curve.values.first())))
        .collect();
    format!("{:#}\n", serde_json::Value::Object(metrics))
}

/// A confusion matrix of two classes as a text table.
pub(super) fn confusion_matrix_text(rows: f64, accuracy: f64, positive: f64) -> String {
    let wrong = rows * (1.0 - accuracy);
    let (missed, alarms) = ((wrong * 0.6).round(), (wrong * 0.4).round());
    let (hit, quiet) = (
        (rows * positive).round() - missed,
        (rows * (1.0 - positive)).round() - alarms,
    );
    format!(
        "              predicted\n              stays    leaves\ntrue stays  {quiet:>7} {alarms:>9}\n     leaves {missed:>7} {hit:>9}\n"
    )
}

/// Side of a cell of [`confusion_matrix_png`] in px.
const CELL_PX: u32 = 28;

/// A confusion matrix as a PNG image: darker for more predictions, with errors near the diagonal.
pub(super) fn confusion_matrix_png(classes: u32, accuracy: f64) -> Vec<u8> {
    let share = |truth: u32, predicted: u32| match truth.abs_diff(predicted) {
        0 => accuracy,
        apart => (1.0 - accuracy) * 0.5_f64.powi(apart.cast_signed()),
    };
    let shade = |x: u32, y: u32| {
        let is_line = x.is_multiple_of(CELL_PX) || y.is_multiple_of(CELL_PX);
        let part = share(y / CELL_PX, x / CELL_PX).sqrt();
        let mix = |light: f64, dark: f64| (light + (dark - light) * part) as u8;
        if is_line {
            image::Rgb([255, 255, 255])
        } else {
            image::Rgb([mix(240.0, 8.0), mix(245.0, 48.0), mix(251.0, 107.0)])
        }
    };
    let mut file = std::io::Cursor::new(Vec::new());
    let plot = image::RgbImage::from_fn(classes * CELL_PX, classes * CELL_PX, shade);
    // Writing to memory does not fail.
    let _ = plot.write_to(&mut file, image::ImageFormat::Png);
    file.into_inner()
}

/// Feature importances as CSV: decreasing shares that sum to 1.
pub(super) fn importance_csv(features: &[(&str, &str)]) -> String {
    let total: f64 = (1..=features.len()).map(|rank| 1.0 / rank as f64).sum();
    let rows = (1..)
        .zip(features)
        .map(|(rank, (_, name))| format!("{name},{:.4}\n", 1.0 / f64::from(rank) / total));
    std::iter::once("feature,importance\n".to_owned())
        .chain(rows)
        .collect()
}

/// The format of Great Expectations.
fn format_time(at: Millis) -> Option<String> {
    Timestamp::from_millisecond(at)
        .ok()
        .map(|time| time.to_string())
}

/// A validation result of Great Expectations 1.x: type, column and success of each expectation.
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

/// A drift report of Evidently 0.7: `drifted` of `columns` have drifted.
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
