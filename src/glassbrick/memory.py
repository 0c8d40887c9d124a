"""Memory that is free, and that the process would keep for itself."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

__all__ = ["give_back"]


def give_back() -> None:
    """Give memory that nothing uses back to the system, where that can be done.

    Allocators keep what was freed, for the next time. After something that takes much memory
    once, such as a compilation, there is none. Of the C library, Linux's alone can be told.
    """
    if pyarrow := sys.modules.get("pyarrow"):
        pyarrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)
