"""Groups: parameters that a rule changes in one go, and the parts that it changes at a time.

A call of NumPy takes half a microsecond however little it does, so small parameters are put
together; and what it does to a large array waits for the memory, so large ones are cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array, is_traced

__all__ = ["PART", "Group", "grouped", "parts"]

# Both were measured with Adam in float32, on a CPU with 2 MB of cache a core.
_SMALL = 4096  # elements; larger parameters gain nothing from being put together
PART = 32768
"""Elements that a rule is given at most: several arrays of so many stay in the cache."""


@dataclass(frozen=True)
class Group:
    """Some parameters, by their numbers, seen as one array.

    Attributes
    ----------
    members : tuple of int
        Which parameters.
    elementwise : bool
        Whether the rule treats each number by itself, so that their order does not matter.
    """

    members: tuple[int, ...]
    elementwise: bool

    def gather(self, arrays: Sequence[Array]) -> Array:
        """Return an array of all members' numbers: of one axis, or the only member itself.

        A member whose numbers do not lie one after the other is copied for an elementwise rule.
        """
        if len(self.members) > 1:
            return np.concatenate([arrays[number].ravel() for number in self.members])
        array = arrays[self.members[0]]
        return array.ravel().reshape(array.shape) if self.elementwise else array

    def scatter(self, gathered: Array, arrays: Sequence[Array]) -> None:
        """Write back what was gathered, unless it is the only member's own memory."""
        only = arrays[self.members[0]] if len(self.members) == 1 else None
        if only is None or (self.elementwise and not only.flags.c_contiguous):
            self.put(gathered, arrays)

    def put(self, gathered: Array, arrays: Sequence[Array]) -> None:
        """Write the numbers of such an array into the members."""
        if len(self.members) == 1:
            arrays[self.members[0]][...] = gathered
            return
        start = 0
        for number in self.members:
            array = arrays[number]
            stop = start + array.size
            array[...] = gathered[start:stop].reshape(array.shape)
            start = stop


def grouped(params: Sequence[Array], *, elementwise: bool) -> list[Group]:
    """Put small parameters of each dtype together, if the rule allows it."""
    small: dict[np.dtype[np.generic], list[int]] = {}
    groups = []
    for number, param in enumerate(params):
        if elementwise and param.size <= _SMALL:
            small.setdefault(param.dtype, []).append(number)
        else:
            groups.append(Group((number,), elementwise))
    return [Group(tuple(members), True) for members in small.values()] + groups


def parts(*arrays: Array) -> Iterable[Sequence[Array]]:
    """Cut arrays of the same shape, and return the first part of each, the second, and so on.

    Parts have one axis. What is small, or in a compiled step, stays as it is: XLA cuts arrays
    itself, and one that is reshaped it would copy.
    """
    size = arrays[0].size
    if size <= PART or is_traced(arrays[0]):
        return (arrays,)
    flat = [array.ravel() for array in arrays]
    return ([array[start : start + PART] for array in flat] for start in range(0, size, PART))
