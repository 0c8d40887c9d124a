"""What rules refer to by name: globals, variables of enclosing functions, class attributes."""

from __future__ import annotations

import dis
import functools
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

__all__ = ["Name", "is_users", "names_of_class", "names_of_function"]

_FOREIGN = frozenset(
    {"glassbrick", "numpy", "scipy", "pandas", "polars", "pyarrow", "sklearn", "jax", "jaxlib"}
    | {"torch", "matplotlib"}
)
_globals_of: weakref.WeakKeyDictionary[types.CodeType, frozenset[str]] = weakref.WeakKeyDictionary()


class Name(NamedTuple):
    """A name, what it means, and how to let it mean something else."""

    path: str
    value: Any
    put: Callable[[Any], None]


def is_users(thing: Any) -> bool:
    """Whether a class or a function is the user's, and not Python's or a library's."""
    root = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return root == "__main__" or root not in sys.stdlib_module_names | _FOREIGN


def names_of_class(kind: type) -> Iterator[Name]:
    """Iterate over the attributes of a class, and over what its methods refer to."""
    for name, value in list(vars(kind).items()):
        path = f"{kind.__qualname__}.{name}"
        functions = list(_functions_in(value))
        for function in functions:
            yield from names_of_function(function, path)
        is_special = name.startswith("__") and name.endswith("__")
        if not (functions or is_special or hasattr(value, "__get__")):
            yield Name(path, value, functools.partial(type.__setattr__, kind, name))


def names_of_function(function: types.FunctionType, path: str) -> Iterator[Name]:
    """Iterate over what a function refers to, but for its own variables."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield Name(
                f"{path}.{name}",
                cell.cell_contents,
                functools.partial(setattr, cell, "cell_contents"),
            )
        except ValueError:
            continue  # it means nothing yet
    for name in ("__defaults__", "__kwdefaults__"):
        if value := getattr(function, name):
            yield Name(f"{path}.{name}", value, functools.partial(setattr, function, name))
    names = function.__globals__
    for name in sorted(_global_names(function.__code__) & names.keys()):
        put = functools.partial(names.__setitem__, name)
        yield Name(f"{names.get('__name__')}.{name}", names[name], put)


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
