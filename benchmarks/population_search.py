"""What a search for settings costs: all networks at once, and scikit-learn's one after the other.

Run it alone: ``python benchmarks/population_search.py``.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import make_regression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor as TheirMLPRegressor

from glassbrick.sklearn import MLPRegressor, PopulationSearchCV

GRID = {"learning_rate_init": [3e-4, 1e-3, 3e-3, 1e-2], "alpha": [1e-4, 1e-2]}
SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": (50,),
    "max_iter": 40,
    "n_iter_no_change": 1000,
    "batch_size": 32,
    "random_state": 0,
}


def measure() -> dict[str, dict[str, float]]:
    """Return seconds, those of the processor, and the best score of each way to search."""
    X, y = make_regression(500, 13, noise=5.0, random_state=0)
    y /= y.std()
    compiled = MLPRegressor(**SETTINGS, engine="xla")
    ways = {
        "at once, xla": PopulationSearchCV(compiled, GRID, cv=5, refit=False),
        "at once, xla, compiled before": PopulationSearchCV(compiled, GRID, cv=5, refit=False),
        "in turn, xla": GridSearchCV(compiled, GRID, cv=5, refit=False),
        "in turn, numpy": GridSearchCV(MLPRegressor(**SETTINGS), GRID, cv=5, refit=False),
        "scikit-learn": GridSearchCV(TheirMLPRegressor(**SETTINGS), GRID, cv=5, refit=False),
    }
    found = {}
    for name, search in ways.items():
        began, processor = time.perf_counter(), time.process_time()
        search.fit(X, y)
        found[name] = {
            "seconds": time.perf_counter() - began,
            "of the processor": time.process_time() - processor,
            "score": float(search.best_score_),
        }
    scores = [one["score"] for one in found.values()]
    np.testing.assert_allclose(scores, scores[0], rtol=1e-6)  # all find the same
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # networks that have not converged
    for name, one in measure().items():
        print(f"{name:32}" + "".join(f"{key} {value:10.4f}   " for key, value in one.items()))
