"""Importing JAX, which is optional, slow, and draws random numbers when it is imported."""

from __future__ import annotations

import sys
from importlib import import_module
from threading import Lock
from types import ModuleType

import numpy as np

from glassbrick.errors import MissingExtraError

__all__ = ["without_drawing"]

_importing = Lock()  # lest another thread sees modules that are half imported


def without_drawing(module: str, who: str = 'engine="xla"') -> ModuleType:
    """Import JAX, or a module that needs it.

    Importing JAX draws from NumPy's global stream, which is the user's.

    Parameters
    ----------
    module : str
        Its name.
    who : str, default 'engine="xla"'
        What needs it, for the error.

    Raises
    ------
    MissingExtraError
        If JAX is not there, or is broken.
    """
    with _importing:
        if "jax" not in sys.modules:
            _import_jax(who)
        return import_module(module)


def _import_jax(who: str) -> None:
    state = np.random.get_state()  # noqa: NPY002
    try:
        import_module("jax")
    except Exception as error:  # versions that do not fit each other raise all kinds
        problem = f"cannot be imported: {type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError) and error.name == "jax":
            problem = "is not installed"
        raise MissingExtraError(who, "JAX", "xla", problem) from None
    finally:
        np.random.set_state(state)  # noqa: NPY002
