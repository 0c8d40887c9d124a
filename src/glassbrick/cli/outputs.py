"""Files that a command is to write: looked at before the work, so that it is not in vain."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typer

from glassbrick.files import require_place, told_as_ours

__all__ = ["require_ending", "require_room"]


def require_room(path: Path, option: str, force: bool) -> None:
    """Find out whether a file can be written.

    Parameters
    ----------
    path : Path
        Of the file.
    option : str
        By which it was asked for, for errors.
    force : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    FileError
        If it exists, or its folder cannot be written to.
    """
    require_place(path, option, overwrite=force, remedy="--force")
    with told_as_ours(option, f"cannot write {path}"):
        handle, trial = tempfile.mkstemp(dir=path.parent)
        os.close(handle)
        Path(trial).unlink()


def require_ending(path: Path, option: str, endings: Sequence[str]) -> None:
    """Refuse a file of a kind that cannot be written.

    Raises
    ------
    BadParameter
        Which ends the command with status 2.
    """
    if path.suffix.lower() not in endings:
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise typer.BadParameter(f"{option}: {path} {ending}; use one of {', '.join(endings)}.")
