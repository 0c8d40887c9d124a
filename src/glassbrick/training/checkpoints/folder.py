"""Folder: where the checkpoints of one training are, and nobody else's meanwhile."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from glassbrick.arrays import Array
from glassbrick.errors import FileError
from glassbrick.files import Contents, read_sealed, told_as_ours, write_sealed

try:
    import fcntl
except ImportError:  # there are systems without
    fcntl = None  # type: ignore[assignment]

__all__ = ["KIND", "WHO", "Folder"]

KIND, WHO = "checkpoint", "Checkpoint"
_NAME = re.compile(r"epoch-(\d{6,})(?:-batch-(\d{9,}))?\.safetensors")


class Folder:
    """The checkpoints of a training.

    Parameters
    ----------
    path : Path
        Of the folder.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lock: int | None = None
        self._damaged: list[Path] = []

    def open(self) -> None:
        """Make the folder unless it is there, and keep others out.

        The lock is the operating system's, and goes with the process, however that ends.

        Raises
        ------
        FileError
            If it is no folder, cannot be written, or another training writes there.
        """
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise FileError(f"{WHO}: {self.path} is no folder. Give another name.")
        with told_as_ours(WHO, f"cannot write to {self.path}"):
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        self._damaged = []
        try:
            self._keep_others_out(self._lock)
            with told_as_ours(WHO, f"cannot write to {self.path}"):
                for part in self.path.glob(".epoch-*.part"):  # whoever wrote it was killed
                    part.unlink()
        except BaseException:
            self.close()
            raise

    def _keep_others_out(self, lock: int) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError(
                f"{WHO}: another training writes to {self.path} now. Wait until it has ended, "
                "or give another folder."
            ) from None
        except OSError:
            return  # a file system that has no locks

    def close(self) -> None:
        """Let others in."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            os.close(lock)

    def newest(self) -> tuple[Path, Contents] | None:
        """Read the newest checkpoint that is not damaged; None if there is none at all.

        Raises
        ------
        FileError
            If all are damaged.
        """
        self._damaged = []
        reasons = []
        for _, path in sorted(self._checkpoints(), reverse=True):
            try:
                contents = read_sealed(path, WHO)
                if contents.description.get("kind") != KIND:
                    raise FileError(f"{WHO}: {path} is no checkpoint.")
            except FileError as error:
                self._damaged.append(path)
                reasons.append(str(error))
                continue
            for reason in reasons:
                warnings.warn(f"{reason} {path.name} is used instead.", stacklevel=2)
            return path, contents
        if reasons:
            raise FileError(
                f"{WHO}: no checkpoint in {self.path} can be used, and none was removed. Give "
                f"another folder to begin anew. The newest: {reasons[0]}"
            )
        return None

    def write(
        self,
        epoch: int,
        batch: int,
        told: Mapping[str, Any],
        arrays: Mapping[str, Array],
        keep: int,
    ) -> None:
        """Write a checkpoint; when it is on the disk, remove the oldest.

        Parameters
        ----------
        epoch, batch : int
            How many epochs were done, and how many batches of the next one.
        told, arrays : mapping
            What it holds.
        keep : int
            How many checkpoints stay.

        Raises
        ------
        FileError
            If it cannot be written. Those that were there are then still there.
        """
        with told_as_ours(WHO, f"cannot write to {self.path}"):
            while self._damaged:  # kept, for whoever wants to know what happened to them
                path = self._damaged[-1]
                path.replace(path.with_name(f"damaged-{path.name}"))
                self._damaged.pop()
        within = f"-batch-{batch:09}" if batch else ""
        path = self.path / f"epoch-{epoch:06}{within}.safetensors"
        write_sealed(path, {"kind": KIND, **told}, arrays, WHO, overwrite=True)
        with told_as_ours(WHO, f"cannot remove old checkpoints from {self.path}"):
            for _, old in sorted(self._checkpoints())[:-keep]:
                old.unlink()

    def _checkpoints(self) -> Iterator[tuple[tuple[int, int], Path]]:
        with told_as_ours(WHO, f"cannot read {self.path}"):
            for path in list(self.path.iterdir()):
                if found := _NAME.fullmatch(path.name):
                    yield (int(found[1]), int(found[2] or 0)), path
