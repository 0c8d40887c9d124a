"""Record: what is known of each fit that is watched, told as JSON, all of it or what is new."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from glassbrick.doctor import HealthReport, Remark
from glassbrick.doctor.chart import Chart
from glassbrick.layers.tree import named_operations
from glassbrick.network import NeuralNetwork
from glassbrick.training.history import History
from glassbrick.training.watching.look import QUANTILES, Look, Spread

__all__ = ["Cursor", "FitRecord", "Record", "finite", "names_of"]

_MOST_LOOKS = 400  # of a fit; when there are more, every second one is forgotten
_DIGITS = 5
_MOST_NAMED = 16  # dead units, by their numbers

# What was told: epochs, looks and remarks, by their numbers, and in what state the fit was.
Cursor = tuple[int, int, int, str]


@dataclass
class FitRecord:
    """What is known of one fit; one thread writes, others may read.

    Attributes
    ----------
    facts : dict
        What does not change: names, sizes, settings.
    history : History
        Which the fit goes on writing.
    until : int
        After which epoch it ends, unless it is stopped.
    looks : list of dict
        What looks showed, each with its number "k".
    remarks : list of dict
        The doctor's, each with its "epoch".
    chart : Chart
        What the doctor goes by.
    is_running : bool
        Whether it goes on.
    error : str
        By what it ended, if an error ended it.
    """

    facts: dict[str, Any]
    history: History
    until: int
    began: float = field(default_factory=time.perf_counter)
    looks: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    chart: Chart = field(default_factory=Chart)
    is_running: bool = True
    error: str = ""
    seconds_before: float = 0.0
    _number_of_looks: int = 0
    _seconds: float = 0.0

    def __post_init__(self) -> None:
        self.chart.losses, self.chart.val_losses = self.history.loss, self.history.val_loss

    @property
    def seconds(self) -> float:
        """How long the fit has taken."""
        now = time.perf_counter() - self.began if self.is_running else self._seconds
        return self.seconds_before + now

    @property
    def report(self) -> HealthReport:
        """All that the doctor has said."""
        return HealthReport.of(f"{self.history.epochs} epochs", self.chart.remarks)

    def go_on(self, until: int) -> None:
        """Be the record of a fit that carries the same history on."""
        self.seconds_before, self.began = self.seconds, time.perf_counter()
        self.until, self.is_running, self.error = until, True, ""

    def end(self, error: str = "") -> None:
        """Take note that it has ended."""
        self._seconds = time.perf_counter() - self.began
        self.is_running, self.error = False, error

    def say(self, epoch: int, remarks: Iterable[Remark]) -> None:
        """Write remarks down."""
        self.remarks += [{"epoch": epoch} | finite(asdict(remark)) for remark in remarks]

    def add(self, epoch: int, look: Look) -> bool:
        """Write a look down; say whether there were too many."""
        self._number_of_looks += 1
        told = {"k": self._number_of_looks, "epoch": epoch, "seconds": round(self.seconds, 3)}
        self.looks.append(told | _told(look))
        if len(self.looks) <= _MOST_LOOKS:
            return False
        self.looks = self.looks[:1] + self.looks[2::2]
        return True

    def state(self) -> dict[str, Any]:
        """Return how far it is."""
        history = self.history
        return {
            "epochs": history.epochs,
            "until": self.until,
            "seconds": round(self.seconds, 3),
            "running": self.is_running,
            "reason": "" if self.is_running else history.stop_reason,
            "error": self.error,
            "best": history.best_epoch,
            "evaluated": len(history.evaluated),
            "engine": history.engine,
        }

    def since(self, cursor: Cursor | None) -> tuple[dict[str, Any] | None, Cursor]:
        """Return what was not told yet, or None, and how far it is told then."""
        epochs, looks, remarks, _ = cursor or (0, 0, 0, "")
        done = self.history.epochs
        new = [look for look in self.looks if look["k"] > looks]
        state = self.state()
        mark = f"{self.is_running} {self.until} {self.error}"
        after = done, max([looks, *(look["k"] for look in new)]), len(self.remarks), mark
        if cursor == after:
            return None, after
        series = {
            name: _numbers(values, epochs, done) for name, values in self.history.history.items()
        }
        told: dict[str, Any] = {"state": state, "from": epochs, "series": series}
        told |= {"looks": new, "remarks": self.remarks[remarks : after[2]]}
        return told | ({} if cursor else {"facts": self.facts}), after


class Record:
    """All fits that one `Watch` has seen.

    Attributes
    ----------
    fits : list of FitRecord
        In their order.
    """

    def __init__(self) -> None:
        self.fits: list[FitRecord] = []

    def since(self, cursors: list[Cursor]) -> dict[str, Any] | None:
        """Return what was not told yet, or None; `cursors` are moved on."""
        told = []
        for number, fit in enumerate(list(self.fits)):
            new, after = fit.since(cursors[number] if number < len(cursors) else None)
            cursors[number : number + 1] = [after]
            if new is not None:
                told.append({"fit": number} | new)
        return {"fits": told} if told else None

    def whole(self) -> dict[str, Any]:
        """Return all of it."""
        return self.since([]) or {"fits": []}


def finite(value: Any) -> Any:
    """Return the same, with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _numbers(values: list[float], start: int, stop: int) -> list[Any]:
    """Return those of some epochs; lists may be shorter."""
    some = [float(value) for value in values[start:stop]]
    return some if math.isfinite(sum(some)) else finite(some)


def _told(look: Look) -> dict[str, Any]:
    """Return what a look showed, in lists that are in the order of the names in `facts`."""
    return {
        "outputs": [_spread(spread) for spread in look.outputs.values()],
        "gradients": [_spread(spread) for spread in look.gradients.values()],
        "updates": [_short(ratio) for ratio in look.updates.values()],
        "units": [
            [units.dead, _short(units.flat), list(units.which[:_MOST_NAMED])]
            for units in look.seen.units
        ],
    }


def names_of(look: Look, net: NeuralNetwork) -> dict[str, Any]:
    """Return what the lists of looks are about; what is within a layer, with the layer's number."""
    layer_of = {
        place: number
        for number, layer in enumerate(net.layers)
        for place, _ in named_operations(layer)
    }
    units = look.seen.units
    return {
        "layers": [[layer.name, repr(layer)] for layer in net.layers],
        "weights": [[layer_of[place], place] for place in look.gradients],
        "units": [[layer_of[some.place], some.place, some.number] for some in units],
        "has_updates": bool(look.updates),
        "quantiles": list(QUANTILES),
    }


def _spread(spread: Spread) -> list[Any]:
    numbers = (spread.mean, spread.std, spread.norm, *spread.quantiles)
    return [_short(number) for number in numbers]


def _short(number: float) -> float | None:
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else None
