"""A store whose versions hide what a promotion must not overlook; prints nothing."""

import pathlib
import sqlite3
import sys

folder = pathlib.Path(sys.argv[1])

import mlflow
import pandas as pd

mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
client = mlflow.MlflowClient()
experiment = client.create_experiment("fraud", artifact_location=str(folder / "store"))
client.set_experiment_tag(experiment, "mlflow.experiment.primaryMetric.name", "regret")
client.set_experiment_tag(experiment, "mlflow.experiment.primaryMetric.greaterIsBetter", "false")
client.create_registered_model("fraud", description="Served at /v1/fraud.")
train = pd.DataFrame({"a": [1, 2, 3], "y": [0, 1, 0]})
test = pd.DataFrame({"a": [4, 5], "y": [1, 0]})


def version(name, params, metrics, tags=(), weights="aaaa", python="3.11.7", model="fraud"):
    with mlflow.start_run(experiment_id=experiment, run_name=name) as run:
        mlflow.set_tags({"mlflow.source.git.commit": name[0] * 40, "mlflow.source.name": "train.py", **dict(tags)})
        mlflow.log_params({"seed": 7, "depth": 3, "device": "cuda", **params})
        mlflow.log_metrics(metrics)
        for frame, context in ((train, "training"), (train, "eval"), (test, "eval")):
            mlflow.log_input(mlflow.data.from_pandas(frame, name=f"users-{context}"), context=context)
        mlflow.log_text(weights, "model/model.bin")
        mlflow.log_text("flavors:\n  python_function:\n    python_version: " + python + "\n", "model/MLmodel")
        mlflow.log_text("scikit-learn==1.5.2\n", "model/requirements.txt")
    made = client.create_model_version(model, f"{run.info.artifact_uri}/model", run.info.run_id)
    return made.version, run.info.run_id


clean = {"mlflow.source.git.dirty": "false"}.items()
dirty = {"mlflow.source.git.dirty": "true"}.items()
v1, _ = version("a-champion", {}, {"auc": 0.90, "regret": 0.30, "lift": 2.0}, clean)
v2, _ = version("b-candidate", {"depth": 5, "device": "cpu"}, {"auc": 0.92, "regret": 0.40, "lift": 2.5}, dirty, "bbbb", "3.12.8")
v3, gone = version("c-vanished", {}, {"auc": 0.95})
client.transition_model_version_stage("fraud", v1, "Production")
client.set_registered_model_alias("fraud", "champion", v1)
client.set_model_version_tag("fraud", v1, "approved_by", "elena")
client.set_model_version_tag("fraud", v2, "Reviewed-By", "bo")
client.set_model_version_tag("fraud", v2, "validation_status", "pending")

client.create_registered_model("orphan")
version("d-first", {}, {"auc": 0.5}, model="orphan")
version("e-second", {}, {"auc": 0.6}, model="orphan")
client.set_registered_model_alias("orphan", "champion", "1")

agent = mlflow.create_external_model(name="agent", experiment_id=experiment)
mlflow.register_model(f"models:/{agent.model_id}", "agent")

client.create_registered_model("crowd")
version("f-first", {}, {"auc": 0.5}, model="crowd")
version("g-second", {}, {"auc": 0.6}, model="crowd")
for number in range(300):
    client.set_registered_model_alias("crowd", f"alias-{number:03}", "1")
client.set_registered_model_alias("crowd", "champion", "1")

mlflow.genai.register_prompt(name="asks", template="Answer {{question}}.")
mlflow.genai.register_prompt(name="asks", template="Answer {{question}} in one line.")
mlflow.genai.set_prompt_alias("asks", "production", 1)

database = sqlite3.connect(folder / "mlflow.db")
for table in ("params", "metrics", "latest_metrics", "tags", "runs"):
    database.execute(f"delete from {table} where run_uuid = ?", (gone,))
# Other tools delete a version and leave its alias.
database.execute("delete from model_versions where name = 'orphan' and version = 1")
database.commit()
