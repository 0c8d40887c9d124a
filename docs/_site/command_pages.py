"""The page of the command line, made of what the commands say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from glassbrick.cli.app import app

__all__ = ["command_line"]

INTRODUCTION = """\
# The command line

`glassbrick COMMAND --help` tells the same. [Tables](../tables.md) shows most of them at work.

The exit status is 0 if all went well, 1 if it did not, 2 if the command was typed wrongly, and \
130 after Ctrl-C. Files that exist are never replaced without `--force`.
"""


def command_line() -> str:
    """Return the page, in Markdown."""
    group: Any = typer.main.get_command(app)
    commands = [
        "\n".join(_command(name, command)) for name, command in sorted(group.commands.items())
    ]
    return "\n".join([INTRODUCTION, *commands])


def _command(name: str, command: Any) -> Iterator[str]:
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from [f"## {name}", "", "```sh", f"glassbrick {name} {usage}", "```", ""]
    yield from [command.help.replace("\n    ", "\n"), ""]
    records = [parameter.get_help_record(context) for parameter in command.params]
    if records:
        yield from ["| | |", "|---|---|"]
    for said, told in filter(None, records):
        yield f"| `{_cell(said)}` | {_cell(told).replace('<', '&lt;')} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
