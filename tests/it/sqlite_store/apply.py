"""Does one write to the registry as MLflow's own client does it."""


def link(model_id, name, version):
    """What mlflow.register_model and the server add to a logged model; without its spaces."""
    known = json.loads(client.get_logged_model(model_id).tags.get("mlflow.modelVersions", "[]"))
    listed = json.dumps(known + [{"name": name, "version": version}], separators=(",", ":"))
    client.set_logged_model_tags(model_id, {"mlflow.modelVersions": listed})


def apply(action, name=None, version=None, **w):
    version = version and str(version)
    if action == "create_model":
        client.create_registered_model(name)
    elif action == "create_version":
        source = w["source"]
        more = {"model_id": source.removeprefix("models:/")} if source.startswith("models:/m-") else {}
        tags = {tag["key"]: tag["value"] for tag in w["tags"]}
        made = int(client.create_model_version(name, source, w["run_id"] or None, tags=tags, **more).version)
        for model_id in more.values():
            link(model_id, name, made)
        return made
    elif action == "delete_version":
        # As a number: of a text MLflow 2 forgets the aliases.
        client.delete_model_version(name, int(version))
    elif action == "set_version_tag":
        client.set_model_version_tag(name, version, w["tag"]["key"], w["tag"]["value"])
    elif action == "delete_version_tag":
        client.delete_model_version_tag(name, version, w["key"])
    elif action == "set_model_tag":
        client.set_registered_model_tag(name, w["tag"]["key"], w["tag"]["value"])
    elif action == "delete_model_tag":
        client.delete_registered_model_tag(name, w["key"])
    elif action == "set_run_tag":
        client.set_tag(w["run"], w["tag"]["key"], w["tag"]["value"])
    elif action == "delete_run_tag":
        client.delete_tag(w["run"], w["key"])
    elif action == "transition_stage":
        client.transition_model_version_stage(name, version, w["stage"], w["archive_existing"])
    elif action == "describe":
        if version:
            client.update_model_version(name, version, w["text"])
        else:
            client.update_registered_model(name, w["text"])
    elif action == "delete_run":
        client.delete_run(w["run"])
    elif action == "restore_run":
        client.restore_run(w["run"])
    elif action == "set_alias":
        client.set_registered_model_alias(name, w["alias"], version)
    elif action == "delete_alias":
        client.delete_registered_model_alias(name, w["alias"])
    else:
        raise ValueError(action)


answer = apply(**write)
