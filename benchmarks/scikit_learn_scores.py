"""Scores of the estimators next to scikit-learn's own networks, over several seeds.

Run it with ``python benchmarks/scikit_learn_scores.py [seeds]``.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from sklearn import neural_network as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from glassbrick.sklearn import MLPClassifier, MLPRegressor, NetClassifier, NetRegressor

TASKS = {
    "diabetes": (load_diabetes, "MLPRegressor", MLPRegressor, NetRegressor),
    "breast cancer": (load_breast_cancer, "MLPClassifier", MLPClassifier, NetClassifier),
    "digits": (load_digits, "MLPClassifier", MLPClassifier, NetClassifier),
}
SETTINGS = [{}, {"early_stopping": True}, {"solver": "sgd", "learning_rate_init": 0.01}]
SETTINGS += [{"solver": "lbfgs", "alpha": 1.0, "max_iter": 1000}]


def standardized(load, seed):
    X, y = load(return_X_y=True)
    if load is load_diabetes:
        y = (y - y.mean()) / y.std()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_train, y_test


def score(model, data):
    X_train, X_test, y_train, y_test = data
    started = time.perf_counter()
    model.fit(X_train, y_train)
    seconds = time.perf_counter() - started
    return model.score(X_test, y_test), seconds


def line(name, settings, kind, results):
    scores, seconds = np.array(results).T
    error = scores.std(ddof=1) / np.sqrt(len(scores))
    told = ", ".join(f"{key}={value}" for key, value in settings.items())
    print(
        f"{name:14} {kind:24} {told:44} {scores.mean():.4f} +- {error:.4f} {seconds.mean():6.2f} s"
    )


def main(seeds):
    warnings.simplefilter("ignore")
    for name, (load, title, mine, net) in TASKS.items():
        data = [standardized(load, seed) for seed in range(seeds)]
        for settings in SETTINGS:
            for kind, label in ((getattr(theirs, title), "scikit-learn"), (mine, "glassbrick")):
                results = [
                    score(kind(random_state=s, **settings), rows) for s, rows in enumerate(data)
                ]
                line(name, settings, f"{label} {title[:6]}", results)
        results = [
            score(net(random_state=s, validation_fraction=0.1, patience=10), rows)
            for s, rows in enumerate(data)
        ]
        line(name, {"validation_fraction": 0.1, "patience": 10}, net.__name__, results)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
