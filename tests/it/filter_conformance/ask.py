"""Fills an MLflow store with odd runs, asks it questions, and prints the runs and the answers as JSON."""

import json
import random
import sys

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

NAMES = ["ResNet 50", "resnet-50", "it's", 'say "hi"', "größe", "GRÖSSE", "run/7", "100%", "a_b", "axb", "日本語", "10", "9"]
TEXTS = ["adam", "Adam", "ADAM", "adamw", "sgd", "it's", 'a"b', "größe", "", "50%", "500", "a_b", "axb", "line\nbreak", "日本", "x" * 300]
RATES = ["0.1", "0.01", "1e-3", "0.001", "auto", "10", "9", "None"]
VALUES = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 0.5, 0.5, -1.25, 3.0, 1e-7, 1e300, 12345678.9]


def maybe(items):
    return random.choice(items) if random.random() < 0.75 else None


def fill(store, experiment):
    ids = []
    for number in range(60):
        start = 1_700_000_000_000 + 1000 * random.randrange(20)
        tags = {"team": maybe(TEXTS), "a b/c": maybe(TEXTS), "mlflow.source.name": maybe(["train.py", "/home/ada/train.py"])}
        tags["mlflow.parentRunId"] = random.choice(ids) if ids and number % 3 == 0 else None
        run = store.create_run(
            experiment_id=experiment,
            user_id=random.choice(["ada", "Ada", "bob"]),
            start_time=start,
            tags=[RunTag(k, v) for k, v in tags.items() if v is not None],
            run_name=random.choice(NAMES),
        )
        run_id = run.info.run_id
        ids.append(run_id)
        metrics = {"acc": maybe(VALUES), "val/acc": maybe(VALUES), "val loss": maybe(VALUES), "f1": maybe(VALUES)}
        params = {"opt": maybe(TEXTS), "lr": maybe(RATES), "data/aug mode": maybe(TEXTS), "order": maybe(TEXTS)}
        store.log_batch(
            run_id,
            metrics=[Metric(k, v, start, 0) for k, v in metrics.items() if v is not None],
            params=[Param(k, v) for k, v in params.items() if v is not None],
            tags=[],
        )
        for name in filter(None, {maybe(["iris", "moons", "it's"]), maybe(["iris", "moons"])}):
            context = maybe(["training", "eval"])
            tags = [InputTag("mlflow.data.context", context)] if context else []
            dataset = Dataset(name=name, digest="d-" + name[:2], source_type="local", source="{}")
            store.log_inputs(run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)])
        status = random.choice(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"])
        end = start + 1000 * random.randrange(100) if status not in ("RUNNING", "SCHEDULED") else None
        store.update_run_info(run_id, RunStatus.from_string(status), end, None)


def tell(run):
    info, data = run.info, run.data
    return {
        "id": info.run_id,
        "name": info.run_name,
        "experiment": info.experiment_id,
        "status": info.status,
        "user": info.user_id,
        "start": info.start_time,
        "end": info.end_time,
        "artifact_uri": info.artifact_uri,
        "metrics": {k: repr(v) for k, v in data.metrics.items()},
        "params": data.params,
        "tags": data.tags,
        "datasets": [
            [d.dataset.name, d.dataset.digest, next((t.value for t in d.tags if t.key == "mlflow.data.context"), None)]
            for d in run.inputs.dataset_inputs
        ],
    }


def main():
    folder, questions = sys.argv[1], json.loads(sys.argv[2])
    random.seed(7)
    store = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", folder)
    experiment = store.create_experiment("odd runs")
    fill(store, experiment)

    def ask(question):
        # A stored run's own fields can't be known before it is there.
        first = store.search_runs([experiment], "", ViewType.ACTIVE_ONLY, 1)[0]
        text = question["filter"].replace("FIRST_ID", first.info.run_id).replace("FIRST_URI", first.info.artifact_uri)
        try:
            runs = store.search_runs([experiment], text, ViewType.ACTIVE_ONLY, 1000, question.get("order", []))
            return {"filter": text, "ids": [run.info.run_id for run in runs]}
        except MlflowException as error:
            return {"filter": text, "error": str(error)}

    runs = [tell(run) for run in store.search_runs([experiment], "", ViewType.ACTIVE_ONLY, 1000)]
    random.shuffle(runs)
    print(json.dumps({"runs": runs, "answers": [ask(question) for question in questions]}))


main()
