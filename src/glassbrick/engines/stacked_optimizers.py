"""The steps of several optimizers: one call of the rule for all that have the same settings."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import cast

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.facts import are_the_same, facts_of
from glassbrick.network import NeuralNetwork
from glassbrick.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RMSProp,
)
from glassbrick.optimizers.groups import grouped

__all__ = ["StackedOptimizers", "settings_of"]

_OURS = {SGD, Adagrad, Adam, AdamW, Lion, NAdam, RMSProp}
_OF_ONE = {"_net", "_groups", "_shapes", "_memory"}


def settings_of(optim: Optimizer) -> Hashable | None:
    """Return what optimizers have in common that can make their steps in one; None if it cannot.

    It can if its rule treats each number by itself, and is one of ours.
    """
    for_itself = optim.clip_norm, optim.clip_global_norm, optim.ema
    is_small = len(grouped(list(optim.net.params()), elementwise=True)) == 1
    if type(optim) not in _OURS or any(limit is not None for limit in for_itself) or not is_small:
        return None
    return type(optim), facts_of(optim, _OF_ONE)


class StackedOptimizers:
    """Makes the steps of optimizers whose parameters lie below each other.

    Parameters
    ----------
    optims : sequence of Optimizer
        Those with the same settings next to each other.
    params, grads : ndarray, shape (networks, numbers)
        All numbers of each network, in the order of its parameters.
    """

    def __init__(self, optims: Sequence[Optimizer], params: Array, grads: Array):
        self._optims, self._leaders, start = optims, list[_Leader | Optimizer](), 0
        for settings, some in groupby(optims, settings_of):
            alike = list(some)
            rows = slice(start, start + len(alike))
            start += len(alike)
            if settings is None or len(alike) == 1:
                self._leaders += alike
            else:
                self._leaders.append(_Leader(alike, params[rows], grads[rows]))

    def step(self, who: Sequence[bool]) -> None:
        """Make a step of each, or of some only."""
        if all(who):
            for leader in self._leaders:
                leader.step()
            return
        self.tell()
        for optim, steps in zip(self._optims, who, strict=True):
            if steps:
                optim.step()

    def tell(self) -> None:
        """Let all optimizers know of the steps that were made."""
        self._each(_Leader.tell)

    def let_go(self) -> None:
        """Give all optimizers their own arrays back."""
        self._each(_Leader.let_go)

    def fit_still(self) -> bool:
        """Whether all optimizers are as those steps left them."""
        leaders = [leader for leader in self._leaders if isinstance(leader, _Leader)]
        return all(leader.fits_still() for leader in leaders)

    def _each(self, act: Callable[[_Leader], None]) -> None:
        for leader in self._leaders:
            if isinstance(leader, _Leader):
                act(leader)


class _Numbers:
    """Stands for a network: all numbers of several as one parameter."""

    def __init__(self, params: Array, grads: Array):
        self._pairs = [(params.ravel(), grads.ravel())]

    def params_and_grads(self) -> list[tuple[Array, Array]]:
        """Return the one parameter with its gradient."""
        return self._pairs

    def params(self) -> list[Array]:
        """Return the one parameter."""
        return [param for param, _ in self._pairs]


class _Leader:
    """A copy of one of several optimizers with the same settings, that steps for all."""

    def __init__(self, optims: Sequence[Optimizer], params: Array, grads: Array):
        self._optims = optims
        self._optim = optim = copy.copy(optims[0])
        self._times = {k: v.copy() for k, v in vars(optim).items() if isinstance(v, np.ndarray)}
        numbers = _Numbers(params, grads)
        vars(optim).update(self._times, _net=cast(NeuralNetwork, numbers), _groups=None)
        self._is_ahead = False
        self._views: list[list[Array]] = []
        if not optim.slots:
            return
        optim._arrange(numbers.params())
        slots = [slot.reshape(params.shape) for slot in optim._memory[0]]
        for k, one in enumerate(optims):
            if one._groups is None:
                one._arrange(list(one.net.params()))
            own = one._memory[0]
            for number, slot in enumerate(slots):
                slot[k] = own[number].ravel()
                own[number] = slot[k].reshape(own[number].shape)
            self._views.append(list(own))

    def step(self) -> None:
        self._optim.step()
        self._is_ahead = True

    def tell(self) -> None:
        if not self._is_ahead:
            return
        self._is_ahead = False
        for one in self._optims:
            for name, value in self._times.items():
                vars(one)[name][...] = value

    def fits_still(self) -> bool:
        """Whether nobody changed settings, time or memory of one of them."""
        settings = facts_of(self._optim, _OF_ONE)
        return all(facts_of(one, _OF_ONE) == settings for one in self._optims) and all(
            one._groups is not None and are_the_same(one._memory[0], views)
            for one, views in zip(self._optims, self._views, strict=False)
        )

    def let_go(self) -> None:
        self.tell()
        for one in self._optims:
            for memory in one._memory:
                memory[:] = [np.copy(slot) for slot in memory]
