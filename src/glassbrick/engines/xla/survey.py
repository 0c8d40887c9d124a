"""Finds the arrays that an object graph owns, wherever they are held, and exchanges them.

Nothing is declared: attributes, lists, tuples and dictionaries are followed from the network
and the optimizer down, and each array that is met is state.
"""

from __future__ import annotations

import sys
import types
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.blocks import Block
from glassbrick.layers import Layer
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["Survey"]

# Where random numbers come from, and who belongs to whom: no part of a training step.
_NO_PART: dict[type, set[str]] = {
    Block: {"_owner"},
    Layer: {"_owner", "_streams", "_index", "seed", "rng", "weight_init", "bias_init"},
    NeuralNetwork: {"streams", "seed"},
}
_LITERALS = (bool, int, float, complex, str, bytes, type(None), np.generic, Enum, np.dtype)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
_FOREIGN = {"numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "jax", "jaxlib", "torch"}
_slots_of: weakref.WeakKeyDictionary[type, frozenset[str]] = weakref.WeakKeyDictionary()
_BY_TYPE = (np.random.RandomState, np.random.Generator, weakref.ref, types.ModuleType)


@dataclass
class Survey:
    """All that was found in a graph of objects, at one moment.

    Attributes
    ----------
    arrays : dict of str to array
        Each array, by the path that leads to it, such as "optimizer.velocities[0]". One
        that is held in several places stands here several times.
    facts : dict of str to hashable
        Everything else that a step can leave changed: numbers, texts, classes, lengths of
        lists.
    """

    arrays: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Hashable] = field(default_factory=dict)
    _contents: list[tuple[Any, Any]] = field(default_factory=list)  # containers and copies of them
    _seen: dict[int, str] = field(default_factory=dict)
    _alive: list[Any] = field(default_factory=list)  # so that no id is given out twice

    @classmethod
    def of(cls, **roots: Any) -> Survey:
        """Look through objects, given by the names that paths shall begin with."""
        survey = cls()
        for name, root in roots.items():
            survey._visit(name, root)
        return survey

    def numbers(self) -> dict[str, int]:
        """Give each array a number; those that are one object have one number."""
        found: dict[int, int] = {}
        return {
            path: found.setdefault(id(array), len(found)) for path, array in self.arrays.items()
        }

    def by_number(self) -> list[Any]:
        """List the arrays, each once."""
        return list({id(array): array for array in self.arrays.values()}.values())

    def replace(self, by: Callable[[Any], Any]) -> None:
        """Put ``by(array)`` into the place of each array."""
        for container, _ in self._contents:
            if isinstance(container, list | deque):
                for index, value in enumerate(container):
                    container[index] = _replaced(value, by)
            elif isinstance(container, dict):
                for key, value in container.items():
                    container[key] = _replaced(value, by)
            else:
                for name, value in list(_attributes(container)):
                    new = by(value) if _is_rate(container, name) else _replaced(value, by)
                    if new is not value:
                        _set(container, name, new)

    def restore(self) -> None:
        """Put all containers back as they were when they were looked through."""
        for container, content in self._contents:
            if isinstance(container, list | deque):
                container.clear()
                container.extend(content)
            elif isinstance(container, dict):
                container.clear()
                container.update(content)
            else:
                getattr(container, "__dict__", {}).clear()
                for name, value in content.items():
                    _set(container, name, value)

    def forget_memories(self) -> None:
        """Drop what blocks keep of a batch."""
        for container, _ in self._contents:
            if isinstance(container, Block):
                for name in container.memory:
                    container.__dict__.pop(name, None)

    def _visit(self, path: str, thing: Any) -> None:
        if is_traced(thing) or (isinstance(thing, np.ndarray) and thing.dtype.kind != "O"):
            self.arrays[path] = thing
        elif isinstance(thing, _LITERALS):
            self.facts[path] = (type(thing), repr(thing))
        elif isinstance(thing, _BY_TYPE):
            self.facts[path] = (type(thing),)
        elif id(thing) in self._seen:
            self.facts[path] = ("as", self._seen[id(thing)])
        else:
            self._seen[id(thing)] = path
            self._alive.append(thing)
            self._enter(path, thing)

    def _enter(self, path: str, thing: Any) -> None:
        """Look through something that may hold others."""
        if isinstance(thing, list | tuple | deque):
            if not isinstance(thing, tuple):
                self._contents.append((thing, list(thing)))
            self.facts[path] = (type(thing), len(thing))
            for index, value in enumerate(thing):
                self._visit(f"{path}[{index}]", value)
        elif isinstance(thing, dict):
            self._contents.append((thing, dict(thing)))
            self.facts[path] = (type(thing), tuple(map(repr, thing)))
            for key, value in thing.items():
                self._visit(f"{path}[{key!r}]", value)
        elif isinstance(thing, _FUNCTIONS) or not _is_followed(thing):
            self.facts[path] = thing if isinstance(thing, Hashable) else id(thing)
        else:
            self._contents.append((thing, dict(_attributes(thing, everything=True))))
            self.facts[path] = (type(thing),)
            for name, value in sorted(_attributes(thing), key=lambda item: item[0]):
                if _is_rate(thing, name):
                    self.arrays[f"{path}.lr"] = value
                else:
                    self._visit(f"{path}.{name}", value)


def _is_followed(thing: Any) -> bool:
    """Whether to look into an object: not into those of other libraries."""
    kind = type(thing)
    root = kind.__module__.partition(".")[0]
    has_attributes = hasattr(thing, "__dict__") or hasattr(kind, "__slots__")
    is_plain = kind is types.SimpleNamespace or root not in sys.stdlib_module_names | _FOREIGN
    return (has_attributes and is_plain) or root == "__main__"


def _attributes(thing: Any, *, everything: bool = False) -> Iterator[tuple[str, Any]]:
    """Iterate over the attributes of an object, but for those that a step has no part in."""
    left_out: set[str] = set()
    if not everything:
        for kind, names in _NO_PART.items():
            if isinstance(thing, kind):
                left_out |= names
        if isinstance(thing, Block):
            left_out |= set(thing.memory)
    for name in (*getattr(thing, "__dict__", {}), *_slots(type(thing))):
        if name not in left_out:
            try:
                yield name, object.__getattribute__(thing, name)
            except AttributeError:
                continue  # a slot without a value


def _set(thing: Any, name: str, value: Any) -> None:
    if name in _slots(type(thing)):
        object.__setattr__(thing, name, value)  # of frozen dataclasses, too
    else:
        thing.__dict__[name] = value  # past properties


def _slots(kind: Any) -> frozenset[str]:
    """Return the names of the attributes that a class keeps outside of ``__dict__``."""
    if kind not in _slots_of:
        found: set[str] = set()
        for base in kind.__mro__:
            slots = vars(base).get("__slots__", ())
            found |= {slots} if isinstance(slots, str) else set(slots)
        _slots_of[kind] = frozenset(found - {"__dict__", "__weakref__"})
    return _slots_of[kind]


def _is_rate(thing: Any, name: str) -> bool:
    return name == "_lr" and isinstance(thing, Optimizer)


def _replaced(value: Any, by: Callable[[Any], Any]) -> Any:
    if is_traced(value) or (isinstance(value, np.ndarray) and value.dtype.kind != "O"):
        return by(value)
    if isinstance(value, tuple):
        parts = [_replaced(part, by) for part in value]
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value
