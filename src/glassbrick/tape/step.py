"""Step and LossStep: what one operation, and the loss, did in a training step, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from glassbrick.arrays import Array
from glassbrick.numeric.gradient_report import GradientResult

__all__ = ["LossStep", "Setting", "Step", "judgement", "verdict_of"]

Setting: TypeAlias = bool | float | tuple[float, ...]
"""What a block was made with."""


@dataclass(frozen=True, eq=False)
class Step:
    """One operation on a tape, or a layer that joins others, such as `Residual`.

    Arrays are the caller's own, and read-only. What there was not, is None.

    Attributes
    ----------
    name : str
        For example "dense_1.sigmoid".
    kind : str
        Its class.
    formula : str
        What it computes, as its docstring says; else the class again.
    input, output : ndarray
        Of the forward pass.
    output_grad, input_grad : ndarray
        Of the backward pass: the gradient that came, and the one that was sent on.
    input_rule, param_rule : str
        By what product the gradients were made, as the docstring says: "∂L/∂X = G Wᵀ", where G
        (or g) is the output gradient.
    param, param_grad : ndarray
        The parameter before the step, and its gradient.
    penalty_grad : ndarray
        The gradient of what the parameter costs, `l1` and `l2`, which comes in addition.
    update, new_param : ndarray
        What an optimizer adds to the parameter, and what becomes of it.
    kept : mapping from str to ndarray
        What the operation keeps besides: the mask of a dropout, the statistics of a batch.
    settings : mapping from str to bool, float or tuple
        The numbers that the operation was made with, such as the slope of a `LeakyReLU`.
    input_check, param_check : GradientResult
        The gradients against numeric ones.
    """

    name: str
    kind: str
    formula: str
    input: Array | None = None
    output: Array | None = None
    output_grad: Array | None = None
    input_grad: Array | None = None
    input_rule: str = ""
    param: Array | None = None
    param_grad: Array | None = None
    param_rule: str = ""
    penalty_grad: Array | None = None
    update: Array | None = None
    new_param: Array | None = None
    kept: Mapping[str, Array] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    input_check: GradientResult | None = None
    param_check: GradientResult | None = None

    @property
    def checks(self) -> tuple[GradientResult, ...]:
        """The checks of its gradients that were made."""
        return tuple(c for c in (self.input_check, self.param_check) if c is not None)

    @property
    def is_right(self) -> bool:
        """Whether none of its gradients is wrong."""
        return all(verdict_of(check) != "WRONG" for check in self.checks)

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays that there are, by name."""
        named = {name: vars(self)[name] for name in _ARRAYS}
        return {name: array for name, array in named.items() if array is not None} | dict(self.kept)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all arrays, by name."""
        return {name: array.shape for name, array in self.arrays.items()}


_ARRAYS = (
    *("input", "output", "output_grad", "input_grad"),
    *("param", "param_grad", "penalty_grad", "update", "new_param"),
)


@dataclass(frozen=True, eq=False)
class LossStep:
    """The loss on a tape, between forward and backward.

    Attributes
    ----------
    name, kind, formula, input_rule : str
        As of a `Step`.
    value, penalty, total : float
        The loss of the data, what parameters cost in addition, and both together.
    prediction, target, input_grad : ndarray
        What it was computed from, and the gradient with respect to the prediction.
    weights : ndarray or None
        Of the rows.
    input_check : GradientResult
        The gradient against a numeric one.
    settings : mapping from str to bool, float or tuple
        As of a `Step`.
    """

    name: str
    kind: str
    formula: str
    value: float
    penalty: float
    total: float
    prediction: Array
    target: Array
    input_grad: Array
    weights: Array | None
    input_rule: str
    input_check: GradientResult
    settings: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def checks(self) -> tuple[GradientResult, ...]:
        """The check of its gradient."""
        return (self.input_check,)

    @property
    def is_right(self) -> bool:
        """Whether its gradient is not wrong."""
        return verdict_of(self.input_check) != "WRONG"

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays that there are, by name."""
        arrays = {name: vars(self)[name] for name in ("prediction", "target", "input_grad")}
        return arrays if self.weights is None else {**arrays, "weights": self.weights}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all arrays, by name."""
        return {name: array.shape for name, array in self.arrays.items()}


def verdict_of(check: GradientResult | None) -> str:
    """Return "right", "WRONG", or "not checked" where there was nothing smooth to compare."""
    if check is None or (check.method and not check.checked):
        return "not checked"
    return check.verdict


def judgement(check: GradientResult | None) -> str:
    """Return a verdict in words: by how much it differs, how that was found out, what is wrong."""
    verdict = verdict_of(check)
    if check is None or verdict == "not checked":
        return verdict
    if not check.method:
        return f"{verdict}: {check.problem}"
    text = f"{verdict}: differs by at most {check.difference:.1e}" if check.difference else verdict
    text += f" ({check.method}, {check.checked} element{'s' * (check.checked > 1)}"
    text += ", and all along a random direction" if check.directional else ""
    text += f", {check.skipped} at kinks left out)" if check.skipped else ")"
    return f"{text}: {check.problem}" if check.problem else text
