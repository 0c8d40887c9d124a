"""Numbers of rows, as a user tells them: "3", "3-6", counted from 1."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import typer

from glassbrick.arrays import Array
from glassbrick.checks import complaint
from glassbrick.cli.table_file import TableFile
from glassbrick.errors import DataError

__all__ = ["row_numbers"]

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def row_numbers(told: Sequence[str], data: TableFile, command: str) -> Array:
    """Return places in a table, counted from 0, of rows counted from 1.

    Raises
    ------
    BadParameter
        If it is not a number or a range.
    DataError
        If there is no such row.
    """
    found: list[int] = []
    for text in told:
        for part in text.split(","):
            match = _RANGE.fullmatch(part.strip())
            if not match:
                raise typer.BadParameter(
                    f"--row: expected a number or a range such as 3-6; received {part!r}."
                )
            first, last = int(match[1]), int(match[2] or match[1])
            if not 1 <= first <= last <= len(data):
                who = f"{command}, --row, {data.name}"
                advice = "The first row after the names of the columns is row 1."
                raise DataError(complaint(who, f"rows from 1 to {len(data)}", part, advice))
            found += range(first - 1, last)
    return np.array(list(dict.fromkeys(found)))
