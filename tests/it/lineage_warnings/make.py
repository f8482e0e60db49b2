"""A store of planted traps: a champion with nothing wrong, and versions that each hide one thing."""

import json
import pathlib
import sys

folder, samples = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

import mlflow
import pandas as pd

mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
client = mlflow.MlflowClient()
experiment = client.create_experiment("churn", artifact_location=str(folder / "store"))
client.create_registered_model("churn")
train = pd.DataFrame({"a": [1, 2, 3], "y": [0, 1, 0]})
test = pd.DataFrame({"a": [4, 5], "y": [1, 0]})


def version(what, *, data=((train, "training"), (test, "evaluation")), tags=(), params=(), logged=(), place=None):
    with mlflow.start_run(experiment_id=experiment, run_name=what) as run:
        mlflow.set_tags({"mlflow.source.git.commit": "a" * 40, "mlflow.source.git.dirty": "false", **dict(tags)})
        mlflow.log_params({"seed": 7, "split_seed": 11, **dict(params)})
        for frame, context in data:
            mlflow.log_input(mlflow.data.from_pandas(frame, name=f"users-{context}"), context=context)
        for sample, path in logged:
            text = (samples / sample).read_text()
            mlflow.log_text(text, path)
    made = client.create_model_version("churn", f"{run.info.artifact_uri}/model", run.info.run_id)
    if place in ("Archived", "Production"):
        client.transition_model_version_stage("churn", made.version, place)
    elif place:
        client.set_registered_model_alias("churn", place, made.version)
    return what, made.version, run.info.run_id


made = [
    version("champion", place="champion"),
    version("dirty", tags={"mlflow.source.git.dirty": "true"}.items()),
    version("no data", data=()),
    version("other data", data=((train.assign(a=9), "training"), (test, "evaluation"))),
    version("deleted"),
    version("leaked data", data=((train, "training"), (train, "evaluation"))),
    version("leaked seed", params={"seed": 11}.items()),
    version("other split", params={"split_seed": 12}.items()),
    version("failed validation", logged=[("great_expectations/v1.5.11_raised.json", "gx/result.json"), ("great_expectations/v1.5.11_good.json", "gx/good.json")]),
    version("drift", logged=[("evidently/v0.7.0_drift.json", "evidently/report.json")]),
    version("served", place=None),
    version("archived", place="Archived"),
    version("good", place="challenger"),
]
by_name = {what: (number, run) for what, number, run in made}
client.delete_run(by_name["deleted"][1])
for what in ("served", "archived", "good"):
    uri = f"s3://mlflow/1/{by_name[what][1]}/artifacts/model"
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": f"churn-{what}"},
        "spec": {"predictor": {"model": {"storageUri": uri}}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    (folder / f"{what}.json").write_text(json.dumps(service))
print(json.dumps({what: number for what, number, _ in made}))
