"""What scikit-learn, scipy, pandas and numpy say of the same runs: printed as JSON, for the test beside this file."""

import json

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.metrics import r2_score


def forest(columns, goal):
    """Permutation importance over five folds, the columns of one param shuffled together; and R² out of fold."""
    names = list(columns)
    frame = np.column_stack([c for name in names for c in columns[name]])
    owners = [name for name in names for _ in columns[name]]
    model = lambda: RandomForestRegressor(n_estimators=60, max_depth=12, random_state=0, max_features=max(len(owners) // 3, min(len(owners), 4)))
    folds = KFold(5, shuffle=True, random_state=0)
    r2 = r2_score(goal, cross_val_predict(model(), frame, goal, cv=folds))
    rng, variance = np.random.default_rng(0), goal.var()
    lost = {name: [] for name in names}
    for train, test in folds.split(frame):
        fitted = model().fit(frame[train], goal[train])
        base = ((fitted.predict(frame[test]) - goal[test]) ** 2).mean()
        for name in names:
            at = [i for i, owner in enumerate(owners) if owner == name]
            for _ in range(10):
                shuffled = frame[test].copy()
                shuffled[:, at] = shuffled[rng.permutation(len(test))][:, at]
                lost[name].append((((fitted.predict(shuffled) - goal[test]) ** 2).mean() - base) / variance)
    return r2, {name: float(np.mean(values)) for name, values in lost.items()}


def case(name, params, goal, second, words=()):
    columns = {}
    for key, values in params.items():
        if key in words:
            columns[key] = [np.array([v == word for v in values], float) for word in sorted(set(values))]
        else:
            columns[key] = [np.array(values, float)]
    r2, lost = forest(columns, goal)
    rho = {key: float(stats.spearmanr(values, goal).statistic) for key, values in params.items() if key not in words}
    epsilon = {}
    for key in words:
        groups = [goal[[v == word for v in params[key]]] for word in sorted(set(params[key]))]
        epsilon[key] = float(stats.kruskal(*groups).statistic / (len(goal) - 1))
    # Both goals are to be small: nobody is as good in both and better in one.
    pairs = np.column_stack([goal, second])
    front = [not np.any(np.all(pairs <= p, axis=1) & np.any(pairs < p, axis=1)) for p in pairs]
    # Gower's distance of the first run to each other.
    apart = []
    for i in range(len(goal)):
        parts = []
        for key, values in params.items():
            if key in words:
                parts.append(float(values[i] != values[0]))
                continue
            numbers = np.array(values, float)
            if numbers.min() > 0 and np.log10(numbers.max() / numbers.min()) > 2:
                numbers = np.log10(numbers)
            parts.append(abs(numbers[i] - numbers[0]) / (numbers.max() - numbers.min()))
        apart.append(float(np.mean(parts)))
    text = lambda v: v if isinstance(v, str) else repr(float(v))
    return {
        "name": name,
        "runs": [{"params": {k: text(v[i]) for k, v in params.items()}, "goal": float(goal[i]), "second": float(second[i])} for i in range(len(goal))],
        "r2": r2, "lost": lost, "rho": rho, "epsilon": epsilon, "front": front, "apart": apart,
    }


rng = np.random.default_rng(7)
n = 150
sweep = {
    "lr": (10 ** rng.uniform(-5, -1, n)).tolist(),
    "depth": rng.integers(2, 10, n).astype(float).tolist(),
    "optimizer": rng.choice(["adam", "sgd", "lion"], n).tolist(),
    "noise": rng.normal(size=n).tolist(),
    "seed": rng.integers(0, 1000, n).astype(float).tolist(),
}
loss = (np.log10(sweep["lr"]) + 3) ** 2 + 0.15 * np.array(sweep["depth"]) + np.array([{"adam": 0.0, "sgd": 0.8, "lion": 0.2}[o] for o in sweep["optimizer"]])
loss = loss + rng.normal(scale=0.1, size=n)
diabetes = load_diabetes()
real = {name: diabetes.data[:, i].tolist() for i, name in enumerate(diabetes.feature_names)}
series = np.where(rng.random(400) < 0.05, np.nan, np.cumsum(rng.normal(size=400)))
print(json.dumps({
    "cases": [
        case("a sweep with three drivers", sweep, loss, np.array(sweep["depth"]) + rng.normal(size=n), words=("optimizer",)),
        case("scikit-learn's diabetes data", real, diabetes.target, np.abs(diabetes.data[:, 2])),
    ],
    "series": [None if np.isnan(v) else float(v) for v in series],
    "smooth": {
        str(w): [None if np.isnan(s) else float(v) for s, v in zip(series, pd.Series(series).ewm(alpha=1 - w, adjust=True, ignore_na=True).mean())]
        for w in (0.3, 0.6, 0.9, 0.99)
    },
    "extremes": [[float(np.nanmin(c)), float(np.nanmax(c))] for c in np.array_split(series, 16)],
}))
