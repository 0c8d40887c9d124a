"""EarlyStopping: which epoch is the best, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Self

from glassbrick.checks import one_of, positive_integer, real_number, refuse, true_or_false
from glassbrick.errors import ArgumentError, ArgumentTypeError
from glassbrick.metrics import Metric
from glassbrick.training.callbacks.callback import Callback

__all__ = ["EarlyStopping", "Judge"]

_SIGNS = {"auto": 0.0, "min": 1.0, "max": -1.0}


class EarlyStopping(Callback):
    """Stop when a number has not become better for some epochs, and keep the best epoch.

    Given to a fit, it takes the place of the fit's own `patience` and `min_delta`, which look
    at the validation loss every `eval_every` epochs. It holds settings only, so that it can be
    given to any number of fits.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Which number: "loss", "val_loss", or that of a metric that is followed, "val_mae".
    patience : int or None, default 10
        Stop after so many epochs without progress; None never stops, and only keeps the best.
    min_delta : float, default 0
        By how much a number must be better to count as progress.
    restore_best : bool, default True
        Whether the network ends with the parameters of the best epoch, or with the last ones.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; by default the metric knows.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a setting cannot be used.

    Examples
    --------
    >>> from glassbrick import EarlyStopping
    >>> EarlyStopping("val_mae", patience=20)
    EarlyStopping('val_mae', patience=20)
    """

    is_spectator = True

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int | None = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str = "auto",
    ):
        who = "EarlyStopping"
        if not isinstance(monitor, str):
            refuse(ArgumentTypeError, f"{who}, monitor", 'a name, such as "val_loss"', monitor)
        self.monitor = monitor
        advice = "None never stops early."
        self.patience = (
            patience if patience is None else positive_integer(patience, f"{who}, patience", advice)
        )
        self.min_delta = real_number(min_delta, f"{who}, min_delta", above=0.0, or_equal=True)
        self.restore_best = true_or_false(restore_best, f"{who}, restore_best")
        one_of(mode, _SIGNS, f"{who}, mode")
        self.mode = mode

    def for_member(self, number: int, members: int) -> Self:  # noqa: ARG002
        """Return itself, for it holds settings only."""
        return self

    def compares_like(self, other: EarlyStopping) -> bool:
        """Whether what is better to one is better to the other."""
        return (self.monitor, self.mode) == (other.monitor, other.mode)

    def __repr__(self) -> str:
        return f"EarlyStopping({self.monitor!r}, patience={self.patience})"


class Judge:
    """Counts evaluations without progress, and knows which one was the best.

    An evaluation makes progress if its number is better than that of the last one that did, by
    more than `min_delta`. Which evaluation was the best, by however little, is another question.

    Parameters
    ----------
    rule : EarlyStopping
        The settings.
    every : int
        After how many epochs it looks.

    Attributes
    ----------
    misses : int
        Evaluations without progress since the last one with it.
    best : float
        The best number so far, NaN before the first.
    """

    def __init__(self, rule: EarlyStopping, every: int):
        self.rule, self.every = rule, every
        self.misses = 0
        self.best = math.nan
        self._sign = 1.0
        self._reference = math.inf  # of the last evaluation with progress, times the sign

    def update(self, number: float) -> bool:
        """Take note of an evaluation; say whether it is the best so far."""
        sign = self._sign
        if sign * number < self._reference - self.rule.min_delta:
            self._reference = sign * number
            self.misses = 0
        else:
            self.misses += 1
        if math.isnan(self.best) or sign * number < sign * self.best:
            self.best = number
            return True
        return False

    def judge_again(self, number: float) -> None:
        """Let the best be judged by another number."""
        if number != self.best:
            self.best, self._reference = number, self._sign * number

    def get_state(self) -> dict[str, float]:
        """Return what it knows, but for its rule."""
        return {"misses": self.misses, "best": self.best, "reference": self._reference}

    def set_state(self, state: dict[str, float]) -> None:
        """Know what another one with this rule did."""
        self.misses, self.best = int(state["misses"]), state["best"]
        self._reference = state["reference"]

    def prepare(self, names: Iterable[str], metrics: Mapping[str, Metric]) -> None:
        """Learn whether lower or higher is better; refuse what no epoch has a number of.

        Parameters
        ----------
        names : iterable of str
            What each epoch has a number of.
        metrics : mapping of str to Metric
            Those that are followed.

        Raises
        ------
        ArgumentError
            If there is no such number, or nobody knows which direction is better.
        """
        monitor = self.rule.monitor
        if monitor not in names:
            advice = "Give X_test and y_test for validation, or metrics=[...] to follow."
            followed = ", ".join(f'"{name}"' for name in sorted(names))
            refuse(ArgumentError, "fit, monitor", f"one of {followed}", monitor, advice)
        self._sign = _SIGNS[self.rule.mode]
        if self.rule.mode == "auto":
            metric = metrics.get(monitor.removeprefix("val_"))
            if metric is not None and metric.higher_is_better is None:
                expected = 'mode="min" or mode="max", because only you know which is better'
                refuse(ArgumentError, f"fit, monitor {monitor}", expected, self.rule.mode)
            self._sign = -1.0 if metric is not None and metric.higher_is_better else 1.0

    @property
    def should_stop(self) -> bool:
        """Whether patience is at an end."""
        return self.rule.patience is not None and self.misses >= self.rule.patience
