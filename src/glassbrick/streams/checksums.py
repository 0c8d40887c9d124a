"""Checksums: what tells values from others, at a small part of what it costs to read them."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.streams.chance import words_of

__all__ = ["checksum_of_numbers", "checksum_of_texts"]

_FACTORS = words_of(0, 0, 8192) | np.uint64(1)


def checksum_of_numbers(numbers: Array, before: int) -> int:
    """Return the checksum of numbers of 4 or 8 bytes that follow upon others.

    It is a sum modulo 2**64 of their bits, each times an odd factor of its own, so a number that
    is not the same is always noticed, and a CRC of the sums, which looks at fewer bytes.

    Parameters
    ----------
    numbers : ndarray, shape (rows,)
        The numbers.
    before : int
        The checksum of those before, 0 if there are none.
    """
    if numbers.nbytes % 8:
        numbers = np.append(numbers, numbers.dtype.type(0))
    words = np.ascontiguousarray(numbers).view(np.uint64)
    for start in range(0, len(words), len(_FACTORS)):
        part = words[start : start + len(_FACTORS)]
        total = int(np.dot(part, _FACTORS[: len(part)]))
        before = zlib.crc32(total.to_bytes(8, "little"), before)
    return before


def checksum_of_texts(texts: Any, before: int) -> int:
    """Return the checksum of texts that follow upon others: of their lengths and letters.

    Parameters
    ----------
    texts : pyarrow.StringArray
        The texts; the length of one that is missing counts as -1.
    before : int
        The checksum of those before, 0 if there are none.
    """
    _, ends, letters = texts.buffers()
    if ends is None or not len(texts):
        return before
    ends = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(ends)
    if texts.null_count:
        lengths[texts.is_null().to_numpy(zero_copy_only=False)] = -1
    checksum = zlib.crc32(lengths.tobytes(), before)
    return checksum if letters is None else zlib.crc32(letters[ends[0] : ends[-1]], checksum)
