//! `iris-baselines`: small models on a small table. Params of every kind that Python writes, names in several scripts, one
//! name with a terminal escape in it, and the model `iris-forest`, whose first version comes from MLflow 2.

use serde_json::json;

use super::commit;
use super::releases::VersionFacts;
use crate::demo::DemoError;
use crate::demo::artifacts::Flavor;
use crate::demo::draft::{Code, DAY, Dataset, HOUR, MINUTE, ModelDraft, RunDraft, SECOND, VersionDraft};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{ExperimentId, Lifecycle, LoggedModelId, ModelName, RunId, Stage, VersionNumber};

/// The registered model.
const FOREST: &str = "iris-forest";

const COLUMNS: &[(&str, &str)] = &[
    ("double", "sepal length (cm)"),
    ("double", "sepal width (cm)"),
    ("double", "petal length (cm)"),
    ("double", "petal width (cm)"),
    ("long", "target"),
];

const SKLEARN: Flavor = Flavor {
    name: "sklearn",
    file: "model.skops",
    python: "3.11.7",
    requirements: &["mlflow==3.17.2", "numpy==2.4.6", "pandas==3.1.1", "scikit-learn==1.9.1", "scipy==1.17.1", "skops==0.16.0"],
    inputs: COLUMNS.split_at(4).0,
    output: "long",
};

/// What the baselines tell.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineFacts {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The finished run with the highest `accuracy`.
    pub best: RunId,
    /// The run whose name is in three scripts.
    pub unicode: RunId,
    /// The run whose name holds a terminal escape.
    pub escape: RunId,
    /// The run in the trash.
    pub deleted: RunId,
    /// The registered model, which has no alias and nothing in a stage.
    pub model: ModelName,
    /// Its versions: the first of MLflow 2, the second of MLflow 3.
    pub versions: [VersionFacts; 2],
}

/// What the runs share.
pub(super) struct Iris {
    /// The experiment.
    pub experiment: i64,
    /// The flowers.
    pub flowers: Dataset,
    code: Code,
    monday: i64,
}

impl Iris {
    fn run(&self, nth: i64, name: &str, accuracy: f64, noise: &mut Noise) -> RunDraft {
        let start = self.monday + nth * 17 * MINUTE;
        RunDraft::new(self.experiment, noise.id(), name, start, noise.whole(2, 40) * SECOND)
            .by(noise.pick(["ana", "bo"]))
            .code(&self.code)
            .data(&self.flowers, "training")
            .param("test_size", 0.25)
            .param("random_state", 7)
            .metric("accuracy", accuracy)
            .metric("f1_macro", accuracy - noise.between(0.001, 0.012))
            .metric("fit_time", noise.log_between(0.002, 0.8))
    }
}

/// Tells the baselines. Returns the flowers too, which the grid search goes on with.
pub(super) fn tell(teller: &mut Teller<'_>) -> Result<(Iris, BaselineFacts), DemoError> {
    let mut noise = Noise::of("iris-baselines");
    let monday = teller.now - 17 * DAY;
    let experiment = teller.experiment(
        "iris-baselines",
        Lifecycle::Active,
        monday - HOUR,
        &[("mlflow.experiment.primaryMetric.name", "accuracy"), ("mlflow.note.content", "What is easy, before anything clever.")],
    )?;
    let flowers = Dataset {
        id: noise.id(),
        name: "iris",
        digest: noise.hex(8),
        source_type: "local",
        uri: "data/iris.csv",
        columns: COLUMNS,
        rows: 150,
    };
    let code = commit(&mut noise, "https://git.example.org/lab/iris.git", "main", "baselines.py");
    let iris = Iris { experiment, flowers, code, monday };
    for run in plain(&iris, &mut noise) {
        teller.run(&run)?;
    }
    let unicode = iris.run(5, "größe-π-模型", 0.9474, &mut noise).param("größe", "mittel").param("π", "3.14159");
    let escape = iris.run(6, "\u{1b}[31mred", 0.9211, &mut noise).note("the shell's colours went into the name");
    let mut deleted = iris.run(7, "typo-in-labels", 0.3421, &mut noise);
    deleted.deleted = true;
    let (unicode, escape, deleted) = (teller.run(&unicode)?, teller.run(&escape)?, teller.run(&deleted)?);
    let versions = forests(teller, &iris, &mut noise)?;
    let facts = BaselineFacts {
        experiment: ExperimentId::new(experiment.to_string()),
        best: versions[1].run.clone(),
        unicode,
        escape,
        deleted,
        model: FOREST.into(),
        versions,
    };
    Ok((iris, facts))
}

fn plain(iris: &Iris, noise: &mut Noise) -> [RunDraft; 5] {
    [
        iris.run(0, "dummy", 0.3158, noise).param("strategy", "most_frequent").param("constant", "None"),
        iris.run(1, "logistic-regression", 0.9474, noise)
            .param("C", "1.0")
            .param("penalty", "l2")
            .param("tol", "1e-04")
            .param("fit_intercept", "True")
            .param("class_weight", "None"),
        iris.run(2, "svm-rbf", 0.9605, noise)
            .param("C", "10.0")
            .param("gamma", "scale")
            .param("tol", "1e-03")
            .param("probability", "False"),
        iris.run(3, "knn-5", 0.9342, noise).param("n_neighbors", 5).param("weights", "uniform").param("metric_params", ""),
        iris.run(4, "gradient-boosting", 0.9474, noise)
            .param("n_estimators", 150)
            .param("learning_rate", 0.05)
            .param("ccp_alpha", "1.5e-05")
            .param("warm_start", "False"),
    ]
}

/// Two forests, each registered: one as MLflow 2 did it, with the model in the run's own artifacts, one as MLflow 3 does.
fn forests(teller: &mut Teller<'_>, iris: &Iris, noise: &mut Noise) -> Result<[VersionFacts; 2], DemoError> {
    let made = iris.monday + 4 * HOUR;
    let description = "A forest for the course. Nobody has chosen a champion yet.";
    teller.rows.model(&ModelDraft { name: FOREST, made, description, tags: &[], aliases: &[] }, made + DAY)?;
    let grown = |run: RunDraft, trees: i64, features: &str| {
        run.param("n_estimators", trees)
            .param("max_depth", "None")
            .param("bootstrap", "True")
            .param("min_impurity_decrease", "0.0")
            .param("max_features", features)
            .param("columns", json!(["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]))
    };

    let old = grown(iris.run(8, "random-forest-100", 0.9605, noise), 100, "sqrt");
    let uuid = noise.id();
    let flavors = json!({"python_function": {"loader_module": "mlflow.sklearn"}, "sklearn": {"pickled_model": "model.skops"}});
    let history = json!([{"run_id": old.id, "artifact_path": "model", "model_uuid": uuid, "flavors": flavors}]);
    let old = old.tag("mlflow.log-model.history", history.to_string());
    let old_run = teller.run(&old)?;
    for (name, text) in SKLEARN.files(&old, &uuid, "2.22.5") {
        teller.file(&old, &format!("model/{name}"), &text)?;
    }
    let location = format!("{}/model", teller.place.of_run(iris.experiment, &old.id));
    version(teller, 1, made, location.clone(), location, &old)?;

    let new = grown(iris.run(9, "random-forest-300", 0.9737, noise), 300, "log2");
    let id = format!("m-{}", noise.id());
    let new_run = teller.run(&new)?;
    let location = teller.logged_model(&new, &id, SKLEARN, Some((FOREST, 2)))?;
    version(teller, 2, made + DAY, format!("models:/{id}"), location, &new)?;

    let facts = |version, run, logged_model| VersionFacts { version: VersionNumber(version), stage: Stage::None, run, logged_model };
    Ok([facts(1, old_run, None), facts(2, new_run, Some(LoggedModelId::new(id)))])
}

fn version(teller: &Teller<'_>, version: u32, made: i64, source: String, location: String, run: &RunDraft) -> Result<(), DemoError> {
    let run = Some(run.id.clone());
    let draft = VersionDraft {
        model: FOREST,
        version,
        made,
        changed: made,
        stage: Stage::None,
        description: "",
        source,
        location,
        run,
        tags: vec![],
    };
    Ok(teller.rows.version(&draft)?)
}
