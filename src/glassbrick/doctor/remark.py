"""Remark: one thing that a doctor found: what, where, by which figures, and what helps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["SEVERITIES", "Remark", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From worst to least: cannot work; works badly, or misleads; good to know."""


@dataclass(frozen=True)
class Remark:
    """One thing that was found.

    Attributes
    ----------
    severity : {"error", "warning", "note"}
        An error cannot work; a warning works badly, or misleads; a note is good to know.
    where : str
        Layer and operation, "dense_1.relu"; or column, "column TAX"; or "loss", "validation".
    what : str
        What was found, in words.
    remedy : str
        What helps.
    figures : dict of str to number or list
        By which figures it was found.
    kind : str
        The name of the rule that found it.

    Examples
    --------
    >>> from glassbrick import Remark
    >>> print(Remark("note", "column ZN", "It is constant.", "Leave it out.", kind="constant"))
    note: column ZN: It is constant. Leave it out.
    """

    severity: Severity
    where: str
    what: str
    remedy: str
    figures: dict[str, Any] = field(default_factory=dict)
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what} {self.remedy}"
