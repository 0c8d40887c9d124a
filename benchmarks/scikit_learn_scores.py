"""Scores and fit times next to scikit-learn's networks: the same settings, the same splits.

Run it with ``python benchmarks/scikit_learn_scores.py [--seeds N] [--page FILE]``.
"""

from __future__ import annotations

import argparse
import time
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from machine import describe
from palmerpenguins import load_penguins
from sklearn import neural_network as theirs
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from glassbrick import sklearn as ours

SETTINGS = {
    "as they come": {},
    "early stopping": {"early_stopping": True},
    "SGD, rate 0.01": {"solver": "sgd", "learning_rate_init": 0.01},
    "L-BFGS, alpha 1": {"solver": "lbfgs", "alpha": 1.0, "max_iter": 1000},
}

INTRO = """# Scores next to scikit-learn's

`MLPRegressor` and `MLPClassifier` of `glassbrick.sklearn` and of scikit-learn, with the same
settings and the same random state, on {seeds} splits of each data set, three quarters to train on.
R² for diabetes, else the share of right classes: mean and standard error over the splits. The last
columns say by how many standard errors of the difference ours are better (above 0) or worse, and
how many times our fit time theirs is: the median over the splits, on which they were trained in
turn. Numbers are standardized; for the penguins, missing values are filled in, and categories get
a column each.

| data | settings | scikit-learn | Glassbrick | difference | time, theirs to ours |
| --- | --- | ---: | ---: | ---: | ---: |
"""

TABLES = """
## Tables as they are

`TabularRegressor` and `TabularClassifier` with the settings that they come with, on the tables
as they are, next to scikit-learn's gradient boosting, and to its network after the preparation
above. The same splits, NumPy alone.

| data | network of scikit-learn | gradient boosting | Glassbrick's tables | fit, seconds |
| --- | ---: | ---: | ---: | ---: |
"""


def penguins(target):
    frame = load_penguins()
    frame = frame[frame[target].notna()].reset_index(drop=True)
    return frame.drop(columns=[target]), frame[target].to_numpy()


DATA = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "digits": lambda: load_digits(return_X_y=True),
    "penguins, species": lambda: penguins("species"),
    "penguins, sex": lambda: penguins("sex"),
}


def prepared():
    """Return what scikit-learn needs before a network."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore")
    is_text = make_column_selector(dtype_exclude=np.number)
    is_number = make_column_selector(dtype_include=np.number)
    return make_column_transformer((numbers, is_number), (texts, is_text), sparse_threshold=0.0)


def splits(name, seeds):
    """Return the splits as tables, and as matrices after preparation."""
    X, y = DATA[name]()
    if name == "diabetes":
        y = (y - y.mean()) / y.std()
    for seed in range(seeds):
        X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)
        if isinstance(X, np.ndarray):
            scaler = StandardScaler().fit(X_train)
        else:
            scaler = prepared().fit(X_train)
        matrices = scaler.transform(X_train), scaler.transform(X_test)
        yield (X_train, X_test), matrices, y_train, y_test


def fit(model, X, y):
    started = time.perf_counter()
    model.fit(X[0], y[0])
    return model.score(X[1], y[1]), time.perf_counter() - started


def told(scores):
    return f"{scores.mean():.4f} ± {scores.std(ddof=1) / np.sqrt(len(scores)):.4f}"


def against_its_networks(name, settings, seeds):
    """Compare the networks, trained in turn."""
    kind = "MLPRegressor" if name == "diabetes" else "MLPClassifier"
    results = []
    for seed, (_, X, *y) in enumerate(splits(name, seeds)):
        its = fit(getattr(theirs, kind)(random_state=seed, **settings), X, y)
        mine = fit(getattr(ours, kind)(random_state=seed, **settings), X, y)
        results.append((*its, *mine))
    its, its_time, mine, my_time = np.array(results).T
    variance = (its.var(ddof=1) + mine.var(ddof=1)) / seeds
    errors = (mine.mean() - its.mean()) / np.sqrt(variance) if variance else 0.0
    ratio = np.median(its_time / my_time)
    return f"{told(its)} | {told(mine)} | {errors:+.1f} | {ratio:.2f}"


def on_tables(name, seeds):
    """Compare what is trained on the table itself."""
    is_number = name == "diabetes"
    kind = "Regressor" if is_number else "Classifier"
    boosting = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
    results = []
    for seed, (tables, matrices, *y) in enumerate(splits(name, seeds)):
        net = fit(getattr(theirs, f"MLP{kind}")(random_state=seed), matrices, y)
        trees = boosting(random_state=seed, categorical_features="from_dtype")
        ordinal = tables
        if not isinstance(tables[0], np.ndarray):
            code = make_column_transformer(
                (
                    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                    make_column_selector(dtype_exclude=np.number),
                ),
                remainder="passthrough",
            ).fit(tables[0])
            ordinal = [code.transform(table) for table in tables]
        mine = fit(getattr(ours, f"Tabular{kind}")(random_state=seed, engine="numpy"), tables, y)
        results.append((net[0], fit(trees, ordinal, y)[0], *mine))
    net, trees, mine, seconds = np.array(results).T
    return f"{told(net)} | {told(trees)} | {told(mine)} | {np.median(seconds):.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--page", type=Path, help="where to write the tables")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    page = INTRO.format(seeds=arguments.seeds)
    print(page, end="", flush=True)
    for name in DATA:
        for title, settings in SETTINGS.items():
            found = against_its_networks(name, settings, arguments.seeds)
            page += (line := f"| {name} | {title} | {found} |\n")
            print(line, end="", flush=True)
    page += TABLES
    print(TABLES, end="", flush=True)
    for name in DATA:
        page += (line := f"| {name} | {on_tables(name, arguments.seeds)} |\n")
        print(line, end="", flush=True)
    on = describe()
    of = {name: version(name) for name in ("glassbrick", "numpy", "scikit-learn", "scipy")}
    page += (
        f"\nMeasured on {date.today()}: {on['processor']}, {on['cores']} cores, {on['system']}, "
        + ", ".join(f"{name} {number}" for name, number in of.items())
        + ".\n"
    )
    if arguments.page:
        arguments.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
