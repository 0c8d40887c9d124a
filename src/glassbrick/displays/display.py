"""Display: what all displays share: `plot`, `ax_` and `figure_`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from glassbrick.drawing import axes_for, dress, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Display"]


class Display(ABC):
    """Something computed that can be drawn, as often as one likes.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        In which it was drawn last.
    figure_ : matplotlib.figure.Figure
        Which has these axes.
    """

    _size: ClassVar[tuple[float, float]] = (5.6, 4.2)
    _grid: ClassVar[bool] = True

    ax_: Axes
    figure_: Figure

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of pyplot's, which notebooks show.

        Returns
        -------
        Display
            Itself.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        ArgumentTypeError
            If `ax` is something else.
        """
        who = f"{type(self).__name__}.plot"
        with styled(who):
            axes = axes_for(ax, who, self._size)
            dress(axes, grid=self._grid)
            self._draw(axes)
        self._drawn_in(axes)
        return self

    def _drawn_in(self, axes: Axes) -> None:
        self.ax_ = axes
        figure: Any = axes.figure
        self.figure_ = figure

    @abstractmethod
    def _draw(self, axes: Axes) -> None:
        """Draw into axes that are there."""
