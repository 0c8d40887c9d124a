"""The `glassbrick` command."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command; errors of our own become one line and exit status 1."""
    from glassbrick.cli.app import app
    from glassbrick.errors import GlassbrickError

    try:
        app()
    except GlassbrickError as error:
        print(f"glassbrick: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
