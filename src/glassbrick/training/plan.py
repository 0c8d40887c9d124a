"""Plan: the settings of one fit, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glassbrick.checks import T, positive_integer, real_number, refuse
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.metrics import Metric
from glassbrick.training.callbacks import Callback, EarlyStopping

__all__ = ["Plan", "only_one", "plan_of"]


@dataclass(frozen=True)
class Plan:
    """The settings of one fit; see `Trainer.fit`.

    Attributes
    ----------
    epochs, eval_every, batch_size : int
        As of `Trainer.fit`.
    stopping : EarlyStopping
        Which epoch is the best, and when to stop.
    judged_every : int
        After how many epochs that is looked at.
    is_asked_for : bool
        Whether it must be possible; else it is done if there is validation data.
    metrics : dict of str to Metric
        What is followed besides the loss.
    """

    epochs: int
    eval_every: int
    batch_size: int
    stopping: EarlyStopping
    judged_every: int
    is_asked_for: bool
    metrics: dict[str, Metric]


def only_one(callbacks: Sequence[Callback], kind: type[T]) -> T | None:
    """Return the callback of a kind, if there is one."""
    own = [callback for callback in callbacks if isinstance(callback, kind)]
    if len(own) > 1:
        refuse(ArgumentError, "fit, callbacks", f"at most one {kind.__name__}", own)
    return own[0] if own else None


def plan_of(
    epochs: int,
    eval_every: int,
    batch_size: int,
    patience: int | None,
    min_delta: float,
    metrics: dict[str, Metric],
    callbacks: Sequence[Callback],
) -> Plan:
    """Check the settings of a fit; see `Trainer.fit`."""
    if patience is not None:
        patience = positive_integer(patience, "fit, patience", "None never stops early.")
    min_delta = real_number(min_delta, "fit, min_delta", above=0.0, or_equal=True)
    eval_every = positive_integer(eval_every, "fit, eval_every")
    if not isinstance(callbacks, Sequence):
        advice = "For example: [EarlyStopping(patience=5)]."
        refuse(ArgumentTypeError, "fit, callbacks", "a list of callbacks", callbacks, advice)
    own = only_one(callbacks, EarlyStopping)
    return Plan(
        epochs=positive_integer(epochs, "fit, epochs"),
        eval_every=eval_every,
        batch_size=positive_integer(batch_size, "fit, batch_size"),
        stopping=own or EarlyStopping("val_loss", patience, min_delta),
        judged_every=1 if own is not None else eval_every,
        is_asked_for=own is not None,
        metrics=metrics,
    )
