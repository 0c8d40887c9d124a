"""Files: written whole or not at all, and sealed with a checksum."""

from glassbrick.files.sealed import Contents, read_sealed, write_sealed
from glassbrick.files.whole import told_as_ours, write_whole

__all__ = ["Contents", "read_sealed", "told_as_ours", "write_sealed", "write_whole"]
