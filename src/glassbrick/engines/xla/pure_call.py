"""PureCall: what was recorded of a call, as a function of arrays alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from glassbrick.arrays import Array

__all__ = ["PureCall", "abstract", "text_of"]


def abstract(array: Any) -> Any:
    """Return what JAX needs to know of an array; a Python number as it is."""
    if isinstance(array, float):
        return array
    return jax.ShapeDtypeStruct(array.shape, array.dtype)  # type: ignore[no-untyped-call]


def text_of(jaxpr: ClosedJaxpr) -> str:
    """Return what JAX prints of a function, without addresses in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(jaxpr))


@dataclass(frozen=True, eq=False)
class PureCall:
    """A function from the arrays of a state, and inputs, to a result and the arrays after it.

    It knows nothing of the objects that it was recorded with.

    Attributes
    ----------
    jaxpr : ClosedJaxpr
        JAX's own notation.
    result : pytree of jax.ShapeDtypeStruct
        Shape and dtype of what is returned.
    read, changed : frozenset of int
        Numbers of the arrays that are looked at or changed.
    size : int
        How many arrays there are before.
    """

    jaxpr: ClosedJaxpr
    result: Any
    read: frozenset[int]
    changed: frozenset[int]
    size: int

    def __call__(self, state: list[Any], *inputs: Any) -> tuple[Any, list[Any]]:
        """Return the result, and all arrays of the state after the call."""
        flat = jaxpr_as_fun(self.jaxpr)(*state, *inputs)
        leaves, tree = jax.tree.flatten(self.result)
        return jax.tree.unflatten(tree, flat[: len(leaves)]), flat[len(leaves) :]

    def between(self, read: Sequence[int], made: Sequence[int]) -> Callable[..., Any]:
        """Return the function from some arrays before the call to some after it."""

        def call(values: list[Any], *inputs: Any) -> tuple[Any, list[Any]]:
            state: list[Any] = [0.0] * self.size  # of those that are not read
            for number, value in zip(read, values, strict=True):
                state[number] = value
            result, after = self(state, *inputs)
            return result, [after[number] for number in made]

        return call

    @cached_property
    def text(self) -> str:
        """All that decides what is compiled, but for the numbers of constants."""
        return text_of(self.jaxpr)

    @property
    def essence(self) -> str:
        """The text of what it does with the arrays that it reads; all others aside."""
        read, changed = sorted(self.read), sorted(self.changed)
        kinds = [abstract(aval) for aval in self.jaxpr.in_avals]
        values = [kinds[number] for number in read]
        return text_of(jax.make_jaxpr(self.between(read, changed))(values, *kinds[self.size :]))

    @property
    def constants(self) -> list[Array]:
        """The arrays that are part of the compiled code."""
        return [np.asarray(constant) for constant in self.jaxpr.consts]
