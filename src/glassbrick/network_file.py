"""A network in a file: the recipes of its layers, and the arrays that its operations hold."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick import initializers, layers, losses, operations
from glassbrick.arrays import Array
from glassbrick.checks import complaint, true_or_false
from glassbrick.errors import DataError, FileError, GlassbrickError
from glassbrick.export import Program, program_of
from glassbrick.files import Contents, as_path, write_sealed, write_whole
from glassbrick.layers.single import Single
from glassbrick.layers.tree import named_operations
from glassbrick.losses.scikit_learns import HalfPoissonDeviance, HalfSquaredError
from glassbrick.operations import Operation, ParamOperation
from glassbrick.randomness import ReservedStreams, streams_from
from glassbrick.recipes import Table, as_table, made_of, recipe_of

if TYPE_CHECKING:
    from glassbrick.network import NeuralNetwork

__all__ = [
    "ESTIMATOR",
    "NETWORK",
    "Saved",
    "arrays_of",
    "describe",
    "made_with",
    "rebuild",
    "table_of_blocks",
]

NETWORK, ESTIMATOR = "network", "estimator"
"""What a file can hold."""

_ROOM = 1_000_000  # a size that is harmless even if nothing in the file bears it out


class Saved:
    """What can be written to a file."""

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write layers, loss and parameters to one file, which `glassbrick.load` reads.

        It is a safetensors file, which other programs can read, too; it holds no code. It is
        written whole or not at all, with a checksum over every bit.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".safetensors".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        FileError
            If there is a file already, or it cannot be written.
        ArgumentError
            If a block of your own does not keep the arguments that it was made of as
            attributes, or keeps something that cannot be written.
        DataError
            If a parameter is not finite.
        """
        net: NeuralNetwork = self  # type: ignore[assignment]
        who = "NeuralNetwork.save"
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        told = {"kind": NETWORK, **describe(net, who), "made_with": made_with()}
        write_sealed(
            as_path(path, f"{who}, path"), told, arrays_of(net, who), who, overwrite=overwrite
        )

    def to_python(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the network as one file of plain NumPy, with a function ``predict(X)``.

        The file needs NumPy alone, not this package. It has all numbers of the network, and
        each step of its prediction as a line, blocks of your own among them. It predicts the
        same, bit for bit.

        Parameters
        ----------
        path : str or path
            Of the file, which ends in ".py".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        NotReadyError
            If there are no parameters yet.
        TracingError
            If a block does what cannot be written down as calls of NumPy.
        FileError
            If there is a file already, or it cannot be written.
        """
        from glassbrick.export.python_file import python_of

        self._export("to_python", python_of, path, overwrite)

    def to_onnx(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the network as an ONNX model, for programs that know neither Python nor this.

        Its input is "X", its output "prediction", both for any number of rows and in the dtype
        of the network. Blocks of your own are written, too, if ONNX has what they compute with.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".onnx".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Raises
        ------
        MissingExtraError
            If onnx is not installed.
        NotReadyError
            If there are no parameters yet.
        TracingError
            If a block does what ONNX cannot.
        FileError
            If there is a file already, or it cannot be written.
        """
        from glassbrick.export.onnx_file import onnx_of

        self._export("to_onnx", onnx_of, path, overwrite)

    def _export(
        self,
        method: str,
        write: Callable[[Program, str, str], bytes],
        path: str | os.PathLike[str],
        overwrite: bool,
    ) -> None:
        """Write what predicts as the network does."""
        net: NeuralNetwork = self  # type: ignore[assignment]
        who = f"NeuralNetwork.{method}"
        place = as_path(path, f"{who}, path")
        overwrite = true_or_false(overwrite, f"{who}, overwrite")
        data = write(program_of(net), f"Predicts as {net!r} does.", version("glassbrick"))
        write_whole(place, data, who, overwrite=overwrite)


def made_with() -> dict[str, str]:
    """Return the versions of what writes a file."""
    return {
        "glassbrick": version("glassbrick"),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def describe(net: NeuralNetwork, who: str) -> dict[str, Any]:
    """Return what a network is made of, as JSON.

    Raises
    ------
    ArgumentError
        If a block does not keep what it was made of, or it cannot be written.
    """
    table = table_of_blocks((), who)
    return {
        "layers": [recipe_of(layer, table, f"{who}, {layer.name}") for layer in net.layers],
        "loss": recipe_of(net.loss, table, f"{who}, loss"),
        "streams": net.streams.to_json(),
        "inputs": list(net.layers[0].shape or ()) if net.is_built else None,
        "dtype": net.dtype.name if net.is_built else None,
    }


def arrays_of(net: NeuralNetwork, who: str) -> dict[str, Array]:
    """Return all that training changes in a network, by layer, operation and attribute.

    Raises
    ------
    DataError
        If there is something in it that is not finite.
    """
    arrays = {name: array for name, _, _, array in _held(net)} if net.is_built else {}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DataError(complaint(f"{who}, {name}", "finite numbers", "NaN or infinity"))
    return arrays


def rebuild(contents: Contents, kind: type[NeuralNetwork], table: Table, who: str) -> NeuralNetwork:
    """Make a network of what a file holds.

    No parameter is drawn, and none is made that is larger than those in the file.

    Parameters
    ----------
    contents : Contents
        Of the file.
    kind : type
        `NeuralNetwork`.
    table : Table
        The blocks that may be in it.
    who : str
        What to call whoever reads it, in errors.

    Raises
    ------
    FileError
        If description and arrays do not fit each other, or blocks cannot be made.
    """
    told, arrays = contents
    room = sum(array.size for array in arrays.values())
    try:
        streams = streams_from(told["streams"])
        net = kind(
            made_of({"list": told["layers"]}, table, who, most=max(room, _ROOM)),
            made_of(told["loss"], table, who, most=max(room, _ROOM)),
            rng=ReservedStreams(streams, room),  # type: ignore[arg-type]
        )
        if told["inputs"] is not None:
            net.build(tuple(_sizes(told["inputs"], room, who)), told["dtype"])
        _fill(net, dict(arrays), who)
        net._share(streams)
    except FileError:
        raise
    except (GlassbrickError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(f"{who}: the network in it cannot be made: {error}") from None
    return net


def table_of_blocks(more: Iterable[type], who: str) -> Table:
    """Return the classes that a network may be made of: the library's, and those of a user."""
    modules = (initializers, layers, losses, operations)
    known = [getattr(module, name) for module in modules for name in module.__all__]
    hidden = (Single, HalfSquaredError, HalfPoissonDeviance)  # public under no name
    return as_table([*hidden, *filter(lambda kind: isinstance(kind, type), known)], more, who)


def _held(net: NeuralNetwork) -> Iterator[tuple[str, Operation, str, Array]]:
    for layer in net.layers:
        for place, operation in named_operations(layer):
            for name, array in vars(operation).items():
                if isinstance(array, np.ndarray) and name not in operation.memory:
                    yield f"{place}.{name}", operation, name, array


def _sizes(inputs: Any, room: int, who: str) -> list[int]:
    are_sizes = type(inputs) is list and all(type(size) is int and size > 0 for size in inputs)
    if are_sizes and inputs and math.prod(inputs) <= max(room, _ROOM):
        return list(inputs)
    raise FileError(f"{who}: expected the number of inputs; received {str(inputs)[:60]}.")


def _fill(net: NeuralNetwork, arrays: dict[str, Array], who: str) -> None:
    """Put the arrays of a file into the places that bear their names."""
    for name, operation, attribute, array in list(_held(net)) if net.is_built else ():
        stored = arrays.pop(name, None)
        if stored is None or (stored.shape, stored.dtype) != (array.shape, array.dtype):
            expected = f"{name} as {array.dtype} of shape {array.shape}"
            found = "none" if stored is None else f"{stored.dtype} of shape {stored.shape}"
            raise FileError(f"{who}: expected {expected}; received {found}.")
        if not np.isfinite(stored).all():
            raise FileError(f"{who}: expected {name} to be finite; received NaN or infinity.")
        if attribute == "param" and isinstance(operation, ParamOperation):
            operation.replace_param(np.array(stored))
        else:
            setattr(operation, attribute, np.array(stored))
    if arrays:
        raise FileError(f"{who}: no part of the network holds {', '.join(sorted(arrays)[:3])}.")
