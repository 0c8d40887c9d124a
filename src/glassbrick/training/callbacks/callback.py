"""Callback: what a fit calls at certain moments; and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

from glassbrick.checks import instance_of, one_of, refuse
from glassbrick.distributed.cluster import writes
from glassbrick.errors import ArgumentTypeError, NotReadyError

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork
    from glassbrick.training.callbacks.checkpoint import Checkpoint
    from glassbrick.training.history import History
    from glassbrick.training.trainer import Trainer

__all__ = ["Callback", "Callbacks", "LambdaCallback", "Logs"]

Logs = dict[str, Any]


class Callback:
    """Methods that a fit calls at certain moments; they do nothing until a subclass writes them.

    They have the names and arguments that Keras gives them, but epochs and batches are counted
    from 1, as in `History`. `logs` holds the latest numbers by name: "loss", "val_loss", metrics
    such as "val_mae", and "lr".

    Attributes
    ----------
    trainer : Trainer
        Whose fit it is.
    is_spectator : bool
        Whether it only looks at `logs`. A compiled engine may then be epochs ahead of what it
        tells. Of others it makes sure that at the end of an epoch the network and the optimizer
        are as that epoch left them, and that what they change is heeded. One that looks at the
        network now and then says when by `look_after`.
    is_for_first : bool
        Whether, of several processes that train together, only the first one calls it, because it
        writes a file, or prints. Others are called in all of them, and have to do the same there.

    Examples
    --------
    >>> from glassbrick import Callback
    >>> class Halve(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         if epoch % 10 == 0:
    ...             self.trainer.optim.lr /= 2
    """

    is_spectator: ClassVar[bool] = False
    is_for_first: ClassVar[bool] = False

    _trainer: Trainer | None = None

    @property
    def trainer(self) -> Trainer:
        """The trainer whose fit it is."""
        if self._trainer is None:
            raise NotReadyError(f"{type(self).__name__}.trainer: no fit has begun yet.")
        return self._trainer

    @trainer.setter
    def trainer(self, trainer: Trainer) -> None:
        self._trainer = trainer

    @property
    def net(self) -> NeuralNetwork:
        """The network that is trained."""
        return self.trainer.net

    @property
    def history(self) -> History:
        """What happened so far. Do not change it."""
        return self.trainer.history

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Act before the first epoch.

        `logs` has "epochs", how many the fit may take; "replaced_params", whether parameters
        that were there before are lost; "rows", how many there are; and "stopping", the
        `EarlyStopping` it was given. On a `Stream`, "batches" is how many an epoch has, and
        "batch" how many of the first are done. If it goes on from a `Checkpoint`, "resumed_from"
        has the name of the file.
        """

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Act after the last epoch, when the network has its final parameters."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Act before an epoch."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Act after an epoch."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Act before a batch. On a compiled engine this makes each batch a call of its own."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Act after a batch, with its "loss". See `on_train_batch_begin`."""

    def on_progress(self, batch: int, logs: Logs | None = None) -> None:
        """Act within an epoch on a `Stream`, a few times a second; others have no such moments.

        So many batches of the epoch are done. `logs` has "loss", their mean so far, and
        "batches", how many the epoch has.
        """

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Act before the losses of an epoch are acted on, every `eval_every` epochs."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Act after it; `logs` has "improved", whether this is the best since the last time."""

    def for_member(self, number: int, members: int) -> Callback | None:  # noqa: ARG002
        """Return what looks on in its place at one of several networks that are trained at once.

        Asked for each, by its number from 0, when an estimator has an ensemble. By default None:
        it looks at one network at a time, so that they are trained one after the other.
        """
        return None

    def look_after(self) -> int | None:
        """Say after how many more epochs it looks at the network; None if it need not.

        It is asked when the network is as the last epoch left it; which it will be again after
        so many epochs, or sooner, whereupon it is asked anew. It may change nothing.
        """
        return None if self.is_spectator else 1

    def close(self) -> None:
        """Tidy up; the last call of each fit, whatever ends it."""

    def get_state(self) -> Any:
        """Return what `set_state` needs if training goes on in another process; see `Checkpoint`.

        Numbers, texts, arrays, random generators, and lists and dicts of them; by default None.
        """
        return None

    def set_state(self, state: Any) -> None:
        """Go on from what `get_state` returned there, after `on_train_begin`."""

    def stop(self, reason: str) -> None:
        """Let training stop after this epoch; `History.stop_reason` will say why."""
        self.trainer.stop(reason)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_trainer"}


_HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")
_EPOCH_HOOKS = ("on_epoch_begin", "on_epoch_end")


class LambdaCallback(Callback):
    """Functions in the place of methods.

    Parameters
    ----------
    **hooks : callable
        By the names of `Callback`'s methods, with their arguments.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no such method, or a value cannot be called.

    Examples
    --------
    >>> from glassbrick import LambdaCallback
    >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(self, **hooks: Callable[..., object]):
        for name, function in hooks.items():
            one_of(name, dict.fromkeys(_HOOKS), "LambdaCallback")
            if not callable(function):
                refuse(ArgumentTypeError, f"LambdaCallback, {name}", "a function", function)
            setattr(self, name, function)


class Callbacks:
    """The callbacks of a fit, called in their order.

    Parameters
    ----------
    callbacks : sequence of Callback
        Those to call.
    trainer : Trainer
        Whose fit it is.

    Attributes
    ----------
    all_spectators : bool
        Whether all of them only look at `logs`.
    want_batches : bool
        Whether one of them has something to do for each batch.
    hear_of_epochs : bool
        Whether one of them has something to do for each epoch.
    all : list of Callback
        Those that are called.
    checkpoint : Checkpoint or None
        By what the fit can go on in another process.

    Raises
    ------
    ArgumentTypeError
        If one is no `Callback`.
    """

    def __init__(
        self,
        callbacks: Sequence[Callback],
        trainer: Trainer,
        checkpoint: Checkpoint | None = None,
    ):
        self.checkpoint = checkpoint
        self.all = [
            instance_of(callback, Callback, "fit, callbacks", "[EarlyStopping(patience=5)]")
            for callback in callbacks
        ]
        if not writes(trainer.engine.cluster):
            self.all = [callback for callback in self.all if not callback.is_for_first]
        for callback in self.all:
            callback.trainer = trainer
        self._wanted = {hook: [c for c in self.all if _has(c, hook)] for hook in _HOOKS}
        self.all_spectators = all(c.is_spectator for c in self.all)
        self.want_batches = any(self._wanted[hook] for hook in _BATCH_HOOKS)
        self.hear_of_epochs = any(self._wanted[hook] for hook in _EPOCH_HOOKS)

    def call(self, hook: str, *args: Any) -> None:
        """Call a method of all callbacks that have it."""
        for callback in self._wanted[hook]:
            getattr(callback, hook)(*args)

    def look_after(self) -> list[int]:
        """Return after how many epochs some of them look at the network."""
        return [number for c in self.all if (number := c.look_after()) is not None]

    def close(self) -> None:
        """Tidy up, even if one of them fails to."""
        with ExitStack() as stack:
            for callback in reversed(self.all):
                stack.callback(callback.close)


def _has(callback: Callback, hook: str) -> bool:
    """Whether a callback has something to do then."""
    return hook in vars(callback) or getattr(type(callback), hook) is not getattr(Callback, hook)
