"""Targets: of a shape or values that the loss cannot take, of a size that is hard to learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glassbrick.doctor.kinds import is_of_numbers
from glassbrick.doctor.pass_through import rms
from glassbrick.doctor.patient import Patient
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.rule import rule
from glassbrick.losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassbrick.operations import ReLU, Sigmoid, Softmax, Softplus, Tanh

__all__ = ["constant_target", "does_not_fit", "end_of_network", "target_scale"]

# Weights start for outputs of about 1. Gradients of a squared error grow with the error, so that
# at a hundred times that an ordinary learning rate (0.01) makes steps as large as the weights.
# Prices in thousands (about 20) still learn well; prices in single dollars do not.
_LARGE = 100.0
# At a thousandth, a loss of 1e-6 looks like success when nothing has been learned.
_SMALL = 1e-3

# What the last operation can give at all.
_RANGES = {
    Sigmoid: (0.0, 1.0),
    Softmax: (0.0, 1.0),
    Tanh: (-1.0, 1.0),
    ReLU: (0.0, np.inf),
    Softplus: (0.0, np.inf),
}


@rule("numbers")
def does_not_fit(patient: Patient) -> Iterator[Remark]:
    """Look whether the network takes the rows, and the loss the targets."""
    if patient.problem:
        where, why = patient.problem
        helps = {
            "X": "Give it rows as its first layer needs them.",
            "y": f"Encode y as {type(patient.net.loss).__name__} needs it, or take another loss.",
        }
        yield Remark(
            "error", where, why, helps[where], {"shape": list(getattr(patient, where).shape)}
        )


@rule("numbers")
def constant_target(patient: Patient) -> Iterator[Remark]:
    """Look for targets that are all the same."""
    for number in np.flatnonzero(np.ptp(patient.y, axis=0) == 0.0):
        if len(patient.y) > 1:
            yield Remark(
                "warning",
                f"y, column {number}",
                f"It is {patient.y[0, number]:.6g} in every row: there is nothing to learn.",
                "Look whether this is the column that you mean.",
                {"value": float(patient.y[0, number])},
            )


@rule("numbers")
def target_scale(patient: Patient) -> Iterator[Remark]:
    """Look for targets of a loss of numbers that are far from 1 in size."""
    if not is_of_numbers(patient.net.loss):
        return
    for number, column in enumerate(patient.y.T):
        size = rms(column)
        if size > _LARGE or 0.0 < size < _SMALL:
            yield Remark(
                "warning",
                f"y, column {number}",
                f"Its root mean square is {size:.3g}; networks start with outputs of about 1.",
                "Standardize y with mean and std of the training rows, and undo it afterwards.",
                {"rms": size},
            )


@rule("numbers")
def end_of_network(patient: Patient) -> Iterator[Remark]:
    """Look for an end that can never give the targets, or the logits that the loss takes."""
    if patient.problem:
        return
    last = patient.net.operations()[-1]
    name, loss = type(last).__name__, patient.net.loss
    kinds = [kind for kind in _RANGES if type(last) is kind]
    if not kinds:
        return
    if isinstance(loss, BinaryCrossEntropy | SoftmaxCrossEntropy):
        yield Remark(
            "warning",
            f"{patient.net.layers[-1].name}",
            f"The network ends with {name}, but {type(loss).__name__} takes logits.",
            'End with "linear": the loss makes probabilities of what it gets.',
        )
    elif is_of_numbers(loss):
        low, high = _RANGES[kinds[0]]
        beyond = float(np.mean((patient.y < low) | (patient.y > high)))
        if beyond:
            yield Remark(
                "warning",
                f"{patient.net.layers[-1].name}",
                f"It ends with {name}, which gives {low:g} to {high:g}: {beyond:.0%} of the "
                "targets are out of reach.",
                'End with "linear", or bring y into that range.',
                {"beyond": beyond},
            )
