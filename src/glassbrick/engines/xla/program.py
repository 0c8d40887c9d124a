"""The compiled part: many training steps, whole epochs of them, as one call."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.recording import Recording

__all__ = ["Data", "EpochProgram", "Part", "compiled"]

_MOST_KEPT = 64  # compiled programs; each takes about a megabyte
_kept: OrderedDict[str, Any] = OrderedDict()
_lock = Lock()


class Data(NamedTuple):
    """The arrays on the device."""

    X: Any
    y: Any
    X_val: Any
    y_val: Any


class Part(NamedTuple):
    """Which part of the epochs to run.

    Attributes
    ----------
    epochs : int
        Whole epochs, or 1 if only a part of one is run.
    start, stop : int
        The full batches of each epoch.
    short, finish : bool
        Whether to go on with the short last batch, and with the validation loss.
    """

    epochs: int
    start: int
    stop: int
    short: bool
    finish: bool


@dataclass(frozen=True)
class EpochProgram:
    """What is recorded of a training run, put together to a loop over epochs and batches.

    The numbers of a `Part` are inputs, so that one compiled program runs whole epochs, many of
    them or a part of one, with the same arithmetic.

    Attributes
    ----------
    step, short : Recording or None
        Of a full batch, and of the short last one, if there are such.
    block, tail, loss : Recording or None
        Of a block of validation rows, of the rest of them, and of the loss of all.
    carried, fixed : sequence of int
        Numbers of the arrays that change, and of those that are only read.
    params : frozenset of int
        Numbers of those that must stay finite.
    batch_size, block_size : int
        Rows of a full batch, and of a block of validation rows.
    """

    step: Recording | None
    short: Recording | None
    block: Recording | None
    tail: Recording | None
    loss: Recording | None
    carried: tuple[int, ...]
    fixed: tuple[int, ...]
    params: frozenset[int]
    batch_size: int
    block_size: int

    @property
    def parts(self) -> list[Recording]:
        """All recordings."""
        everything = (self.step, self.short, self.block, self.tail, self.loss)
        return [recording for recording in everything if recording is not None]

    def compile(self, *examples: Any) -> Callable[..., Any]:
        """Return the compiled loop for arguments like those given; see `_run`."""
        settings = (self.carried, self.fixed, sorted(self.params), self.batch_size, self.block_size)
        texts = [repr((settings, examples))] + [part.text for part in self.parts]
        constants = [constant for part in self.parts for constant in part.constants]
        return compiled(self._run, texts, constants, examples, donated=0)

    def _run(
        self, carry: list[Any], fixed: list[Any], data: Data, orders: Any, part: Part
    ) -> tuple[list[Any], Any, Any, Any, Any]:
        """Run a part of the epochs.

        Returns the arrays that were changed; the losses of full batches, shape (epochs,
        batches), and of short ones, (epochs,); the validation losses; and whether all
        parameters are finite.
        """
        capacity, rows = orders.shape
        dtype = data.X.dtype

        def epoch(number: Any, held: Any) -> Any:
            carry, losses, shorts, validations, finite = held
            order = orders[number]
            carry, losses = self._full_batches(part, carry, fixed, data, order, losses, number)
            rest = order[rows // self.batch_size * self.batch_size :]
            if self.short is not None:
                carry, loss = _if(
                    part.short, lambda carry: self._on_rows(self.short, carry, fixed, data, rest)
                )(carry, dtype)
                shorts = shorts.at[number].set(loss)
            if self.loss is not None:
                carry, loss = _if(
                    part.finish, lambda carry: self._validation_loss(carry, fixed, data)
                )(carry, dtype)
                validations = validations.at[number].set(loss)
            sound = [jnp.isfinite(v).all() for n, v in self._numbered(carry) if n in self.params]
            finite = finite.at[number].set(jnp.asarray(sound, bool).all())
            return carry, losses, shorts, validations, finite

        nothing = jnp.zeros(capacity, dtype)
        losses = jnp.zeros((capacity, rows // self.batch_size), dtype)
        held = (carry, losses, nothing, nothing, nothing == 0)
        return jax.lax.fori_loop(0, part.epochs, epoch, held)  # type: ignore[no-any-return]

    def _full_batches(
        self,
        part: Part,
        carry: list[Any],
        fixed: list[Any],
        data: Data,
        order: Any,
        losses: Any,
        number: Any,
    ) -> Any:
        """Run the full batches of an epoch."""
        if self.step is None:
            return carry, losses

        def batch(index: Any, held: Any) -> Any:
            carry, losses = held
            start = index * self.batch_size
            rows = jax.lax.dynamic_slice(order, (start,), (self.batch_size,))
            carry, loss = self._on_rows(self.step, carry, fixed, data, rows)
            return carry, losses.at[number, index].set(loss)

        return jax.lax.fori_loop(part.start, part.stop, batch, (carry, losses))

    def _numbered(self, carry: list[Any]) -> zip[tuple[int, Any]]:
        return zip(self.carried, carry, strict=True)

    def _on_rows(
        self, recording: Recording | None, carry: list[Any], fixed: list[Any], data: Data, rows: Any
    ) -> tuple[list[Any], Any]:
        batch = (a.at[rows].get(mode="promise_in_bounds") for a in (data.X, data.y))
        carry, loss = self._apply(recording, carry, fixed, *batch)
        return carry, loss.astype(data.X.dtype)

    def _validation_loss(
        self, carry: list[Any], fixed: list[Any], data: Data
    ) -> tuple[list[Any], Any]:
        """Predict the validation rows, a block of them at a time, and take the loss of all."""
        whole = len(data.X_val) // self.block_size * self.block_size
        predicted = []
        if self.block is not None:
            blocks = data.X_val[:whole].reshape(-1, self.block_size, data.X_val.shape[1])
            carry, parts = jax.lax.scan(
                lambda carry, rows: self._apply(self.block, carry, fixed, rows), carry, blocks
            )
            predicted.append(parts.reshape(whole, *parts.shape[2:]))
        if self.tail is not None:
            carry, part = self._apply(self.tail, carry, fixed, data.X_val[whole:])
            predicted.append(part)
        carry, loss = self._apply(self.loss, carry, fixed, jnp.concatenate(predicted), data.y_val)
        return carry, loss.astype(data.X.dtype)

    def _apply(
        self, recording: Recording | None, carry: list[Any], fixed: list[Any], *inputs: Any
    ) -> tuple[list[Any], Any]:
        """Do what was recorded to the arrays that change."""
        if recording is None:
            raise TypeError("nothing was recorded")
        # Those that are neither carried nor fixed are not read: anything will do.
        state: list[Any] = [jnp.zeros(())] * len(recording.before.arrays)
        for number, value in (*self._numbered(carry), *zip(self.fixed, fixed, strict=True)):
            state[number] = value
        result, after = recording(state, *inputs)
        changed = [
            after[n].astype(v.dtype) if n in recording.changed else v
            for n, v in self._numbered(carry)
        ]
        return changed, result


def _if(condition: Any, then: Callable[[list[Any]], tuple[list[Any], Any]]) -> Callable[..., Any]:
    """Make a function that does `then`, or returns the arrays as they are, and 0."""

    def choose(carry: list[Any], dtype: Any) -> Any:
        return jax.lax.cond(condition, then, lambda carry: (carry, jnp.zeros((), dtype)), carry)

    return choose


def compiled(
    function: Callable[..., Any],
    texts: Sequence[str],
    constants: Sequence[Any],
    examples: Sequence[Any],
    donated: int | tuple[int, ...] = (),
) -> Callable[..., Any]:
    """Compile a function, or return what was compiled of the same texts and constants before."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for constant in constants:
        digest.update(
            str((constant.shape, constant.dtype)).encode() + np.asarray(constant).tobytes()
        )
    key = digest.hexdigest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]  # type: ignore[no-any-return]
    program = jax.jit(function, donate_argnums=donated).lower(*examples).compile()
    with _lock:
        _kept[key] = program
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return program
