"""One call on a network, computed compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import run_once
from glassbrick.engines.xla.recording import record
from glassbrick.engines.xla.settings import own_settings
from glassbrick.engines.xla.survey import Survey
from glassbrick.engines.xla.whole_writes import with_whole_writes
from glassbrick.network import NeuralNetwork

__all__ = ["compute"]


def compute(
    call: Callable[..., Any], net: NeuralNetwork, inputs: Sequence[Array], placement: Placement
) -> Any:
    """Return what a call with a network returns; the network stays as it is.

    Parameters
    ----------
    call : callable
        Takes a network and the inputs, and returns arrays, in lists or dicts.
    net : NeuralNetwork
        Which is given to it as a copy.
    inputs : sequence of ndarray
        What it takes, rows first.
    placement : Placement
        On which devices.
    """
    roots = {"network": net}

    def with_copy(roots: dict[str, Any], *inputs: Any) -> Any:
        return call(roots["network"], *inputs)

    with own_settings():
        recording = record(roots, with_copy, *inputs)
        read = tuple(sorted(recording.pure.read))
        held = [found.held for found in Survey(roots).found]
        values = [np.asarray(held[number]) for number in read]
        function = with_whole_writes(recording.pure, placement).between(read, ())

        def by_rows(values: list[Any], *inputs: Any) -> Any:
            return function(values, *placement.spread(inputs))

        result, _ = run_once(by_rows, placement, values, *inputs)
        return jax.device_get(result)
