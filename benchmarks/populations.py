"""The benchmark of populations: a hundred networks against one, and against a hundred fits.

Run it alone, ``python benchmarks/populations.py``, or let `make bench` call `measure`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from rich.console import Console
from rich.table import Table

import glassbrick as gb
from glassbrick.engines.xla import program

MEMBERS, EPOCHS, BATCH, HIDDEN = 100, 200, 32, 13  # scikit-learn's default number of epochs
SPLITS, ROWS, FEATURES, NEURONS, SPLIT_EPOCHS = 20, 500, 13, 50, 40
TARGETS = {"times_one": 3.0, "scikit_learn_over_ours": 40.0}


def measure(fits: int = 7, rounds: int = 7) -> dict[str, Any]:
    """Measure, and return seconds and ratios.

    Parameters
    ----------
    fits : int
        How many of the hundred fits of scikit-learn's to make, at least one in each round; the
        others take as long.
    rounds : int
        In which all take turns. Ratios are those of a round, of which the median counts.
    """
    _one()  # imports JAX, and the next one scikit-learn: imports are not what is compared
    _scikit_learn(0)
    found: dict[str, Any] = {"members": MEMBERS, "epochs": EPOCHS, "cores": os.cpu_count()}
    cold = {"one": [], "many": []}
    warm = {"one": [], "many": []}
    hundred: list[float] = []  # their sum, if all were made
    for number in range(rounds):
        seeds = range(number, fits, rounds)
        fit = [_seconds(lambda seed=seed: _scikit_learn(seed)) for seed in seeds]
        hundred.append(float(np.mean(fit)) * MEMBERS)
        for name, run in (("one", _one), ("many", _many)):
            _forget()
            cold[name].append(_seconds(run))
            warm[name].append(_seconds(run))
    median = {
        f"{kind}_{name}": float(np.median(values))
        for kind, both in (("cold", cold), ("warm", warm))
        for name, values in both.items()
    }
    _forget()
    found |= {
        "seconds": median | {"scikit_learn": float(np.median(hundred))},
        "scikit_learn_fits": fits,
        "times_one": _ratio(cold["many"], cold["one"]),
        "times_one_compiled": _ratio(warm["many"], warm["one"]),
        "scikit_learn_over_ours": _ratio(hundred, cold["many"]),
        "scikit_learn_over_ours_compiled": _ratio(hundred, warm["many"]),
        "splits": _seconds(_splits),
        "targets": TARGETS,
    }
    return found


def print_tables(found: dict[str, Any]) -> None:
    """Say what was measured."""
    seconds = found["seconds"]
    table = Table(
        title=f"{MEMBERS} networks 13-{HIDDEN}-1, {EPOCHS} epochs, {found['cores']} cores"
    )
    for head in ("", "with compilation", "compiled before"):
        table.add_column(head, justify="right" if head else "left")
    both = "cold", "warm"
    table.add_row("one network", *[f"{seconds[f'{kind}_one']:.3f} s" for kind in both])
    table.add_row("100 networks", *[f"{seconds[f'{kind}_many']:.3f} s" for kind in both])
    ends = "", "_compiled"
    table.add_row("times one network", *[f"{found[f'times_one{end}']:.1f}" for end in ends])
    fits = found["scikit_learn_fits"]
    said = "100 fits of scikit-learn's" + (f", from {fits}" if fits < MEMBERS else "")
    table.add_row(said, *[f"{seconds['scikit_learn']:.1f} s"] * 2)
    ratios = [f"{found[f'scikit_learn_over_ours{end}']:.0f} times" for end in ends]
    table.add_row("which takes longer", *ratios)
    table.add_row(f"{SPLITS} splits, {ROWS} rows, 13-{NEURONS}-1, {SPLIT_EPOCHS} epochs",
                  f"{found['splits']:.2f} s")  # fmt: skip
    Console().print(table)


def _trainer(seed: int) -> gb.Trainer:
    layers = [gb.Dense(HIDDEN, "sigmoid"), gb.Dense(1, "linear")]
    net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=seed)
    return gb.Trainer(net, gb.SGD(0.01), engine="xla")


def _data() -> tuple[Any, ...]:
    return gb.datasets.load_boston().chapter_split()


def _one() -> None:
    X_train, X_test, y_train, y_test = _data()
    how = {"epochs": EPOCHS, "batch_size": BATCH, "patience": None, "verbose": False}
    _trainer(0).fit(X_train, y_train, X_test, y_test, **how)


def _many() -> None:
    X_train, X_test, y_train, y_test = _data()
    how = {"epochs": EPOCHS, "batch_size": BATCH, "patience": None, "verbose": False}
    population = gb.Population(_trainer, seeds=MEMBERS, engine="xla")
    population.fit(X_train, y_train, X_test, y_test, **how)


def _scikit_learn(seed: int) -> None:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    X_train, _, y_train, _ = _data()
    model = MLPRegressor(
        hidden_layer_sizes=(HIDDEN,),
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=0.01,
        momentum=0.0,
        nesterovs_momentum=False,
        max_iter=EPOCHS,
        tol=0.0,
        n_iter_no_change=EPOCHS + 1,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X_train, y_train.ravel())


def _splits() -> None:
    """Train on 20 random splits of a table of the size that benchmarks of UCI data use."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, FEATURES))
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.standard_normal(ROWS)
    orders = [rng.permutation(ROWS) for _ in range(SPLITS)]
    folds = [(order[ROWS // 10 :], order[: ROWS // 10]) for order in orders]

    def make(seed: int) -> gb.Trainer:
        layers = [gb.Dense(NEURONS, "relu"), gb.Dense(1, "linear")]
        net = gb.NeuralNetwork(layers, gb.MeanSquaredError(), rng=seed)
        return gb.Trainer(net, gb.Adam(0.01))

    population = gb.Population(make, seeds=1, folds=folds, standardize=True, engine="xla")
    population.fit(X, y, epochs=SPLIT_EPOCHS, patience=None, verbose=False)


def _forget() -> None:
    """Forget all that was compiled, as if the process were new."""
    program._kept.clear()
    jax.clear_caches()


def _ratio(these: list[float], those: list[float]) -> float:
    return float(np.median(np.divide(these, those)))


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=7, help="of scikit-learn's, at most 100")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print the figures, too")
    options = parser.parse_args()
    found = measure(max(options.rounds, min(options.fits, MEMBERS)), options.rounds)
    print_tables(found)
    if options.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
