"""CSVLogger: a line of numbers in a file for each epoch."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from glassbrick.checks import true_or_false
from glassbrick.errors import DataError, FileError
from glassbrick.training.callbacks.callback import Callback, Logs

__all__ = ["CSVLogger"]


class CSVLogger(Callback):
    """Write the numbers of each epoch to a CSV file, as they come.

    Parameters
    ----------
    path : str or path
        Of the file.
    append : bool, default False
        Whether to go on with a file that is there. Else it is an error if there is one, so that
        no record of an earlier training is lost. A fit that goes on from a `Checkpoint` goes on
        with its file, too.

    Raises
    ------
    FileError
        If the file cannot be written; when a fit begins, if it is there already.
    DataError
        If a file that is to be continued has other columns.
    """

    is_spectator = True
    is_for_first = True

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False):
        self.path = Path(path)
        self.append = true_or_false(append, "CSVLogger, append")
        self._file: TextIO | None = None
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Open the file."""
        is_resumed = "resumed_from" in (logs or {})
        if self.path.exists() and not self.append and not is_resumed:
            raise FileError(
                f"CSVLogger: {self.path} is there already. Give another name, or append=True."
            )
        self._columns, is_torn = [], False
        with self._told_as_ours():
            if self.path.is_file():
                text = self.path.read_text(encoding="utf-8")
                self._columns = next(csv.reader(text.splitlines()), [])
                is_torn = bool(text) and not text.endswith("\n")  # whoever wrote it was killed
            self._file = self.path.open("a", newline="", encoding="utf-8")
            if is_torn:
                self._file.write("\r\n")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a line."""
        if self._file is None:
            return
        row: Logs = {"epoch": epoch, **(logs or {})}
        writer = csv.writer(self._file)
        if not self._columns:
            self._columns = list(row)
            with self._told_as_ours():
                writer.writerow(self._columns)
        if unknown := set(row) - set(self._columns):
            raise DataError(
                f"CSVLogger: expected the columns of {self.path}, {', '.join(self._columns)}; "
                f"received {', '.join(sorted(unknown))} too. Give it a file of its own."
            )
        with self._told_as_ours():
            writer.writerow([row.get(column, "") for column in self._columns])
            self._file.flush()

    def get_state(self) -> dict[str, int]:
        """Return how long the file is."""
        with self._told_as_ours():
            return {"bytes": self.path.stat().st_size}

    def set_state(self, state: dict[str, int]) -> None:
        """Drop the lines of epochs that are trained once more."""
        if self._file is not None:
            with self._told_as_ours():
                self._file.flush()
                if self.path.stat().st_size > state["bytes"]:
                    os.truncate(self.path, state["bytes"])

    def close(self) -> None:
        """Close the file, and go on with it in the next fit."""
        if self._file is not None:
            file, self._file, self.append = self._file, None, True
            with self._told_as_ours():
                file.close()

    @contextmanager
    def _told_as_ours(self) -> Iterator[None]:
        """Turn errors of the file system into one of ours."""
        try:
            yield
        except OSError as error:
            raise FileError(f"CSVLogger: cannot write {self.path}: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error):
            raise FileError(f"CSVLogger: {self.path} is no CSV file. Give another name.") from None
