"""The `glassbrick` command."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; errors of our own become one line and exit status 1."""
    from glassbrick.cli.app import app
    from glassbrick.errors import GlassbrickError

    try:
        app(prog_name="glassbrick")
    except GlassbrickError as error:
        print(f"glassbrick: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        print("glassbrick: interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except OSError as error:  # of the output itself: a full disk, a reader that has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"glassbrick: cannot print: {error.strerror}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except Exception as error:
        if sys.flags.dev_mode:  # python -X dev -m glassbrick
            raise
        said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        print(f"glassbrick: this should not have happened: {said}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
