"""Refuses what cannot be compiled: names the class, the method, the line and the expression."""

from __future__ import annotations

import linecache
import sys
from contextvars import ContextVar
from pathlib import Path
from types import CodeType, FrameType
from typing import NoReturn

from glassbrick.blocks import Block
from glassbrick.checks import complaint
from glassbrick.errors import TracingError
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import Optimizer

__all__ = ["place_in_users_code", "refusals", "refuse_to_trace", "users_code"]

_LIBRARIES = ("glassbrick.engines.", "numpy", "scipy", "jax", "contextlib", "functools")


refusals: ContextVar[list[TracingError] | None] = ContextVar("refusals", default=None)
"""Those of the recording that is going on, lest a rule's ``except`` hide them."""


def refuse_to_trace(what: str, why: str, remedy: str) -> NoReturn:
    """Raise a `TracingError` about the line of the user's code that is running.

    Parameters
    ----------
    what : str
        The function or the kind of expression, for when the source cannot be shown.
    why : str
        Why it cannot be compiled.
    remedy : str
        What to write instead.
    """
    frame = sys._getframe(1)
    source = _expression(_users_frame(frame))
    received = f"{what} in `{source}`" if source else what
    error = TracingError(
        complaint(
            place_in_users_code(frame),
            "NumPy that can be compiled",
            f"{received}: {why}",
            f'{remedy} Or train with engine="numpy".',
        )
    )
    noted = refusals.get()
    if noted is not None:
        noted.append(error)
    raise error


def place_in_users_code(frame: FrameType | None = None) -> str:
    """Name the rule that is running: "Clip._output (blocks.py, line 12)"."""
    users = _users_frame(frame or sys._getframe(1))
    if users is None:
        return "the training step"
    where = f"({Path(users.f_code.co_filename).name}, line {users.f_lineno})"
    rule = _rule(users)
    if rule is None:
        return f"{users.f_code.co_qualname} {where}"
    name = f"{type(rule.f_locals['self']).__name__}.{rule.f_code.co_name}"
    helper = "" if rule is users else f", {users.f_code.co_name}"
    return f"{name}{helper} {where}"


def users_code(frame: FrameType | None) -> CodeType | None:
    """Return the code of the user's function that is running."""
    users = _users_frame(frame)
    return users.f_code if users is not None else None


def _users_frame(frame: FrameType | None) -> FrameType | None:
    """Find the innermost frame that is not in a library's code."""
    while frame is not None and _in_library(frame):
        frame = frame.f_back
    return frame


def _in_library(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__", "")
    return any(module == name or module.startswith(f"{name.rstrip('.')}.") for name in _LIBRARIES)


def _rule(frame: FrameType | None) -> FrameType | None:
    """Find the innermost frame that is a method of a block, an optimizer or a network."""
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), Block | Optimizer | NeuralNetwork):
            return frame
        frame = frame.f_back
    return None


def _expression(frame: FrameType | None) -> str:
    """Return the source of the expression that a frame is evaluating, if it is on one line."""
    if frame is None:
        return ""
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    line, end_line, column, end_column = positions
    if line is None or column is None:
        return ""
    text = linecache.getline(frame.f_code.co_filename, line, frame.f_globals)
    if line != end_line:
        return text.strip()
    return text.encode()[column:end_column].decode().strip()
