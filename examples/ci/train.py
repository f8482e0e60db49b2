"""Trains a classifier, records what it was made from, and prints the run's id. C=0.0001 makes a poor one."""

import os

import mlflow
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

data = load_breast_cancer(as_frame=True)
train, test = train_test_split(data.frame, test_size=0.3, random_state=7)
features = list(data.feature_names[:8])

mlflow.set_experiment("churn")
with mlflow.start_run() as run:
    c = float(os.environ.get("C", "1.0"))
    mlflow.log_params({"C": c, "seed": 7})
    mlflow.log_input(mlflow.data.from_pandas(train, name="customers"), context="training")
    model = LogisticRegression(C=c, max_iter=5_000, random_state=7).fit(train[features], train["target"])
    mlflow.log_metric("accuracy", model.score(test[features], test["target"]))
    signature = mlflow.models.infer_signature(test[features], model.predict(test[features]))
    mlflow.sklearn.log_model(model, name="model", signature=signature)

print(run.info.run_id)
