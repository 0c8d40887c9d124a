"""Writer: what objects hold, as JSON and arrays, so that another process can go on with it.

Only what is known to be mere data is written: numbers, texts, containers of them, arrays, random
generators, and the attributes of some of our classes. Nothing is pickled.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NoReturn

import numpy as np

from glassbrick.arrays import Array
from glassbrick.blocks import Block
from glassbrick.errors import ArgumentError
from glassbrick.initializers import Initializer
from glassbrick.noise import Noise
from glassbrick.optimizers.groups import Group
from glassbrick.penalties import Penalty
from glassbrick.randomness import ChapterStreams, SpawnedStreams
from glassbrick.schedules import Schedule

__all__ = ["LEFT_OUT", "Told", "Writer", "attributes_of", "is_data"]

Told = Any
"""JSON: a number, a text, or a dict that says what it stands for."""

LEFT_OUT = "_net", "_trainer", "_owner"
"""Attributes that are no state: whose an object is."""

_CONSTANT = (  # does not change in training, or is seeded anew before it is used
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    np.ufunc,
    np.dtype,
    Enum,
    Initializer,
    Penalty,
    ChapterStreams,
    SpawnedStreams,
)
_OBJECTS = (Noise, Group, Schedule, Block)
_CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", dict: "dict"}
_SEVERAL = 8  # numbers in a list, from which on they are an array in the file


def attributes_of(thing: Any) -> dict[str, Any]:
    """Return what an object holds, but for the last batch, and whose it is."""
    memory = getattr(type(thing), "memory", ()) if isinstance(thing, Block) else ()
    return {
        name: value
        for name, value in vars(thing).items()
        if name not in memory and name not in LEFT_OUT
    }


def is_data(array: Any) -> bool:
    """Whether an array holds numbers that a file can hold."""
    if type(array) is not np.ndarray:
        return False
    dtype = array.dtype
    return dtype.kind in "biuf" and dtype.itemsize <= 8 and dtype.isnative


class Writer:
    """Turns objects into JSON and arrays.

    What is held in two places is told once, and is one thing again when it is read.

    Parameters
    ----------
    who : str
        What to call whoever writes, in errors.
    known : mapping of str to object
        Objects that are there already when the file is read, by names of their own.

    Attributes
    ----------
    arrays : dict of str to ndarray
        By where they were found.
    """

    def __init__(self, who: str, known: Mapping[str, Any]):
        self.who = who
        self.arrays: dict[str, Array] = {}
        self._seen = {id(thing): (path, thing) for path, thing in known.items()}

    def attributes(self, thing: Any, path: str) -> Told:
        """Tell what an object holds.

        Parameters
        ----------
        thing : object
            Whose attributes.
        path : str
            Its name, for errors and for the names of arrays.

        Raises
        ------
        ArgumentError
            If something cannot be told.
        """
        return {
            name: self.tell(value, f"{path}.{name}") for name, value in attributes_of(thing).items()
        }

    def tell(self, thing: Any, path: str) -> Told:
        """Tell what a value is; see `attributes`."""
        if thing is None or type(thing) in (bool, int, str):
            return thing
        if type(thing) is float:
            return thing if math.isfinite(thing) else {"number": str(thing)}
        if isinstance(thing, np.generic) and is_data(np.asarray(thing)):
            return {"scalar": self._keep(np.asarray(thing), path)}
        if isinstance(thing, _CONSTANT):
            return {"left": type(thing).__name__}
        if type(thing) is tuple:
            return self._container(thing, path)
        if id(thing) in self._seen:
            return {"same": self._seen[id(thing)][0]}
        rule = self._rule_for(thing)
        if rule is None:
            self._refuse(thing, path)
        self._seen[id(thing)] = path, thing
        return rule(thing, path)

    def _rule_for(self, thing: Any) -> Callable[[Any, str], Told] | None:
        if is_data(thing):
            return self._array
        if type(thing) in _CONTAINERS:
            return self._container
        if isinstance(thing, np.random.Generator | np.random.RandomState):
            return self._generator
        return self._object if isinstance(thing, _OBJECTS) else None

    def _array(self, array: Array, path: str) -> Told:
        told = {"array": self._keep(array, path)}
        return told if array.flags.c_contiguous else told | {"strides": list(array.strides)}

    def _container(self, thing: Any, path: str) -> Told:
        kind = _CONTAINERS[type(thing)]
        if kind == "dict":
            return {kind: self._items(thing, path)}
        if len(thing) >= _SEVERAL and kind != "set" and all(type(part) is float for part in thing):
            return {"floats": self._keep(np.array(thing), path), "in": kind}
        return {kind: [self.tell(part, f"{path}.{number}") for number, part in enumerate(thing)]}

    def _items(self, thing: dict[Any, Any], path: str) -> Told:
        items = []
        for number, (key, value) in enumerate(thing.items()):
            if type(key) is int and key in self._seen:
                expected = "keys that another process gives, too"
                advice = 'id() gives others each time. Number them: "for i, param in enumerate".'
                self._complain(path, expected, f"the id of {self._seen[key][0]}", advice)
            name = key if isinstance(key, str) else number
            told = self.tell(value, f"{path}[{name!r}]")
            items.append([self.tell(key, f"{path}, a key"), told])
        return items

    def _generator(self, thing: Any, path: str) -> Told:
        if isinstance(thing, np.random.RandomState):
            state: Any = thing.get_state(legacy=False)
            kind = "RandomState"
        else:
            state, kind = thing.bit_generator.state, type(thing.bit_generator).__name__
        return {"generator": kind, "state": self.tell(state, f"{path}.state")}

    def _object(self, thing: Any, path: str) -> Told:
        told = self.attributes(thing, path)
        return {"object": type(thing).__name__, "attributes": told}

    def _keep(self, array: Array, path: str) -> str:
        self.arrays[path] = array
        return path

    def require_apart(self) -> None:
        """Refuse arrays of which one is a part of another: they would be two when read."""
        held = [(name, array) for name, array in self.arrays.items() if array.size]
        bounds = [(*np.lib.array_utils.byte_bounds(array), name) for name, array in held]
        end, before = 0, ""
        for low, high, name in sorted(bounds):
            if low < end and np.may_share_memory(self.arrays[name], self.arrays[before]):
                expected = "an array of its own, or one that is held whole elsewhere"
                self._complain(name, expected, f"a part of {before}", "Copy it, or hold it whole.")
            if high > end:
                end, before = high, name

    def _refuse(self, thing: Any, path: str) -> NoReturn:
        kind = type(thing).__name__
        received = f"{kind} of {thing.dtype}" if isinstance(thing, np.ndarray) else f"a {kind}"
        advice = "Hold what changes in training in arrays of numbers, by plain names or numbers."
        expected = "numbers, texts, arrays, random generators, or lists and dicts of them"
        self._complain(path, expected, received, advice)

    def _complain(self, path: str, expected: str, received: str, advice: str) -> NoReturn:
        raise ArgumentError(
            f"{self.who}: cannot write {path}: expected {expected}; received {received}. {advice}"
        )
