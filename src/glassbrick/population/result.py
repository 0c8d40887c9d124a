"""PopulationResult: what became of all networks, compared by their settings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array
from glassbrick.checks import one_of
from glassbrick.errors import MissingExtraError
from glassbrick.metrics import METRICS
from glassbrick.population.group import PopulationGroup, PopulationMember

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["PopulationResult"]


class PopulationResult:
    """The networks of a population, and what each setting is worth: mean and standard error.

    Printed, it is a table; in a notebook, too.

    Parameters
    ----------
    members : sequence of PopulationMember
        The networks.
    compared : str, optional
        By which number; see `by`.

    Attributes
    ----------
    members : list of PopulationMember
        All networks, with their histories or errors.
    compared : str
        The number by which they are compared: "val_loss", or "loss" without validation data.
    groups : list of PopulationGroup
        The networks of each setting, the best first: those of which fewest diverged, and of
        these those with the best mean.
    """

    def __init__(self, members: Sequence[PopulationMember], compared: str | None = None):
        self.members = list(members)
        self.compared = compared or ("val_loss" if "val_loss" in self._names else "loss")
        one_of(self.compared, {name: name for name in self._names}, "PopulationResult.by, name")
        metric = METRICS.get(self.compared.removeprefix("val_"))
        self._sign = -1.0 if metric is not None and metric.higher_is_better else 1.0
        together: dict[int, list[PopulationMember]] = {}
        for member in self.members:
            together.setdefault(id(member.settings), []).append(member)
        self.groups = sorted(map(self._group, together.values()), key=self._rank)

    @property
    def _names(self) -> list[str]:
        """What was recorded of at least one network."""
        return list(dict.fromkeys(name for member in self.members for name in member.history))

    def _group(self, members: Sequence[PopulationMember]) -> PopulationGroup:
        scores = np.array([member.score(self.compared) for member in members])
        return PopulationGroup(members[0].settings, tuple(members), scores)

    def _rank(self, group: PopulationGroup) -> tuple[int, float]:
        return group.diverged, math.inf if math.isnan(group.mean) else self._sign * group.mean

    @property
    def best(self) -> PopulationGroup:
        """The networks with the best settings."""
        return self.groups[0]

    @property
    def best_member(self) -> PopulationMember:
        """The best of all networks. That it is the best is chance, too: see `best`."""
        scores = [self._sign * member.score(self.compared) for member in self.members]
        return self.members[int(np.argmin([math.inf if math.isnan(s) else s for s in scores]))]

    @property
    def settings(self) -> list[str]:
        """The names of the settings."""
        return list(dict.fromkeys(name for group in self.groups for name in group.settings))

    def by(self, name: str) -> PopulationResult:
        """Compare by another number: "val_mae", say, if `fit` followed it.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If nothing of that name was recorded.
        """
        return PopulationResult(self.members, name)

    def predict(self, X: ArrayLike) -> Array:
        """Return the mean of what the networks with the best settings say; see `best`.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            As `Population.fit` was given them.

        Returns
        -------
        ndarray, shape (rows, outputs)
        """
        return self.best.predict(X)

    def to_dict(self) -> list[dict[str, Any]]:
        """Return a dict for each network: settings, seed, fold, numbers of the epoch kept."""
        names = self._names
        return [
            {
                **member.settings,
                "seed": member.seed,
                "fold": member.fold,
                **{name: member.score(name) for name in names},
                "best_epoch": member.history.best_epoch,
                "epochs": member.history.epochs,
                "stop_reason": member.history.stop_reason,
            }
            for member in self.members
        ]

    def to_frame(self) -> DataFrame:
        """Return a table of pandas', with a row for each network; see `to_dict`.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError:
            raise MissingExtraError("PopulationResult.to_frame", "pandas", "pandas") from None
        return DataFrame(self.to_dict())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw all networks as dots, and means with their standard errors.

        Over one setting of numbers, these are on the axis below; else each combination has a
        line, the best on top.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of pyplot's.

        Returns
        -------
        matplotlib.axes.Axes
            What it is drawn in.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        ArgumentTypeError
            If `ax` is something else.
        """
        from glassbrick.population.plot import draw

        return draw(self, ax)

    def __str__(self) -> str:
        from glassbrick.population.table import as_text

        return as_text(self)

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Print as a table."""
        from glassbrick.population.table import as_renderables

        return as_renderables(self)

    def _repr_html_(self) -> str:
        from glassbrick.population.table import as_html

        return as_html(self)
