"""The learning rate of an optimizer: a number or a schedule, and what has become of it by now."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from glassbrick.arrays import Array, as_number, is_traced
from glassbrick.checks import instance_of, positive_integer, real_number, refuse
from glassbrick.errors import ArgumentError, NotReadyError
from glassbrick.schedules import Schedule

__all__ = ["LearningRate", "StepNumber"]


class StepNumber:
    """The attribute `t` of an optimizer; one that holds a time of its own there may do so."""

    def __get__(self, optimizer: LearningRate, kind: type | None = None) -> float:
        """Return the number of the step that is being made, or that comes next."""
        return as_number(optimizer._steps) + 1.0


class LearningRate:
    """What an optimizer knows of time and rate, in arrays, so that compiled steps go on with it.

    Attributes
    ----------
    t : float
        Number of the step that is being made, or that comes next; from 1.
    """

    t: ClassVar[StepNumber] = StepNumber()

    def __init__(self, lr: float | Schedule):
        self._steps: Array = np.zeros(())  # that were made
        self._scheduled_lr: Array = np.zeros(())  # NaN as long as the schedule cannot tell it
        self._unscaled_lr: Array = np.zeros(())  # 0 unless a number was scaled
        self._scale: Array = np.ones(())
        self._floor: Array = np.zeros(())
        self._steps_an_epoch: Array = np.zeros(())
        self._steps_at_the_end: Array = np.zeros(())
        self._is_planned = False
        self._schedule: Schedule | None = None
        self.lr = lr

    @property
    def lr(self) -> float:
        """The rate of the step that is being made, or that comes next; may be set at any time."""
        if self._schedule is None:
            return self._lr
        rate = as_number(self._scheduled_lr)
        return self._present_rate() if not is_traced(rate) and math.isnan(rate) else rate

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        who = f"{type(self).__name__}, lr"
        self._lr: float
        schedule = None
        if is_traced(lr) and lr.shape == ():  # a rule that changes it is being compiled
            self._lr = lr.as_number()
        elif isinstance(lr, Schedule | type):
            schedule = instance_of(lr, Schedule, who, "CosineDecay(0.1)")
            self._require_common_step("lr", "a number", lr)
            self._lr = schedule.lr
        else:
            self._lr = real_number(lr, who, above=0.0)
        self._schedule = schedule
        self._unscaled_lr[...], self._scale[...], self._floor[...] = 0.0, 1.0, 0.0
        self._renew_rate()

    @property
    def schedule(self) -> Schedule | None:
        """The schedule that gives the rate, if there is one."""
        return self._schedule

    def rate_at(self, steps: int) -> float:
        """Return the rate of the step that comes after so many, as far as is known now."""
        return self.lr if self._schedule is None else self._rate_after(float(steps))

    def scale(self, factor: float, floor: float = 0.0) -> None:
        """Multiply the rate from now on, that of a schedule too.

        Parameters
        ----------
        factor : float
            By what, greater than 0; in addition to earlier factors.
        floor : float, default 0
            Below which it shall not bring the rate. A schedule may.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument is out of range.
        """
        who = f"{type(self).__name__}.scale"
        factor = real_number(factor, f"{who}, factor", above=0.0)
        self._floor[...] = real_number(floor, f"{who}, floor", above=0.0, or_equal=True)
        self._scale[...] = factor * self._scale.item()
        if self._schedule is not None:
            self._renew_rate()
            return
        if not self._unscaled_lr:
            self._unscaled_lr[...] = self._lr
        self._lr = self._scaled(self._unscaled_lr.item())

    def plan(self, steps_an_epoch: int, steps: int) -> None:
        """Tell a schedule how long training takes; a trainer does so before a fit.

        Parameters
        ----------
        steps_an_epoch : int
            Number of batches in an epoch.
        steps : int
            Number of steps until the end of the fit, with those that were made before.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If one of them is not a whole number of at least 1.
        """
        who = f"{type(self).__name__}.plan"
        self._steps_an_epoch[...] = positive_integer(steps_an_epoch, f"{who}, steps_an_epoch")
        self._steps_at_the_end[...] = positive_integer(steps, f"{who}, steps")
        self._is_planned = True
        self._renew_rate()

    def is_planned(self, steps_an_epoch: int, steps: int) -> bool:
        """Whether it was told just that; see `plan`."""
        told = (self._steps_an_epoch.item(), self._steps_at_the_end.item())
        return self._is_planned and told == (steps_an_epoch, steps)

    def _require_common_step(self, who: str, expected: str, received: object) -> None:
        """Refuse what is done in `Optimizer.step`, where another one takes its place."""
        step = next(vars(kind)["step"] for kind in type(self).__mro__ if "step" in vars(kind))
        if not step.__module__.startswith("glassbrick.") and "step" not in step.__code__.co_names:
            expected += f", because {type(self).__name__}.step takes the place of Optimizer.step"
            advice = "Write the rule as _update instead of step, or call super().step()."
            refuse(ArgumentError, f"{type(self).__name__}, {who}", expected, received, advice)

    def _forget_time(self) -> None:
        """Begin anew, with the rate that was set."""
        self._steps[...], self._scale[...], self._floor[...] = 0.0, 1.0, 0.0
        if self._unscaled_lr:
            self._lr = self._unscaled_lr.item()
            self._unscaled_lr[...] = 0.0
        self._renew_rate()

    def _advance(self) -> None:
        """Count a step that was made."""
        self._steps[...] = as_number(self._steps) + 1.0
        if self._schedule is not None:
            self._scheduled_lr[...] = self._present_rate()

    def _renew_rate(self) -> None:
        """Ask the schedule, if there is one; it may not know yet."""
        if self._schedule is not None:
            try:
                self._scheduled_lr[...] = self._present_rate()
            except NotReadyError:
                self._scheduled_lr[...] = math.nan

    def _present_rate(self) -> float:
        """Return what the schedule says, scaled."""
        return self._rate_after(as_number(self._steps))

    def _rate_after(self, steps: float) -> float:
        schedule: Any = self._schedule
        plan = (self._steps_an_epoch, self._steps_at_the_end) if self._is_planned else ()
        rate = schedule.at_step(steps, *map(as_number, plan))
        if isinstance(rate, np.ndarray) and rate.shape == () and not is_traced(rate):
            rate = rate.item()  # as np.where leaves it
        if is_traced(rate) or (type(rate) is float and 0.0 <= rate < math.inf):
            return self._scaled(rate)
        who = f"{schedule!r}, rate"
        return self._scaled(real_number(rate, who, above=0.0, or_equal=True))

    def _scaled(self, rate: float) -> float:
        scale, floor = as_number(self._scale), as_number(self._floor)
        if is_traced(scale):
            return np.maximum(scale * rate, np.minimum(rate, floor))  # type: ignore[no-any-return]
        return max(scale * rate, min(rate, floor))
