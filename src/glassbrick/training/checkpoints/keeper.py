"""Keeper: lets a fit go on from the newest checkpoint, and writes others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.distributed.cluster import writes
from glassbrick.errors import ArgumentError, FileError
from glassbrick.optimizers import LBFGS
from glassbrick.training.checkpoints.fingerprint import difference, fingerprint
from glassbrick.training.checkpoints.folder import WHO, Folder
from glassbrick.training.checkpoints.reading import Reader
from glassbrick.training.checkpoints.state import gather, put_back, put_back_callbacks

if TYPE_CHECKING:
    from glassbrick.training.callbacks import Callback, Checkpoint
    from glassbrick.training.fit import Fit

__all__ = ["Keeper"]


class Keeper:
    """Keeps what a fit goes on from.

    Parameters
    ----------
    fit : Fit
        Of what.
    checkpoint : Checkpoint
        The settings, and the folder.
    callbacks : sequence of Callback
        All of the fit.

    Attributes
    ----------
    resumed_from : str
        The file that the fit goes on from; "" if it began at the beginning.
    """

    def __init__(self, fit: Fit, checkpoint: Checkpoint, callbacks: Sequence[Callback]):
        self.fit, self.checkpoint = fit, checkpoint
        self.every = checkpoint.every
        self.resumed_from = ""
        self._callbacks = [callback for callback in callbacks if callback is not checkpoint]
        self._is_tried, self._writes = False, writes(fit.cluster)
        self._since = time.monotonic()
        self._fingerprint: dict[str, Any]
        self._told: Any = None
        self._reader: Reader

    def resume(self) -> None:
        """Go on from the newest checkpoint, if there is one.

        Raises
        ------
        ArgumentError
            If the optimizer cannot go on where it was.
        FileError
            If the folder cannot be used, or holds another training.
        """
        if isinstance(self.fit.run.optim, LBFGS):
            expected = "an optimizer that makes one step after the other"
            advice = "SciPy's search cannot go on in another process. Train without Checkpoint."
            refuse(ArgumentError, WHO, expected, self.fit.run.optim, advice)
        folder = self._folder()
        self._fingerprint = fingerprint(self.fit)
        found = folder.newest()
        if found is None:
            return
        path, contents = found
        try:
            if differs := difference(contents.description["training"], self._fingerprint):
                raise FileError(
                    f"{WHO}: {folder.path} holds another training: {differs}. Give another "
                    "folder, or remove this one."
                )
            self._reader = put_back(self.fit, contents)
            self._told = contents.description["callbacks"]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise FileError(f"{WHO}: {path} does not fit this training: {error!r}.") from error
        self.resumed_from = str(path)
        self._is_tried = True

    def _folder(self) -> Folder:
        """Return the folder; of several processes only the first writes there."""
        checkpoint, cluster = self.checkpoint, self.fit.cluster
        folder = checkpoint.open_folder() if self._writes else Folder(checkpoint.folder)
        if cluster is not None:
            cluster.barrier()  # before that, there may be no folder
        return folder

    def resume_callbacks(self) -> None:
        """Let callbacks remember what they did, after they were told that training begins."""
        if self.resumed_from:
            put_back_callbacks(self._callbacks, self._told, self._reader)
            self._told = None
            del self._reader  # and all that was read

    def after_epoch(self, epoch: int, *, is_last: bool) -> None:
        """Write a checkpoint if it is time; in any case find out soon whether one can be.

        Raises
        ------
        ArgumentError
            If something cannot be written.
        FileError
            If the file cannot be.
        """
        if is_last or epoch % self.every == 0:
            self.now()
        elif self._writes and not self._is_tried:
            self._gather()

    @property
    def is_time(self) -> bool:
        """Whether it is long enough ago that one was written."""
        return self._writes and time.monotonic() - self._since >= 60.0 * self.checkpoint.minutes

    def now(self) -> None:
        """Write a checkpoint; see `after_epoch`. Of several processes, only one does."""
        if not self._writes:
            return
        told, arrays = self._gather()
        epoch, keep = self.fit.run.history.epochs, self.checkpoint.keep
        told |= {"epoch": epoch, "training": self._fingerprint}
        folder = self.checkpoint.open_folder()
        folder.write(epoch, self.fit.batches_done, told, arrays, keep)
        self._since = time.monotonic()

    def _gather(self) -> tuple[dict[str, Any], dict[str, Array]]:
        found = gather(self.fit, self._callbacks, fully=not self._is_tried)
        self._is_tried = True
        return found
