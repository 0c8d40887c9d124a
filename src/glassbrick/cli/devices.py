"""The devices that `glassbrick train` is to use: found, or made, before anything is trained."""

from __future__ import annotations

import typer

from glassbrick.cli.engine_name import EngineName
from glassbrick.engines import XLA

__all__ = ["engine_of", "prepare_devices"]


def engine_of(engine: EngineName | None, devices: int | None) -> str:
    """Return the name of the engine: of choice, unless it or devices were asked for.

    Raises
    ------
    BadParameter
        If the engine does not go with devices.
    """
    if devices is None:
        return (engine or EngineName.auto).value
    if engine not in (None, EngineName.xla):
        raise typer.BadParameter(
            f"--devices {devices} needs the engine xla; received --engine {engine}. Leave --engine "
            "out, or --devices."
        )
    return EngineName.xla.value


def prepare_devices(count: int | str | None) -> None:
    """See to it that there are so many devices, of the CPU if there are no others.

    Parameters
    ----------
    count : int, "all" or None
        How many; all that there are, or what is there by itself.

    Raises
    ------
    ArgumentError
        If there are not.
    MissingExtraError
        If JAX is not installed.
    """
    if isinstance(count, int):
        engine = XLA(count)
        engine.make_host_devices(count)
        engine.count_devices()
