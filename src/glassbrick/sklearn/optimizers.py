"""The solvers by name: scikit-learn's, with their arithmetic, and ours."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.optimizers import (
    LBFGS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RMSProp,
)
from glassbrick.sklearn.settings import Settings

__all__ = ["HeavyBall", "UncorrectedAdam", "optimizer_for"]

_SCIPYS_TOLERANCE = 2.220446049250313e-09  # of L-BFGS-B, which scikit-learn leaves as it is


class HeavyBall(Optimizer):
    r"""Momentum whose velocity remembers the rates of its steps, as scikit-learn's does.

    :math:`v \leftarrow \mu v - \eta g` and :math:`w \leftarrow w + v`; it differs from `SGD` only
    if the rate changes.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`.
    momentum : float
        How much :math:`\mu` of the velocity stays; 0 to 1.
    nesterov : bool
        Whether to look ahead: :math:`w \leftarrow w + \mu v - \eta g`.
    clip_norm : float, optional
        See `Optimizer`.
    """

    slots = ("velocity",)
    elementwise = True

    def __init__(self, lr: float, momentum: float, nesterov: bool, clip_norm: float | None = None):
        super().__init__(lr, clip_norm=clip_norm)
        self.momentum, self.nesterov = momentum, nesterov

    def _update(self, param: Array, grad: Array, velocity: Array) -> None:
        step = self.lr * grad
        velocity *= self.momentum
        velocity -= step
        param += self.momentum * velocity - step if self.nesterov else velocity


class UncorrectedAdam(Adam):
    r"""Adam with scikit-learn's divisor :math:`\sqrt{v} + \epsilon`, in which :math:`v` is biased.

    It differs from `Adam` where gradients are about as small as :math:`\epsilon`.
    """

    def _update(self, param: Array, grad: Array, mean: Array, square: Array, *_: Array) -> None:
        (beta1, beta2), t = self.betas, self.t
        mean *= beta1
        mean += (1.0 - beta1) * grad
        square *= beta2
        square += (1.0 - beta2) * (grad * grad)
        rate = self.lr * (1.0 - beta2**t) ** 0.5 / (1.0 - beta1**t)
        param -= rate * mean / (np.sqrt(square) + self.eps)


def optimizer_for(settings: Settings) -> Optimizer:
    """Return a new optimizer."""
    if isinstance(settings.solver, Optimizer):
        return copy.deepcopy(settings.solver)
    lr, clip_norm = settings.learning_rate_init, settings.clip_norm
    betas = (settings.beta_1, settings.beta_2)
    moments: dict[str, Any] = {"betas": betas, "eps": settings.epsilon, "clip_norm": clip_norm}
    match settings.solver:
        case "lbfgs":
            return LBFGS(
                tolerance=_SCIPYS_TOLERANCE,
                gradient_tolerance=settings.tol,
                evaluations=settings.max_fun,
            )
        case "sgd" if settings.momentum == 0.0:
            return SGD(lr, clip_norm=clip_norm)
        case "sgd":
            return HeavyBall(lr, settings.momentum, settings.nesterovs_momentum, clip_norm)
        case "adam":
            return UncorrectedAdam(lr, **moments)
        case "adamw":
            return AdamW(lr, **moments)
        case "nadam":
            return NAdam(lr, **moments)
        case "lion":
            return Lion(lr, clip_norm=clip_norm)
        case "rmsprop":
            return RMSProp(lr, eps=settings.epsilon, clip_norm=clip_norm)
        case _:
            return Adagrad(lr, eps=settings.epsilon, clip_norm=clip_norm)
