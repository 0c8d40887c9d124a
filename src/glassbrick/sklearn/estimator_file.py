"""An estimator in a file: its parameters, its networks, and what else it learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glassbrick import sklearn
from glassbrick.arrays import Array
from glassbrick.checks import complaint, refuse
from glassbrick.errors import ArgumentError, FileError, GlassbrickError
from glassbrick.files import Contents
from glassbrick.network import NeuralNetwork
from glassbrick.network_file import (
    ESTIMATOR,
    arrays_of,
    describe,
    made_with,
    rebuild,
    table_of_blocks,
)
from glassbrick.recipes import Table, made_of, recipe_of
from glassbrick.sklearn.parameters import (
    parameters_from,
    recipes_of_parameters,
    table_of_parameters,
)
from glassbrick.sklearn.saved import SavedEstimator

__all__ = ["arrays_of_estimator", "describe_estimator", "rebuild_estimator"]

_FITTED = "fitted"  # before the names of arrays that are in no network


def describe_estimator(
    estimator: SavedEstimator, who: str
) -> tuple[dict[str, Any], list[NeuralNetwork]]:
    """Return what a fitted estimator is, as JSON, and all networks in it.

    Raises
    ------
    ArgumentError
        If a network cannot be written.
    """
    table = _table(table_of_blocks((), who), who)
    kind = type(estimator)
    if table.get(kind.__name__, kind) is not kind:
        advice = f"There is a {kind.__name__} of Glassbrick's. Rename yours."
        refuse(ArgumentError, who, "a class with a name of its own", kind, advice)
    own = estimator._networks()
    params = recipes_of_parameters(estimator.get_params(deep=False), table, len(own), who)
    networks = [*own, *params.networks]
    fitted = {n: recipe_of(v, {}, f"{who}, {n}") for n, v in estimator._fitted_state().items()}
    told = {
        "kind": ESTIMATOR,
        "estimator": kind.__name__,
        "params": params.recipes,
        "left_out": params.left_out,
        "features": _features(estimator),
        "networks": [describe(net, who) for net in networks],
        "fitted": fitted,
        "made_with": made_with(),
    }
    return told, networks


def arrays_of_estimator(
    estimator: SavedEstimator, networks: list[NeuralNetwork], who: str
) -> dict[str, Array]:
    """Return all arrays of an estimator and its networks, by name.

    Raises
    ------
    DataError
        If there is something in a network that is not finite.
    """
    arrays = {f"{_FITTED}/{name}": array for name, array in estimator._arrays().items()}
    for number, net in enumerate(networks):
        for name, array in arrays_of(net, who).items():
            arrays[f"{_of_network(number)}/{name}"] = array
    return arrays


def rebuild_estimator(contents: Contents, blocks: Table, who: str) -> SavedEstimator:
    """Make an estimator of what a file holds.

    Parameters
    ----------
    contents : Contents
        Of the file.
    blocks : Table
        What networks may be made of, and classes of a user's.
    who : str
        What to call whoever reads it, in errors.

    Raises
    ------
    FileError
        If it does not fit together, or classes are missing.
    ArgumentError
        If a class of a user's has the name of one of the library's.
    """
    table = _table(blocks, "load, blocks")
    told = contents.description
    try:
        kind = _kind(told["estimator"], table, who)
        described = told["networks"]
        *parts, fitted = _shares(contents.arrays, len(described), who)
        networks = [
            rebuild(Contents(one, part), NeuralNetwork, blocks, f"{who}, network {number}")
            for number, (one, part) in enumerate(zip(described, parts, strict=True))
        ]
        params, own = parameters_from(told["params"], networks, table, who)
        estimator = kind(**params)
        _require_texts(told["left_out"], "left_out")
        _set_features(estimator, told["features"])
        state = {
            name: made_of(recipe, {}, who, most=0, only_within=True)
            for name, recipe in told["fitted"].items()
        }
        with np.errstate(all="ignore"):
            estimator._restore(own, state, fitted)
    except FileError:
        raise
    except _DOES_NOT_FIT as error:
        raise FileError(f"{who}: the estimator in it cannot be made: {error}") from None
    return estimator


_DOES_NOT_FIT = (
    GlassbrickError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
)


def _table(blocks: Table, who: str) -> Table:
    """Return the classes that a file may name: all that have a public name, and a user's."""
    public = (getattr(sklearn, name) for name in sklearn.__all__)
    ours = [kind for kind in public if isinstance(kind, type) and issubclass(kind, SavedEstimator)]
    return table_of_parameters(blocks, ours, who)


def _kind(name: Any, table: Table, who: str) -> type[SavedEstimator]:
    """Return the class of the estimator."""
    kind = table.get(name) if type(name) is str else None
    if kind is None or not issubclass(kind, SavedEstimator):
        raise FileError(
            f"{who}: it needs an estimator {str(name)[:60]}, which is not one of Glassbrick's. If "
            f"it is yours, say so: load(path, blocks=[...])."
        )
    return kind


def _of_network(number: int) -> str:
    return f"network-{number}"


def _shares(arrays: Mapping[str, Array], networks: int, who: str) -> list[dict[str, Array]]:
    """Return the arrays of each network, and those that are in none, by their own names."""
    shares: dict[str, dict[str, Array]] = {_of_network(k): {} for k in range(networks)}
    shares[_FITTED] = {}
    for name, array in arrays.items():
        owner, _, rest = name.partition("/")
        if owner not in shares:
            raise FileError(f"{who}: no part of it holds {name}.")
        shares[owner][rest] = array
    return list(shares.values())


def _features(estimator: SavedEstimator) -> dict[str, Any]:
    """Return what scikit-learn noted of the features."""
    names = getattr(estimator, "feature_names_in_", None)
    count = getattr(estimator, "n_features_in_", None)
    return {
        "count": None if count is None else int(count),
        "names": None if names is None else [str(name) for name in names],
    }


def _set_features(estimator: Any, told: Mapping[str, Any]) -> None:
    """Note what `_features` told."""
    count, names = told["count"], told["names"]
    if count is not None:
        if type(count) is not int or count < 1:
            raise ValueError(complaint("features", "a number of them", str(count)))
        estimator.n_features_in_ = count
    if names is not None:
        if len(_require_texts(names, "features")) != count:
            raise ValueError(complaint("features", f"{count} names", str(len(names))))
        estimator.feature_names_in_ = np.array(names, dtype=object)


def _require_texts(texts: Any, name: str) -> list[str]:
    if type(texts) is not list or not all(type(text) is str for text in texts):
        raise ValueError(complaint(name, "a list of texts", str(texts)[:60]))
    return texts
