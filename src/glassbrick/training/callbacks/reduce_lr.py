"""ReduceLROnPlateau: smaller steps where larger ones do not help any more."""

from __future__ import annotations

import copy
from typing import Self

from glassbrick.checks import positive_integer, real_number, refuse
from glassbrick.errors import ArgumentError
from glassbrick.training.callbacks.callback import Callback, Logs
from glassbrick.training.callbacks.early_stopping import EarlyStopping, Judge

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(Callback):
    """Lower the learning rate when a number has not become better for some epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Which number; see `EarlyStopping`.
    factor : float, default 0.1
        What the learning rate is multiplied by, between 0 and 1.
    patience : int, default 10
        Epochs without progress before it is lowered.
    min_delta : float, default 1e-4
        By how much a number must be better to count as progress.
    cooldown : int, default 0
        Epochs after a change in which nothing is counted.
    min_lr : float, default 0
        The learning rate is not lowered below it.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a setting cannot be used; or, when an epoch ends, if there is no such number.

    Examples
    --------
    >>> from glassbrick import ReduceLROnPlateau
    >>> callback = ReduceLROnPlateau(patience=5, factor=0.5)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        *,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        mode: str = "auto",
    ):
        who = "ReduceLROnPlateau"
        self.rule = EarlyStopping(monitor, patience, min_delta, mode=mode)
        self.factor = real_number(factor, f"{who}, factor", above=0.0)
        if self.factor >= 1.0:
            refuse(ArgumentError, f"{who}, factor", "a number between 0 and 1", factor)
        self.cooldown = 0 if cooldown == 0 else positive_integer(cooldown, f"{who}, cooldown")
        self.min_lr = real_number(min_lr, f"{who}, min_lr", above=0.0, or_equal=True)
        self._rest = 0
        self._judge = Judge(self.rule, 1)

    def for_member(self, number: int, members: int) -> Self:  # noqa: ARG002
        """Return a copy, which lowers the rate of one network."""
        return copy.deepcopy(self)

    def on_train_begin(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Begin to count."""
        self._judge, self._rest = Judge(self.rule, 1), 0

    def get_state(self) -> dict[str, float]:
        """Return how long it has waited, and for what."""
        return {"rest": self._rest, **self._judge.get_state()}

    def set_state(self, state: dict[str, float]) -> None:
        """Go on waiting."""
        judge = dict(state)
        self._rest = int(judge.pop("rest"))
        self._judge.set_state(judge)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Lower the learning rate if it is time."""
        logs = logs or {}
        self._judge.prepare(logs, self.trainer.metrics)
        self._judge.update(logs[self.rule.monitor])
        if self._rest:
            self._rest -= 1
            self._judge.misses = 0
        if self._judge.should_stop:
            self.trainer.optim.scale(self.factor, self.min_lr)
            self._judge.misses, self._rest = 0, self.cooldown
