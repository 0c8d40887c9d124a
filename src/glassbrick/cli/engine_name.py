"""EngineName: the engines as an option takes them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["EngineName"]


class EngineName(StrEnum):
    """The engines to choose from."""

    numpy = "numpy"
    xla = "xla"
    auto = "auto"
