"""How each kind of container is looked through and copied."""

from __future__ import annotations

import functools
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from glassbrick.engines.xla.surroundings import globals_of, is_users, variables_of
from glassbrick.engines.xla.unusable import Unusable

if TYPE_CHECKING:
    from glassbrick.engines.xla.survey import Survey

__all__ = ["CONTAINERS", "LITERALS", "Put", "nowhere"]

Put: TypeAlias = Callable[[Any], None]
"""Puts another value into the place where one was found."""

_PLAIN = {bool, int, float, complex, str, bytes, type(None)}
LITERALS = (*_PLAIN, np.generic, Enum, np.dtype)
"""What is compared by what it shows, and not copied."""

_MANY = 1000


def nowhere(value: Any) -> None:
    """Put a value where there is no place for it."""


def _list(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    kind = type(thing)
    if kind is list and _is_large_table(thing):
        survey.facts[path] = (list, hash(repr(thing)))
        return survey.remember(path, thing, list(thing))
    base: Any = deque if isinstance(thing, deque) else list
    copy = survey.remember(path, thing, base.__new__(kind))
    if base is deque:
        deque.__init__(copy, (), thing.maxlen)
    survey.facts[path] = (kind, len(thing))
    for index, value in enumerate(thing):
        base.append(copy, survey.visit(f"{path}[{index}]", value, _item(thing, index)))
    survey.copy_attributes(path, thing, copy)
    return copy


def _tuple(survey: Survey, path: str, thing: Any, put: Put) -> Any:
    parts = list(thing)

    def put_part(index: int) -> Put:
        def put_it(value: Any) -> None:
            parts[index] = value
            put(tuple.__new__(type(thing), parts))

        return put_it

    survey.facts[path] = (type(thing), len(thing))
    copies = [survey.visit(f"{path}[{i}]", v, put_part(i)) for i, v in enumerate(thing)]
    same = all(copy is value for copy, value in zip(copies, thing, strict=True))
    return thing if same else tuple.__new__(type(thing), copies)


def _dict(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    kind = type(thing)
    if kind is dict and _is_large_table(thing.values()) and _is_large_table(thing):
        survey.facts[path] = (dict, hash(repr(thing)))
        return survey.remember(path, thing, dict(thing))
    base: Any = OrderedDict if isinstance(thing, OrderedDict) else dict
    copy = survey.remember(path, thing, base.__new__(kind))
    if isinstance(thing, defaultdict):
        copy.default_factory = thing.default_factory
    names = [_name_of_key(key, number) for number, key in enumerate(thing)]
    survey.facts[path] = (kind, tuple(names))
    for name, (key, value) in zip(names, list(thing.items()), strict=True):
        known = isinstance(key, LITERALS)
        new_key = key if known else survey.visit(f"{path} {name}", key, nowhere)
        new_value = survey.visit(f"{path}[{name}]", value, _item(thing, key))
        base.__setitem__(copy, new_key, new_value)
    survey.copy_attributes(path, thing, copy)
    return copy


def _set(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    kind = type(thing)
    literals = {part for part in thing if _is_constant(part)}
    survey.facts[path] = (kind, len(thing), frozenset(map(repr, literals)))
    if len(literals) == len(thing):
        return survey.remember(path, thing, kind(thing))
    others = thing - literals
    if len([part for part in others if id(part) not in survey.seen]) > 1:
        return survey.remember(path, thing, Unusable(thing))  # there is no order to find them in
    copies = [survey.visit(f"{path} member", part, nowhere) for part in others]
    return survey.remember(path, thing, kind([*literals, *copies]))


def _is_large_table(things: Collection[Any]) -> bool:
    """Whether many things are all numbers and texts, which need not be looked at one by one."""
    return len(things) > _MANY and set(map(type, things)) <= _PLAIN


def _is_constant(thing: Any) -> bool:
    """Whether something holds nothing that could change."""
    if isinstance(thing, tuple):
        return all(map(_is_constant, thing))
    return isinstance(thing, (*LITERALS, type, types.FunctionType))


def _function(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    survey.facts[path] = thing.__code__
    survey.remember(path, thing, thing)
    if is_users(thing):
        for name in variables_of(thing, path):
            survey.look_up(name)
        survey.unscanned.append(globals_of(thing))
    return thing


def _class(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    survey.facts[path] = thing
    survey.scan_class(thing)
    return thing


def _method(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    owner = survey.visit(f"{path}.__self__", thing.__self__, nowhere)
    if type(owner) is Unusable:
        return survey.remember(path, thing, Unusable(thing.__self__))
    if isinstance(thing, types.BuiltinMethodType):
        copy = thing if owner is thing.__self__ else getattr(owner, thing.__name__)
    else:
        function = survey.visit(f"{path}.__func__", thing.__func__, nowhere)
        copy = types.MethodType(function, owner)
    return survey.remember(path, thing, copy)


def _partial(survey: Survey, path: str, thing: Any, put: Put) -> Any:  # noqa: ARG001
    function = survey.visit(f"{path}.func", thing.func, nowhere)
    args = survey.visit(f"{path}.args", thing.args, nowhere)
    keywords = survey.visit(f"{path}.keywords", thing.keywords, nowhere)
    return survey.remember(path, thing, functools.partial(function, *args, **keywords))


def _name_of_key(key: Any, number: int) -> str:
    """Name a key by what it is, or by its place, if others could look the same."""
    return repr(key) if type(key) in _PLAIN else f"key {number}"


def _item(container: Any, key: Any) -> Put:
    return functools.partial(container.__setitem__, key)


CONTAINERS: dict[Any, Callable[[Survey, str, Any, Put], Any]] = {
    (list, deque): _list,
    tuple: _tuple,
    dict: _dict,
    (set, frozenset): _set,
    type: _class,
    types.FunctionType: _function,
    (types.MethodType, types.BuiltinMethodType): _method,
    functools.partial: _partial,
}
"""What is done with things of each kind: facts are noted, parts visited, a copy returned."""
