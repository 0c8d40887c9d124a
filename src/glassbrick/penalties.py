"""Penalties: what large weights cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassbrick.arrays import Array, is_used
from glassbrick.checks import real_number
from glassbrick.operations import ParamOperation

__all__ = ["Penalty", "as_penalty", "penalize"]


@dataclass(frozen=True)
class Penalty:
    r"""Adds :math:`\lambda_1\sum|w| + \lambda_2\sum w^2` to the loss.

    Attributes
    ----------
    l1, l2 : float
        The factors :math:`\lambda_1` and :math:`\lambda_2`.
    """

    l1: float
    l2: float

    def value(self, param: Array) -> float:
        """Return what a parameter costs."""
        flat = param.ravel()
        cost = self.l2 * flat.dot(flat) if is_used(self.l2) else 0.0
        return cost + self.l1 * np.abs(flat).sum() if is_used(self.l1) else cost

    def gradient(self, param: Array) -> Array:
        """Return the gradient of `value`; that of :math:`|w|` at 0 is 0."""
        grad = (2.0 * self.l2) * param
        return grad + self.l1 * np.sign(param) if is_used(self.l1) else grad


def penalize(loss: float, penalties: Sequence[tuple[Penalty, ParamOperation]]) -> float:
    """Add penalties to a loss, and their gradients to those of the parameters."""
    for penalty, operation in penalties:
        loss = loss + penalty.value(operation.param)
        # Not in place, for what a rule returns may be an array that it keeps.
        operation.param_grad = operation.param_grad + penalty.gradient(operation.param)
    return loss


def as_penalty(l1: float, l2: float, who: str) -> Penalty | None:
    """Return a penalty, or None if both factors are 0."""
    l1 = real_number(l1, f"{who}, l1", above=0.0, or_equal=True)
    l2 = real_number(l2, f"{who}, l2", above=0.0, or_equal=True)
    return Penalty(l1, l2) if l1 or l2 else None
