"""The page of `glassbrick train`: shown while it trains, left up for its readers, or saved."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from glassbrick.cli.train_plan import TrainPlan

if TYPE_CHECKING:
    from glassbrick import Watch

__all__ = ["leave", "watch_for"]


def watch_for(plan: TrainPlan) -> Watch | None:
    """Return what looks on, if anything is to; serve its page, and say where.

    Raises
    ------
    MissingExtraError
        If a page is asked for, and starlette or uvicorn is not installed.
    """
    if not (plan.watch or plan.doctor or plan.replay is not None):
        return None
    from glassbrick.training import Watch

    data = "the Boston data"
    if plan.data is not None:
        data = plan.data.name if plan.data.path is None else plan.data.path.name
    watch = Watch(
        0 if plan.watch else None,
        title=f"Training on {data}",
        open_browser=_has_screen(),
        verbose=False,
    )
    if plan.watch:
        print(f"Watch it at {watch.url}", file=_telling(plan), flush=True)
    return watch


def leave(plan: TrainPlan, watch: Watch | None, *, at_once: bool = False) -> None:
    """Save the page if that is asked for; let a person who reads it finish; end it."""
    if watch is None:
        return
    try:
        if plan.replay is not None and watch.reports:
            watch.save(plan.replay, overwrite=plan.force)
        if not at_once and watch.readers and sys.stdin is not None and sys.stdin.isatty():
            told = "The page stays until it is closed in the browser, or you press Ctrl-C."
            print(told, file=_telling(plan), flush=True)
            watch.wait()
    finally:
        watch.shut_down()


def _telling(plan: TrainPlan) -> TextIO:
    return sys.stderr if plan.as_json else sys.stdout


def _has_screen() -> bool:
    """Whether somebody sits at this computer, as far as can be told."""
    if not sys.stdout.isatty():
        return False
    is_other = sys.platform in ("win32", "darwin")
    return is_other or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
