"""A sweep of 200 nested runs in a git checkout, tuned from a base model where MLflow has model inputs, registered, copied, and read
by a later run. Prints the ids by which the test finds its way, as JSON."""

import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
script = folder / "train.py"
git = ["git", "-C", str(folder), "-c", "user.name=Ana", "-c", "user.email=ana@example.org"]


def commit(text, subject):
    script.write_text(text)
    subprocess.run([*git, "add", "train.py"], check=True)
    subprocess.run([*git, "commit", "-qm", subject], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


subprocess.run([*git, "init", "-q"], check=True)
first = commit("# base\n", "Train the base")
sys.argv = [str(script)]

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
client = mlflow.MlflowClient()
experiment = mlflow.create_experiment("iris", artifact_location=str(folder / "artifacts"))
X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
y = [0, 1, 0, 1]
model = LogisticRegression(C=0.5, random_state=7).fit(X, y)
has_inputs = int(mlflow.__version__.split(".")[0]) >= 3


# Explicit requirements: inferring them takes half a minute.
requirements = mlflow.sklearn.get_default_pip_requirements()


def made(name):
    signature = infer_signature(X, model.predict(X))
    return mlflow.sklearn.log_model(model, name, signature=signature, pip_requirements=requirements)


def reads(run, info):
    if has_inputs:
        from mlflow.entities import LoggedModelInput

        client.log_inputs(run.info.run_id, models=[LoggedModelInput(info.model_id)])


def data(name):
    return mlflow.data.from_pandas(X.assign(y=y), source="/data/iris.csv", name=name, targets="y")


with mlflow.start_run(experiment_id=experiment, run_name="pretrain"):
    mlflow.log_input(data("iris-train"), context="training")
    base = made("base")
mlflow.register_model(base.model_uri, "base")
champion = mlflow.register_model(base.model_uri, "iris")
client.set_registered_model_alias("iris", "champion", champion.version)

second = commit("# tuned\n", "Tune it")
# MLflow asks git once a process.
tuning = {"mlflow.source.git.commit": second}
with mlflow.start_run(experiment_id=experiment, run_name="sweep", tags=tuning) as sweep:
    mlflow.log_params({"C": 0.5, "random_state": 7})
    mlflow.log_input(data("iris-train"), context="training")
    reads(sweep, base)
    tuned, other = made("tuned"), made("other")
    with mlflow.start_run(experiment_id=experiment, run_name="trial-0", nested=True, tags=tuning):
        mlflow.log_param("C", 0.1)
    for nth in range(1, 200):
        tags = {"mlflow.parentRunId": sweep.info.run_id}
        client.set_terminated(client.create_run(experiment, tags=tags, run_name=f"trial-{nth}").info.run_id)
version = mlflow.register_model(tuned.model_uri, "iris")
mlflow.register_model(other.model_uri, "iris-other")
copied = client.copy_model_version(f"models:/iris/{version.version}", "iris-prod")

with mlflow.start_run(experiment_id=experiment, run_name="distill", tags=tuning) as distill:
    reads(distill, tuned)
    small = made("small")
mlflow.register_model(small.model_uri, "iris-small")
digest = client.get_run(sweep.info.run_id).inputs.dataset_inputs[0].dataset.digest
print(
    json.dumps(
        {
            "commits": [first, second],
            "sweep": sweep.info.run_id,
            "distill": distill.info.run_id,
            "digest": digest,
            "tuned": tuned.model_id if has_inputs else None,
            "base": base.model_id if has_inputs else None,
            "copied": copied.source,
        }
    )
)
