"""Where CSV files can be cut: at ends of lines, but for those within quotes."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from glassbrick.arrays import Array

__all__ = ["BOM", "MISSING", "MOST_SLICES", "first_line_of", "mere_letters", "whole_lines"]

BOM = b"\xef\xbb\xbf"
"""What some programs write before the first line."""

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?")
"""Fields that stand for no value."""

MOST_SLICES = 16
"""So many without the end of a line, and a quote was never closed."""


def whole_lines(data: bytes, separator: str) -> int:
    r"""Return how many bytes make whole lines, none of which ends within quotes.

    Parameters
    ----------
    data : bytes
        From the beginning of a line on.
    separator : str
        What stands between fields.

    Examples
    --------
    >>> whole_lines(b'pipe 5",1\n"two\nlines",2\n"and', ",")
    24
    """
    quotes = _quotes(data, separator)
    end = data.rfind(b"\n") + 1
    while end and (before := int(np.searchsorted(quotes, end))) % 2:
        end = data.rfind(b"\n", 0, int(quotes[before - 1])) + 1
    return end


def first_line_of(data: bytes, separator: str) -> int:
    """Return how many bytes the first line has, which may hold quoted line ends.

    Parameters
    ----------
    data, separator
        As of `whole_lines`.
    """
    quotes, end = _quotes(data, separator), 0
    while (found := data.find(b"\n", end)) >= 0:
        end = found + 1
        if np.searchsorted(quotes, end) % 2 == 0:
            return end
    return len(data)


def mere_letters(data: bytes, separator: str) -> list[int]:
    r"""Return where quotes stand that neither open nor close, as in 5".

    Parameters
    ----------
    data, separator
        As of `whole_lines`.

    Examples
    --------
    >>> mere_letters(b'pipe 5",1\n"two 5"" ones",2\n', ",")
    [6]
    """
    places, letters = _all_quotes(data, separator)
    return places[letters].tolist()  # type: ignore[no-any-return]


def _quotes(data: bytes, separator: str) -> Array:
    """Return where quotes open and close in turn; one within a field, as in 5", does neither."""
    places, letters = _all_quotes(data, separator)
    return np.delete(places, letters) if letters else places


def _all_quotes(data: bytes, separator: str) -> tuple[Array, list[int]]:
    """Return where quotes stand, and the numbers of those that neither open nor close."""
    if b'"' not in data:
        return np.empty(0, np.intp), []
    letters = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(letters == ord('"'))
    begins_field = np.zeros(256, bool)
    # What stands before a quote that opens; or the first of two that stand for one.
    begins_field[[*b'\n"', ord(separator)]] = True
    may_open = begins_field[letters[places - 1]]
    may_open[0] |= places[0] == 0
    if may_open[::2].all():  # as is usual
        return places, []
    return places, _inner(places, may_open)


def _inner(places: Array, may_open: Array) -> list[int]:
    """Return which quotes neither open nor close, for their field does not begin with one."""
    cannot = [(2 * np.flatnonzero(~may_open[first::2]) + first).tolist() for first in (0, 1)]
    follows = [False, *(np.diff(places) == 1).tolist()]  # at once upon the one before
    found: list[int] = []
    start = 0  # from here on each second one opens
    while (at := bisect_left(cannot[start % 2], start)) < len(cannot[start % 2]):
        found.append(cannot[start % 2][at])
        start = found[-1] + 1
        while start < len(follows) and follows[start]:
            found.append(start)
            start += 1
    return found
