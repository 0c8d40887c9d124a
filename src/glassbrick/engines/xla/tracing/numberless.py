"""What needs numbers, and is refused while there are none."""

from __future__ import annotations

import dis
import sys
from types import FrameType
from typing import Any, NoReturn

from glassbrick.engines.xla.tracing.refusal import refuse_to_trace

__all__ = ["Numberless"]

_NO_VALUES = "there are no numbers yet while the step is compiled"


class Numberless:
    """Refuses branches on values, conversions to numbers, and the like."""

    __slots__ = ()

    def __bool__(self) -> bool:
        refuse_to_trace(
            "a branch on a value", _NO_VALUES, "Use np.where(condition, a, b) instead of if."
        )

    def __float__(self) -> float:
        _refuse_number("float(x)")

    def __int__(self) -> int:
        _refuse_number("int(x)")

    def __index__(self) -> int:
        _refuse_number("a value used as an index or a length")

    def __complex__(self) -> complex:
        _refuse_number("complex(x)")

    def item(self, *args: Any) -> NoReturn:  # noqa: ARG002
        """Refuse."""
        _refuse_number("item()")

    def tolist(self) -> NoReturn:
        """Refuse."""
        _refuse_number("tolist()")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        what, remedy = _conversion(sys._getframe(1))
        refuse_to_trace(what, _NO_VALUES, remedy)

    def __contains__(self, value: object) -> bool:
        refuse_to_trace("value in x", _NO_VALUES, "Use np.any(x == value) within np.where.")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        refuse_to_trace("pickling an array", _NO_VALUES, "Do it outside of the step.")

    def __format__(self, spec: str) -> str:
        return repr(self)


def _refuse_number(what: str) -> NoReturn:
    refuse_to_trace(
        what, _NO_VALUES, "Leave it an array, and use NumPy's functions (np.sqrt for math.sqrt)."
    )


def _conversion(frame: FrameType) -> tuple[str, str]:
    """Say what asked for the numbers, and what to write instead."""
    instruction = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    if instruction == "STORE_SUBSCR":
        return (
            "writing into an array of numbers",
            "Start from np.zeros_like(x), or hold the array in an attribute of the block.",
        )
    if instruction.startswith("BINARY"):  # operators ask otherwise, so that it is constant[x]
        return (
            "a constant array indexed by a value",
            "Hold the array in an attribute of the block: self.table[x]. Or write "
            "np.take_along_axis(table, x[:, None], axis=0); for one-hot rows, "
            "(x[:, None] == np.arange(n)) * 1.0.",
        )
    return (
        "a conversion to numbers",
        "np.array and np.asarray are not needed here (np.copy makes a copy); of a list of arrays "
        "make one by np.stack; a method of a constant array, c.dot(x), cannot be followed: write "
        "np.dot(c, x) or c @ x. To fill an array bit by bit start from np.zeros_like(x).",
    )
