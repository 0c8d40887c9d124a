"""What a population is made of: the grid of settings, the seeds, the folds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import positive_integer, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError

__all__ = ["Folds", "Settings", "Split", "as_folds", "as_seeds", "as_settings", "split"]

Settings: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]
"""A grid, values by name; or each combination by itself."""

Split: TypeAlias = tuple[Array, Array]
"""The numbers of the rows to train on, and of those to validate on."""

Folds: TypeAlias = int | Sequence[tuple[Any, Any]] | Any
"""How many; the splits themselves; or what has scikit-learn's method `split`."""


def as_seeds(seeds: int | Sequence[int], who: str) -> list[int]:
    """Return seeds: as given, or the first of the whole numbers."""
    if not isinstance(seeds, Sequence | range | np.ndarray):
        return list(range(positive_integer(seeds, who)))
    found = list(seeds)
    for seed in found:
        if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
            refuse(ArgumentTypeError, who, "a number of seeds, or whole numbers from 0 on", seeds)
    if not found or len(set(found)) < len(found):
        refuse(ArgumentError, who, "at least one seed, and each once", seeds)
    return [int(seed) for seed in found]


def as_settings(settings: Settings | None, who: str) -> list[dict[str, Any]]:
    """Return each combination of settings."""
    if settings is None:
        return [{}]
    example = 'For example: {"lr": [0.01, 0.1], "dropout": [0.0, 0.2]}.'
    if isinstance(settings, Mapping):
        for name, values in settings.items():
            is_list = isinstance(values, Sequence | range | np.ndarray)
            if not is_list or isinstance(values, str) or len(values) == 0:
                refuse(ArgumentTypeError, f"{who}, {name}", "a list of values", values, example)
        return [dict(zip(settings, some, strict=True)) for some in product(*settings.values())]
    is_list = isinstance(settings, Sequence) and not isinstance(settings, str)
    if not is_list or not settings or not all(isinstance(one, Mapping) for one in settings):
        expected = "lists of values by name, or a list of settings"
        refuse(ArgumentTypeError, who, expected, settings, example)
    return [dict(one) for one in settings]


def split(folds: Folds, X: Array, y: Array, who: str) -> list[Split]:
    """Return which rows each fold is trained on, and which it is judged by.

    A number of folds deals the rows out at random, always in the same way.
    """
    rows = len(X)
    if isinstance(folds, Integral | float):
        number = positive_integer(folds, who)
        if not 2 <= number <= rows:
            refuse(ArgumentError, who, f"from 2 to {rows}, the number of rows", folds)
        order = np.random.default_rng(0).permutation(rows)
        parts = [np.sort(part) for part in np.array_split(order, number)]
        return [(np.setdiff1d(np.arange(rows), part), part) for part in parts]
    expected = "a number of folds, pairs of row numbers, or a splitter of scikit-learn's"
    given = _splits_of(folds, X, y, who) if _is_splitter(folds) else folds
    if not isinstance(given, Iterable) or isinstance(given, str):
        refuse(ArgumentTypeError, who, expected, folds)
    found = []
    for number, pair in enumerate(given):
        try:
            parts = [np.asarray(part) for part in pair] if isinstance(pair, tuple | list) else []
        except ValueError:  # lists of different lengths
            parts = []
        if len(parts) != 2 or any(part.dtype.kind not in "iu" or part.ndim != 1 for part in parts):
            refuse(ArgumentTypeError, f"{who}[{number}]", expected, pair)
        if any(len(part) == 0 or part.min() < 0 or part.max() >= rows for part in parts):
            refuse(ArgumentError, f"{who}[{number}]", f"row numbers from 0 to {rows - 1}", pair)
        found.append((parts[0], parts[1]))
    if not found:
        refuse(ArgumentError, who, "at least one fold", folds)
    return found


def as_folds(folds: Folds | None) -> Folds | None:
    """Return folds that can be gone through several times."""
    if isinstance(folds, Iterator):
        return list(folds)
    return folds


def _is_splitter(folds: Folds) -> bool:
    return hasattr(folds, "split") and not isinstance(folds, str | type)


def _splits_of(splitter: Any, X: Array, y: Array, who: str) -> list[tuple[Any, Any]]:
    """Ask a splitter, whose errors are its own."""
    try:
        return list(splitter.split(X, y))
    except ValueError as error:
        advice = "Of groups, give the pairs: list(splitter.split(X, y, groups))."
        told = f"{splitter!r} cannot split the rows: {error} {advice}"
        raise ArgumentError(f"{who}: {told}") from None
