"""Trains as a user would, in a git checkout, registers the model, and prints what the store then says, as JSON."""

import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
script = folder / "train.py"
script.write_text("# trained here\n")
git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
subprocess.run([*git, "init", "-q"], check=True)
subprocess.run([*git, "add", "train.py"], check=True)
subprocess.run([*git, "commit", "-qm", "Train"], check=True)
sys.argv = [str(script)]

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
experiment = mlflow.create_experiment("iris", artifact_location=str(folder / "artifacts"))
X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
y = [0, 1, 0, 1]
# Explicit requirements: inferring them takes half a minute.
requirements = mlflow.sklearn.get_default_pip_requirements()
with mlflow.start_run(experiment_id=experiment, run_name="sweep"):
    with mlflow.start_run(experiment_id=experiment, run_name="trial", nested=True) as run:
        mlflow.log_params({"C": 0.5, "random_state": 7})
        data = mlflow.data.from_pandas(X.assign(y=y), source="/data/iris.csv", name="iris-train", targets="y")
        mlflow.log_input(data, context="training")
        model = LogisticRegression(C=0.5, random_state=7).fit(X, y)
        signature = infer_signature(X, model.predict(X))
        info = mlflow.sklearn.log_model(model, "model", signature=signature, pip_requirements=requirements)
version = mlflow.register_model(info.model_uri, "iris")
run = mlflow.MlflowClient().get_run(run.info.run_id)
local = pathlib.Path(mlflow.artifacts.download_artifacts(info.model_uri))
names = ["MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"]
print(
    json.dumps(
        {
            "run_id": run.info.run_id,
            "artifact_uri": run.info.artifact_uri,
            "tags": run.data.tags,
            "params": run.data.params,
            "datasets": [
                {**used.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in used.tags}}
                for used in run.inputs.dataset_inputs
            ],
            "source": version.source,
            "version_run_id": version.run_id,
            "files": {name: (local / name).read_text() for name in names},
        }
    )
)
