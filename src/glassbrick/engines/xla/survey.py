"""Survey: finds all that a training step can reach, describes it, and makes a copy of it.

Nothing is declared: attributes, lists, tuples, dictionaries and what rules refer to by name are
followed from the network and the optimizer down, and each array that is met is state. The step
is recorded on the copy, so that the objects themselves never hold anything but numbers.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.blocks import Block
from glassbrick.checks import complaint
from glassbrick.engines.xla.attributes import attributes, set_attribute
from glassbrick.engines.xla.containers import CONTAINERS, LITERALS, Put, nowhere
from glassbrick.engines.xla.surroundings import Name, is_users, names_of_class
from glassbrick.engines.xla.unusable import GENERATORS, Unusable
from glassbrick.errors import TracingError
from glassbrick.layers import Layer
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["Found", "Survey"]

# Where random numbers come from, and who belongs to whom: no part of a training step.
_NO_PART: dict[type, frozenset[str]] = {
    Block: frozenset({"_owner"}),
    Layer: frozenset({"_streams", "_place", "seed", "weight_init", "bias_init"}),
    NeuralNetwork: frozenset({"streams", "seed"}),
}
_UNUSABLE = (
    *GENERATORS,
    *(weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet),
    *weakref.ProxyTypes,
    threading.local,
)
_DTYPES = ("f2", "f4", "f8", "c8", "c16")
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
    put: Put


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
    seen : dict of int to (str, object, object)
        By its id, where each thing was found first, its copy, and the thing itself.
    unscanned : deque of iterators
        Names that are still to be looked up.
    """

    def __init__(
        self,
        roots: dict[str, Any],
        varying: frozenset[str] = frozenset(),
        stand_in: Callable[[Any], Any] = lambda held: held,
    ):
        self.found: list[Found] = []
        self.places: dict[str, int] = {}
        self.facts: dict[str, Hashable] = {}
        self.copies: dict[str, Any] = {}
        self._varying, self._stand_in = varying, stand_in
        self._numbers: dict[Hashable, int] = {}
        self.seen: dict[int, tuple[str, Any, Any]] = {}
        self.unscanned: deque[Iterator[Name]] = deque()
        self._scanned: dict[type, frozenset[str]] = {}  # with the names of their attributes
        self._names: list[tuple[Name, Any, Any]] = []
        self._looked_up: set[Hashable] = set()
        self._in_surroundings = False
        try:
            for name, root in roots.items():
                self.copies[name] = self.visit(name, root, nowhere)
            self._look_around()
        except RecursionError:
            message = "too deeply: lists in lists, or objects in objects, hundreds of times over"
            raise TracingError(f"What a training step can reach is linked {message}.") from None

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
            for kind, attributes_before in self._scanned.items():
                for new in vars(kind).keys() - attributes_before:
                    type.__delattr__(kind, new)
        except KeyboardInterrupt:
            self._put_back()
            raise

    def _look_around(self) -> None:
        """Look through what rules have not from the objects that they belong to."""
        self._in_surroundings = True
        while self.unscanned:
            for name in self.unscanned.popleft():
                self.look_up(name)

    def look_up(self, name: Name) -> None:
        """Look at what a name means, and note its copy, which it shall mean for a while."""
        if name.key in self._looked_up:
            return
        self._looked_up.add(name.key)
        path, thing = name.path, name.get()
        while path in self.facts or path in self.places:
            path += "'"  # classes of one name
        self._names.append((name, thing, self.visit(path, thing, name.put)))

    # For those who look through containers.

    def visit(self, path: str, thing: Any, put: Put) -> Any:
        """Look at something, and return its copy."""
        if is_traced(thing) or isinstance(thing, np.ndarray):
            return self._array(path, thing, put)
        if path in self._varying and isinstance(thing, int | float | np.generic):
            return self._state(path, path, thing, put)
        if isinstance(thing, LITERALS):
            self.facts[path] = (type(thing), repr(thing))
            return thing
        if id(thing) in self.seen:
            first, copy, _ = self.seen[id(thing)]
            self.facts[path] = ("as", first)
            return copy
        return self._enter(path, thing, put)

    def _array(self, path: str, found: Any, put: Put) -> Any:
        if is_traced(found):
            alone = found.scalar or found.number
            return self._state(path, path if alone else id(found), found, put)
        if not self._in_surroundings:
            _require_plain(path, found)
        is_known = id(found) in self._numbers or not self._in_surroundings
        if found.dtype.kind in "biufc" and is_known:
            return self._state(path, id(found), found, put)
        digest = _digest(found)
        self.facts[path] = (found.shape, found.dtype, digest)
        if id(found) in self.seen:
            return self.seen[id(found)][1]
        return self.remember(path, found, found if digest is None else found.copy())

    def _state(self, path: str, key: Hashable, held: Any, put: Put) -> Any:
        if key not in self._numbers:
            self._numbers[key] = len(self.found)
            self.found.append(Found(held, self._stand_in(held), put))
        self.places[path] = self._numbers[key]
        return self.found[self._numbers[key]].stand_in

    def _enter(self, path: str, thing: Any, put: Put) -> Any:
        """Look through something that may hold others, and return its copy."""
        self.facts[path] = (thing.__class__,)
        if type(thing) is Unusable:
            return thing
        if type(thing) is weakref.ref:
            return self._reference(path, thing)
        if isinstance(thing, _UNUSABLE) or type(thing).__module__.startswith("glassbrick.training"):
            return self.remember(path, thing, Unusable(thing))
        for kind, look_through in CONTAINERS.items():
            if isinstance(thing, kind):
                return look_through(self, path, thing, put)
        if _is_followed(thing):
            return self._object(path, thing)
        if isinstance(thing, Iterator):
            return self.remember(path, thing, Unusable(thing))
        return self._shared(path, thing)

    def remember(self, path: str, thing: Any, copy: Any) -> Any:
        """Keep the copy of a thing, which must live on lest its id be given out again."""
        self.seen[id(thing)] = (path, copy, thing)
        return copy

    def _shared(self, path: str, thing: Any) -> Any:
        by_value = isinstance(thing, Hashable) and type(thing).__module__ in sys.stdlib_module_names
        self.facts[path] = thing if by_value else (type(thing), id(thing))
        if isinstance(thing, bytearray | array):
            self.facts[path] = (type(thing), bytes(thing))
        return self.remember(path, thing, thing)

    def _reference(self, path: str, thing: Any) -> Any:
        target = thing()
        copy = thing if target is None else weakref.ref(self.visit(f"{path}()", target, nowhere))
        return self.remember(path, thing, copy)

    def _object(self, path: str, thing: Any) -> Any:
        if hasattr(type(thing), "__del__"):  # which a copy would do, too
            return self.remember(path, thing, Unusable(thing))
        try:
            copy = object.__new__(type(thing))
        except TypeError:  # it is a kind of number, text or exception
            return self._shared(path, thing)
        self.remember(path, thing, copy)
        self.copy_attributes(path, thing, copy)
        self.scan_class(type(thing))
        return copy

    def copy_attributes(self, path: str, thing: Any, copy: Any) -> None:
        """Look at the attributes of something, and give copies of them to its copy."""
        left_out = _no_part_of(thing)
        memory = thing.memory if isinstance(thing, Block) else ()
        for name, value in sorted(attributes(thing), key=lambda item: item[0]):
            if name in memory:
                continue
            if name in left_out:
                new = value
            elif name == "_lr" and isinstance(thing, Optimizer):
                new = self._rate(f"{path}.lr", value, thing)
            else:
                new = self.visit(f"{path}.{name}", value, _attribute(thing, name))
            set_attribute(copy, name, new)
        for name in memory:
            set_attribute(copy, name, Unusable.memory(thing, name))

    def _rate(self, path: str, rate: Any, optimizer: Optimizer) -> Any:
        put = functools.partial(Optimizer.lr.__set__, optimizer)  # type: ignore[attr-defined]
        return self._state(path, path, rate, put)

    def scan_class(self, kind: type) -> None:
        """Look at what the methods of a class refer to, later."""
        for base in kind.__mro__:
            if base not in self._scanned and is_users(base):
                self._scanned[base] = frozenset(vars(base))
                self.unscanned.append(names_of_class(base))


def _is_followed(thing: Any) -> bool:
    """Whether to look into an object: not into those of other libraries."""
    kind = type(thing)
    has_attributes = hasattr(thing, "__dict__") or hasattr(kind, "__slots__")
    is_plain = kind is types.SimpleNamespace or kind.__module__ == "collections"
    is_ours = kind.__module__.partition(".")[0] == "glassbrick"
    return has_attributes and (is_plain or is_ours or is_users(kind))


def _require_plain(path: str, found: Any) -> None:
    """Refuse arrays that compute in their own way."""
    if type(found) not in (np.ndarray, np.memmap):
        received = f"a {type(found).__name__}, which computes in its own way"
        _refuse(path, "a plain array of NumPy", received, "Convert it with np.array(...)")
    if found.dtype.kind == "O" and not all(isinstance(part, LITERALS) for part in found.flat):
        _refuse(path, "an array of numbers", "an array of objects", "Hold them in a list")
    if found.dtype.kind in "fc" and found.dtype not in _DTYPES:
        received = f"one of dtype {found.dtype}"
        _refuse(path, "an array of float64 or float32", received, "Convert it with astype")


def _refuse(path: str, expected: str, received: str, remedy: str) -> NoReturn:
    remedy += ', or train with engine="numpy".'
    raise TracingError(complaint(path, expected, received, remedy))


def _no_part_of(thing: Any) -> set[str]:
    """Name the attributes that a step has no part in."""
    return {name for base, names in _NO_PART.items() if isinstance(thing, base) for name in names}


def _digest(found: Any) -> Hashable:
    """Return what shows whether an array was changed in place; of large ones, nothing does."""
    return hash(found.tobytes()) if found.size <= _MOST_COMPARED else None


def _attribute(thing: Any, name: str) -> Put:
    return functools.partial(set_attribute, thing, name)
