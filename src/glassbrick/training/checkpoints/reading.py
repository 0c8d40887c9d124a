"""Reader: puts what a `Writer` told into objects of the same make.

Nothing that was told is run. Objects are those that are there already, or of a closed table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassbrick import schedules
from glassbrick.arrays import Array
from glassbrick.errors import FileError
from glassbrick.noise import Noise
from glassbrick.optimizers.groups import Group
from glassbrick.training.checkpoints.writing import Told, attributes_of

__all__ = ["Reader"]

_BIT_GENERATORS: dict[str, type[np.random.BitGenerator]] = {
    kind.__name__: kind
    for kind in (
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.MT19937,
        np.random.Philox,
        np.random.SFC64,
    )
}
_NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (Noise, Group, *(getattr(schedules, name) for name in schedules.__all__))
    if isinstance(kind, type)
}


class Reader:
    """Turns JSON and arrays into objects.

    Parameters
    ----------
    who : str
        What to call whoever reads, in errors.
    arrays : mapping of str to ndarray
        By the names that the JSON has.
    known : mapping of str to object
        As the `Writer` was given.
    """

    def __init__(self, who: str, arrays: Mapping[str, Array], known: Mapping[str, Any]):
        self.who, self._arrays = who, arrays
        self._found: dict[str, Any] = dict(known)
        self._taken: set[int] = set()

    def attributes(self, thing: Any, told: Told, path: str) -> None:
        """Give an object the attributes that were told, and no others.

        Raises
        ------
        FileError
            If it is not of the make that was told of.
        """
        held = attributes_of(thing)
        for name in held.keys() - told.keys():
            del vars(thing)[name]
        for name, value in told.items():
            vars(thing)[name] = self.read(value, f"{path}.{name}", held.get(name))

    def read(self, told: Told, path: str, held: Any = None) -> Any:
        """Return the value that was told; where it can be, in what is held already."""
        if not isinstance(told, dict):
            return told
        (kind, value), *_ = told.items()
        if kind == "number":
            return _NUMBERS[value]
        if kind == "scalar":
            return self._arrays[value][()]
        if kind == "left":
            return self._left(value, path, held)
        if kind == "same":
            return self._found[value]
        if kind == "tuple":
            return tuple(self._parts(value, path, held if type(held) is tuple else ()))
        if kind == "floats":
            return self._floats(told, path, held)
        rule = getattr(self, f"_{kind}", None) if kind in _RULES else None
        if rule is None:
            raise FileError(f"{self.who}: {path} is told in a way that this version does not know.")
        return rule(told, path, held)

    def _take(self, held: Any, kind: type) -> Any:
        """Return what is held, if it is of a kind and not taken already; else None."""
        return held if type(held) is kind and id(held) not in self._taken else None

    def _note(self, path: str, thing: Any) -> Any:
        self._found[path] = thing
        self._taken.add(id(thing))
        return thing

    def _left(self, name: str, path: str, held: Any) -> Any:
        if type(held).__name__ != name:
            self._refuse(path, f"a {name}", held)
        return held

    def _floats(self, told: Told, path: str, held: Any) -> Any:
        numbers = self._arrays[told["floats"]].tolist()
        if told["in"] == "tuple":
            return tuple(numbers)
        thing = self._note(path, self._take(held, list) or [])
        thing[:] = numbers
        return thing

    def _array(self, told: Told, path: str, held: Any) -> Array:
        value = self._arrays[told["array"]]
        strides = tuple(told.get("strides", value.strides))
        array: Any = self._take(held, np.ndarray)
        if (
            array is not None
            and (array.dtype, array.shape, array.strides) == (value.dtype, value.shape, strides)
            and array.flags.writeable
        ):
            array[...] = value
        else:  # in the same layout, because products depend on it in the last bit
            array = np.array(value, order="F" if "strides" in told else "C")
        self._note(path, array)
        return array  # type: ignore[no-any-return]

    def _list(self, told: Told, path: str, held: Any) -> Any:
        before = list(held) if type(held) is list else []
        thing = self._note(path, self._take(held, list) or [])
        thing[:] = self._parts(told["list"], path, before)
        return thing

    def _parts(self, told: Told, path: str, held: Any) -> list[Any]:
        padded = [*held, *[None] * len(told)]
        return [
            self.read(part, f"{path}.{number}", padded[number]) for number, part in enumerate(told)
        ]

    def _set(self, told: Told, path: str, held: Any) -> Any:  # noqa: ARG002
        return self._note(path, set(self._parts(told["set"], path, ())))

    def _dict(self, told: Told, path: str, held: Any) -> Any:
        thing = self._note(path, self._take(held, dict) or {})
        before = thing.copy()
        thing.clear()
        for number, (told_key, value) in enumerate(told["dict"]):
            key = self.read(told_key, path)
            name = key if isinstance(key, str) else number
            thing[key] = self.read(value, f"{path}[{name!r}]", before.get(key))
        return thing

    def _generator(self, told: Told, path: str, held: Any) -> Any:
        kind, state = told["generator"], self.read(told["state"], f"{path}.state")
        if kind == "RandomState":
            stream = self._take(held, np.random.RandomState) or np.random.RandomState()
            stream.set_state(state)
            return self._note(path, stream)
        generator = self._take(held, np.random.Generator)
        if generator is None or type(generator.bit_generator).__name__ != kind:
            if kind not in _BIT_GENERATORS:
                self._refuse(path, f"a generator of {kind}", held)
            generator = np.random.Generator(_BIT_GENERATORS[kind]())
        generator.bit_generator.state = state
        return self._note(path, generator)

    def _object(self, told: Told, path: str, held: Any) -> Any:
        name = told["object"]
        if type(held).__name__ != name or id(held) in self._taken:
            if name not in _CLASSES:
                self._refuse(path, f"a {name}", held)
            held = object.__new__(_CLASSES[name])
        self._note(path, held)
        self.attributes(held, told["attributes"], path)
        return held

    def _refuse(self, path: str, expected: str, held: Any) -> None:
        raise FileError(
            f"{self.who}: expected {path} to be {expected}, as when the file was written; "
            f"received a {type(held).__name__}. Give another folder to begin anew."
        )


_RULES = {"array", "list", "set", "dict", "generator", "object"}
