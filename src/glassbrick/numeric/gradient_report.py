"""GradientReport: which gradients were checked, and which is wrong, where and by how much."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["GradientReport", "GradientResult"]


@dataclass(frozen=True)
class GradientResult:
    """One gradient of one block, against its numeric counterpart.

    Attributes
    ----------
    block : str
        Whose gradient, for example "dense_1.sigmoid".
    gradient : str
        "input_grad", "param_grad", or, of a whole layer or network, "params[0]".
    ok : bool
        Whether it is right.
    error : float
        Norm of the difference over the larger norm of the two; NaN if nothing could be
        compared.
    method : str
        How the numeric gradient was found.
    checked, skipped : int
        Elements compared, and elements left out because the function has a kink there.
    problem : str
        In words, what is wrong: at which element, analytic against numeric.
    note : str
        In words, for what it is right, if not for all numbers.
    difference : float
        The largest difference of one of these elements.
    directional : bool
        Whether all elements were judged together, too, along a random direction.
    """

    block: str
    gradient: str
    ok: bool
    error: float = float("nan")
    method: str = ""
    checked: int = 0
    skipped: int = 0
    problem: str = ""
    note: str = ""
    difference: float = float("nan")
    directional: bool = False

    @property
    def name(self) -> str:
        """Block and gradient in one: "dense_1.sigmoid.input_grad"."""
        return f"{self.block}.{self.gradient}"

    @property
    def verdict(self) -> str:
        """In a word: "right" or "WRONG"."""
        return "right" if self.ok else "WRONG"


@dataclass
class GradientReport:
    """All gradients of a block.

    It prints as a table, and is true if all gradients are right, so that a test can say
    ``assert check_gradients(block)``.

    Attributes
    ----------
    subject : str
        What was checked.
    tolerance : float
        Largest error that passes.
    results : list of GradientResult
        One for each gradient; of several batches the worst.
    """

    subject: str
    tolerance: float
    results: list[GradientResult] = field(default_factory=list)

    def add(self, result: GradientResult) -> None:
        """Add a result, or merge it with one of an earlier batch for the same gradient."""
        for number, other in enumerate(self.results):
            if (other.block, other.gradient) == (result.block, result.gradient):
                self.results[number] = _merged(other, result)
                return
        self.results.append(result)

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing is wrong."""
        return bool(self.results) and not self.wrong

    @property
    def wrong(self) -> list[GradientResult]:
        """The results that are not right."""
        return [result for result in self.results if not result.ok]

    def __bool__(self) -> bool:
        return self.ok

    @property
    def verdict(self) -> str:
        """One sentence."""
        count = len(self.results)
        if not count:
            return f"{self.subject}: there was nothing to check"
        gradients = "gradient" if count == 1 else "gradients"
        if self.ok:
            return f"{self.subject}: {count} {gradients} right"
        return f"{self.subject}: {len(self.wrong)} of {count} {gradients} wrong"

    def __str__(self) -> str:
        lines = [self.verdict]
        for result in self.results:
            lines.append(
                f"  {result.verdict}  {result.name}: error {result.error:.1e} "
                f"at {result.checked} elements, by {result.method or 'nothing'}"
            )
            if result.problem or result.note:
                lines.append(f"         {result.problem or result.note}")
        return "\n".join(lines)

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as a table, with what is wrong below it in full sentences."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("gradient", overflow="fold")
        table.add_column("error", justify="right")
        table.add_column("elements", justify="right")
        table.add_column("method")
        table.add_column("")
        for result in self.results:
            table.add_row(
                result.name,
                f"{result.error:.1e}" if result.method else "-",
                str(result.checked),
                result.method or "-",
                Text(result.verdict, "green" if result.ok else "bold red"),
            )
        yield Text(self.verdict, "bold")
        yield table
        for result in self.results:
            if result.problem or result.note:
                style = "yellow" if result.ok else "bold red"
                said = result.problem or result.note
                yield Text.assemble((result.name, style), ": ", said, "\n")


def _merged(first: GradientResult, second: GradientResult) -> GradientResult:
    worse = second if (first.ok, -first.error) > (second.ok, -second.error) else first
    return replace(
        worse,
        checked=first.checked + second.checked,
        skipped=first.skipped + second.skipped,
        note="" if worse.problem else first.note or second.note,
    )
