"""Fingerprint: by what one training is told from another."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick import optimizers, schedules
from glassbrick.arrays import Array
from glassbrick.errors import ArgumentError
from glassbrick.network import NeuralNetwork
from glassbrick.network_file import table_of_blocks
from glassbrick.recipes import Table, as_table, parameters_of, recipe_of
from glassbrick.training.checkpoints.folder import WHO
from glassbrick.training.snapshot import arrays_of

if TYPE_CHECKING:
    from glassbrick.training.fit import Fit

__all__ = ["difference", "digest", "digest_of_network", "fingerprint"]

_LONGEST = 80  # of what is shown of a difference


def fingerprint(fit: Fit) -> dict[str, Any]:
    """Return what a training is, as JSON.

    How many epochs it takes, when it is judged and stopped, what is followed and who looks on is
    no part of it: these may change on the way.
    """
    run, net = fit.run, fit.run.net
    table = table_of_blocks((), WHO)
    told: dict[str, Any] = {
        "the number of layers": len(net.layers),
        **{f"layer {n}": _told(layer, table) for n, layer in enumerate(net.layers, 1)},
        "the loss": _told(net.loss, table),
        "the network's source of random numbers": net.streams.to_json(),
        "the optimizer": _told_of_optimizer(run.optim),
        "the engine": run.asked_for.name,
        "batch_size": fit.plan.batch_size,
        "seed": run.seed,
        "the start": "new parameters" if run.draws_params else _the_start(fit),
    }
    data = fit.data
    streams = {"train": data.stream, "test": data.validation_stream}
    for part, rows in data.parts():
        if stream := streams[part]:
            told[f"X_{part}"] = {"rows": stream.rows, "stream": stream.fingerprint()}
            continue
        for name, array in rows._asdict().items():
            known = {"weights": f"the weights of {part}ing rows"}
            told[known.get(name, f"{name}_{part}")] = None if array is None else digest(array)
    return dict(json.loads(json.dumps(told)))


def difference(
    before: dict[str, Any], now: dict[str, Any], told: str = "was {} there, and is {} here"
) -> str:
    """Say in what two trainings differ; "" if in nothing."""
    for name in [*now, *(before.keys() - now.keys())]:
        there, here = before.get(name), now.get(name)
        if there != here:
            if isinstance(there, dict) and isinstance(here, dict) and there.keys() == here.keys():
                within = difference(there, here, told)
                if "sha256" in within:
                    return f"{name} has other numbers"
                if within.startswith("stream "):
                    return f"{name} is a stream of other rows, or with another seed"
                return f"{name}, {within}"
            return f"{name} {told.format(_short(there), _short(here))}"
    return ""


def _short(told: Any) -> str:
    text = told if isinstance(told, str) else json.dumps(told)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _told(thing: Any, table: Table) -> Any:
    """Return the recipe of an object, or what there is of it; without what is learned."""
    try:
        return _without_arrays(recipe_of(thing, table, WHO))
    except ArgumentError:  # it does not keep what it was made of
        plain = {
            name: recipe_of(value, table, WHO)
            for name, value in getattr(thing, "__dict__", {}).items()
            if isinstance(value, bool | int | float | str) and not name.startswith("_")
        }
        return {"class": type(thing).__name__, "attributes": plain}


def _without_arrays(recipe: Any) -> Any:
    """Leave out the numbers in arrays: parameters, which change."""
    if isinstance(recipe, list):
        return [_without_arrays(part) for part in recipe]
    if isinstance(recipe, dict):
        if "array" in recipe:
            return {"shape": recipe["shape"]}
        return {name: _without_arrays(part) for name, part in recipe.items()}
    return recipe


def _told_of_optimizer(optim: optimizers.Optimizer) -> Any:
    known = (getattr(module, name) for module in (optimizers, schedules) for name in module.__all__)
    table = as_table([kind for kind in known if isinstance(kind, type)], (), WHO)
    told = {"class": type(optim).__name__, "lr": _told(optim.schedule or optim.lr, table)}
    for name in parameters_of(type(optim)):
        if name not in told and name in vars(optim):
            told[name] = _told(vars(optim)[name], table)
    return told


def _the_start(fit: Fit) -> Any:
    """Tell from which epoch and which parameters a training goes on."""
    return {
        "epochs before": fit.run.history.epochs,
        "parameters": digest_of_network(fit.run.net),
    }


def digest_of_network(net: NeuralNetwork) -> str:
    """Return by what the numbers of a network are told from others."""
    found = hashlib.sha256()
    for _, name, array in arrays_of(net):
        found.update(name.encode())
        found.update(digest(array)["sha256"].encode())
    return found.hexdigest()


def digest(array: Array) -> dict[str, Any]:
    """Return by what an array is told from others, as JSON."""
    data = np.ascontiguousarray(array)
    found = hashlib.sha256(data.reshape(-1).view(np.uint8).data).hexdigest()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": found}
