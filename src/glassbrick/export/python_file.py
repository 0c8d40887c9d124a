"""A network as one file of plain NumPy: its numbers, and each step of its prediction."""

from __future__ import annotations

import base64
import math
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import TracingError
from glassbrick.export.calls import Call, Program, Rows
from glassbrick.export.noted import Ref

__all__ = ["python_of"]

_OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "**",
    "matmul": "@",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
}
_READABLE = 4096  # numbers; larger arrays are written as the letters that stand for their bytes

_HELPER = """

def _array(letters, dtype, shape):
    return np.frombuffer(base64.b64decode(letters), dtype).reshape(shape)
"""

_FRAME = '''"""{title}

Needs NumPy alone. Written by Glassbrick {version}; do not edit the numbers.
"""

{imports}import numpy as np

__all__ = ["predict"]


@np.errstate(all="ignore")  # what overflows on the way does so to the right result
def predict(X):
    """Return predictions, shape ({result}), for X of shape ({row})."""
    X = np.asarray(X, np.{dtype})
    if X.ndim != {ndim} or X.shape[1:] != {inputs}:
        raise ValueError(f"predict: expected an array of shape ({row}); received {{X.shape}}.")
    if not np.isfinite(X).all():
        raise ValueError("predict: expected finite numbers; received NaN or infinity.")
{body}
    return {output}
{helper}

# The network's numbers.

{numbers}
'''


def python_of(program: Program, title: str, version: str) -> bytes:
    """Return the text of a file whose `predict` does what a program does.

    Parameters
    ----------
    program : Program
        What to write.
    title : str
        What the network is.
    version : str
        Of Glassbrick.

    Raises
    ------
    TracingError
        If an argument of a call cannot be written.
    """
    writer = _Writer(program)
    body = "\n".join(f"    {line}" if line else "" for line in writer.lines())
    numbers = "\n".join(f"{name} = {_written(array)}" for name, array in writer.arrays.items())
    has_letters = any(array.size > _READABLE for array in writer.arrays.values())
    return _FRAME.format(
        imports="import base64\n\n" if has_letters else "",
        helper=_HELPER if has_letters else "",
        title=textwrap.fill(title, 96),
        version=version,
        row=_shape_in_words((None, *program.inputs)),
        result=_shape_in_words(program.shape),
        dtype=program.dtype.name,
        ndim=len(program.inputs) + 1,
        inputs=program.inputs,
        body=body,
        output=writer.text(program.result, ""),
        numbers=numbers,
    ).encode()


class _Writer:
    """Writes calls as lines, and gathers the arrays that they name."""

    def __init__(self, program: Program):
        self.calls = program.calls
        self.names: dict[int | str, str] = {0: "X"}
        self.arrays: dict[str, Array] = {}
        for place, array in program.arrays.items():
            self.names[place] = place.removesuffix(".param").replace(".", "_")
            self.arrays[self.names[place]] = array

    def lines(self) -> Iterator[str]:
        """Yield a line for each call, and the name of each operation before its first."""
        place = ""
        for number, call in enumerate(self.calls, 1):
            if call.place != place:
                place = call.place
                yield from ("", f"# {place}")
            line = f"x{number} = {self._expression(call)}"
            self.names[call.result] = f"x{number}"
            yield f"{line}  # {_shape_in_words(call.shape)}"

    def text(self, thing: Any, place: str) -> str:
        """Write an argument."""
        if isinstance(thing, Ref):
            return self.names[thing.number]
        if isinstance(thing, Rows):
            return "len(X)"
        if isinstance(thing, np.ndarray):
            return self._constant(thing)
        if isinstance(thing, tuple | list):
            parts = [self.text(part, place) for part in thing]
            if isinstance(thing, list):
                return f"[{', '.join(parts)}]"
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if isinstance(thing, float) and not isinstance(thing, np.generic):
            return repr(thing) if math.isfinite(thing) else f'float("{thing}")'
        if thing is None or thing is Ellipsis or isinstance(thing, bool | int | str | np.generic):
            return repr(thing)
        if isinstance(thing, np.dtype) or (
            isinstance(thing, type) and issubclass(thing, np.generic)
        ):
            return f"np.{np.dtype(thing).name}"
        if isinstance(thing, slice):
            return f"slice({thing.start}, {thing.stop}, {thing.step})"
        if thing in (float, int, bool):
            return str(thing.__name__)
        raise TracingError(f"{place}: expected arguments that can be written; received {thing!r}.")

    def _expression(self, call: Call) -> str:
        args = [self.text(arg, call.place) for arg in call.args]
        named = [f"{name}={self.text(value, call.place)}" for name, value in call.kwargs.items()]
        if call.name == "[]":
            return f"{args[0]}[{args[1]}]"
        if call.name in _OPERATORS and len(args) == 2:
            return f"{args[0]} {_OPERATORS[call.name]} {args[1]}"
        if call.name == "negative":
            return f"-{args[0]}"
        if call.name.startswith("."):
            return f"{args[0]}{call.name}({', '.join(args[1:] + named)})"
        return f"np.{call.name}({', '.join(args + named)})"

    def _constant(self, array: Array) -> str:
        """Name an array that no operation holds."""
        for name, known in self.arrays.items():
            if known.dtype == array.dtype and np.array_equal(known, array):
                return name
        name = f"constant_{1 + sum(name.startswith('constant_') for name in self.arrays)}"
        self.arrays[name] = array
        return name


def _written(array: Array) -> str:
    """Write an array so that the same bits come of it."""
    if array.size > _READABLE:
        letters = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(letters, 90))
        head = f"_array(\n    # {array.size:,} numbers\n{lines},\n"
        return f'{head}    "{array.dtype.str}",\n    {array.shape},\n)'
    text = np.array2string(
        array, separator=", ", threshold=array.size + 1, floatmode="unique", max_line_width=90
    )
    return f"np.array(\n{textwrap.indent(text, '    ')},\n    np.{array.dtype.name},\n)"


def _shape_in_words(shape: tuple[int | None, ...]) -> str:
    return ", ".join("rows" if size is None else str(size) for size in shape)
