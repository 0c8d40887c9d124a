"""compare_engines: what each operation of a network computes, on both engines."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_rows, as_targets, require_same_rows
from glassbrick.checks import instance_of, real_number
from glassbrick.engines import XLA
from glassbrick.glass.engine_report import EngineReport, EngineResult
from glassbrick.glass.rehearsal import rehearse
from glassbrick.layers.tree import all_layers, named_operations
from glassbrick.network import NeuralNetwork

__all__ = ["compare_engines"]

_TOLERANCES = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-4}


def compare_engines(
    net: NeuralNetwork, X: ArrayLike, y: ArrayLike, *, tolerance: float | None = None
) -> EngineReport:
    """Compare what a network computes eagerly in NumPy with what it computes compiled by XLA.

    Parameters
    ----------
    net : NeuralNetwork
        Stays as it is: copies are compared. Without parameters yet, they are drawn.
    X : array_like, shape (rows, features)
        A batch.
    y : array_like, shape (rows, outputs) or (rows,)
        Its targets.
    tolerance : float, optional
        Largest relative difference that passes; by default 1e-12 in float64 and 1e-4 in
        float32.

    Returns
    -------
    EngineReport
        Of each operation the output and the gradients, of each layer the output, and the
        loss. True if all agree. It prints as a table.

    Raises
    ------
    MissingExtraError
        If JAX is not installed.
    TracingError
        If a block does what cannot be compiled.
    ArgumentTypeError, DataError, ShapeError
        If `net` is something else, or the data does not fit.

    Notes
    -----
    A relative difference is the largest absolute one over the largest number of the array. Where
    the terms of a sum cancel, as in gradients of normalized layers, rounding alone makes it large:
    a hundred thousandth in float32.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> net = NeuralNetwork([Dense(3), Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> compare_engines(net, np.ones((5, 2)), np.ones(5)).ok
    True
    """
    instance_of(net, NeuralNetwork, "compare_engines, net", "NeuralNetwork(...)")
    if tolerance is not None:
        tolerance = real_number(tolerance, "compare_engines, tolerance", above=0.0)
    engine = XLA()
    twin = copy.deepcopy(net)
    rows = as_rows(X, "X", net.dtype if net.is_built else None)
    targets = as_targets(y, "y", rows.dtype)
    require_same_rows(rows, "X", targets, "y")
    if not twin.is_built:
        twin.build(rows.shape[1:], rows.dtype)
    report = EngineReport(repr(net), tolerance or _TOLERANCES[rows.dtype])
    other = copy.deepcopy(twin)
    drawn = rehearse(other)  # by themselves, the engines draw other random numbers
    expected = _values(other, rows, targets)
    for rehearsal, eager in zip(rehearse(twin), drawn, strict=True):
        rehearsal.drawn = eager.drawn
    found = engine.compute(_values, twin, rows, targets)
    for (place, what), value in expected.items():
        report.results.append(_result(place, what, value, np.asarray(found[place, what]), report))
    return report


def _values(net: NeuralNetwork, X: Array, y: Array) -> dict[tuple[str, str], Array]:
    """Run one batch forward and backward; return all that comes out, by place and name."""
    with np.errstate(all="ignore"):
        loss = net.train_batch(X, y)
    values: dict[tuple[str, str], Array] = {}
    for layer in net.layers:
        for place, operation in named_operations(layer):
            for what in ("output", "input_grad", "param_grad"):
                if what in vars(operation):
                    values[place, what] = vars(operation)[what]
        for part in all_layers([layer]):
            values[part.name, "output"] = part.output
    values["loss", "output"] = np.copy(loss)
    values["loss", "input_grad"] = net.loss.input_grad
    return values


def _result(
    place: str, what: str, eager: Array, compiled: Array, report: EngineReport
) -> EngineResult:
    eager, compiled = np.asarray(eager), np.asarray(compiled)
    same_kind = (eager.shape, eager.dtype) == (compiled.shape, compiled.dtype)
    if not same_kind:
        problem = f"{eager.dtype} {eager.shape} against {compiled.dtype} {compiled.shape}"
        return EngineResult(place, what, eager.shape, np.inf, np.inf, False, problem)
    with np.errstate(all="ignore"):
        same = (eager == compiled) | (np.isnan(eager) & np.isnan(compiled))
        difference = np.where(same, 0.0, np.abs(eager - compiled))
        largest = float(np.max(difference, initial=0.0))
        size = float(np.max(np.abs(eager), initial=0.0))
        relative = largest / size if largest else 0.0
    return EngineResult(place, what, eager.shape, largest, relative, relative <= report.tolerance)
