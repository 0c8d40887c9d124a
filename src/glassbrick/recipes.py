"""Recipes: what objects are made of, as JSON, and how they are made of that again.

A recipe names a class and the arguments of its ``__init__``. Names are looked up in a table of
classes, and nowhere else: whoever reads a recipe runs no code but theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, TypeAlias

import numpy as np

from glassbrick.arrays import as_numbers
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError, FileError, GlassbrickError
from glassbrick.operations import ParamOperation

__all__ = ["Recipe", "Table", "as_table", "made_of", "parameters_of", "recipe_of"]

Recipe: TypeAlias = Any
"""None, a truth value, a number, a text, a list, or a dict that says what it stands for."""

Table: TypeAlias = Mapping[str, type]
"""The classes that recipes may name."""

_DEEPEST = 50  # recipes within recipes
_SPECIAL = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def as_table(known: Iterable[type], more: Iterable[type], who: str) -> Table:
    """Return a table of classes by name.

    Parameters
    ----------
    known : iterable of type
        Those of the library.
    more : iterable of type
        Those of a user.
    who : str
        What to call whoever gave these, in errors.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If something is no class, or has the name of another.
    """
    if isinstance(more, str) or not isinstance(more, Iterable):
        refuse(ArgumentTypeError, who, "a list of classes, such as [MyOperation]", more)
    table: dict[str, type] = {kind.__name__: kind for kind in known}
    for kind in more:
        if not isinstance(kind, type):
            refuse(ArgumentTypeError, who, "classes, such as [MyOperation]", kind)
        if table.setdefault(kind.__name__, kind) is not kind:
            refuse(ArgumentError, who, "a class with a name of its own", kind, "Rename it.")
    return table


def recipe_of(thing: Any, table: Table, who: str) -> Recipe:
    """Return the recipe of an object, of what it was made of, and so on.

    Raises
    ------
    ArgumentError
        If an argument was not kept, or cannot be written.
    """
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else {"number": str(float(thing))}
    if isinstance(thing, np.generic):
        return recipe_of(thing.item(), table, who)
    if isinstance(thing, np.ndarray) and thing.dtype.kind in "biuf":
        return {"array": [recipe_of(n, table, who) for n in thing.ravel()], "shape": thing.shape}
    if type(thing) is dict:
        pairs = [[recipe_of(part, table, who) for part in pair] for pair in thing.items()]
        return {"dict": pairs}
    if isinstance(thing, list | tuple):
        return {type(thing).__name__: [recipe_of(part, table, who) for part in thing]}
    kind = type(thing)
    if kind.__module__ == "builtins":
        advice = "Use numbers, texts, lists and dicts of them, or an object of a class."
        refuse(ArgumentError, who, "what can be written to a file", thing, advice)
    if table.get(kind.__name__, kind) is not kind:
        advice = f"There is a {kind.__name__} of Glassbrick's. Rename yours."
        refuse(ArgumentError, who, "a class with a name of its own", kind, advice)
    return {"class": kind.__name__, "arguments": _arguments(thing, table, who)}


def _arguments(thing: Any, table: Table, who: str) -> dict[str, Recipe]:
    """Find out what an object was made of: attributes with the names of arguments."""
    found = {}
    for name in parameters_of(type(thing)):
        whose = f"{who}, {type(thing).__name__}"
        if hasattr(thing, name):
            value = getattr(thing, name)
        elif isinstance(thing, ParamOperation):
            value = thing.param  # WeightMultiply calls it W
        else:
            expected = f"the argument {name} of __init__ as an attribute"
            refuse(ArgumentError, whose, expected, "none", f"Keep it: self.{name} = {name}.")
        found[name] = recipe_of(value, table, f"{whose}.{name}")
    return found


def parameters_of(kind: type) -> list[str]:
    """Name the arguments of a class; those that it hands on to a base class, too."""
    names: list[str] = []
    for base in kind.__mro__[:-1]:  # not object
        if (init := vars(base).get("__init__")) is not None:
            _, *given = signature(init).parameters.values()
            varied = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
            names += [p.name for p in given if p.kind not in varied and p.name not in names]
            if not any(p.kind is Parameter.VAR_KEYWORD for p in given):
                break
    return names


def made_of(recipe: Recipe, table: Table, who: str, *, most: int, only_within: bool = False) -> Any:
    """Make the object that a recipe describes.

    Parameters
    ----------
    recipe : Recipe
        As it was read.
    table : Table
        The classes that it may name.
    who : str
        What to call whoever reads it, in errors.
    most : int
        The largest whole number that may stand in it, for it could be the size of an array.
    only_within : bool, default False
        Whether numbers that no object is made of may be larger.

    Raises
    ------
    FileError
        If it cannot be made.
    """
    maker = _Maker(table, who, most)
    return maker.make(recipe, 0, math.inf if only_within else most)


class _Maker:
    """Makes objects of recipes."""

    def __init__(self, table: Table, who: str, most: int):
        self.table, self.who, self.most = table, who, most

    def make(self, recipe: Recipe, depth: int, most: float) -> Any:
        if depth > _DEEPEST:
            raise self._refusal(f"more than {_DEEPEST} objects within each other")
        if type(recipe) is int and abs(recipe) > most:
            raise self._refusal(f"the number {recipe}, which is more than the arrays have room for")
        if recipe is None or type(recipe) in (bool, int, float, str):
            return recipe
        match recipe:
            case {"number": str(name), **rest} if not rest and name in _SPECIAL:
                return _SPECIAL[name]
            case {"array": list(values), "shape": list(shape), **rest} if not rest:
                return self._array(values, shape, depth, most)
            case {"list": list(parts), **rest} if not rest:
                return [self.make(part, depth + 1, most) for part in parts]
            case {"tuple": list(parts), **rest} if not rest:
                return tuple(self.make(part, depth + 1, most) for part in parts)
            case {"dict": list(pairs), **rest} if not rest:
                return self._dict(pairs, depth, most)
            case {"class": str(name), "arguments": dict(arguments), **rest} if not rest:
                given = {k: self.make(v, depth + 1, self.most) for k, v in arguments.items()}
                return self._object(name, given)
        raise self._refusal(f"what is no recipe, {str(recipe)[:60]}")

    def _dict(self, pairs: list[Any], depth: int, most: float) -> dict[Any, Any]:
        lists = [pair for pair in pairs if type(pair) is list and len(pair) == 2]
        made = [[self.make(part, depth + 1, most) for part in pair] for pair in lists]
        try:
            if len(made) == len(pairs):
                return dict(made)
        except TypeError:  # a list is no key
            pass
        raise self._refusal("a dict without keys and values")

    def _array(self, values: list[Any], shape: list[Any], depth: int, most: float) -> Any:
        numbers = [self.make(value, depth + 1, most) for value in values]
        try:
            return np.reshape(as_numbers(numbers, self.who), shape)
        except (GlassbrickError, ValueError, TypeError, OverflowError):
            raise self._refusal("an array whose numbers do not have its shape") from None

    def _object(self, name: str, arguments: dict[str, Any]) -> Any:
        if name not in self.table:
            raise FileError(
                f"{self.who}: it needs a class {name}, which is not one of Glassbrick's. If it is "
                f"yours, say so: load(path, blocks=[{name}])."
            )
        try:
            return self.table[name](**arguments)
        except (GlassbrickError, TypeError, ValueError, OverflowError) as error:
            raise FileError(
                f"{self.who}: {name} cannot be made of what the file says: {error}"
            ) from None

    def _refusal(self, found: str) -> FileError:
        return FileError(f"{self.who}: expected the recipe of an object; received {found}.")
