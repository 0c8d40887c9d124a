"""The parameters of an estimator as recipes; those that cannot be written are left out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from glassbrick import optimizers, schedules
from glassbrick.checks import complaint, describe, refuse
from glassbrick.errors import ArgumentError, FileError
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer
from glassbrick.recipes import Recipe, Table, as_table, made_of, recipe_of
from glassbrick.schedules import Schedule
from glassbrick.training import EarlyStopping, TimeBudget

__all__ = ["Parameters", "parameters_from", "recipes_of_parameters", "table_of_parameters"]

# Settings, and nothing else. Others write files of which a file that is loaded would then have
# chosen the place, or they are functions.
_CALLBACKS = (EarlyStopping, TimeBudget)

_LARGEST = 1_000_000  # of what an object may be made of


class Parameters(NamedTuple):
    """The parameters of an estimator, in the form of a file.

    Attributes
    ----------
    recipes : dict of str to Recipe
        By name; ``{"network": 0}`` stands for the first of the networks.
    networks : list of NeuralNetwork
        Those that are parameters.
    left_out : list of str
        Names of those that cannot be written.
    """

    recipes: dict[str, Recipe]
    networks: list[NeuralNetwork]
    left_out: list[str]


def recipes_of_parameters(
    params: Mapping[str, Any], table: Table, first: int, who: str
) -> Parameters:
    """Return parameters as recipes.

    Parameters
    ----------
    params : mapping of str to object
        As `get_params` returns them.
    table : Table
        The library's classes.
    first : int
        The number of the first network among them.
    who : str
        What to call whoever writes them, in errors.
    """
    told = Parameters({}, [], [])
    for name, value in params.items():
        if isinstance(value, NeuralNetwork):
            told.recipes[name] = {"network": first + len(told.networks)}
            told.networks.append(value)
            continue
        try:
            told.recipes[name] = _recipe(value, table, f"{who}, {name}")
        except ArgumentError:
            told.left_out.append(name)
    return told


def parameters_from(
    recipes: Mapping[str, Any], networks: Sequence[NeuralNetwork], table: Table, who: str
) -> tuple[dict[str, Any], list[NeuralNetwork]]:
    """Make parameters of recipes; return them, and the networks that are none.

    Raises
    ------
    FileError
        If one cannot be made.
    """
    made, taken = {}, set()
    for name, recipe in recipes.items():
        match recipe:
            case {"network": int(number), **rest} if not rest and 0 <= number < len(networks):
                made[name] = networks[number]
                taken.add(number)
            case _:
                what = f"{who}, {name}"
                made[name] = made_of(recipe, table, what, most=_LARGEST, only_within=True)
                if not _is_setting(made[name]):
                    raise FileError(complaint(what, "a parameter", describe(made[name])))
    return made, [net for number, net in enumerate(networks) if number not in taken]


def table_of_parameters(blocks: Table, estimators: Iterable[type], who: str) -> Table:
    """Return the classes that the file of an estimator may name outside of its networks.

    Raises
    ------
    ArgumentError
        If a class of a user's has the name of one of these.
    """
    known = [getattr(module, n) for module in (optimizers, schedules) for n in module.__all__]
    kinds = [kind for kind in known if isinstance(kind, type)]
    return as_table([*estimators, *kinds, *_CALLBACKS], blocks.values(), who)


def _recipe(value: Any, table: Table, who: str) -> Recipe:
    """Return the recipe of a parameter.

    Raises
    ------
    ArgumentError
        If it has none.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()  # which keeps whole numbers, and is the same to an estimator
    if not _is_setting(value):
        refuse(ArgumentError, who, "what can be written to a file", value)
    if isinstance(value, Optimizer) and value.schedule is not None:
        return _recipe_with_schedule(value, value.schedule, table, who)
    return recipe_of(value, table, who)


def _recipe_with_schedule(
    optimizer: Optimizer, schedule: Schedule, table: Table, who: str
) -> Recipe:
    """Return the recipe of an optimizer whose `lr` is no number, and perhaps not known yet."""
    constant = copy.deepcopy(optimizer)
    constant.lr = schedule.lr
    recipe = recipe_of(constant, table, who)
    recipe["arguments"]["lr"] = recipe_of(schedule, table, who)
    return recipe


def _is_setting(value: Any) -> bool:
    """Whether it is plain, or a loss, an optimizer or a callback that is made of settings."""
    if type(value) in (list, tuple):
        return all(map(_is_setting, value))
    if type(value) is dict:
        return all(map(_is_setting, (*value, *value.values())))
    if isinstance(value, np.generic):
        value = value.item()
    is_object = isinstance(value, Loss | Optimizer) or type(value) in _CALLBACKS
    return is_object or value is None or isinstance(value, bool | int | float | str)
