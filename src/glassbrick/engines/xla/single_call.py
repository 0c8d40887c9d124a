"""One call on a network, computed compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.program import run_once
from glassbrick.engines.xla.recording import record_twice
from glassbrick.engines.xla.survey import Survey

__all__ = ["compute"]


def compute(call: Callable[..., Any], roots: dict[str, Any], inputs: Sequence[Array]) -> Any:
    """Return what a call returns; the objects that it changes are as before.

    Parameters
    ----------
    call : callable
        Takes the inputs, and returns arrays, in lists or dicts.
    roots : dict of str to object
        The objects whose arrays it uses.
    inputs : sequence of ndarray
        What it takes.
    """
    with jax.enable_x64(True):
        recording = record_twice(roots, call, *inputs)
        recording.require_apart()
        read = tuple(sorted(recording.pure.read))
        held = Survey.of(**roots).by_number()
        values = [np.asarray(held[number]) for number in read]
        result, _ = run_once(recording.pure.between(read, ()), values, *inputs)
        return jax.device_get(result)
