"""What the lines of a CSV file say: its header, and where it is wrong."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["line_of_row", "misfit_of", "names_in"]


def names_in(path: Path, separator: str) -> list[str]:
    """Return the names in the first line.

    Raises
    ------
    OSError, UnicodeDecodeError, csv.Error
        If it cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines, delimiter=separator), [])


def misfit_of(path: Path, separator: str) -> str:
    """Say which line is the first that does not fit the header; "" if none is found.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, delimiter=separator, strict=True)
            names = next(rows, [])
            number = rows.line_num
            for row in rows:
                number = rows.line_num
                if len(row) > len(names):
                    return f"line {number} has {len(row)} fields, and the header has {len(names)}"
    except UnicodeDecodeError:
        return f"line {_first_not_text(path)} is not UTF-8 text"
    except csv.Error as error:
        return f"line {number + 1}: {error}"
    return ""


def line_of_row(path: Path, separator: str, row: int) -> int | None:
    """Return the line, counted from 1, on which a row ends, counted from 0; None if there is none.

    Raises
    ------
    OSError, UnicodeDecodeError, csv.Error
        If the file cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter=separator)
        next(rows, None)
        for number, _ in enumerate(rows):
            if number == row:
                return rows.line_num
    return None


def _first_not_text(path: Path) -> int:
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return 1
