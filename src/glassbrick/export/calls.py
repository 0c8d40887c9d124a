"""Program: the calls of NumPy by which a network predicts, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import TracingError
from glassbrick.export.noted import Note, Notebook, Noted, Ref
from glassbrick.layers.tree import named_operations
from glassbrick.modes import predicting
from glassbrick.names import snake_case

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = ["Call", "Program", "Rows", "program_of"]

_FEW, _MORE = 5, 7  # rows: what differs between them depends on their number


@dataclass(frozen=True)
class Rows:
    """Stands for the number of rows."""


@dataclass(frozen=True)
class Call:
    """One call of NumPy.

    Attributes
    ----------
    place : str
        The operation that it is part of, "dense_1.sigmoid".
    name : str
        Of the function in ``np``, or of the method after a dot; "[]" takes items.
    args, kwargs : sequence, mapping
        Its arguments: `Ref`, `Rows`, arrays, and Python's own.
    result : int
        The number by which a `Ref` knows what comes of it.
    shape : tuple of int or None
        Of what comes of it; None where it is the number of rows.
    dtype : dtype
        Of what comes of it.
    """

    place: str
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    result: int
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Program:
    """All that a network does to predict.

    Attributes
    ----------
    inputs : tuple of int
        The shape of a row.
    dtype : dtype
        Of the input.
    arrays : dict of str to ndarray
        What operations hold, by the names that refer to it.
    calls : sequence of Call
        In their order.
    result : Ref
        The prediction.
    shape : tuple of int or None
        Of the prediction.
    """

    inputs: tuple[int, ...]
    dtype: np.dtype[Any]
    arrays: Mapping[str, Array]
    calls: Sequence[Call]
    result: Ref
    shape: tuple[int | None, ...]


def program_of(net: NeuralNetwork, *, interpreted: bool = False) -> Program:
    """Write down what a network does to predict.

    Blocks of a user's own are written down, too: what counts is what they ask NumPy for.

    Parameters
    ----------
    net : NeuralNetwork
        Which stays as it is.
    interpreted : bool, default False
        Whether to go on to what the outputs mean to its loss, such as probabilities.

    Raises
    ------
    NotReadyError
        If it has no parameters yet.
    TracingError
        If a block does what cannot be written down, or something else for other numbers of rows.
    """
    net.params()
    few, more = (_notes(net, rows, interpreted=interpreted) for rows in (_FEW, _MORE))
    if [note.name for note in few.notes] != [note.name for note in more.notes]:
        _refuse(net.layers[0].name)
    calls = [_call(one, other) for one, other in zip(few.notes, more.notes, strict=True)]
    needed = list(_needed(calls, few.last))
    shape = next((call.shape for call in needed if call.result == few.last), None)
    row = net.layers[0].shape or ()
    used = {ref.number for call in needed for ref in _refs((call.args, call.kwargs))}
    arrays = {name: array for name, array in few.arrays.items() if name in used}
    return Program(row, net.dtype, arrays, needed, Ref(few.last), shape or (None, *row))


class _Trial(Notebook):
    def __init__(self) -> None:
        super().__init__()
        self.arrays: dict[str, Array] = {}
        self.last: int | str = 0

    def hold(self, name: str, array: Array) -> Noted:
        """Return what stands for an array that an operation holds."""
        self.arrays[name] = array
        return Noted(self, name, array)


def _notes(net: NeuralNetwork, rows: int, *, interpreted: bool) -> _Trial:
    """Let twins of the layers predict some rows, and take down what they do."""
    trial = _Trial()
    layers = [layer.apart() for layer in net.layers]
    for layer in layers:
        for name, operation in named_operations(layer):
            for attribute, value in list(vars(operation).items()):
                if isinstance(value, np.ndarray):
                    vars(operation)[attribute] = trial.hold(f"{name}.{attribute}", value)
            vars(operation)["forward"] = _noting(trial, name, operation.forward)
    output: Any = Noted(trial, 0, np.zeros((rows, *(net.layers[0].shape or ())), net.dtype))
    with predicting(), np.errstate(all="ignore"):
        for layer in layers:
            output = layer.forward(output)
        if interpreted:
            trial.place = snake_case(type(net.loss).__name__)
            output = net.loss.interpret(output)
    if not isinstance(output, Noted):
        raise TracingError(f"{layers[-1].name}: expected a prediction that depends on the input.")
    trial.last = output.number
    return trial


def _noting(trial: Notebook, name: str, forward: Any) -> Any:
    def noting(input_: Any) -> Any:
        trial.place = name
        return forward(input_)

    return noting


def _call(one: Note, other: Note) -> Call:
    """Return the call that does what two notes of it say, for any number of rows."""
    place = one.place
    shape = tuple(
        _merged(place, *sizes) for sizes in zip(one.value.shape, other.value.shape, strict=True)
    )
    return Call(
        place,
        one.name,
        _merged(place, one.args, other.args),
        _merged(place, one.kwargs, other.kwargs),
        one.result,
        tuple(None if isinstance(size, Rows) else size for size in shape),
        one.value.dtype,
    )


def _merged(place: str, one: Any, other: Any) -> Any:
    """Return an argument that was the same both times, or differs as the number of rows does."""
    if isinstance(one, np.ndarray):
        return one if _same(one, other) else _refuse(place)
    if isinstance(one, tuple | list):
        return type(one)(_merged(place, *both) for both in zip(one, other, strict=True))
    if isinstance(one, dict):
        return {name: _merged(place, value, other[name]) for name, value in one.items()}
    if type(one) is int and (one, other) == (_FEW, _MORE):
        return Rows()
    return one if one is other or one == other else _refuse(place)


def _same(one: Array, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)


def _needed(calls: Sequence[Call], last: int | str) -> Iterator[Call]:
    """Leave out calls that the prediction does not depend on, such as slopes."""
    wanted, kept = {last}, []
    for call in reversed(calls):
        if call.result in wanted:
            wanted |= {ref.number for ref in _refs((call.args, call.kwargs))}
            kept.append(call)
    return reversed(kept)


def _refs(thing: Any) -> Iterator[Ref]:
    if isinstance(thing, Ref):
        yield thing
    elif isinstance(thing, tuple | list):
        for part in thing:
            yield from _refs(part)
    elif isinstance(thing, dict):
        for part in thing.values():
            yield from _refs(part)


def _refuse(place: str) -> Any:
    raise TracingError(
        f"{place}: expected to do the same for each row; it does something else for "
        f"{_MORE} rows than for {_FEW}."
    )
