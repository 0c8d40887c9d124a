"""Chance: a random number for each row, which follows from a seed and where the row stands."""

from __future__ import annotations

import numpy as np

from glassbrick.arrays import Array

__all__ = ["HELD_OUT", "SAMPLED", "chance_of", "words_of"]

HELD_OUT, SAMPLED = 1, 2
"""What the numbers are for; those for one have nothing to do with those for the other."""

_STEP = 0x9E3779B97F4A7C15
_WORD = 2**64 - 1


def chance_of(seed: int, use: int, block: int, start: int, rows: int) -> Array:
    """Return a number from 0 to 1 for each of some rows of a block."""
    key = _mixed_int(_mixed_int(_mixed_int(seed & _WORD) + use & _WORD) + block & _WORD)
    return (words_of(key, start, rows) >> np.uint64(11)) * 2.0**-53


def words_of(key: int, start: int, count: int) -> Array:
    """Return random numbers of 64 bits: some of the sequence that follows from a key.

    Notes
    -----
    Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
    """
    with np.errstate(over="ignore"):
        numbers = np.arange(start + 1, start + count + 1, dtype=np.uint64)
        numbers *= np.uint64(_STEP)
        numbers += np.uint64(key)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            numbers ^= numbers >> np.uint64(shift)
            numbers *= np.uint64(factor)
        numbers ^= numbers >> np.uint64(31)
    return numbers


def _mixed_int(value: int) -> int:
    value = (value + _STEP) & _WORD
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _WORD
    return value ^ (value >> 31)
