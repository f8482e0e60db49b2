//! The files that a model or an evaluation leaves: small, and of the forms that MLflow itself writes.

use jiff::Timestamp;
use serde_json::json;

use super::spec::RunSpec;

/// What a model was made with.
#[derive(Clone, Copy)]
pub(super) struct Flavor {
    /// MLflow's name of the library: `sklearn`, `lightgbm`.
    pub name: &'static str,
    /// The file that holds the model.
    pub model_file: &'static str,
    /// The Python that made it.
    pub python: &'static str,
    /// Its requirements, one a line.
    pub requirements: &'static [&'static str],
    /// Its inputs: MLflow's type and the name.
    pub inputs: &'static [(&'static str, &'static str)],
    /// MLflow's type of its output.
    pub output: &'static str,
}

impl Flavor {
    /// The files of a model: their names and their texts. `model_id` is `m-…` in MLflow 3 and a bare UUID before.
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
            // Stands in for the weights, which nothing here loads.
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
        let made = Timestamp::from_millisecond(run.last_logged)
            .unwrap_or_default()
            .strftime("%Y-%m-%d %H:%M:%S%.6f")
            .to_string();
        let own = if model_id.starts_with("m-") {
            format!("model_id: {model_id}\n")
        } else {
            String::new()
        };
        format!(
            "artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n    \
             loader_module: mlflow.{name}\n    model_path: {file}\n    predict_fn: predict\n    python_version: {python}\n  {name}:\n    \
             code: null\n    pickled_model: {file}\nis_signature_from_type_hint: false\nmlflow_version: {mlflow}\n{own}\
             model_size_bytes: 48\nmodel_uuid: {model_id}\nrun_id: {run}\nsaved_input_example_info:\n  \
             artifact_path: input_example.json\n  pandas_orient: split\n  type: dataframe\nsignature:\n  inputs: '{inputs}'\n  \
             outputs: '{outputs}'\n  params: null\nutc_time_created: '{made}'\n",
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

/// The metrics of a run that were logged once, as a JSON file.
pub(super) fn metrics_json(run: &RunSpec) -> String {
    let single = run.series.iter().filter(|curve| curve.values.len() == 1);
    let metrics: serde_json::Map<_, _> = single
        .map(|curve| (curve.key.clone(), json!(curve.values.first())))
        .collect();
    format!("{:#}\n", serde_json::Value::Object(metrics))
}

/// A confusion matrix of two classes, as people print it.
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

/// The side of a cell of [`confusion_plot`], in px.
const CELL_PX: u32 = 28;

/// A confusion matrix of so many classes as a PNG picture: darker where more was predicted. The wrong ones fall off beside the
/// diagonal.
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
    // Writing into memory fails only without any.
    let _ = plot.write_to(&mut file, image::ImageFormat::Png);
    file.into_inner()
}

/// How much each feature contributes, as a CSV file: shares that fall and add up to 1.
pub(super) fn importance_csv(features: &[(&str, &str)]) -> String {
    let total: f64 = (1..=features.len()).map(|rank| 1.0 / rank as f64).sum();
    let rows = (1..)
        .zip(features)
        .map(|(rank, (_, name))| format!("{name},{:.4}\n", 1.0 / f64::from(rank) / total));
    std::iter::once("feature,importance\n".to_owned())
        .chain(rows)
        .collect()
}
