"""The compiled part of a population: the epochs of several networks, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.program import INDEX, Data, EpochProgram, Epochs, Part
from glassbrick.engines.xla.pure_call import PureCall

__all__ = ["Places", "PopulationProgram"]


class Places(NamedTuple):
    """What belongs to whom.

    Attributes
    ----------
    orders : array of INDEX, shape (members, epochs, rows)
        The rows of each epoch, as numbers of rows in what all share.
    validation : array of INDEX, shape (members,)
        Which validation data.
    """

    orders: Any
    validation: Any


@dataclass(frozen=True)
class PopulationProgram:
    """The loop of an `EpochProgram`, with a first axis for members in all that is theirs.

    Whoever diverges goes on with numbers that are not finite, which disturbs no other; what it
    has to go back to, the objects hold.

    Attributes
    ----------
    program : EpochProgram
        That of one member.
    """

    program: EpochProgram

    def compile(self, *examples: Any) -> Callable[..., Any]:
        """Return the compiled loop for arguments like those given; see `_run`."""
        return self.program.compile_for("population", self._run, Placement(), *examples)

    def _run(
        self, carry: list[Any], fixed: list[Any], data: Data, places: Places, part: Any
    ) -> tuple[list[Any], Any]:
        """Run a part of the epochs; see `EpochProgram._run`.

        What is told has the shape (epochs, numbers, members).
        """
        members, capacity, rows = places.orders.shape
        told = jnp.zeros((capacity, rows // self.program.batch_size + 3, members), np.float64)
        epochs = _Epochs(
            *(self.program, Placement(), fixed, data, places.orders, Part(*part)),
            places.validation,
        )
        return jax.lax.fori_loop(  # type: ignore[no-any-return]
            INDEX(0), epochs.part.epochs, epochs.epoch, (carry, told)
        )


@dataclass(frozen=True)
class _Epochs(Epochs):
    """The loop over epochs, with a first axis for members."""

    places: Any

    def _full_batches(self, number: Any, carry: list[Any], told: Any) -> Any:
        size = self.program.batch_size
        order = jax.lax.dynamic_index_in_dim(self.orders, number, 1, keepdims=False)

        def batch(index: Any, held: Any) -> Any:
            carry, told = held
            rows = jax.lax.dynamic_slice_in_dim(order, index * size, size, 1)
            carry, loss = self._on_rows(self.program.calls.step, carry, rows)
            return carry, self._noted(told, number, index, loss)

        return jax.lax.fori_loop(self.part.start, self.part.stop, batch, (carry, told))

    def _short_batch(self, number: Any) -> Callable[[list[Any]], tuple[list[Any], Any]]:
        rows = self.orders.shape[-1]
        order = jax.lax.dynamic_index_in_dim(self.orders, number, 1, keepdims=False)
        rest = order[:, rows // self.program.batch_size * self.program.batch_size :]
        return lambda carry: self._on_rows(self.program.calls.short, carry, rest)

    def _on_rows(self, call: PureCall | None, carry: list[Any], rows: Any) -> tuple[list[Any], Any]:
        def of_one(one: Epochs, carry: list[Any], *batch: Any) -> tuple[list[Any], Any]:
            carry, loss = one._apply(call, carry, *batch)
            return carry, jnp.asarray(loss, np.float64)

        arrays = [a for a in (self.data.X, self.data.y, self.data.weights) if a is not None]
        batch = [a.at[rows].get(mode="promise_in_bounds") for a in arrays]
        return self._each(of_one, carry, *batch)

    def _validation_loss(self, carry: list[Any]) -> tuple[list[Any], Any]:
        several = len(self.data.X_val) > 1

        def of_one(one: Epochs, carry: list[Any], place: Any) -> tuple[list[Any], Any]:
            # If all have the same, no index makes it one for each.
            own = [None if a is None else a[place if several else 0] for a in self.data[3:]]
            return replace(one, data=Data(*self.data[:3], *own))._validation_loss(carry)

        return self._each(of_one, carry, self.places)

    def _look(self, carry: list[Any]) -> tuple[list[Any], Any]:
        return self._each(Epochs._look, carry)

    def _each(
        self, of_one: Callable[..., Any], carry: list[Any], *args: Any
    ) -> tuple[list[Any], Any]:
        """Do something to each member."""

        def do(carry: list[Any], fixed: list[Any], *args: Any) -> Any:
            one = Epochs(self.program, self.placement, fixed, self.data, None, self.part)
            return of_one(one, carry, *args)

        return jax.vmap(do)(carry, self.fixed, *args)  # type: ignore[no-any-return]

    def _nothing(self) -> Any:
        return jnp.zeros(len(self.orders), np.float64)
