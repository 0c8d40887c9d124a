"""EngineReport: by how much two engines differ, operation by operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["EngineReport", "EngineResult"]


@dataclass(frozen=True)
class EngineResult:
    """One array that both engines computed.

    Attributes
    ----------
    place : str
        Whose, for example "dense_1.sigmoid", "dense_1" or "loss".
    what : str
        "output", "input_grad" or "param_grad".
    shape : tuple of int
        Of the array.
    absolute, relative : float
        Largest difference of two elements, and that over the largest element.
    ok : bool
        Whether the relative difference is within the tolerance.
    problem : str
        In words, if not even shapes or dtypes agree.
    """

    place: str
    what: str
    shape: tuple[int, ...]
    absolute: float
    relative: float
    ok: bool
    problem: str = ""

    @property
    def verdict(self) -> str:
        """In a word: "agree" or "DIFFER"."""
        return "agree" if self.ok else "DIFFER"


@dataclass
class EngineReport:
    """What both engines computed of one batch.

    It prints as a table, and is true if all agree, so that a test can say
    ``assert compare_engines(net, X, y)``.

    Attributes
    ----------
    subject : str
        What was run.
    tolerance : float
        Largest relative difference that passes.
    results : list of EngineResult
        In the order of the forward pass.
    """

    subject: str
    tolerance: float
    results: list[EngineResult] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return all(result.ok for result in self.results)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def worst(self) -> EngineResult:
        """The one that differs most."""
        return max(self.results, key=lambda result: (not result.ok, result.relative))

    @property
    def verdict(self) -> str:
        """One sentence."""
        worst = self.worst
        differing = sum(not result.ok for result in self.results)
        found = f"{differing} of {len(self.results)} arrays differ" if differing else "all agree"
        return (
            f"{self.subject} on NumPy and XLA: {found}; largest relative difference "
            f"{worst.relative:.1e}, {worst.place}.{worst.what}"
        )

    def __str__(self) -> str:
        lines = [self.verdict]
        lines += [
            f"  {r.verdict}  {r.place}.{r.what}: {r.problem or f'{r.relative:.1e}'}"
            for r in self.results
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as a table."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("of", "what"):
            table.add_column(column, overflow="fold")
        for column in ("shape", "absolute", "relative", ""):
            table.add_column(column, justify="right")
        for result in self.results:
            table.add_row(
                result.place,
                result.what,
                "x".join(map(str, result.shape)) or "1",
                f"{result.absolute:.1e}",
                f"{result.relative:.1e}",
                Text(result.verdict, "green" if result.ok else "bold red"),
            )
        yield Text(self.verdict, "bold")
        yield table
        for result in self.results:
            if result.problem:
                yield Text(f"{result.place}.{result.what}: {result.problem}", "bold red")
