"""RandomStreams: whether anybody drew from the global streams of random numbers."""

from __future__ import annotations

import pickle
import random
from typing import Any

import numpy as np

__all__ = ["RandomStreams"]


class RandomStreams:
    """The states of the streams of ``np.random`` and ``random`` at one moment."""

    def __init__(self) -> None:
        self._states = self._now()

    def moved(self) -> bool:
        """Whether they are in another state now."""
        return pickle.dumps(self._now()) != pickle.dumps(self._states)

    def restore(self) -> None:
        """Put them back."""
        of_numpy, of_python = self._states
        np.random.set_state(of_numpy)  # noqa: NPY002
        random.setstate(of_python)

    @staticmethod
    def _now() -> tuple[Any, Any]:
        return np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002
