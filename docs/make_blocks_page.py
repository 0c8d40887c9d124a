"""Writes docs/blocks.md: every public block, found by itself, in the words of its docstring.

Run by ``make docs``; the test suite fails if the page is not what this would write.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import glassbrick as gb
from glassbrick.layers.series import LayerOfLayers
from glassbrick.metrics import METRICS, Metric
from glassbrick.operations.by_name import ACTIVATIONS

PAGE = Path(__file__).with_name("blocks.md")

INTRODUCTION = """\
# The building blocks

All of them, by kind. `help(gb.GELU)` tells more of each: parameters, errors, the gradient, an \
example, the source. Each is a small class in plain NumPy; its gradient is proven, and it runs on \
both engines. To add one of your own, see [write your own block](write-your-own-block.md).

This page is made of the docstrings, by `make docs`.
"""


def is_kind(*bases: type) -> Callable[[object], bool]:
    """Make a test for public classes of some kind."""
    return lambda thing: inspect.isclass(thing) and issubclass(thing, bases) and thing not in bases


def is_activation(thing: object) -> bool:
    """Whether a class can be asked for as `activation=`."""
    makers = [getattr(maker, "func", maker) for maker in ACTIVATIONS.values()]
    return thing in makers


SECTIONS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "Activations": (
        "For `Dense(8, activation=...)`, by name or as an object; or as a layer, `gb.GELU()`.",
        is_activation,
    ),
    "Other operations": (
        "What layers are made of. Any of them can stand in a list of layers.",
        lambda thing: is_kind(gb.Operation, gb.ParamOperation)(thing) and not is_activation(thing),
    ),
    "Layers": ("For `NeuralNetwork([...])`.", is_kind(gb.Layer, LayerOfLayers)),
    "Losses": (
        "For `NeuralNetwork([...], loss)`. Errors are summed over outputs and averaged over rows.",
        is_kind(gb.Loss, gb.RowLoss),
    ),
    "Optimizers": (
        "For `Trainer(net, optim)`. All but `LBFGS` take `weight_decay`, clipping and `ema`.",
        is_kind(gb.Optimizer),
    ),
    "Schedules": ("For `lr=`; they count in epochs, or in steps.", is_kind(gb.Schedule)),
    "Callbacks": ("For `fit(callbacks=[...])`.", is_kind(gb.Callback)),
    "Initializers": ("For `weight_init=` and `bias_init=`.", is_kind(gb.Initializer)),
}


def page() -> str:
    """Return the text of the page."""
    parts = [INTRODUCTION]
    for title, (note, belongs) in SECTIONS.items():
        things = {name: thing for name, thing in vars(gb).items() if belongs(thing)}
        lines = [f"| `{_call(name, thing)}` | {_told(thing)} |" for name, thing in _sorted(things)]
        if title == "Activations":
            note += f" The names are {', '.join(f'`{name}`' for name in sorted(ACTIVATIONS))}."
        parts.append("\n".join([f"## {title}\n", note, "", "| | |", "|---|---|", *lines, ""]))
    rows = [_metric_row(name, metric) for name, metric in sorted(METRICS.items())]
    note = "Functions of `(y_true, y_pred)`, for `fit(metrics=[...])` by name."
    head = ["## Metrics\n", note, "", "| | | better |", "|---|---|---|"]
    parts.append("\n".join([*head, *rows, ""]))
    return "\n".join(parts)


def _metric_row(name: str, metric: Metric) -> str:
    better = "higher" if metric.higher_is_better else "lower"
    return f"| `{name}` | {_told(metric.function)} | {better} |"


def _sorted(things: dict[str, object]) -> Iterator[tuple[str, object]]:
    yield from sorted(things.items(), key=lambda item: item[0].lower())


def _call(name: str, thing: object) -> str:
    """Return how to make one: its name and the arguments that have a meaning of their own."""
    signature = inspect.signature(thing)  # type: ignore[arg-type]
    given = [
        str(parameter.replace(annotation=inspect.Parameter.empty))
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and parameter.name != "inputs"
    ]
    return f"{name}({', '.join(given)})"


def _told(thing: object) -> str:
    """Return the first paragraph of a docstring, in Markdown."""
    text = inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    return text.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} written\n")
