"""load: whatever a file of Glassbrick's holds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from glassbrick.errors import FileError
from glassbrick.files import as_path, read_sealed
from glassbrick.network import NeuralNetwork
from glassbrick.network_file import ESTIMATOR, NETWORK, rebuild, table_of_blocks

__all__ = ["load"]


def load(path: str | os.PathLike[str], *, blocks: Iterable[type] = ()) -> Any:
    """Load a network, or an estimator of `glassbrick.sklearn`, that was saved with its `save`.

    Nothing in the file is run. It names classes, which are looked up among those of Glassbrick
    and those you give, and holds arrays; and it is refused if a single bit of it changed.

    Parameters
    ----------
    path : str or path
        Of the file.
    blocks : iterable of type
        Classes of your own that it is made of: operations, layers, its loss; for an estimator
        its optimizer or its own class, too.

    Returns
    -------
    NeuralNetwork, or the class of the estimator
        With the parameters that were saved. It predicts as the saved one would; a network trains
        as that one would, too.

    Raises
    ------
    FileError
        If there is no such file, it is damaged, of another kind or of a later version, or needs
        a class that was not given.
    ArgumentError, ArgumentTypeError
        If `blocks` are not classes, or one has the name of one of Glassbrick's.
    MissingExtraError
        If it holds an estimator, and scikit-learn is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import glassbrick as gb
    >>> net = gb.NeuralNetwork([gb.Dense(1, "linear", inputs=2)], gb.MeanSquaredError(), rng=0)
    >>> path = tempfile.mkdtemp() + "/line.safetensors"
    >>> net.save(path)
    >>> gb.load(path)
    NeuralNetwork([Dense(1, Linear)], MeanSquaredError(), rng=0)
    """
    file = as_path(path, "load, path")
    who = f"load, {file}"
    table = table_of_blocks(blocks, "load, blocks")
    contents = read_sealed(file, "load")
    kind = contents.description.get("kind")
    if kind == NETWORK:
        return rebuild(contents, NeuralNetwork, table, who)
    if kind == ESTIMATOR:
        from glassbrick.sklearn.estimator_file import rebuild_estimator

        return rebuild_estimator(contents, table, who)
    raise FileError(f"{who}: expected a {NETWORK} or an {ESTIMATOR}; received {str(kind)[:60]!r}.")
