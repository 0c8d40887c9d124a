"""Runs a file of a user's, to look at what it defines."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from glassbrick.errors import FileError

__all__ = ["load_module"]


def load_module(file: Path) -> ModuleType:
    """Run a user's file, as a module of which nothing is kept on disk.

    Raises
    ------
    FileError
        If it cannot be run; the message names the line.
    """
    loader = SourceFileLoader("checked_blocks", str(file))
    module = ModuleType(loader.name)
    module.__file__ = str(file)
    sys.modules[loader.name] = module  # where dataclasses and pickle look for it
    sys.path.insert(0, str(file.resolve().parent))  # so that it finds what stands beside it
    try:
        code = loader.source_to_code(loader.get_data(str(file)), str(file))
        exec(code, vars(module))  # noqa: S102 (the user's own file)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise FileError(f"{file}{line}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(file)]
        if isinstance(error, OSError) and not lines:
            raise FileError(f"{file}: {error.strerror or error}.") from None
        line = f", line {lines[-1]}" if lines else ""
        raise FileError(f"{file}{line}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module
