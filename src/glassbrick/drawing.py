"""How figures look: one style for all of them, put on a figure and never on the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.checks import refuse
from glassbrick.errors import ArgumentTypeError, MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "LIGHT_INK",
    "MARKED",
    "PALE",
    "RED",
    "SOFT",
    "YELLOW",
    "all_axes_of",
    "axes_for",
    "dress",
    "faded",
    "ink_of",
    "new_axes",
    "plain",
    "readable_on",
    "require_matplotlib",
    "sample",
    "scale_by_powers",
    "short",
    "styled",
    "title",
]

INK, SOFT, GREY, PALE = "#22252b", "#5c626d", "#9aa0a8", "#d9dce0"
LIGHT_INK = "#e4e3df"
BLUE, RED, YELLOW = "#4477aa", "#ee6677", "#ddaa33"
# Paul Tol's bright scheme, apart for colour-blind eyes too. Neighbours differ in how dark they are,
# and all in their marks, for those who print in grey.
MARKED = (
    *((BLUE, "o"), (YELLOW, "s"), ("#aa3377", "^"), ("#66ccee", "D"), ("#228833", "v")),
    *((RED, "P"), (GREY, "X")),
)

# Not what users have of their own: fonts, and whether text is dark on light or light on dark.
_STYLE: dict[Any, Any] = {
    "axes.titlesize": "medium",
    "legend.edgecolor": "none",
    "legend.fontsize": "small",
    "lines.linewidth": 1.6,
}
_MOST_POINTS = 5000
_MIDDLE = 0.179  # the luminance from which black and white stand out equally


def require_matplotlib(who: str) -> None:
    """Refuse to draw without matplotlib.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError(who, "matplotlib", "plot") from None


@contextmanager
def styled(who: str) -> Iterator[None]:
    """Draw in our style; what the program has set is as before afterwards.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib(who)
    import matplotlib as mpl

    with mpl.rc_context(_STYLE), np.errstate(all="ignore"):
        yield


def axes_for(ax: Any, who: str, size: tuple[float, float]) -> Axes:
    """Return `ax`, or if it is None, those of a new figure of pyplot's, which notebooks show."""
    return new_axes(1, size)[0] if ax is None else all_axes_of(ax, who)[0]


def new_axes(count: int, size: tuple[float, float]) -> list[Axes]:
    """Return axes one below the other in a new figure of pyplot's, the first one larger."""
    from matplotlib import pyplot

    _, axes = pyplot.subplots(
        count,
        sharex=True,
        squeeze=False,
        figsize=size,
        height_ratios=[2.0] + [1.0] * (count - 1),
        layout="constrained",
    )
    return list(axes[:, 0])


def all_axes_of(ax: Any, who: str) -> list[Axes]:
    """Return what was given as `ax` as a list, be it one, several or an array of them.

    Raises
    ------
    ArgumentTypeError
        If it is something else.
    """
    from matplotlib.axes import Axes

    given = list(np.ravel(np.asarray(ax, dtype=object)))
    if not given or not all(isinstance(axes, Axes) for axes in given):
        refuse(ArgumentTypeError, f"{who}, ax", "matplotlib Axes", ax)
    return given


def dress(axes: Axes, *, grid: bool = True) -> None:
    """Take from axes the lines that say nothing, and lay a faint grid behind what is drawn."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(grid)
    if grid:
        axes.grid(color=GREY, alpha=0.3, linewidth=0.7)


def title(axes: Axes, *figures: str) -> None:
    """Write figures above axes, to the left."""
    axes.set_title(plain(", ".join(figure for figure in figures if figure)), loc="left")


def scale_by_powers(axes: Axes, which: str, ratio: float) -> None:
    """Make the scale of "x" or "y" logarithmic, at plain numbers unless they are far apart."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    if ratio < 1e4:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ratio < 100.0 else (1.0,)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())


def faded(count: int) -> float:
    """Return how opaque points are, so many that lie upon each other."""
    return float(np.clip(20.0 / max(count, 1) ** 0.5, 0.25, 0.8))


def ink_of(axes: Axes) -> str:
    """Return the colour of lines that have to stand out from axes, which may be dark."""
    from matplotlib.colors import to_rgba

    if to_rgba(axes.get_facecolor())[3] == 0.0:  # what is behind, its labels were made for
        return str(axes.xaxis.label.get_color())
    return INK if readable_on(axes.get_facecolor()) == "black" else LIGHT_INK


def readable_on(colour: Any) -> str:
    """Return black or white, whichever stands out from a colour by a ratio of 4.5 at least.

    Web Content Accessibility Guidelines 2.2, 2023, relative luminance.
    """
    from matplotlib.colors import to_rgb

    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return "black" if linear @ (0.2126, 0.7152, 0.0722) > _MIDDLE else "white"


def sample(badness: Array) -> Array:
    """Return numbers of rows to draw: all, or of very many a part, the worst ones among them."""
    order = np.argsort(badness)
    step = -(-len(order) // _MOST_POINTS)
    return np.sort(order[::-1][::step]) if step > 1 else np.arange(len(order))


def plain(text: str) -> str:
    """Keep dollar signs from starting mathematics."""
    return text.replace("$", r"\$")


def short(text: str, most: int = 24) -> str:
    """Cut a long name."""
    return plain(text if len(text) <= most else f"{text[: most - 1]}…")
