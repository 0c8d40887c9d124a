"""Streamed: what came of `glassbrick train` on rows that were streamed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.cli.trained import ColumnFacts, Trained
from glassbrick.streams.summary import CategorySummary
from glassbrick.tables import Column

if TYPE_CHECKING:
    from glassbrick.streams import TableStream

__all__ = ["Streamed", "StreamedRows"]


@dataclass(frozen=True)
class StreamedRows:
    """What the summary of a training asks of its table.

    Attributes
    ----------
    name : str
        What to call it.
    stream : TableStream
        The rows.
    """

    name: str
    stream: TableStream

    def __len__(self) -> int:
        held_out = self.stream.held_out
        return self.stream.rows + (0 if held_out is None else len(held_out.X))

    @cached_property
    def columns(self) -> list[Column]:
        """The target, with a value that stands for those it has."""
        target = self.stream.target
        value = 0.0 if target.task == "classification" else 0.5
        return [Column(target.name, self.stream.target_kind, np.array([value]))]


@dataclass(frozen=True)
class Streamed(Trained):
    """A model that was trained on a stream.

    Attributes
    ----------
    stream : TableStream
        The rows.
    reason : str
        Why they were streamed.
    """

    stream: TableStream | None = None
    reason: str = ""

    @property
    def columns(self) -> list[ColumnFacts]:
        """All columns but the target."""
        if self.stream is None:
            return []
        left_out = dict(self.stream.features.left_out)
        found = [
            ColumnFacts(
                name,
                summary.kind,
                summary.missing,
                len(summary.counts) if isinstance(summary, CategorySummary) else None,
                left_out.pop(name, ""),
            )
            for name, summary in self.stream.columns.items()
        ]
        return [
            *found,
            *(ColumnFacts(name, "other", 0, None, why) for name, why in left_out.items()),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return all of it."""
        return super().to_json() | {"streamed": self.reason}
