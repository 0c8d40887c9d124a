"""Optimizer: what all rules share: memory, time, and what is done around a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypedDict

import numpy as np

from glassbrick.arrays import Array, is_used
from glassbrick.checks import complaint, real_number, refuse
from glassbrick.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotReadyError,
    OwnershipError,
    ShapeError,
)
from glassbrick.optimizers.clipping import shortening
from glassbrick.optimizers.groups import Group, grouped, parts
from glassbrick.optimizers.learning_rate import LearningRate
from glassbrick.schedules import Schedule

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["Optimizer", "Options", "fraction"]


class Options(TypedDict, total=False):
    """What every optimizer takes besides; see `Optimizer`."""

    clip_value: float | None
    clip_norm: float | None
    clip_global_norm: float | None
    ema: float | None


class Optimizer(LearningRate):
    r"""A rule that changes the parameters of one network.

    A subclass writes `_update`, which changes one parameter, or `step`, which changes all.
    Options and schedules need `_update`.

    Parameters
    ----------
    lr : float or Schedule, default 0.01
        Learning rate, greater than 0.
    weight_decay : float, default 0
        Makes the parameters smaller, apart from the gradient: :math:`w` loses
        :math:`\eta \lambda w` before each step (Loshchilov and Hutter, 2019). This is not an
        L2 penalty, which is part of the loss and a matter of the layers.
    clip_value : float, optional
        The largest size of each number in a gradient.
    clip_norm : float, optional
        The largest norm of each parameter's gradient.
    clip_global_norm : float, optional
        The largest norm of all gradients together. At most one of the three can be given.
    ema : float, optional
        Keep an exponential moving average of the parameters, of which so much stays in each
        step: at least 0 and less than 1, often 0.999. See `averaged`.

    Attributes
    ----------
    slots : tuple of str
        What the rule remembers of each parameter: arrays like it, zero at the start, that
        `_update` is given after the gradient.
    elementwise : bool
        Whether the rule treats each number by itself. It may then be called with arrays of one
        axis, several small parameters together or parts of large ones, which is faster.
        False if a subclass does not say so.
    net : NeuralNetwork
        The network it trains, given by the trainer.
    t : float
        Number of the step that is being made, or that comes next; from 1.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is out of range, or there is no rule.

    Notes
    -----
    Chapter section 3.7.

    Examples
    --------
    >>> class Momentum(Optimizer):
    ...     slots = ("velocity",)
    ...     def _update(self, param, grad, velocity):
    ...         velocity *= 0.9
    ...         velocity += grad
    ...         param -= self.lr * velocity
    >>> Momentum(lr=0.1, weight_decay=1e-4)
    Momentum(lr=0.1, weight_decay=0.0001)
    """

    slots: tuple[str, ...] = ()
    elementwise: bool = False

    _net: NeuralNetwork | None = None
    _groups: list[Group] | None = None  # None before the first step
    _shapes: Sequence[tuple[int, ...]] = ()
    _memory: Sequence[list[Array]] = ()  # of each group: its slots, and its average, if any

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ARG004
        """Refuse a class without a rule."""
        if cls._update is Optimizer._update and cls.step is Optimizer.step:
            advice = "It is abstract as it is."
            refuse(ArgumentTypeError, cls.__name__, "a rule, _update or step", cls, advice)
        return super().__new__(cls)

    def __init__(
        self,
        lr: float | Schedule = 0.01,
        *,
        weight_decay: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        clip_global_norm: float | None = None,
        ema: float | None = None,
    ):
        super().__init__(lr)
        who = f"{type(self).__name__}, "
        self.weight_decay = real_number(
            weight_decay, f"{who}weight_decay", above=0.0, or_equal=True
        )
        self.clip_value = _limit(clip_value, f"{who}clip_value")
        self.clip_norm = _limit(clip_norm, f"{who}clip_norm")
        self.clip_global_norm = _limit(clip_global_norm, f"{who}clip_global_norm")
        self.ema = None if ema is None else fraction(ema, f"{who}ema")
        limits = [clip_value, clip_norm, clip_global_norm]
        if len(limits) - limits.count(None) > 1:
            refuse(ArgumentError, f"{who}clipping", "one limit at most", limits)
        if self._has_options:
            self._require_common_step("options", "none", [weight_decay, *limits, ema])

    @property
    def _has_options(self) -> bool:
        """Whether more is to be done than the rule does."""
        return (
            is_used(self.weight_decay)
            or self.clip_value is not None
            or self.clip_norm is not None
            or self.clip_global_norm is not None
            or self.ema is not None
        )

    @property
    def net(self) -> NeuralNetwork:
        """The network it trains."""
        if self._net is None:
            who = type(self).__name__
            raise NotReadyError(
                f"{who} has no network yet: give it to a Trainer(net, optim) first."
            )
        return self._net

    @net.setter
    def net(self, net: NeuralNetwork) -> None:
        self._net = net

    def bind(self, net: NeuralNetwork) -> None:
        """Make `net` the network to train.

        Raises
        ------
        OwnershipError
            If it trains another network already.
        """
        if self._net is not None and self._net is not net:
            raise OwnershipError(
                f"{self!r} already trains {self._net!r}. Make a new optimizer for each network."
            )
        self.net = net

    def _update(self, *args: Any, **kwargs: Any) -> None:
        """Change a parameter in place: the rule, ``_update(self, param, grad, *slots)``.

        Parameters
        ----------
        param, grad : ndarray
            A parameter, to be changed in place, and its gradient, to be left as it is.
        *slots : ndarray
            What `slots` names, to be changed in place.
        """

    def _begin_step(self) -> None:
        """Do what a rule needs done once a step, before parameters change."""

    @np.errstate(under="ignore")  # what is too small to be seen is 0
    def step(self) -> None:
        """Change each parameter of ``self.net`` once, in place.

        Raises
        ------
        NotReadyError
            If the optimizer has no network, the network no gradients yet, or a schedule does
            not know how long training takes.
        ShapeError
            If the network has other parameters than at the first step.
        """
        pairs = self.net.params_and_grads()
        params, grads = [param for param, _ in pairs], [grad for _, grad in pairs]
        groups = self._groups or self._arrange(params)
        if [param.shape for param in params] != self._shapes:
            self._refuse_other_shapes(params)
        self.lr  # noqa: B018 (refuses what a schedule does not know, before anything is changed)
        if self.clip_norm is not None:
            grads = [shortening([grad], self.clip_norm) * grad for grad in grads]
        gathered, factor = [group.gather(grads) for group in groups], None
        if self.clip_global_norm is not None:
            factor = shortening(gathered, self.clip_global_norm)
        self._begin_step()
        for group, grad, memory in zip(groups, gathered, self._memory, strict=True):
            param = group.gather(params)
            arrays = (param, grad, *memory)
            for some in parts(*arrays) if group.elementwise else (arrays,):
                self._move(factor, *some)
            group.scatter(param, params)
            if self.ema is not None and len(memory) == len(self.slots):
                memory.append(np.copy(param))
        self._advance()

    def _move(self, factor: float | None, param: Array, grad: Array, *memory: Array) -> None:
        """Change a parameter, or parameters put together, or a part of one."""
        if factor is not None:
            grad = factor * grad
        elif self.clip_value is not None:
            grad = np.clip(grad, -self.clip_value, self.clip_value)
        if is_used(self.weight_decay):
            param *= 1.0 - self.lr * self.weight_decay
        number = len(self.slots)
        self._update(param, grad, *memory[:number])
        if self.ema is not None and len(memory) > number:
            average = memory[-1]
            average += (1.0 - self.ema) * (param - average)

    def _arrange(self, params: Sequence[Array]) -> list[Group]:
        """Put parameters into groups, and make their slots."""
        if isinstance(self.slots, str):
            who = f"{type(self).__name__}, slots"
            refuse(ArgumentTypeError, who, "a tuple of names", self.slots, 'Write ("name",).')
        self._shapes = [param.shape for param in params]
        self._groups = grouped(params, elementwise=self.elementwise)
        self._memory = [
            [np.zeros_like(group.gather(params)) for _ in self.slots] for group in self._groups
        ]
        return self._groups

    def _refuse_other_shapes(self, params: Sequence[Array]) -> NoReturn:
        expected = f"parameters of the shapes {list(self._shapes)}, as at the first step"
        received = f"shapes {[param.shape for param in params]}"
        advice = "Call reset() to begin anew with these."
        raise ShapeError(complaint(type(self).__name__, expected, received, advice))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the parameters be their averages meanwhile.

        Without `ema`, and before the first step, they stay as they are.
        """
        if self.ema is None or self._groups is None:
            yield
            return
        params = list(self.net.params())
        kept = [np.copy(param) for param in params]
        for group, memory in zip(self._groups, self._memory, strict=True):
            group.put(memory[-1], params)
        try:
            yield
        finally:
            for param, value in zip(params, kept, strict=True):
                param[...] = value

    def reset(self) -> None:
        """Forget what earlier steps left behind; called when a fit starts anew.

        A rule with a memory of its own, besides `slots`, clears it here, too.
        """
        self._groups, self._shapes, self._memory = None, (), ()
        self._forget_time()

    def __repr__(self) -> str:
        known: dict[str, Any] = {}
        for kind in Optimizer, type(self):
            known |= signature(kind.__init__).parameters
        held = {name: vars(self)[name] for name in known if name in vars(self)}
        told = [f"lr={self.schedule or vars(self).get('_lr')}"]
        for name, value in held.items():
            if isinstance(value, int | float | str | tuple) and value != known[name].default:
                told.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(told)})"


def fraction(value: float, who: str) -> float:
    """Return `value` as a float, or refuse it unless it is at least 0 and less than 1."""
    number = real_number(value, who, above=0.0, or_equal=True)
    if number >= 1.0:
        refuse(ArgumentError, who, "a number of at least 0, less than 1", value)
    return number


def _limit(value: float | None, who: str) -> float | None:
    return None if value is None else real_number(value, who, above=0.0)
