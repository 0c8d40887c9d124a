"""The attributes of any object, in its dictionary or in slots, past properties."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

__all__ = ["attributes", "set_attribute"]

_slots_of: weakref.WeakKeyDictionary[type, frozenset[str]] = weakref.WeakKeyDictionary()


def attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over names and values."""
    yield from list(getattr(thing, "__dict__", {}).items())
    for name in _slots(type(thing)):
        try:
            yield name, object.__getattribute__(thing, name)
        except AttributeError:
            continue  # a slot without a value


def set_attribute(thing: Any, name: str, value: Any) -> None:
    """Set an attribute, of frozen dataclasses too."""
    if name in _slots(type(thing)):
        object.__setattr__(thing, name, value)
    else:
        thing.__dict__[name] = value


def _slots(kind: type) -> frozenset[str]:
    """Return the names of the attributes that a class keeps outside of ``__dict__``."""
    if kind not in _slots_of:
        found: set[str] = set()
        for base in kind.__mro__:
            slots = vars(base).get("__slots__", ())
            names = (slots,) if isinstance(slots, str) else slots
            found |= {_mangled(name, base) for name in names}
        _slots_of[kind] = frozenset(found - {"__dict__", "__weakref__"})
    return _slots_of[kind]


def _mangled(name: str, kind: type) -> str:
    """Return the name that Python gives a private attribute."""
    is_private = name.startswith("__") and not name.endswith("__")
    return f"_{kind.__name__.lstrip('_')}{name}" if is_private else name
