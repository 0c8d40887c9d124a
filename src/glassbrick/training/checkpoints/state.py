"""State: all that a training goes on from, gathered and put back."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from glassbrick.arrays import Array
from glassbrick.engines import ENGINES
from glassbrick.errors import FileError
from glassbrick.files import Contents
from glassbrick.layers.tree import all_layers, named_operations
from glassbrick.training.callbacks.early_stopping import Judge
from glassbrick.training.checkpoints.folder import WHO
from glassbrick.training.checkpoints.reading import Reader
from glassbrick.training.checkpoints.writing import Writer
from glassbrick.training.history import History
from glassbrick.training.snapshot import Snapshot

if TYPE_CHECKING:
    from glassbrick.training.callbacks import Callback
    from glassbrick.training.fit import Fit
    from glassbrick.training.run import Run

__all__ = ["gather", "put_back", "put_back_callbacks"]


def gather(
    fit: Fit, callbacks: Sequence[Callback], *, fully: bool = True
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return all that a fit goes on from, as JSON and arrays.

    Parameters
    ----------
    fit : Fit
        After an epoch, or within one on a stream.
    callbacks : sequence of Callback
        Which may have something to remember.
    fully : bool
        Whether to look for arrays that are parts of others, too.

    Raises
    ------
    ArgumentError
        If something cannot be told.
    """
    parts = _parts(fit.run)
    writer = Writer(WHO, parts)
    told: dict[str, Any] = {
        "parts": {name: writer.attributes(part, name) for name, part in parts.items()},
        "run": _tell_run(fit.run, parts, writer),
        "fit": fit.position(),
        "within": writer.tell(fit.within(), "within"),
        "callbacks": [
            [type(callback).__name__, writer.tell(callback.get_state(), f"{name}.get_state()")]
            for callback in callbacks
            for name in [type(callback).__name__]
        ],
    }
    if fully:
        writer.require_apart()
    return told, writer.arrays


def put_back(fit: Fit, contents: Contents) -> Reader:
    """Let a fit go on from what was gathered.

    Returns
    -------
    Reader
        For what is to be put back later.

    Raises
    ------
    FileError
        If it is of something else.
    """
    told, parts = contents.description, _parts(fit.run)
    reader = Reader(WHO, contents.arrays, parts)
    if told["parts"].keys() != parts.keys():
        raise FileError(f"{WHO}: the checkpoint is of a network of other operations.")
    for name, part in parts.items():
        reader.attributes(part, told["parts"][name], name)
    _read_run(fit, told["run"], parts, reader)
    fit.go_on_from(told["fit"])
    fit.go_on_within(reader.read(told.get("within"), "within"))
    return reader


def put_back_callbacks(callbacks: Sequence[Callback], told: Any, reader: Reader) -> None:
    """Let callbacks remember what those of their class did, the first the first and so on."""
    left = list(told)
    for callback in callbacks:
        name = type(callback).__name__
        state = next((entry for entry in left if entry[0] == name), None)
        if state is not None:
            left.remove(state)
            callback.set_state(reader.read(state[1], f"{name}.get_state()"))


def _parts(run: Run) -> dict[str, Any]:
    """Name all objects whose attributes are gathered."""
    layers = {f"layers.{n}": layer for n, layer in enumerate(all_layers(run.net.layers))}
    operations = {
        f"network.{name}": operation
        for layer in run.net.layers
        for name, operation in named_operations(layer)
    }
    others = {"network": run.net, "loss": run.net.loss, "optimizer": run.optim}
    return {**operations, **layers, **others}


def _tell_run(run: Run, parts: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    history = {
        field.name: getattr(run.history, field.name) for field in dataclasses.fields(History)
    }
    history["seconds"] += time.perf_counter() - run.started
    names = {id(part): name for name, part in parts.items()}
    best = run.best and [(names[id(op)], name, value) for op, name, value in run.best.values]
    judge = run.judge and run.judge.get_state()
    rule = run.judge and (run.judge.rule.monitor, run.judge.rule.mode)
    held = {
        "history": history,
        "best": best,
        "judge": judge,
        "rule": rule,
        "shuffler": vars(run.shuffler),
        "order": run.drawn_order,
        "stop_reason": run.stop_reason,
    }
    return {name: writer.tell(value, name) for name, value in held.items()}


def _read_run(fit: Fit, told: Any, parts: Mapping[str, Any], reader: Reader) -> None:
    run, plan = fit.run, fit.plan
    held = {name: reader.read(value, name) for name, value in told.items()}
    run.history = History(**held["history"])
    if run.history.engine != run.engine.name and run.history.engine in ENGINES:
        run.engine = ENGINES[run.history.engine]()
    run.best = held["best"] and Snapshot.of(
        [(parts[where], name, value) for where, name, value in held["best"]]
    )
    run.judge = None
    if held["judge"] is not None and held["rule"] == (plan.stopping.monitor, plan.stopping.mode):
        run.judge = Judge(plan.stopping, plan.judged_every)
        run.judge.set_state(held["judge"])
    elif held["judge"] is not None:
        run.forget_best()
    vars(run.shuffler).update(held["shuffler"])
    run.drawn_order = held["order"]
    run.stop_reason = held["stop_reason"]
