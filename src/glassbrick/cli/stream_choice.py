"""Whether rows are streamed: if they would not fit into memory, or if that is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from glassbrick.cli.data_files import DataFiles
from glassbrick.streams.files import Files
from glassbrick.streams.reader import reader_of

__all__ = ["available_memory", "memory_needed", "why_streamed"]

_SMALL = 64 << 20  # bytes of a file, which fits anywhere
_BYTES_A_NUMBER = 48  # as table, columns, keys and matrices, which are there at the same time
_BYTES_A_BYTE = 8  # of text
_GROUPS = "/sys/fs/cgroup"


def why_streamed(data: DataFiles, wanted: bool | None) -> str | None:
    """Say why rows are to be streamed; None if they are to be read into memory.

    Parameters
    ----------
    data : DataFiles
        What is to be read.
    wanted : bool or None
        What was asked for, if anything was.

    Raises
    ------
    FileError
        If there are no such files.
    MissingExtraError
        If pyarrow is needed, and not installed.
    """
    if wanted is not None:
        return "Rows are streamed, as --stream says." if wanted else None
    path = data.path
    if path is not None and _size(path) < _SMALL:
        return None
    free = available_memory()
    if free is None:
        return None
    files = data.find("train")
    needed = memory_needed(files)
    if needed <= free // 2:
        return None
    many = len(files.files)
    what = "1 file" if many == 1 else f"{many} files"
    return (
        f"Rows are streamed: {_gigabytes(files.size)} in {what} would take about "
        f"{_gigabytes(needed)} as a table, and {_gigabytes(free)} of memory are free. "
        "(--no-stream reads them all the same.)"
    )


def memory_needed(files: Files) -> int:
    """Return about how many bytes it takes to train on all rows in memory."""
    if files.format == "csv":
        return files.size * _BYTES_A_BYTE
    reader = reader_of(files, "train", {})
    return reader.row_count() * len(reader.schema(0).names) * _BYTES_A_NUMBER


def available_memory() -> int | None:
    """Return how many bytes this process may still take; None if that cannot be found out."""
    found = [_free_of_system(), _free_of_group()]
    known = [free for free in found if free is not None]
    return min(known) if known else None


def _free_of_system() -> int | None:
    told = _read("/proc/meminfo")
    for line in told.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:  # other systems tell only how much there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _free_of_group() -> int | None:
    """Return what a container may still take."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        most, now = _read(f"{_GROUPS}/{limit}").strip(), _read(f"{_GROUPS}/{used}").strip()
        if most.isdigit() and now.isdigit():
            return max(int(most) - int(now), 0)
    return None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _size(path: Path) -> int:
    """Return the bytes of a file; 0 if there is none, of which whoever reads it tells."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _gigabytes(size: int) -> str:
    if size < 1 << 30:
        return f"{max(size / (1 << 20), 0.1):.3g} MB"
    return f"{size / (1 << 30):.3g} GB"
