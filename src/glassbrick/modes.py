"""Whether a forward pass trains or predicts: a matter of the call, not of the blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["is_predicting", "predicting"]

_predicting: ContextVar[bool] = ContextVar("predicting", default=False)

is_predicting = _predicting.get
"""Whether what is called now only predicts: dropout is off, statistics stay as they are."""


@contextmanager
def predicting() -> Iterator[None]:
    """Let all forward passes meanwhile, of this thread, be for prediction."""
    token = _predicting.set(True)
    try:
        yield
    finally:
        _predicting.reset(token)
