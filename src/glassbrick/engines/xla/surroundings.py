"""What rules refer to by name: globals, variables of enclosing functions, class attributes."""

from __future__ import annotations

import dis
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

__all__ = ["Name", "globals_of", "is_users", "names_of_class", "variables_of"]

_NOT_THE_USERS = sys.stdlib_module_names | frozenset(
    {"glassbrick", "numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "jax", "jaxlib"}
    | {"torch", "matplotlib"}
)
_BEFORE_TRAINING = frozenset({"__init__", "_setup_layer"})
_globals_of: weakref.WeakKeyDictionary[types.CodeType, frozenset[str]] = weakref.WeakKeyDictionary()


class Name(NamedTuple):
    """A name, how to look up what it means, and how to let it mean something else."""

    path: str
    get: Callable[[], Any]
    put: Callable[[Any], None]


def is_users(thing: Any) -> bool:
    """Whether a class or a function is the user's, and not Python's or a library's."""
    root = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return root == "__main__" or root not in _NOT_THE_USERS


def names_of_class(kind: type) -> Iterator[Name]:
    """Iterate over the attributes of a class, and over what its methods refer to."""
    for name, value in list(vars(kind).items()):
        path = f"{kind.__qualname__}.{name}"
        functions = list(_functions_in(value))
        for function in functions if name not in _BEFORE_TRAINING else ():
            yield from variables_of(function, path)
            yield from globals_of(function)
        is_special = name.startswith("__") and name.endswith("__")
        if not (functions or is_special or hasattr(value, "__get__")):
            yield _attribute(path, kind, name)


def variables_of(function: types.FunctionType, path: str) -> Iterator[Name]:
    """Iterate over what a function has from where it was made: closure, default arguments."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if cell != types.CellType():  # it means something already
            yield _attribute(f"{path}.{name}", cell, "cell_contents")
    for name in ("__defaults__", "__kwdefaults__"):
        if getattr(function, name):
            yield _attribute(f"{path}.{name}", function, name)


def globals_of(function: types.FunctionType) -> Iterator[Name]:
    """Iterate over the global names that a function refers to."""
    names = function.__globals__
    for name in sorted(_global_names(function.__code__) & names.keys()):
        get, put = partial(names.get, name), partial(names.__setitem__, name)
        yield Name(f"{names.get('__name__')}.{name}", get, put)


def _attribute(path: str, holder: Any, name: str) -> Name:
    return Name(path, partial(getattr, holder, name), partial(setattr, holder, name))


def _functions_in(value: Any) -> Iterator[types.FunctionType]:
    """Iterate over the functions that an entry of a class stands for."""
    if isinstance(value, types.FunctionType):
        yield value
    for name in ("__func__", "__wrapped__", "func", "fget", "fset"):
        inner = getattr(value, name, None) if hasattr(value, "__get__") else None
        if isinstance(inner, types.FunctionType):
            yield inner


def _global_names(code: types.CodeType) -> frozenset[str]:
    """Return the names that code looks up outside of its function."""
    if code not in _globals_of:
        found = {i.argval for i in dis.get_instructions(code) if i.opname.endswith("_GLOBAL")}
        inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
        _globals_of[code] = frozenset(found.union(*map(_global_names, inner)))
    return _globals_of[code]
