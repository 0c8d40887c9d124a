"""Survey: finds all that a training step can reach, describes it, and makes a copy of it.

Nothing is declared: attributes, lists, tuples, dictionaries and what rules refer to by name are
followed from the network and the optimizer down, and each array that is met is state. The step
is recorded on the copy, so that the objects themselves never hold anything but numbers.
"""

from __future__ import annotations

import functools
import random
import sys
import types
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.blocks import Block
from glassbrick.checks import complaint
from glassbrick.engines.xla.attributes import attributes, set_attribute
from glassbrick.engines.xla.surroundings import (
    Name,
    globals_of,
    is_users,
    names_of_class,
    variables_of,
)
from glassbrick.engines.xla.unusable import Unusable
from glassbrick.errors import TracingError
from glassbrick.layers import Layer
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["Found", "Survey"]

_Put = Callable[[Any], None]

# Where random numbers come from, and who belongs to whom: no part of a training step.
_NO_PART: dict[type, frozenset[str]] = {
    Block: frozenset({"_owner"}),
    Layer: frozenset({"_streams", "_index", "seed", "weight_init", "bias_init"}),
    NeuralNetwork: frozenset({"streams", "seed"}),
}
_LITERALS = (bool, int, float, complex, str, bytes, type(None), np.generic, Enum, np.dtype)
_GENERATORS = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, random.Random)
_WEAK = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet)
_MOST_COMPARED = 65536  # elements of an array that a rule has from elsewhere


class Found(NamedTuple):
    """An array of the state, or a number that changes.

    Attributes
    ----------
    held : array or number
        What the objects hold.
    stand_in : object
        What their copies hold in its place.
    put : callable
        Puts another number into its place.
    """

    held: Any
    stand_in: Any
    put: _Put


class Survey:
    """All that was found in a graph of objects, at one moment.

    Parameters
    ----------
    roots : dict of str to object
        Where to begin, by the names that paths shall begin with.
    varying : frozenset of str
        Paths of numbers that are state like arrays. The learning rate is always.
    stand_in : callable, optional
        Makes what copies hold in place of an array.

    Attributes
    ----------
    found : list
        Each array once, and each varying number.
    places : dict of str to int
        Which of these is at each path, such as "optimizer.velocities[0]".
    facts : dict of str to hashable
        Everything else that a step can leave changed: numbers, texts, classes, lengths of
        lists.
    copies : dict of str to object
        Copies of the roots. Only what cannot hold an array is shared with them.
    """

    def __init__(
        self,
        roots: dict[str, Any],
        varying: frozenset[str] = frozenset(),
        stand_in: Callable[[Any], Any] = lambda array: array,
    ):
        self.found: list[Found] = []
        self.places: dict[str, int] = {}
        self.facts: dict[str, Hashable] = {}
        self.copies: dict[str, Any] = {}
        self._varying, self._stand_in = varying, stand_in
        self._numbers: dict[Hashable, int] = {}
        self._seen: dict[int, tuple[str, Any, Any]] = {}
        self._unscanned: deque[Iterator[Name]] = deque()
        self._scanned: set[Any] = set()
        self._names: list[tuple[Name, Any, Any]] = []
        self._weak: list[tuple[Any, str, Any]] = []
        self._in_surroundings = False
        for name, root in roots.items():
            self.copies[name] = self._visit(name, root, _nowhere)
        self._look_around()
        for copy, name, target in self._weak:
            if id(target) in self._seen:
                set_attribute(copy, name, weakref.ref(self._seen[id(target)][1]))

    @contextmanager
    def copies_in_place(self) -> Iterator[None]:
        """Let the names that rules refer to mean the copies meanwhile."""
        try:
            for name, thing, copy in self._names:
                if copy is not thing:
                    name.put(copy)
            yield
        finally:
            self._put_back()

    def _put_back(self) -> None:
        try:
            for name, thing, _ in self._names:
                if name.get() is not thing:
                    name.put(thing)
        except KeyboardInterrupt:
            self._put_back()
            raise

    def _look_around(self) -> None:
        """Look through what rules have not from the objects that they belong to."""
        self._in_surroundings = True
        while self._unscanned:
            for name in self._unscanned.popleft():
                self._look_up(name)

    def _look_up(self, name: Name) -> None:
        path, thing = name.path, name.get()
        while path in self.facts or path in self.places:
            path += "'"  # classes of one name
        self._names.append((name, thing, self._visit(path, thing, name.put)))

    def _visit(self, path: str, thing: Any, put: _Put) -> Any:
        """Look at something, and return its copy."""
        if is_traced(thing) or isinstance(thing, np.ndarray):
            return self._array(path, thing, put)
        if path in self._varying and isinstance(thing, int | float | np.generic):
            return self._state(path, path, thing, put)
        if isinstance(thing, _LITERALS):
            self.facts[path] = (type(thing), repr(thing))
            return thing
        if id(thing) in self._seen:
            first, copy, _ = self._seen[id(thing)]
            self.facts[path] = ("as", first)
            return copy
        return self._enter(path, thing, put)

    def _array(self, path: str, array: Any, put: _Put) -> Any:
        if is_traced(array):
            alone = array.scalar or array.number
            return self._state(path, path if alone else id(array), array, put)
        if type(array) not in (np.ndarray, np.memmap):
            raise TracingError(
                complaint(
                    path,
                    "a plain array of NumPy",
                    f"a {type(array).__name__}, which computes in its own way",
                    'Convert it with np.array(...), or train with engine="numpy".',
                )
            )
        if array.dtype.kind == "O" and any(isinstance(part, np.ndarray) for part in array.flat):
            raise TracingError(
                complaint(
                    path,
                    "an array of numbers",
                    "an array of arrays",
                    'Hold them in a list, or train with engine="numpy".',
                )
            )
        is_known = id(array) in self._numbers or not self._in_surroundings
        if array.dtype.kind in "biufc" and is_known:
            return self._state(path, id(array), array, put)
        self.facts[path] = (array.shape, array.dtype, _digest(array))
        if id(array) in self._seen:
            return self._seen[id(array)][1]
        return self._remember(path, array, array if _digest(array) is None else array.copy())

    def _state(self, path: str, key: Hashable, held: Any, put: _Put) -> Any:
        if key not in self._numbers:
            self._numbers[key] = len(self.found)
            self.found.append(Found(held, self._stand_in(held), put))
        self.places[path] = self._numbers[key]
        return self.found[self._numbers[key]].stand_in

    def _enter(self, path: str, thing: Any, put: _Put) -> Any:
        """Look through something that may hold others, and return its copy."""
        self.facts[path] = (thing.__class__,)
        if type(thing) is Unusable:
            return thing
        if isinstance(thing, (*_GENERATORS, *_WEAK)):
            return self._remember(path, thing, Unusable(thing))
        for kind, look_through in _CONTAINERS.items():
            if isinstance(thing, kind):
                return look_through(self, path, thing, put)
        if _is_followed(thing):
            return self._object(path, thing)
        if isinstance(thing, Iterator):
            return self._remember(path, thing, Unusable(thing))
        return self._shared(path, thing)

    def _remember(self, path: str, thing: Any, copy: Any) -> Any:
        """Keep the copy of a thing, which must live on lest its id be given out again."""
        self._seen[id(thing)] = (path, copy, thing)
        return copy

    def _shared(self, path: str, thing: Any) -> Any:
        by_value = isinstance(thing, Hashable) and type(thing).__module__ in sys.stdlib_module_names
        self.facts[path] = thing if by_value else (type(thing), id(thing))
        return self._remember(path, thing, thing)

    def _list(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        kind = type(thing)
        base: Any = deque if isinstance(thing, deque) else list
        copy = self._remember(path, thing, base.__new__(kind))
        if base is deque:
            deque.__init__(copy, (), thing.maxlen)
        self.facts[path] = (kind, len(thing))
        for index, value in enumerate(thing):
            base.append(copy, self._visit(f"{path}[{index}]", value, _item(thing, index)))
        self._attributes(path, thing, copy)
        return copy

    def _tuple(self, path: str, thing: Any, put: _Put) -> Any:
        parts = list(thing)

        def put_part(index: int) -> _Put:
            def put_it(value: Any) -> None:
                parts[index] = value
                put(tuple.__new__(type(thing), parts))

            return put_it

        self.facts[path] = (type(thing), len(thing))
        copies = [self._visit(f"{path}[{i}]", v, put_part(i)) for i, v in enumerate(thing)]
        same = all(copy is value for copy, value in zip(copies, thing, strict=True))
        return thing if same else tuple.__new__(type(thing), copies)

    def _dict(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        kind = type(thing)
        base: Any = OrderedDict if isinstance(thing, OrderedDict) else dict
        copy = self._remember(path, thing, base.__new__(kind))
        if hasattr(thing, "default_factory"):
            copy.default_factory = thing.default_factory
        names = [_name_of_key(key, number) for number, key in enumerate(thing)]
        self.facts[path] = (kind, tuple(names))
        for name, (key, value) in zip(names, list(thing.items()), strict=True):
            known = isinstance(key, _LITERALS)
            new_key = key if known else self._visit(f"{path} {name}", key, _nowhere)
            new_value = self._visit(f"{path}[{name}]", value, _item(thing, key))
            base.__setitem__(copy, new_key, new_value)
        self._attributes(path, thing, copy)
        return copy

    def _set(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        if not all(isinstance(part, _LITERALS) or id(part) in self._seen for part in thing):
            return self._remember(path, thing, Unusable(thing))
        known = {id(part): self._seen[id(part)] for part in thing if id(part) in self._seen}
        names = (known[id(part)][0] if id(part) in known else repr(part) for part in thing)
        self.facts[path] = (type(thing), frozenset(names))
        copies = (known[id(part)][1] if id(part) in known else part for part in thing)
        return self._remember(path, thing, type(thing)(copies))

    def _function(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        self.facts[path] = thing.__code__
        self._remember(path, thing, thing)
        if is_users(thing):
            for name in variables_of(thing, path):
                self._look_up(name)
            self._unscanned.append(globals_of(thing))
        return thing

    def _class(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        self.facts[path] = thing
        self._scan_class(thing)
        return thing

    def _method(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        owner = self._visit(f"{path}.__self__", thing.__self__, _nowhere)
        if isinstance(thing, types.BuiltinMethodType):
            copy = thing if owner is thing.__self__ else getattr(owner, thing.__name__)
        else:
            function = self._visit(f"{path}.__func__", thing.__func__, _nowhere)
            copy = types.MethodType(function, owner)
        return self._remember(path, thing, copy)

    def _partial(self, path: str, thing: Any, put: _Put) -> Any:  # noqa: ARG002
        function = self._visit(f"{path}.func", thing.func, _nowhere)
        args = self._visit(f"{path}.args", thing.args, _nowhere)
        keywords = self._visit(f"{path}.keywords", thing.keywords, _nowhere)
        return self._remember(path, thing, functools.partial(function, *args, **keywords))

    def _object(self, path: str, thing: Any) -> Any:
        try:
            copy = object.__new__(type(thing))
        except TypeError:  # it is a kind of number, text or exception
            return self._shared(path, thing)
        self._remember(path, thing, copy)
        self._attributes(path, thing, copy)
        self._scan_class(type(thing))
        return copy

    def _attributes(self, path: str, thing: Any, copy: Any) -> None:
        left_out = _no_part_of(type(thing))
        memory = thing.memory if isinstance(thing, Block) else ()
        for name, value in sorted(attributes(thing), key=lambda item: item[0]):
            if name in memory:
                continue
            if name in left_out:
                new = value
            elif name == "_lr" and isinstance(thing, Optimizer):
                new = self._rate(f"{path}.lr", value, thing)
            else:
                new = self._visit(f"{path}.{name}", value, _attribute(thing, name))
            set_attribute(copy, name, new)
            if type(value) is weakref.ref:
                self.facts[f"{path}.{name}"] = weakref.ref
                self._weak.append((copy, name, value()))

    def _rate(self, path: str, rate: Any, optimizer: Optimizer) -> Any:
        return self._state(path, path, rate, functools.partial(setattr, optimizer, "lr"))

    def _scan_class(self, kind: type) -> None:
        for base in kind.__mro__:
            if base not in self._scanned and is_users(base):
                self._scanned.add(base)
                self._unscanned.append(names_of_class(base))


_CONTAINERS: dict[Any, Callable[[Survey, str, Any, _Put], Any]] = {
    (list, deque): Survey._list,
    tuple: Survey._tuple,
    dict: Survey._dict,
    (set, frozenset): Survey._set,
    type: Survey._class,
    types.FunctionType: Survey._function,
    (types.MethodType, types.BuiltinMethodType): Survey._method,
    functools.partial: Survey._partial,
}


def _is_followed(thing: Any) -> bool:
    """Whether to look into an object: not into those of other libraries."""
    kind = type(thing)
    has_attributes = hasattr(thing, "__dict__") or hasattr(kind, "__slots__")
    is_plain = kind is types.SimpleNamespace or kind.__module__ == "collections"
    is_ours = kind.__module__.partition(".")[0] == "glassbrick"
    return has_attributes and (is_plain or is_ours or is_users(kind))


@functools.lru_cache(maxsize=256)
def _no_part_of(kind: type) -> frozenset[str]:
    return frozenset().union(*(names for base, names in _NO_PART.items() if issubclass(kind, base)))


def _name_of_key(key: Any, number: int) -> str:
    """Name a key by what it is, or by its place, if others could look the same."""
    return repr(key) if type(key) in (str, int, float, bool, bytes, type(None)) else f"key {number}"


def _digest(array: Any) -> Hashable:
    """Return what shows whether an array was changed in place; of large ones, nothing does."""
    return hash(array.tobytes()) if array.size <= _MOST_COMPARED else None


def _nowhere(value: Any) -> None:
    """Put a number where there is no place for it: nothing of the kind holds one."""


def _item(container: Any, key: Any) -> _Put:
    return functools.partial(container.__setitem__, key)


def _attribute(thing: Any, name: str) -> _Put:
    return functools.partial(set_attribute, thing, name)
