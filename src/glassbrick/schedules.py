"""Schedules: learning rates that change with time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from inspect import signature
from typing import Any, ClassVar

import numpy as np

from glassbrick.arrays import is_traced
from glassbrick.checks import complaint, describe, instance_of, one_of, real_number, refuse
from glassbrick.errors import ArgumentError, NotReadyError

__all__ = [
    "ConstantRate",
    "CosineDecay",
    "ExponentialDecay",
    "LinearDecay",
    "OneCycle",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "as_schedule",
]

_UNITS = {"epoch": "epoch", "step": "step"}
_ROUNDING = 1e-9  # so that 0.3 / 0.1 counts as 3


class Schedule(ABC):
    """A learning rate as a function of time, given to an optimizer as its `lr`.

    A subclass writes `rate`. Time is counted in epochs, of which a step is a fraction, or in
    steps. A schedule whose length is not given lasts as long as the fit.

    Parameters
    ----------
    lr : float
        The rate to begin with, greater than 0.
    length : float, optional
        How long it lasts, greater than 0; after that the last rate stays.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Attributes
    ----------
    endless : bool
        Whether the rule does without a length, which is then infinite. False if a subclass
        does not say so.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range.

    Notes
    -----
    For ``engine="xla"`` write conditions on `t` as ``np.where(condition, a, b)``.

    Examples
    --------
    >>> class InverseTime(Schedule):
    ...     endless = True
    ...     def rate(self, t, length):
    ...         return self.lr / (1.0 + t)
    >>> InverseTime(0.1, unit="step").at_step(4)
    0.02
    """

    endless: ClassVar[bool] = False

    def __init__(self, lr: float, *, length: float | None = None, unit: str = "epoch"):
        self.lr = self._number("lr", lr)
        self.length = None if length is None else self._number("length", length)
        self.unit = one_of(unit, _UNITS, f"{type(self).__name__}, unit")

    @abstractmethod
    def rate(self, t: float, length: float) -> float:
        """Return the learning rate at a time.

        Parameters
        ----------
        t : float
            Since the start, from 0 to `length`.
        length : float
            Of the schedule: as given, or that of the fit, or infinity if it is endless.
        """

    def at_step(
        self, step: float, steps_an_epoch: float | None = None, steps: float | None = None
    ) -> float:
        """Return the rate of a step.

        Parameters
        ----------
        step : float
            How many steps went before.
        steps_an_epoch, steps : float, optional
            Number of batches in an epoch; number of steps until the end of the fit.

        Raises
        ------
        NotReadyError
            If one of these is needed and not given.
        """
        in_steps = self._steps_in_a_unit(steps_an_epoch)
        if self.length is not None:
            length = self.length
        elif self.endless:
            length = math.inf
        else:
            length = self._known(steps) / in_steps
        return self.rate(_within(0.0, step / in_steps, length), length)

    def _steps_in_a_unit(self, steps_an_epoch: float | None) -> float:
        return 1.0 if self.unit == "step" else self._known(steps_an_epoch)

    def _known(self, steps: float | None) -> float:
        if steps is not None:
            return steps
        raise NotReadyError(
            complaint(
                repr(self),
                "to know how many steps an epoch and the fit have",
                describe(steps),
                "Train with a Trainer, or call optim.plan(steps_an_epoch, steps), or count in "
                'steps: unit="step", with a length.',
            )
        )

    def _number(self, name: str, value: float, *, zero: bool = False) -> float:
        """Return an argument greater than 0, or not less."""
        return real_number(value, f"{type(self).__name__}, {name}", above=0.0, or_equal=zero)

    def __repr__(self) -> str:
        usual = {"length": None, "unit": "epoch"}
        names = [name for name in signature(type(self)).parameters if name in vars(self)]
        told = [f"{n}={vars(self)[n]!r}" for n in names if vars(self)[n] != usual.get(n, self)]
        return f"{type(self).__name__}({', '.join(told)})"


class ConstantRate(Schedule):
    r"""The same rate at all times, as a plain number is: :math:`\eta(t) = \eta_0`.

    Parameters
    ----------
    lr : float
        The rate, greater than 0.
    """

    endless = True

    def __init__(self, lr: float):
        super().__init__(lr, unit="step")

    def rate(self, t: float, length: float) -> float:  # noqa: ARG002
        """Return the rate at a time."""
        return self.lr


class StepDecay(Schedule):
    r"""Multiplies the rate every so often: :math:`\eta(t) = \eta_0 f^{\lfloor t / n \rfloor}`.

    Parameters
    ----------
    lr : float
        The rate to begin with, greater than 0.
    every : float
        After what time :math:`n` to multiply, each time.
    factor : float, default 0.1
        By what, greater than 0.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Examples
    --------
    >>> schedule = StepDecay(0.8, every=10, factor=0.5, unit="step")
    >>> [schedule.at_step(step) for step in (0, 9, 10, 20)]
    [0.8, 0.8, 0.4, 0.2]
    """

    endless = True

    def __init__(self, lr: float, every: float, factor: float = 0.1, *, unit: str = "epoch"):
        super().__init__(lr, unit=unit)
        self.every, self.factor = self._number("every", every), self._number("factor", factor)

    def rate(self, t: float, length: float) -> float:  # noqa: ARG002
        """Return the rate at a time."""
        rate: float = self.lr * self.factor ** ((t / self.every + _ROUNDING) // 1.0)
        return rate


class ExponentialDecay(Schedule):
    r"""Multiplies the rate by a factor in each unit of time: :math:`\eta(t) = \eta_0 f^t`.

    Parameters
    ----------
    lr : float
        The rate to begin with, greater than 0.
    factor : float, default 0.95
        By what to multiply, greater than 0; steadily, so that half an epoch multiplies by
        its square root.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Examples
    --------
    >>> ExponentialDecay(0.8, factor=0.5).at_step(20, steps_an_epoch=10)
    0.2
    """

    endless = True

    def __init__(self, lr: float, factor: float = 0.95, *, unit: str = "epoch"):
        super().__init__(lr, unit=unit)
        self.factor = self._number("factor", factor)

    def rate(self, t: float, length: float) -> float:  # noqa: ARG002
        """Return the rate at a time."""
        rate: float = self.lr * self.factor**t
        return rate


class _Between(Schedule):
    """Leads from one rate to another."""

    def __init__(
        self, lr: float, final: float = 0.0, *, length: float | None = None, unit: str = "epoch"
    ):
        super().__init__(lr, length=length, unit=unit)
        self.final = self._number("final", final, zero=True)


class LinearDecay(_Between):
    r"""A straight line: :math:`\eta(t) = \eta_0 + (\eta_1 - \eta_0)\,t / T`.

    Parameters
    ----------
    lr : float
        The rate :math:`\eta_0` to begin with, greater than 0.
    final : float, default 0
        The rate :math:`\eta_1` at the end, at least 0.
    length : float, optional
        How long :math:`T` it takes; the whole fit if not given.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Examples
    --------
    >>> LinearDecay(0.5).at_step(25, steps_an_epoch=10, steps=100)
    0.375
    """

    def rate(self, t: float, length: float) -> float:
        """Return the rate at a time."""
        return self.lr + (self.final - self.lr) * (t / length)


class CosineDecay(_Between):
    r"""Half a cosine: :math:`\eta(t) = \eta_1 + (\eta_0 - \eta_1)(1 + \cos(\pi t / T)) / 2`.

    Parameters
    ----------
    lr : float
        The rate :math:`\eta_0` to begin with, greater than 0.
    final : float, default 0
        The rate :math:`\eta_1` at the end, at least 0.
    length : float, optional
        How long :math:`T` it takes; the whole fit if not given.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Notes
    -----
    Loshchilov and Hutter, 2017, without restarts.

    Examples
    --------
    >>> round(CosineDecay(0.5).at_step(50, steps_an_epoch=10, steps=100), 3)
    0.25
    """

    def rate(self, t: float, length: float) -> float:
        """Return the rate at a time."""
        return _along_cosine(self.lr, self.final, t / length)


class WarmUp(Schedule):
    r"""Rises in a straight line to where another schedule begins, which then takes over.

    Parameters
    ----------
    then : Schedule or float
        What follows, with a time of its own from 0 on; a number stays as it is.
    length : float
        How long the rise takes, greater than 0.
    start : float, default 0
        Where it begins, as a fraction of the first rate of `then`.
    unit : {"epoch", "step"}, default "epoch"
        What `length` is counted in; `then` may be counted in another one.

    Notes
    -----
    Goyal et al., 2017. If `then` has no length, it lasts for the rest of the fit.

    Examples
    --------
    >>> schedule = WarmUp(then=LinearDecay(0.5), length=1)
    >>> [schedule.at_step(step, steps_an_epoch=10, steps=50) for step in (0, 5, 10, 30)]
    [0.0, 0.25, 0.5, 0.25]
    """

    length: float

    def __init__(
        self, then: Schedule | float, length: float, start: float = 0.0, *, unit: str = "epoch"
    ):
        self.then = as_schedule(then, "WarmUp, then")
        super().__init__(self.then.lr, length=length, unit=unit)
        self.start = self._number("start", start, zero=True)

    def at_step(
        self, step: float, steps_an_epoch: float | None = None, steps: float | None = None
    ) -> float:
        """Return the rate of a step; see `Schedule.at_step`."""
        rise = self.length * self._steps_in_a_unit(steps_an_epoch)
        rest = None if steps is None else _within(1.0, steps - rise, math.inf)
        later = self.then.at_step(_within(0.0, step - rise, math.inf), steps_an_epoch, rest)
        return super().at_step(step, steps_an_epoch) * later

    def rate(self, t: float, length: float) -> float:
        """Return the rate at a time of the rise, as a fraction of the first one of `then`."""
        return self.start + (1.0 - self.start) * (t / length)


class OneCycle(Schedule):
    r"""Rises along half a cosine to the highest rate, and falls along another one to the last.

    Parameters
    ----------
    lr : float
        The highest rate, greater than 0.
    rise : float, default 0.3
        The share of the time that it rises, between 0 and 1.
    start, final : float, default 1/25 and 4e-6
        The first and the last rate, as fractions of the highest.
    length : float, optional
        How long it takes; the whole fit if not given.
    unit : {"epoch", "step"}, default "epoch"
        What time is counted in.

    Notes
    -----
    Smith and Topin, 2018. The momentum stays as it is.

    Examples
    --------
    >>> round(OneCycle(0.5).at_step(30, steps_an_epoch=10, steps=100), 3)
    0.5
    """

    def __init__(
        self,
        lr: float,
        rise: float = 0.3,
        start: float = 1.0 / 25.0,
        final: float = 4e-6,
        *,
        length: float | None = None,
        unit: str = "epoch",
    ):
        super().__init__(lr, length=length, unit=unit)
        self.rise = self._number("rise", rise)
        if self.rise >= 1.0:
            refuse(ArgumentError, "OneCycle, rise", "a number between 0 and 1", rise)
        self.start = self._number("start", start, zero=True)
        self.final = self._number("final", final, zero=True)

    def rate(self, t: float, length: float) -> float:
        """Return the rate at a time."""
        progress, rise = t / length, self.rise
        up = _along_cosine(self.start * self.lr, self.lr, progress / rise)
        down = _along_cosine(self.lr, self.final * self.lr, (progress - rise) / (1.0 - rise))
        return _either(progress < rise, up, down)


def as_schedule(value: Schedule | float, who: str) -> Schedule:
    """Return a schedule as it is, and a number as one that is constant."""
    if isinstance(value, Schedule | type):
        return instance_of(value, Schedule, who, "CosineDecay(0.1)")
    return ConstantRate(real_number(value, who, above=0.0))


def _along_cosine(first: float, last: float, progress: float) -> float:
    """Return what lies between two rates, on half a cosine."""
    cosine = np.cos(math.pi * progress) if is_traced(progress) else math.cos(math.pi * progress)
    return last + (first - last) * (0.5 + 0.5 * cosine)


# NumPy's functions would do for Python numbers, too, but cost some microseconds.


def _within(least: float, value: float, most: float) -> float:
    if is_traced(value):
        return np.minimum(np.maximum(least, value), most)  # type: ignore[no-any-return]
    return min(max(least, value), most)


def _either(condition: Any, yes: float, no: float) -> float:
    if is_traced(condition):
        return np.where(condition, yes, no)  # type: ignore[return-value]
    return yes if condition else no
