"""What rules refer to by name: globals, variables of enclosing functions, class attributes."""

from __future__ import annotations

import dis
import sys
import types
import weakref
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from functools import partial
from typing import Any, NamedTuple

from glassbrick.blocks import Block
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["MISSING", "Name", "globals_of", "is_users", "names_of_class", "variables_of"]

MISSING = object()
"""What a name means that means nothing yet."""

_NOT_THE_USERS = sys.stdlib_module_names | frozenset(
    {"glassbrick", "numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "jax", "jaxlib"}
    | {"torch", "matplotlib"}
)
_BEFORE_TRAINING = frozenset({"__init__", "_setup_layer"})


class Name(NamedTuple):
    """A name, how to look up what it means, and how to let it mean something else.

    Two that look up the same have the same key.
    """

    path: str
    key: Hashable
    get: Callable[[], Any]
    put: Callable[[Any], None]


class _Names(NamedTuple):
    """The names in the code of a function, and in that of functions within it."""

    used: frozenset[str]
    changed: frozenset[str]
    attributes: frozenset[str]


_names_in: weakref.WeakKeyDictionary[types.CodeType, _Names] = weakref.WeakKeyDictionary()


def is_users(thing: Any) -> bool:
    """Whether a class, function or module is the user's, and not Python's or a library's."""
    attribute = "__name__" if isinstance(thing, types.ModuleType) else "__module__"
    root = (getattr(thing, attribute, None) or "").partition(".")[0]
    return root == "__main__" or root not in _NOT_THE_USERS


def names_of_class(kind: type) -> Iterator[Name]:
    """Iterate over the attributes of a class, and over what its methods refer to."""
    early = _BEFORE_TRAINING if issubclass(kind, Block | Optimizer | NeuralNetwork) else ()
    for name, value in list(vars(kind).items()):
        path = f"{kind.__qualname__}.{name}"
        functions = list(_functions_in(value))
        for function in functions if name not in early else ():
            yield from variables_of(function, path)
            yield from globals_of(function)
        is_special = name.startswith("__") and name.endswith("__")
        is_bound = hasattr(type(value), "__get__") and not is_users(type(value))
        if not (functions or is_special or is_bound):
            get, put = partial(vars(kind).get, name), partial(type.__setattr__, kind, name)
            yield Name(path, (id(kind), name), get, put)


def variables_of(function: types.FunctionType, path: str) -> Iterator[Name]:
    """Iterate over what a function has from where it was made: closure, default arguments."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != types.CellType():  # it means something already
            yield _attribute(f"{path}.{name}", cell, "cell_contents")
    for name in ("__defaults__", "__kwdefaults__", *vars(function)):
        if getattr(function, name):
            yield _attribute(f"{path}.{name}", function, name)


def globals_of(function: types.FunctionType) -> Iterator[Name]:
    """Iterate over the global names that a function refers to."""
    names, found = function.__globals__, _names_of(function.__code__)
    for name in sorted(found.changed - names.keys()):
        yield _global(names, name)
    for name in sorted(found.used & names.keys()):
        yield _global(names, name)
        module = names[name]
        if isinstance(module, types.ModuleType) and is_users(module):
            for attribute in sorted(found.attributes & vars(module).keys()):
                yield _global(vars(module), attribute)


def _global(names: dict[str, Any], name: str) -> Name:
    path = f"{names.get('__name__')}.{name}"
    get, put = partial(names.get, name, MISSING), partial(_put, names, name)
    return Name(path, (id(names), name), get, put)


def _put(names: MutableMapping[str, Any], name: str, value: Any) -> None:
    if value is MISSING:
        names.pop(name, None)
    else:
        names[name] = value


def _attribute(path: str, holder: Any, name: str) -> Name:
    get, put = partial(getattr, holder, name), partial(setattr, holder, name)
    return Name(path, (id(holder), name), get, put)


def _functions_in(value: Any) -> Iterator[types.FunctionType]:
    """Iterate over the functions that an entry of a class stands for."""
    if isinstance(value, types.FunctionType):
        yield value
    elif hasattr(type(value), "__get__") and not is_users(type(value)):
        inner = (getattr(value, name, None) for name in ("__func__", "func", "fget", "fset"))
        yield from (part for part in inner if isinstance(part, types.FunctionType))


def _names_of(code: types.CodeType) -> _Names:
    if code not in _names_in:
        found = [(i.opname, i.argval) for i in dis.get_instructions(code)]
        used = {name for operation, name in found if operation.endswith("_GLOBAL")}
        changed = {n for operation, n in found if operation in ("STORE_GLOBAL", "DELETE_GLOBAL")}
        own = _Names(frozenset(used), frozenset(changed), frozenset(code.co_names))
        inner = [_names_of(c) for c in code.co_consts if isinstance(c, types.CodeType)]
        _names_in[code] = _Names(*(a.union(*parts) for a, *parts in zip(own, *inner, strict=True)))
    return _names_in[code]
