"""Files: written whole or not at all, and sealed with a checksum."""

from glassbrick.files.sealed import Contents, read_sealed, write_sealed
from glassbrick.files.whole import as_path, write_whole

__all__ = ["Contents", "as_path", "read_sealed", "write_sealed", "write_whole"]
