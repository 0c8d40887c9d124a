"""Gradients: how those of the first layers compare with those of the last."""

from __future__ import annotations

from collections.abc import Iterator

from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule

__all__ = ["exploding_gradients", "vanishing_gradients"]

# All layers share one learning rate. Where gradients differ a thousandfold, one layer learns in
# an epoch what takes another a thousand; a factor of 100 is common, and does no harm.
_RATIO = 1e3
# And where they are ten thousand times the weights, even a rate of 1e-4 replaces these in a step.
_OF_WEIGHTS = 1e4


@rule("a pass")
def vanishing_gradients(patient: Patient) -> Iterator[Remark]:
    """Look for weights whose gradients are lost on the way from the loss."""
    weights = patient.first_pass.weights
    if len(weights) < 2 or weights[-1].gradient == 0.0:
        return
    last = weights[-1].gradient
    smallest = min(weights, key=lambda some: some.gradient)
    if smallest.gradient * _RATIO < last:
        yield Remark(
            "warning",
            smallest.place,
            f"Its gradient is {smallest.gradient / last:.1e} of that of the last weights "
            f"({smallest.gradient:.1e} against {last:.1e}).",
            "Fewer layers, relu instead of sigmoid, Residual, BatchNorm, or weights that suit "
            "the activation (rng=).",
            _figures(patient),
        )


@rule("a pass")
def exploding_gradients(patient: Patient) -> Iterator[Remark]:
    """Look for weights whose gradients grow on the way from the loss."""
    weights = patient.first_pass.weights
    if not weights or weights[-1].gradient == 0.0:
        return
    last = weights[-1].gradient
    largest = max(weights, key=lambda some: some.gradient)
    if largest.gradient > _RATIO * last:
        compared = (
            f"Its gradient is {largest.gradient / last:.1e} times that of the last weights "
            f"({largest.gradient:.1e} against {last:.1e})."
        )
    elif largest.gradient > _OF_WEIGHTS * largest.size:
        compared = f"Its gradient is {largest.gradient:.1e}, its weights are {largest.size:.1e}."
    else:
        return
    yield Remark(
        "warning",
        largest.place,
        compared,
        "Scale features and targets, take a smaller weight_init, BatchNorm, or clip_global_norm=1.",
        _figures(patient),
    )


def _figures(patient: Patient) -> dict[str, float]:
    return {some.place: some.gradient for some in patient.first_pass.weights}
