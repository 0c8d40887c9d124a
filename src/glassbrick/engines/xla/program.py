"""The compiled part: many training steps, whole epochs of them, as one call."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from glassbrick.engines.xla.placement import Placement
from glassbrick.engines.xla.pure_call import PureCall, text_of
from glassbrick.engines.xla.whole_writes import with_whole_writes

__all__ = [
    "INDEX",
    "NO_PART",
    "Calls",
    "Data",
    "EpochProgram",
    "Epochs",
    "Part",
    "compiled",
    "run_once",
]

INDEX = np.uint32
"""Of numbers of rows, batches and epochs: one with a sign could count from the end, and to find
out whether it does takes a kernel more."""

_MOST_KEPT = 64  # compiled programs; each takes about a megabyte
_kept: OrderedDict[str, Any] = OrderedDict()
_lock = Lock()


class Data(NamedTuple):
    """The arrays on the device; None for what there is not."""

    X: Any
    y: Any
    weights: Any
    X_val: Any
    y_val: Any
    weights_val: Any


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

    def given(self) -> tuple[Any, ...]:
        """Return it as a program takes it: one array for each, for to cut one costs kernels."""
        whole, yes_or_no = self[:3], self[3:]
        return *map(INDEX, whole), *map(np.bool_, yes_or_no)


NO_PART = Part(0, 0, 0, short=False, finish=False).given()
"""What stands for any part where a program is compiled."""


class Calls(NamedTuple):
    """What a fit does again and again; None for what it does not.

    Attributes
    ----------
    step, short : PureCall or None
        The training step of a full batch, and of the short last one.
    block, tail, loss : PureCall or None
        The prediction of a block of validation rows, of the rest of them; the loss of all.
    """

    step: PureCall | None = None
    short: PureCall | None = None
    block: PureCall | None = None
    tail: PureCall | None = None
    loss: PureCall | None = None


@dataclass(frozen=True)
class EpochProgram:
    """What is recorded of a training run, put together to a loop over epochs and batches.

    The numbers of a `Part` are inputs, so that one compiled program runs whole epochs, many of
    them or a part of one, with the same arithmetic.

    Attributes
    ----------
    calls : Calls
        What was recorded.
    carried, fixed : sequence of int
        Numbers of the arrays that change, and of those that are only read.
    params : frozenset of int
        Numbers of those that must stay finite.
    batch_size, block_size : int
        Rows of a full batch, and of a block of validation rows.
    """

    calls: Calls
    carried: tuple[int, ...]
    fixed: tuple[int, ...]
    params: frozenset[int]
    batch_size: int
    block_size: int

    def compile(self, placement: Placement, *examples: Any) -> Callable[..., Any]:
        """Return the compiled loop for arguments like those given; see `_run`."""
        return self.compile_for("one", partial(self._run, placement), placement, *examples)

    def compile_for(
        self,
        name: str,
        run: Callable[..., Any],
        placement: Placement,
        *examples: Any,
        donated: int | tuple[int, ...] = 0,
    ) -> Callable[..., Any]:
        """Compile a function that depends on nothing but this program and its own name."""
        parts = [call for call in self.calls if call is not None]
        settings = (self.carried, self.fixed, sorted(self.params), self.batch_size, self.block_size)
        texts = [name, repr((settings, examples))]
        texts += ["none" if call is None else call.text for call in self.calls]
        constants = [constant for part in parts for constant in part.constants]
        return compiled(run, texts, constants, examples, placement, donated)

    def _run(
        self,
        placement: Placement,
        carry: list[Any],
        fixed: list[Any],
        data: Data,
        orders: Any,
        part: Any,
    ) -> tuple[list[Any], Any]:
        """Run a part of the epochs.

        Returns the arrays that were changed; and a row for each epoch: the loss of each full
        batch and of the short one, the validation loss, and whether all parameters are finite,
        which is not looked at if there is such a loss. One array, because each that is handed
        over costs some microseconds.
        """
        capacity, rows = orders.shape
        told = jnp.zeros((capacity, rows // self.batch_size + 3), np.float64)
        epochs = Epochs(self, placement, fixed, data, orders, Part(*part))
        return jax.lax.fori_loop(  # type: ignore[no-any-return]
            INDEX(0), epochs.part.epochs, epochs.epoch, (carry, told)
        )


@dataclass(frozen=True)
class Epochs:
    """The loop over epochs, as JAX sees it: `carry` are the arrays that change."""

    program: EpochProgram
    placement: Placement
    fixed: list[Any]
    data: Data
    orders: Any
    part: Part

    def epoch(self, number: Any, held: Any) -> Any:
        """Run an epoch, or a part of it, and take down its losses."""
        carry, told = held
        calls = self.program.calls
        if calls.step is not None:
            carry, told = self._full_batches(number, carry, told)
        short = loss = is_sound = self._nothing()
        if calls.short is not None:
            carry, short = self._if(self.part.short, self._short_batch(number), carry)
        if calls.loss is None:
            carry, is_sound = self._if(self.part.finish, self._look, carry)
        else:  # which is not finite either if a parameter is not
            carry, loss = self._if(self.part.finish, self._validation_loss, carry)
        # In one go: each kernel takes twenty milliseconds to compile.
        return carry, self._noted(told, number, told.shape[1] - 3, short, loss, is_sound)

    def _look(self, carry: list[Any]) -> tuple[list[Any], Any]:
        """Return 1 with the arrays if all parameters are finite."""
        params = self.program.params
        sound = [jnp.isfinite(v).all() for n, v in self._numbered(carry) if n in params]
        return carry, jnp.asarray(sound, bool).all().astype(np.float64)

    def _full_batches(self, number: Any, carry: list[Any], told: Any) -> Any:
        size = self.program.batch_size

        def batch(index: Any, held: Any) -> Any:
            carry, told = held
            rows = jax.lax.dynamic_slice(self.orders, (number, index * size), (1, size))[0]
            carry, loss = self._on_rows(self.program.calls.step, carry, rows)
            return carry, self._noted(told, number, index, loss)

        return jax.lax.fori_loop(self.part.start, self.part.stop, batch, (carry, told))

    def _short_batch(self, number: Any) -> Callable[[list[Any]], tuple[list[Any], Any]]:
        _, rows = self.orders.shape
        rest = self.orders[number, rows // self.program.batch_size * self.program.batch_size :]
        return lambda carry: self._on_rows(self.program.calls.short, carry, rest)

    def _on_rows(self, call: PureCall | None, carry: list[Any], rows: Any) -> tuple[list[Any], Any]:
        arrays = (self.data.X, self.data.y, self.data.weights)
        rows = self.placement.spread(rows)  # so that each device gathers its own
        batch = (a.at[rows].get(mode="promise_in_bounds") for a in arrays if a is not None)
        carry, loss = self._apply(call, carry, *batch)
        return carry, jnp.asarray(loss, np.float64)

    def _validation_loss(self, carry: list[Any]) -> tuple[list[Any], Any]:
        """Predict the validation rows, a block of them at a time, and take the loss of all."""
        X, calls, size = self.data.X_val, self.program.calls, self.program.block_size
        whole = len(X) // size * size
        predicted = []
        if calls.block is not None:
            blocks = X[:whole].reshape(-1, size, *X.shape[1:])
            carry, parts = jax.lax.scan(
                lambda carry, rows: self._predict(calls.block, carry, rows), carry, blocks
            )
            predicted.append(parts.reshape(whole, *parts.shape[2:]))
        if calls.tail is not None:
            carry, part = self._predict(calls.tail, carry, X[whole:])
            predicted.append(part)
        prediction = jnp.concatenate(predicted)
        given = [] if self.data.weights_val is None else [self.data.weights_val]
        carry, loss = self._apply(calls.loss, carry, prediction, self.data.y_val, *given)
        return carry, jnp.asarray(loss, np.float64)

    def _predict(self, call: PureCall | None, carry: list[Any], rows: Any) -> Any:
        """Predict rows; the predictions, which are small, are then the same on each device."""
        carry, part = self._apply(call, carry, self.placement.spread(rows))
        return carry, self.placement.whole(part)

    def _apply(
        self, call: PureCall | None, carry: list[Any], *inputs: Any
    ) -> tuple[list[Any], Any]:
        """Do what was recorded to the arrays that change."""
        if call is None:
            raise TypeError("nothing was recorded")
        # Those that are neither carried nor fixed are not read: anything will do.
        state: list[Any] = [jnp.zeros(())] * call.size
        for number, value in zip(self.program.fixed, self.fixed, strict=True):
            state[number] = value
        for number, value in self._numbered(carry):
            state[number] = value
        result, after = with_whole_writes(call, self.placement)(state, *inputs)
        changed = [
            jnp.asarray(after[n], v.dtype) if n in call.changed else v
            for n, v in self._numbered(carry)
        ]
        return self.placement.whole(changed), result

    def _numbered(self, carry: list[Any]) -> zip[tuple[int, Any]]:
        return zip(self.program.carried, carry, strict=True)

    def _noted(self, told: Any, epoch: Any, column: Any, *numbers: Any) -> Any:
        """Put down numbers; faster than ``told.at[...]``, which looks if the place is there."""
        first = (0,) * (told.ndim - 2)
        place = [jnp.asarray(at, epoch.dtype) for at in (epoch, column, *first)]
        return jax.lax.dynamic_update_slice(told, jnp.stack(numbers)[np.newaxis], place)

    def _nothing(self) -> Any:
        return jnp.zeros((), np.float64)

    def _if(
        self,
        condition: Any,
        then: Callable[[list[Any]], tuple[list[Any], Any]],
        carry: list[Any],
    ) -> Any:
        """Do `then` to the arrays, or leave them as they are and return 0 with them."""
        nothing = self._nothing()
        return jax.lax.cond(condition, then, lambda carry: (carry, nothing), carry)


def run_once(function: Callable[..., Any], placement: Placement, *args: Any) -> Any:
    """Run a function compiled, or as it was compiled for such arguments before."""
    jaxpr, result = jax.make_jaxpr(function, return_shape=True)(*args)
    # The names by which arrays are returned, too, are part of what is compiled.
    texts = [text_of(jaxpr), repr(jax.tree.structure(result))]
    texts.append(repr([(np.shape(a), a.dtype) for a in jax.tree.leaves(args)]))
    examples = placement.abstract(args)
    return compiled(function, texts, jaxpr.consts, examples, placement)(*args)


def compiled(
    function: Callable[..., Any],
    texts: Sequence[str],
    constants: Sequence[Any],
    examples: Sequence[Any],
    placement: Placement,
    donated: int | tuple[int, ...] = (),
) -> Callable[..., Any]:
    """Compile a function, or return what was compiled of the same texts and constants before."""
    digest = hashlib.sha256()
    for text in (repr(placement), *texts):
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
    jitted = jax.jit(function, donate_argnums=donated, out_shardings=placement.same)
    program = jitted.lower(*examples).compile()
    with _lock:
        _kept[key] = program
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return program
