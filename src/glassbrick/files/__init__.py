"""Files: written whole or not at all, and sealed with a checksum."""

from glassbrick.files.sealed import Contents, read_sealed, write_sealed
from glassbrick.files.whole import (
    as_path,
    require_place,
    told_as_ours,
    whole_file,
    write_whole,
)

__all__ = [
    "Contents",
    "as_path",
    "read_sealed",
    "require_place",
    "told_as_ours",
    "whole_file",
    "write_sealed",
    "write_whole",
]
