"""Trains in a git checkout whose data DVC keeps, as a user would, and registers three versions; nothing about code or data is said."""

import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
data = folder / "data/users.csv"
sys.argv = [str(folder / "train.py")]

import mlflow
import pandas as pd
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
if mlflow.get_experiment_by_name("churn") is None:
    mlflow.create_experiment("churn", artifact_location=str(folder / "store"))
mlflow.set_experiment("churn")
frame = pd.read_csv(data)
with mlflow.start_run() as run:
    mlflow.log_params({"C": 0.5, "random_state": 7})
    used = mlflow.data.from_pandas(frame, source=str(data), name="users", targets="y")
    mlflow.log_input(used, context="training")
    model = LogisticRegression(C=0.5, random_state=7).fit(frame[["a", "b"]], frame["y"])
    # Explicit requirements: inferring them takes half a minute.
    info = mlflow.sklearn.log_model(model, "model", pip_requirements=["scikit-learn"])
print(mlflow.register_model(info.model_uri, "churn").version)
