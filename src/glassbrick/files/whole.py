"""Files that are written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from glassbrick.checks import refuse
from glassbrick.errors import ArgumentTypeError, FileError

__all__ = ["as_path", "require_place", "told_as_ours", "whole_file", "write_whole"]


def write_whole(path: Path, data: bytes, who: str, *, overwrite: bool = False) -> None:
    """Write a file beside its place, and move it there when all of it is on the disk.

    Parameters
    ----------
    path : Path
        Of the file.
    data : bytes
        What it shall hold.
    who : str
        What to call whoever writes it, in errors.
    overwrite : bool, default False
        Whether to replace a file that is there.

    Raises
    ------
    FileError
        If there is a file, no such folder, no room, or no right to write. What was there
        before is then still there.
    """
    with whole_file(path, who, overwrite=overwrite) as file, told_as_ours(who, _cannot(path)):
        file.write(data)


@contextmanager
def whole_file(path: Path, who: str, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file beside its place, and move it there at the end, when all of it is on the disk.

    If the work within ends with an error or is interrupted, there is nothing left of it. Errors
    of writing within are the caller's to tell.

    Parameters
    ----------
    path : Path
        Of the file.
    who : str
        What to call whoever writes it, in errors.
    overwrite : bool, default False
        Whether to replace a file that is there.

    Yields
    ------
    binary file
        To write to.

    Raises
    ------
    FileError
        As of `write_whole`.
    """
    require_place(path, who, overwrite=overwrite)
    with told_as_ours(who, _cannot(path)):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    file = os.fdopen(handle, "wb")
    try:
        yield file
        with told_as_ours(who, _cannot(path)):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            Path(name).chmod(_mode_for(path))
            Path(name).replace(path)
    finally:
        with suppress(OSError):  # of what is still to be written, which is not wanted any more
            file.close()
        Path(name).unlink(missing_ok=True)
    with told_as_ours(who, _cannot(path)):
        _settle(path.parent)


def require_place(
    path: Path, who: str, *, overwrite: bool = False, remedy: str = "overwrite=True"
) -> None:
    """Refuse a place where no file can be, or where there is one.

    Parameters
    ----------
    path : Path
        Of the file.
    who : str
        What to call whoever will write it, in errors.
    overwrite : bool, default False
        Whether a file that is there may be replaced.
    remedy : str
        How to say that it may.

    Raises
    ------
    FileError
        If there is a file, or a folder of that name, or none to put it into.
    """
    with told_as_ours(who, _cannot(path)):  # a name can be too long to look for
        has_folder, is_folder, is_there = path.parent.is_dir(), path.is_dir(), path.exists()
    if not has_folder:
        raise FileError(f"{who}: there is no folder {path.parent}. Make it first.")
    if is_folder:
        raise FileError(f"{who}: {path} is a folder. Give the name of a file.")
    if is_there and not overwrite:
        raise FileError(f"{who}: {path} is there already. Give another name, or {remedy}.")


def as_path(path: str | os.PathLike[str], who: str) -> Path:
    """Return the path of a file.

    Raises
    ------
    ArgumentTypeError
        If it is something else.
    """
    if not isinstance(path, str | os.PathLike):
        refuse(ArgumentTypeError, who, 'a path, such as "net.safetensors"', path)
    return Path(path)


@contextmanager
def told_as_ours(who: str, what: str) -> Iterator[None]:
    """Turn errors of the file system into one of ours."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{who}: {what}: {error.strerror or error}.") from None


def _cannot(path: Path) -> str:
    return f"cannot write {path}"


def _mode_for(path: Path) -> int:
    """Return the rights that a file has which is there, or that a new one would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _settle(folder: Path) -> None:
    """Wait until the new name is on the disk, too, where folders can be waited for."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
