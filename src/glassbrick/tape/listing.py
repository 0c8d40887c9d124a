"""The listing that a tape prints as: forward, loss, backward, each with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from glassbrick.arrays import Array
from glassbrick.numeric.gradient_report import GradientResult
from glassbrick.tape.step import LossStep, Step, judgement, verdict_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from glassbrick.tape.tape import Tape

__all__ = ["as_renderables", "as_text"]

_WIDTH = 80
_MOST = 40  # numbers of an array that is printed in full
_STYLES = {"right": "green", "WRONG": "bold red", "not checked": "yellow"}
_LEGEND = "G or g: output gradient. Each block is judged by numeric gradients of itself."
_SINGLE = "Numbers are of float32; their rules were judged in float64."


def as_text(tape: Tape) -> str:
    """Return what any terminal and any file of 80 columns can take."""
    text = StringIO()
    console = Console(
        file=text, width=_WIDTH, color_system=None, force_jupyter=False, legacy_windows=False
    )
    console.print(*as_renderables(tape), sep="\n")
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def as_renderables(tape: Tape) -> Iterator[RenderableType]:
    """Yield what rich prints."""
    yield Text(f"One training step of {tape.network}")
    yield Text(f"loss {tape.loss.total:.6g}, {tape.verdict}", "bold")
    yield Text(_LEGEND, "dim")
    if any(check.note for check in tape.checks):
        yield Text(_SINGLE, "dim")
    yield Text("\nFORWARD", "bold")
    shown: Array | None = None  # what the line above showed need not be shown again
    for step in tape:
        yield _head(step)
        yield from _arrays(step, *_news(step, "input", shown), "param", *step.kept, "output")
        shown = step.output
    yield from _loss(tape.loss)
    yield Text("\nBACKWARD", "bold")
    shown = tape.loss.input_grad
    for step in tape.backward:
        yield _head(step)
        yield from _arrays(step, *_news(step, "output_grad", shown))
        yield from _gradient(step, "input_grad", step.input_rule, step.input_check)
        if step.param is not None:
            yield from _gradient(step, "param_grad", step.param_rule, step.param_check)
            yield from _arrays(step, "penalty_grad", "update", "new_param")
        shown = step.input_grad


def _loss(loss: LossStep) -> Iterator[RenderableType]:
    yield Text("\nLOSS", "bold")
    yield _head(loss)
    yield from _arrays(loss, "prediction", "target", "weights")
    yield _indented(f"value {loss.value:.6g}")
    if loss.penalty:
        yield _indented(f"penalty {loss.penalty:.6g}")
    yield from _gradient(loss, "input_grad", loss.input_rule, loss.input_check)


def _head(step: Step | LossStep) -> RenderableType:
    return Text.assemble((step.name, "bold cyan"), "   ", step.formula)


def _gradient(
    step: Step | LossStep, name: str, rule: str, check: GradientResult | None
) -> Iterator[RenderableType]:
    """Yield a gradient, by what rule it was made, and whether it is right."""
    if name not in step.arrays:
        return
    yield from _arrays(step, name)
    if rule:
        yield _indented(rule, 4)
    yield _indented(Text(judgement(check), _STYLES[verdict_of(check)]), 4)


def _news(step: Step, name: str, shown: Array | None) -> Iterator[str]:
    """Yield the name of an array, unless its numbers were shown just before."""
    array = step.arrays.get(name)
    if shown is None or array is None or not np.array_equal(array, shown, equal_nan=True):
        yield name


def _arrays(step: Step | LossStep, *names: str) -> Iterator[RenderableType]:
    """Yield arrays by their names, those that there are."""
    arrays = step.arrays
    for name in names:
        if name not in arrays:
            continue
        array = arrays[name]
        head = f"{name} {'x'.join(map(str, array.shape))}"
        if array.size > _MOST or array.size == 0:
            yield _indented(f"{head}: {_summary(array)}")
        else:
            yield _indented(head)
            text = np.array2string(array, precision=4, suppress_small=False, max_line_width=70)
            yield Padding(Text(text), (0, 0, 0, 4))


def _summary(array: Array) -> str:
    if array.size == 0:
        return "empty"
    with np.errstate(all="ignore"):
        return f"min {array.min():.4g}, mean {array.mean():.4g}, max {array.max():.4g}"


def _indented(text: str | Text, by: int = 2) -> RenderableType:
    return Padding(Text(text) if isinstance(text, str) else text, (0, 0, 0, by))
