"""Finds the blocks in a namespace, ours or a user's file, and makes one of each to check."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassbrick.glass.trial_inputs import Checkable, trial_input, trial_widths
from glassbrick.layers import Dense, Layer
from glassbrick.layers.series import LayerOfLayers
from glassbrick.losses import Loss
from glassbrick.network import NeuralNetwork
from glassbrick.operations import Operation, ParamOperation

__all__ = ["FoundBlock", "find_blocks"]

_PARAM_SHAPES = ((4, 3), (1, 4), (4,), (1,))


@dataclass(frozen=True)
class FoundBlock:
    """A block by the name it has in its namespace.

    Attributes
    ----------
    name : str
        Of the class or the variable.
    block : Operation, Layer, Loss, NeuralNetwork or None
        One to check; None if none could be made.
    problem : str
        Why none could be made, and what to do.
    """

    name: str
    block: Checkable | None
    problem: str = ""


def find_blocks(namespace: dict[str, Any], defined_in: str) -> Iterator[FoundBlock]:
    """Find the blocks of a module.

    Parameters
    ----------
    namespace : dict
        The module's ``vars``.
    defined_in : str
        Only classes of this module, or of this package, are taken: not imported ones.
        Variables are taken wherever their block was made.

    Yields
    ------
    FoundBlock
        One for each variable that holds a block, and for each class that can be made
        without arguments (or, if it is of our kinds, with a parameter or a number of
        neurons). Abstract classes are passed over.
    """
    made: set[object] = set()
    for name, value in namespace.items():
        if isinstance(value, Operation | Layer | Loss | NeuralNetwork) and id(value) not in made:
            made |= {type(value), id(value)}
            yield FoundBlock(name, value)
    for name, value in namespace.items():
        if not inspect.isclass(value) or inspect.isabstract(value) or value in made:
            continue
        ours = value.__module__ == defined_in or value.__module__.startswith(f"{defined_in}.")
        if ours and issubclass(value, Operation | Layer | Loss):
            made.add(value)
            yield _make(name, value)


def _make(name: str, kind: type[Any]) -> FoundBlock:
    failure: Exception | None = None
    for arguments in _arguments(kind):
        try:
            block = kind(*arguments)
            if isinstance(block, ParamOperation):
                _try(block)
        except Exception as error:
            failure = failure or error
            continue
        return FoundBlock(name, block)
    problem = (
        f"none could be made without arguments ({type(failure).__name__}: {failure}). "
        f"Put one into the file: example = {name}(...)"
    )
    return FoundBlock(name, None, problem)


def _arguments(kind: type[Any]) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    if issubclass(kind, ParamOperation):
        for shape in _PARAM_SHAPES:
            yield (rng.standard_normal(shape),)
    if issubclass(kind, LayerOfLayers):
        yield ([Dense(4, "tanh"), Dense(3, "linear")],)
    elif issubclass(kind, Layer):
        yield (3,)
    yield ()


def _try(block: ParamOperation) -> None:
    """Raise unless the operation takes some input with the parameter it was given."""
    rng = np.random.default_rng(0)
    try:
        trial_input(block.forward, 6, trial_widths(block), rng, type(block).__name__)
    finally:
        block.release()
