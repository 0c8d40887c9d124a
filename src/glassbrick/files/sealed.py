"""Sealed files: arrays and a description in safetensors, with a checksum over every byte.

The description is JSON in the metadata, under "glassbrick". Its "sha256" is the digest of the
whole file in which these 64 digits are zeros, so that no bit can change unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glassbrick.arrays import Array
from glassbrick.errors import FileError
from glassbrick.files.whole import told_as_ours, write_whole

__all__ = ["FORMAT", "Contents", "read_sealed", "unseal", "write_sealed"]

FORMAT = 1
"""Counts the changes after which older versions could not read a file. All are read for ever."""

_KEY, _UNSEALED = "glassbrick", "0" * 64
_LENGTH = 8  # bytes in which a file tells the length of its header


class Contents(NamedTuple):
    """What a sealed file holds.

    Attributes
    ----------
    description : dict
        What a person or a program should know of the arrays; JSON.
    arrays : dict of str to ndarray
        By name; read-only.
    """

    description: dict[str, Any]
    arrays: dict[str, Array]


def write_sealed(
    path: Path,
    description: Mapping[str, Any],
    arrays: Mapping[str, Array],
    who: str,
    *,
    overwrite: bool = False,
) -> None:
    """Write arrays and their description to a file, whole or not at all.

    Raises
    ------
    FileError
        If it cannot be written; see `write_whole`.
    """
    from safetensors.numpy import save  # which takes as long to import as all of this package

    text = json.dumps({"sha256": _UNSEALED, "format": FORMAT, **description}, allow_nan=False)
    # Copied, because safetensors takes the bytes of what is not contiguous as they lie.
    tensors = {name: np.array(array, order="C") for name, array in arrays.items()}
    data = save(tensors, {_KEY: text})
    write_whole(path, data.replace(_UNSEALED.encode(), _digest(data), 1), who, overwrite=overwrite)


def read_sealed(path: Path, who: str) -> Contents:
    """Read a file, after making sure that nothing in it changed since it was written.

    Raises
    ------
    FileError
        If there is none, it is of another kind or of a later version, or a bit changed.
    """
    with told_as_ours(who, f"cannot read {path}"):
        data = path.read_bytes()
    return unseal(data, str(path), who)


def unseal(data: bytes, path: str, who: str) -> Contents:
    """Return what the bytes of a file hold; see `read_sealed`."""
    try:
        description = _unsealed(data)
        found = description.pop("format")
        if type(found) is not int or not 1 <= found <= FORMAT:
            raise FileError(
                f"{who}: {path} has format {found!r}, and this version reads 1 to {FORMAT}. "
                "Install a later version of Glassbrick."
            )
        arrays = _arrays(data)
    except _NOT_OURS as error:
        raise FileError(
            f"{who}: {path} is damaged, or not a file of Glassbrick's: {_cause(error)}. "
            "Nothing was loaded."
        ) from None
    return Contents(description, arrays)


class _Damaged(Exception):  # noqa: N818 (an answer, not an error)
    """What is wrong with a file."""


_NOT_OURS = (
    _Damaged,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    MemoryError,
    OverflowError,
)


def _unsealed(data: bytes) -> dict[str, Any]:
    """Return the description of a file whose checksum is right."""
    size = int.from_bytes(data[:_LENGTH], "little")
    if not 2 <= size <= len(data) - _LENGTH:
        raise _Damaged("it has no header")
    header = data[_LENGTH : _LENGTH + size]
    description = json.loads(json.loads(header)["__metadata__"][_KEY])
    digest = description.pop("sha256")
    if not re.fullmatch("[0-9a-f]{64}", digest) or header.count(digest.encode()) != 1:
        raise _Damaged("it has no checksum")
    if _digest(data.replace(digest.encode(), _UNSEALED.encode(), 1)) != digest.encode():
        raise _Damaged("its checksum is not that of its contents")
    return dict(description)


def _arrays(data: bytes) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as error:
        raise _Damaged(f"its arrays cannot be read: {error}") from None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _cause(error: Exception) -> str:
    return str(error) if isinstance(error, _Damaged) else "its header cannot be read"
