"""HealthReport: all remarks on a network and its data, worst first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from glassbrick.doctor.remark import SEVERITIES, Remark

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["HealthReport"]

_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold blue"}


@dataclass(frozen=True)
class HealthReport:
    """What a doctor found. It prints in 80 columns.

    Attributes
    ----------
    subject : str
        What was looked at.
    remarks : tuple of Remark
        Worst first.

    Examples
    --------
    >>> from glassbrick import HealthReport, Remark
    >>> report = HealthReport("ten rows", (Remark("note", "column A", "Is 0.", "Leave it out."),))
    >>> report.is_healthy
    True
    >>> print(report)
    ten rows: healthy, 1 note
    <BLANKLINE>
    note     column A: Is 0.
             Leave it out.
    """

    subject: str
    remarks: tuple[Remark, ...]

    @classmethod
    def of(cls, subject: str, remarks: Iterable[Remark]) -> HealthReport:
        """Put remarks in order, worst first."""
        worst_first = sorted(remarks, key=lambda remark: SEVERITIES.index(remark.severity))
        return cls(subject, tuple(worst_first))

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is worse than a note."""
        return all(remark.severity == "note" for remark in self.remarks)

    @property
    def verdict(self) -> str:
        """One sentence."""
        counts = []
        for severity in SEVERITIES:
            number = sum(remark.severity == severity for remark in self.remarks)
            if number:
                counts.append(f"{number} {severity}{'s' if number > 1 else ''}")
        healthy = ["healthy"] if self.is_healthy else []
        return f"{self.subject}: {', '.join(healthy + counts)}"

    def to_json(self) -> str:
        """Return all of it as JSON; what is no finite number stands as null."""
        told = {
            "subject": self.subject,
            "is_healthy": self.is_healthy,
            "remarks": [asdict(remark) for remark in self.remarks],
        }
        return json.dumps(_finite(told), indent=2, allow_nan=False)

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        text = StringIO()
        console = Console(
            file=text, width=80, color_system=None, force_jupyter=False, legacy_windows=False
        )
        console.print(self)
        return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print the verdict, then each remark with its remedy."""
        from rich.table import Table
        from rich.text import Text

        yield Text(self.verdict, "bold")
        for remark in self.remarks:
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(width=7)
            grid.add_column(overflow="fold")
            said = Text.assemble((remark.where, "bold"), ": ", remark.what)
            grid.add_row(Text(remark.severity, _STYLES[remark.severity]), said)
            grid.add_row("", Text(remark.remedy, "green"))
            yield Text()
            yield grid


def _finite(value: object) -> object:
    """Return a value with None in the place of what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
