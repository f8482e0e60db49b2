"""Fills a file store through MLflow's own client with everything that people, programs and attackers put into one."""

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

HOSTILE = "größe ‮精度 🦀\x1b[2J\x1b]0;owned\x07\r\nline two\ttab \u200b e\u0301\u0301\u0301'\"; DROP TABLE runs; --"
LONG = "k" * 250
KEYS = ["loss", "val/acc", "a b.c-d_e", "größe", "layers/0/units", LONG]
NAMES = ["with/slash", "with:colon", "50%", 'quo"ted', "yes", "1e5", "0123", "2020-01-01", "~", "größe ‮精度 🦀 " + "long " * 40]

plain = client.create_experiment("plain", tags={"team": "ana", "a/b/c": HOSTILE})
odd = [client.create_experiment(name) for name in NAMES]
gone = client.create_experiment("gone")
client.set_experiment_tag(plain, "mlflow.experiment.primaryMetric.name", "val/acc")


def run(experiment, name, tags=None, **more):
    return client.create_run(experiment, run_name=name, tags=tags or {}, **more).info.run_id


def point(key, value, timestamp, step):
    return Metric(key, value, timestamp, step)


# Every kind of number, at every kind of step, out of order, with a step that was logged twice.
numbers = run(plain, HOSTILE, {"mlflow.note.content": HOSTILE, LONG: "v" * 9000, "a/b/c": "slash", "empty": ""}, start_time=5)
ODD = [0.1 + 0.2, -0.0, 1e-310, -1.5e300, 3, 2**53 + 1.0, float("nan"), float("inf"), float("-inf"), 5e-324]
client.log_batch(numbers, metrics=[point("loss", value, 1000 + i, i - 3) for i, value in enumerate(ODD)])
for value, timestamp in [(1.0, 20), (2.0, 10), (3.0, 20), (float("nan"), 20), (1.0, 20)]:
    client.log_metric(numbers, "twice", value, timestamp, 7)
for value in [float("nan"), 1.0]:
    client.log_metric(numbers, "nan first", value, 20, 7)
client.log_batch(numbers, metrics=[point("nan", float("nan"), 1, 0), point("inf", float("inf"), 1, 0), point("-inf", float("-inf"), 1, 0)])
client.log_batch(numbers, metrics=[point(key, 0.5, 2, -(2**40)) for key in KEYS[1:]])
client.log_batch(numbers, params=[Param(key, HOSTILE) for key in KEYS] + [Param("long", "p" * 6000), Param("empty", ""), Param("line end", "x\n")])
client.set_terminated(numbers, "FINISHED", end_time=9)

# Nesting, states, trash.
parent = run(plain, "parent")
child = run(plain, "child", {"mlflow.parentRunId": parent})
grandchild = run(plain, "", {"mlflow.parentRunId": child, "mlflow.user": "bo " + HOSTILE})
running = run(odd[0], "running")
scheduled = run(odd[0], "scheduled")
client.update_run(scheduled, "SCHEDULED")
for one, status in [(parent, "KILLED"), (child, "FAILED")]:
    client.set_terminated(one, status)
deleted = run(plain, "deleted")
client.log_metric(deleted, "loss", 1.0)
client.set_terminated(deleted)
client.delete_run(deleted)
restored = run(plain, "restored")
client.delete_run(restored)
client.restore_run(restored)
renamed = run(plain, "before")
client.update_run(renamed, name="after: 'renamed'")
in_trash = run(gone, "in the trash with its experiment")
client.delete_experiment(gone)


# Data: one with a role, one shared by two runs, one of two roles without a profile; a digest that looks like a number.
def data(name, digest, context, profile=None, schema=None):
    entity = Dataset(name, digest, "local", '{"uri": "' + name.replace('"', "") + '"}', schema, profile)
    return DatasetInput(entity, [InputTag("mlflow.data.context", context)] if context else [InputTag("other", "tag")])


LONG_JSON = json.dumps({"mlflow_colspec": [{"type": "double", "name": f"column {i}", "required": True} for i in range(40)]})
client.log_inputs(numbers, [data("plain", "aaaa1111", "training", '{"num_rows": 3}', LONG_JSON), data(HOSTILE[:20], "b", None)])
client.log_inputs(parent, [data("plain", "aaaa1111", "eval", '{"num_rows": 3}', LONG_JSON), data("number", "1234e567", "off")])

# The registry.
for name, about in [("shop", HOSTILE), ("größe 'quoted' \U0001f980", ""), ("no versions", ""), ("version-1", ""), (".hidden", "yes")]:
    client.create_registered_model(name, tags={"owner": HOSTILE, "x/y": "slash"} if about else {}, description=about)
for i in range(5):
    client.create_model_version("shop", f"runs:/{numbers}/model", numbers, tags={"i": str(i), "note": HOSTILE, "a/b": "slash"}, description=HOSTILE)
client.create_model_version("größe 'quoted' \U0001f980", "s3://bucket/" + "x" * 400)
client.delete_model_version("shop", 5)
client.transition_model_version_stage("shop", "1", "Production")
client.transition_model_version_stage("shop", "2", "Production")
client.transition_model_version_stage("shop", "3", "Staging")
for alias, version in [("champion", "2"), ("Champion", "3"), ("精度", "2")]:
    client.set_registered_model_alias("shop", alias, version)

if IS_3:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput, LoggedModelParameter

    made = client.create_logged_model(plain, name="made", source_run_id=numbers, model_type="agent", tags={"t": HOSTILE},
                                      params={"depth": "3", "note": HOSTILE})
    client.finalize_logged_model(made.model_id, "READY")
    other = client.create_logged_model(plain, name="other", source_run_id=numbers)
    client.finalize_logged_model(other.model_id, "FAILED")
    thrown = client.create_logged_model(plain, name="thrown away", source_run_id=numbers)
    client.log_outputs(numbers, [LoggedModelOutput(made.model_id, 4), LoggedModelOutput(other.model_id, -1)])
    client.log_inputs(parent, models=[LoggedModelInput(made.model_id)])
    client.log_metric(numbers, "loss", float("inf"), step=12, model_id=made.model_id)
    client.log_metric(numbers, "loss", 0.75, step=12, timestamp=3, model_id=made.model_id)
    client.log_metric(numbers, "gap", float("nan"), step=1, model_id=made.model_id)
    client.delete_logged_model(thrown.model_id)
    client.create_model_version("shop", f"models:/{made.model_id}", numbers, model_id=made.model_id)
    client.register_prompt("a-prompt", "say {{word}}")

answer = {"plain": plain, "gone": gone, "numbers": numbers, "parent": parent, "child": child, "deleted": deleted, "running": running}
