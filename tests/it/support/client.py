"""MLflow's own client, kept running: it takes a line of JSON, runs its code, and answers with a line of JSON.

Starting Python and importing MLflow takes seconds; a test asks many things of one client.
"""

import json
import math
import os
import struct
import sys
import traceback

# The packages that open the databases of servers.
sys.path += filter(None, [os.environ.get("DATABASE_DRIVERS")])

# What MLflow itself prints must not be taken for an answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_registry_uri(sys.argv[1])
client = MlflowClient()
IS_3 = int(mlflow.__version__.split(".")[0]) >= 3
BOUND = sys.float_info.max


def number(value):
    """A float to the bit; the bound that SQL stores put in an infinity's place is the infinity."""
    if math.isnan(value):
        return "NaN"
    if abs(value) >= BOUND:
        return "Infinity" if value > 0 else "-Infinity"
    return struct.pack(">d", value).hex()


def metric(m):
    return [m.key, m.step, m.timestamp, number(m.value)]


def dataset(given):
    d = given.dataset
    context = next((tag.value for tag in given.tags if tag.key == "mlflow.data.context"), None)
    return [d.name, d.digest, d.source_type, d.source, d.schema, d.profile, context]


def tell_experiment(e):
    return {
        "id": e.experiment_id, "name": e.name, "artifact_location": e.artifact_location, "lifecycle": e.lifecycle_stage,
        "created": e.creation_time, "updated": e.last_update_time, "tags": dict(e.tags),
    }


def tell_run(r):
    told = {
        "id": r.info.run_id, "name": r.info.run_name, "experiment": r.info.experiment_id, "status": r.info.status,
        "lifecycle": r.info.lifecycle_stage, "user": r.info.user_id, "started": r.info.start_time, "ended": r.info.end_time,
        "artifacts": r.info.artifact_uri, "params": dict(r.data.params), "tags": dict(r.data.tags),
        "metrics": [metric(m) for m in r.data._metric_objs],
        "datasets": [dataset(d) for d in r.inputs.dataset_inputs] if r.inputs else [],
        "models_read": [], "models_made": [],
    }
    if IS_3:
        told["models_read"] = [m.model_id for m in r.inputs.model_inputs] if r.inputs else []
        told["models_made"] = [[m.model_id, m.step] for m in r.outputs.model_outputs] if r.outputs else []
    return told


def tell_logged_model(m):
    return {
        "id": m.model_id, "experiment": m.experiment_id, "name": m.name, "created": m.creation_timestamp,
        "artifacts": m.artifact_location, "status": str(m.status), "type": m.model_type or "", "run": m.source_run_id or "",
        "params": dict(m.params or {}), "tags": dict(m.tags or {}), "metrics": [metric(v) for v in m.metrics or []],
    }


def tell_version(v):
    return {
        "name": v.name, "version": int(v.version), "created": v.creation_timestamp, "updated": v.last_updated_timestamp,
        "user": v.user_id or "", "stage": v.current_stage, "description": v.description or "", "source": v.source,
        "run": v.run_id or "", "status": v.status, "message": v.status_message or "", "tags": dict(v.tags),
        "aliases": list(v.aliases),
    }


def tell_model(m):
    return {
        "name": m.name, "created": m.creation_timestamp, "updated": m.last_updated_timestamp, "description": m.description or "",
        "tags": dict(m.tags), "aliases": {alias: int(version) for alias, version in m.aliases.items()},
        "latest": {v.current_stage: int(v.version) for v in m.latest_versions},
    }


def pages(search, **how):
    found, token = [], None
    while True:
        page = search(page_token=token, **how)
        found += page
        token = page.token
        if not token:
            return found


def tell_versions(name):
    """Newest first; searches know no aliases, so each version is asked for by itself."""
    found = [v for v in pages(client.search_model_versions) if v.name == name]
    told = [tell_version(client.get_model_version(v.name, v.version)) for v in found]
    return sorted(told, key=lambda v: -v["version"])


def tell_everything():
    """All that a reader can be asked, as MLflow's client says it."""
    experiments = pages(client.search_experiments, view_type=ViewType.ALL)
    ids = [e.experiment_id for e in experiments]
    runs = pages(client.search_runs, experiment_ids=ids, run_view_type=ViewType.ALL)
    names = [m.name for m in pages(client.search_registered_models) if m.tags.get("mlflow.prompt.is_prompt") != "true"]
    told = {
        "experiments": [tell_experiment(e) for e in experiments],
        "runs": [tell_run(client.get_run(r.info.run_id)) for r in runs],
        "histories": {
            r.info.run_id: {k: [metric(p)[1:] for p in client.get_metric_history(r.info.run_id, k)] for k in r.data.metrics}
            for r in runs
        },
        "logged_models": [],
        "models": [tell_model(client.get_registered_model(name)) for name in names],
        "versions": {name: tell_versions(name) for name in names},
    }
    if IS_3:
        told["logged_models"] = [tell_logged_model(m) for m in pages(client.search_logged_models, experiment_ids=ids)]
    return told


names = dict(globals())
print(json.dumps({"ready": mlflow.__version__}), file=answers, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    names.update(asked["given"])
    names["answer"] = None
    try:
        exec(asked["code"], names)
        said = {"answer": names["answer"]}
    except Exception:
        said = {"error": traceback.format_exc()}
    print(json.dumps(said), file=answers, flush=True)
