"""Footprint: the megabytes that a peer and all that it requires take on disk."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = "glassbrick"  # installed from this folder, so that its files are not listed


def megabytes(names: Iterable[str]) -> float:
    """Sum the files of distributions and of all that they require, without optional extras."""
    return sum(_bytes_of(name) for name in closure(names)) / 1e6


def closure(names: Iterable[str]) -> set[str]:
    """Return the distributions, and those that they require, and so on."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _required_by(name)
    return found


def _required_by(name: str) -> list[str]:
    requirements = [Requirement(line) for line in distribution(name).requires or []]
    needed = [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    return [canonicalize_name(r.name) for r in needed if _is_installed(r.name)]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _bytes_of(name: str) -> int:
    if name == HERE:
        package = Path(find_spec(HERE).origin).parent  # type: ignore
        files: Iterable[Path] = package.rglob("*")
    else:
        files = (Path(file.locate()) for file in distribution(name).files or [])
    return sum(f.stat().st_size for f in files if f.is_file() and f.suffix != ".pyc")
