"""Random inputs on which a block can be tried: of a width and in a range that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import DataError, GlassbrickError, ShapeError
from glassbrick.layers import Layer, Residual
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation

__all__ = ["Checkable", "trial_input", "trial_pairs", "trial_widths"]

Checkable: TypeAlias = Operation | Layer | Loss | NeuralNetwork

_WIDTH = 4
_MOST_OUTPUTS = 20  # that are tried for each column of a target
_GIVEN = "the given numbers"
_ALWAYS_TRIED = {_GIVEN, "random numbers", "random predictions", "targets that are probabilities"}


def trial_input(
    forward: Callable[[Array], Array],
    rows: int,
    widths: list[int],
    rng: np.random.Generator,
    who: str,
) -> Array:
    """Return random numbers, (rows, width), from which `forward` computes finite ones.

    Raises
    ------
    DataError
        If none are found. An error of our own kind that `forward` raises goes through.
    """
    failure: Exception | str = ""
    for width in widths:
        for candidate in _candidates((rows, width), rng):
            try:
                with np.errstate(all="ignore"):
                    output = forward(candidate.copy())
            except DataError as error:  # it takes other numbers
                failure = error
                continue
            except GlassbrickError:
                raise
            except Exception as error:
                failure = error
                continue
            if np.isfinite(output).all():
                return candidate
            failure = "it computes NaN or infinity"
    raise DataError(
        f"check_gradients, {who}: found no random input that it can take ({failure}). "
        "Give one: check_gradients(block, input_)."
    )


def trial_pairs(
    loss: Loss,
    rows: int,
    given: Array | None,
    wanted: Array | None,
    rng: np.random.Generator,
    width: int = _WIDTH,
) -> list[tuple[str, Array, Array]]:
    """Return predictions and targets of finite loss, with what they are: "random numbers".

    What is given stays; what is not is random numbers, then targets that are
    probabilities, because a loss may be made for such. Other targets and other widths are
    tried only if the loss refuses these. Predictions between 0 and 1 are tried only if
    nothing else has a finite loss: small errors alone would hide what is wrong with large
    ones.

    Raises
    ------
    DataError
        If none are found.
    ShapeError
        If prediction and target are given, and do not go together.
    """
    shape = (rows, width)
    for array in (given, wanted):
        shape = shape if array is None else array.shape
    failure: Exception | str = ""
    pairs: list[tuple[str, Array, Array]] = []
    for kind, prediction, target in _pairs(shape, given, wanted, rng):
        if pairs and kind not in _ALWAYS_TRIED:
            break
        try:
            if kind != _GIVEN:
                loss.require_targets(target, prediction.shape[-1])
        except (DataError, ShapeError) as error:
            failure = failure or error
            continue
        try:
            with np.errstate(all="ignore"):
                value = loss.forward(prediction.copy(), target.copy())
        except GlassbrickError:
            raise
        except Exception as error:  # a user's rule may raise anything
            failure = error
            continue
        if np.isfinite(value):
            pairs.append((kind, prediction, target))
        else:
            failure = "it computes NaN or infinity"
    if pairs:
        return pairs
    raise DataError(
        f"check_gradients, {loss!r}: found no random numbers that it can take ({failure}). "
        "Give some: check_gradients(loss, prediction, target)."
    )


def _pairs(
    shape: tuple[int, ...], given: Array | None, wanted: Array | None, rng: np.random.Generator
) -> Iterator[tuple[str, Array, Array]]:
    numbers, fractions, _ = _candidates(shape, rng)
    if given is not None and wanted is not None:
        yield _GIVEN, given, wanted
        return
    prediction = numbers if given is None else given
    if wanted is not None:
        yield "random predictions", prediction, wanted
        yield "predictions between 0 and 1", fractions, wanted
        for outputs in range(1, _MOST_OUTPUTS * shape[-1] + 1):
            other = rng.standard_normal((*shape[:-1], outputs))
            yield f"random predictions, {outputs} a row", other, wanted
        return
    yield "random numbers", prediction, rng.standard_normal(shape)
    yield "targets that are probabilities", prediction, _probabilities(shape, rng)
    prediction = fractions if given is None else given
    yield "numbers between 0 and 1", prediction, rng.uniform(0.2, 0.8, shape)
    for columns, outputs in _other_widths(shape[-1], given is not None):
        prediction = rng.standard_normal((shape[0], outputs)) if given is None else given
        for kind, target in _other_targets((shape[0], columns), outputs, rng):
            yield f"targets that are {kind}", prediction, target


def _probabilities(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Rows that sum to 1, but for single columns, which would be 1 all over."""
    numbers = rng.uniform(0.2, 0.8, shape)
    return numbers / numbers.sum(axis=-1, keepdims=True) if shape[-1] > 1 else numbers


def _other_widths(width: int, fixed: bool) -> Iterator[tuple[int, int]]:
    """Pairs of target columns and outputs: equal, one column, several outputs a column."""
    yield width, width
    yield 1, width
    if fixed:
        yield from ((columns, width) for columns in range(2, width))
        return
    for columns in (width, 1):
        yield from ((columns, outputs) for outputs in range(1, _MOST_OUTPUTS * columns + 1))


def _other_targets(
    shape: tuple[int, int], outputs: int, rng: np.random.Generator
) -> Iterator[tuple[str, Array]]:
    """Targets for losses that take only some; a single column is labels before all else."""
    if shape[1] == 1:
        yield "class labels", 1.0 * rng.integers(0, outputs, shape)
    yield "random numbers", rng.standard_normal(shape)
    yield "zeros and ones", 1.0 * rng.integers(0, 2, shape)
    yield "counts", 1.0 * rng.integers(0, 6, shape)


def trial_widths(block: Operation | Layer) -> list[int]:
    """Return widths of input that may suit a block, most likely first."""
    if isinstance(block, Layer):
        if block.shape:
            return [block.shape[-1]]
        # A residual layer gives back as many columns as it gets.
        gives_back = block.layers[-1].neurons if isinstance(block, Residual) else None
        return [block.inputs or gives_back or _WIDTH]
    if not isinstance(block, ParamOperation):
        return [_WIDTH]
    shape = block.param.shape or (1,)
    if block.width_axis is not None:
        return [shape[block.width_axis]]
    ends = [shape[0], shape[-1]]
    if shape[0] == 1:  # one row, which is added to or multiplied with each row of the input
        ends.reverse()
    return list(dict.fromkeys([*ends, _WIDTH]))


def _candidates(shape: tuple[int, ...], rng: np.random.Generator) -> list[Array]:
    """Numbers of all signs; for logarithms and roots, between 0 and 1; categories."""
    return [
        rng.standard_normal(shape),
        rng.uniform(0.2, 0.8, shape),
        rng.integers(0, 2, shape).astype(float),
    ]
