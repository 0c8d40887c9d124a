"""Checkpoint: training that survives the end of its process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glassbrick.checks import positive_integer, real_number, refuse
from glassbrick.errors import ArgumentTypeError
from glassbrick.training.callbacks.callback import Callback
from glassbrick.training.checkpoints.folder import Folder

__all__ = ["Checkpoint"]


class Checkpoint(Callback):
    """Write down where training is, so that it can go on from there, to the bit.

    Whatever ends the process, run the same script again: the fit goes on after the epoch, or on a
    `Stream` after the batch, of the newest checkpoint in the folder, and ends with the parameters
    and the `History` that it would have had. If all epochs are done, nothing is trained, and the
    result is as it was.

    A checkpoint holds parameters, what the optimizer remembers, random generators, the history,
    the best epoch, and what callbacks remember. It is written after all callbacks have acted,
    whole or not at all, with a checksum. A damaged one is passed over, with a warning, and set
    aside.

    Each call of `fit` needs a folder of its own, ``fit(restart=False)`` too, which goes on only
    from the same start. `epochs`, `eval_every`, `patience`, `metrics` and callbacks may be others
    than before, all else may not. With more epochs, a schedule that lasts as long as the fit
    takes its new length from there on; with fewer than are done, nothing is trained.

    Parameters
    ----------
    folder : str or path
        Where to write. It is made unless it is there. One training at a time can use it.
    every : int, default 1
        After how many epochs; and after the last one.
    minutes : float, default 10
        While a `Stream` is trained on, also within an epoch: when so much time has gone by since
        the last one. Training then goes on with the very next batch.
    keep : int, default 3
        How many checkpoints stay. Older ones are removed when a new one is on the disk.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a setting cannot be used; when a fit begins, if the optimizer is `LBFGS`; after the
        first epoch, if something that changes in training cannot be written.
    FileError
        If the folder cannot be written, holds another training or damaged checkpoints only, or
        another process trains there. What is there stays.

    Examples
    --------
    >>> import tempfile
    >>> import glassbrick as gb
    >>> folder = tempfile.mkdtemp()
    >>> def script():
    ...     net = gb.NeuralNetwork([gb.Dense(1, "linear")], gb.MeanSquaredError(), rng=0)
    ...     checkpoint = gb.Checkpoint(folder, every=5)
    ...     X, y = [[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0]
    ...     gb.Trainer(net, gb.Adam()).fit(X, y, epochs=20, callbacks=[checkpoint])
    >>> script()
    Training loss after 10 epochs is 30.962
    Training loss after 20 epochs is 30.568
    >>> script()  # doctest: +ELLIPSIS
    Training was over already, after epoch 20, says .../epoch-000020.safetensors
    """

    is_spectator = True  # the fit itself sees to it that the network is looked at in time

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: int = 1,
        *,
        minutes: float = 10.0,
        keep: int = 3,
    ):
        if not isinstance(folder, str | os.PathLike):
            refuse(ArgumentTypeError, "Checkpoint, folder", "the name of a folder", folder)
        self.folder = Path(folder)
        self.every = positive_integer(every, "Checkpoint, every")
        self.minutes = real_number(minutes, "Checkpoint, minutes", above=0.0)
        self.keep = positive_integer(keep, "Checkpoint, keep")
        self._open: Folder | None = None

    def open_folder(self) -> Folder:
        """Return the folder, which is this training's alone until `close`.

        Raises
        ------
        FileError
            If it cannot be.
        """
        if self._open is None:
            folder = Folder(self.folder)
            folder.open()
            self._open = folder
        return self._open

    def close(self) -> None:
        """Let others use the folder."""
        if self._open is not None:
            folder, self._open = self._open, None
            folder.close()

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_open": None}

    def __repr__(self) -> str:
        return f"Checkpoint({str(self.folder)!r}, every={self.every})"
