"""WeightsDisplay and GradientsDisplay: how parameters and gradients are spread, layer by layer."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from glassbrick.arrays import Array, as_numbers, as_rows, as_targets
from glassbrick.checks import instance_of, refuse
from glassbrick.displays.display import Display
from glassbrick.displays.said import networks_of
from glassbrick.drawing import BLUE, INK, RED, SOFT, axes_for, dress, plain, styled
from glassbrick.drawing import title as write_title
from glassbrick.errors import DataError, NotReadyError
from glassbrick.layers.tree import named_operations
from glassbrick.network import NeuralNetwork
from glassbrick.operations import ParamOperation
from glassbrick.tape import Tape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import StepPatch

__all__ = ["GradientsDisplay", "WeightsDisplay"]

_BINS = 60
_HEIGHT = 0.85  # of a histogram, of the distance between two
_INNER = 0.998  # of the numbers of an operation, which have to have room
_POWERS = 12  # of ten, below the largest gradient, that are drawn


class _Distributions(Display):
    """Histograms one below the other, over the same axis, each as high as the others."""

    _what: ClassVar[str]

    patches_: list[StepPatch | None]

    def __init__(self, values: Mapping[str, ArrayLike]):
        who = type(self).__name__
        self.values: dict[str, Array] = {
            str(name): as_numbers(given, f"{who}, {name}", np.float64)
            for name, given in values.items()
        }
        for name, array in self.values.items():
            if not array.size:
                refuse(DataError, f"{who}, {name}", "at least one number", array)
        if not self.values:
            raise DataError(f"{who}: there are no {self._what} to draw.")

    @abstractmethod
    def _edges(self) -> Array:
        """Return the edges of the bins."""

    @abstractmethod
    def _shown(self, array: Array) -> Array:
        """Return the numbers to count."""

    @abstractmethod
    def _told(self, array: Array) -> str:
        """Say in figures what is drawn."""

    @abstractmethod
    def _label(self, axes: Axes) -> None:
        """Say what is what."""

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw, the first operation on top.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure of pyplot's, as high as it takes.
        """
        who = f"{type(self).__name__}.plot"
        with styled(who):
            axes = axes_for(ax, who, (7.0, 1.1 + 0.6 * len(self.values)))
            dress(axes)
            self._draw(axes)
        self._drawn_in(axes)
        return self

    def _draw(self, axes: Axes) -> None:
        edges = self._edges()
        arrays = self.values.values()
        self.patches_ = [self._stairs(axes, a, edges, row) for row, a in enumerate(arrays)]
        told = [f"{plain(name)}\n{self._told(array)}" for name, array in self.values.items()]
        axes.set_yticks(range(len(told)), labels=told)
        for label in axes.get_yticklabels():
            label.set(fontsize="small", verticalalignment="bottom")
        axes.set_ylim(len(told) - 0.9, -1.0)
        axes.set_xlim(edges[0], edges[-1])
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        self._label(axes)

    def _stairs(self, axes: Axes, array: Array, edges: Array, row: int) -> StepPatch | None:
        axes.axhline(row, color=SOFT, linewidth=0.7)
        counts = np.histogram(self._shown(array), edges)[0]
        if not counts.any():
            return None
        tops = row - _HEIGHT * counts / counts.max()
        look: dict[str, Any] = {"facecolor": BLUE, "edgecolor": INK, "linewidth": 0.4}
        return axes.stairs(tops, edges, baseline=row, fill=True, **look)


class WeightsDisplay(_Distributions):
    """Histograms of all parameters, operation by operation.

    Parameters
    ----------
    values : mapping of str to array_like
        Parameters by the names of their operations.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    patches_ : list of StepPatch
        The histograms, each as high as the others.

    Raises
    ------
    DataError
        If there is nothing, or no finite numbers.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> from glassbrick.displays import WeightsDisplay
    >>> net = NeuralNetwork([Dense(8, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> net.build(4)
    >>> display = WeightsDisplay.from_network(net, ax=Figure().subplots())
    >>> list(display.values)[:2]
    ['dense_1.weight_multiply', 'dense_1.bias_add']
    """

    _what = "parameters"

    @classmethod
    def from_network(cls, net: NeuralNetwork, *, ax: Axes | None = None) -> Self:
        """Draw the parameters of a network.

        Parameters
        ----------
        net : NeuralNetwork
            Which has parameters already.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        who = f"{cls.__name__}.from_network"
        instance_of(net, NeuralNetwork, who, "NeuralNetwork(...)")
        if not net.is_built:
            advice = "Train it, or call net.build(inputs)."
            raise NotReadyError(f"{who}: the network has no parameters yet. {advice}")
        return cls({name: operation.param for name, operation in _with_params(net)}).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, *, network: int = 0, ax: Axes | None = None) -> Self:
        """Draw the parameters of a fitted estimator's network.

        Parameters
        ----------
        estimator : estimator
            Of `glassbrick.sklearn`.
        network : int, default 0
            Which one of an ensemble.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        who = f"{cls.__name__}.from_estimator"
        networks = networks_of(estimator, who)
        if not -len(networks) <= network < len(networks):
            refuse(DataError, f"{who}, network", f"one of {len(networks)} networks", network)
        return cls.from_network(networks[network], ax=ax)

    def _edges(self) -> Array:
        reach = max(float(np.quantile(np.abs(a), _INNER)) for a in self.values.values()) or 1.0
        return np.linspace(-1.05 * reach, 1.05 * reach, _BINS + 1)

    def _shown(self, array: Array) -> Array:
        return array.ravel()

    def _told(self, array: Array) -> str:
        spread = f", sd {array.std():.2g}" if array.size > 1 else ""
        return f"{_shape(array)}, mean {array.mean():.2g}{spread}"

    def _label(self, axes: Axes) -> None:
        axes.axvline(0.0, color=SOFT, linewidth=0.7)
        axes.set_xlabel("parameter")
        write_title(axes, f"{sum(array.size for array in self.values.values()):,} parameters")


class GradientsDisplay(_Distributions):
    """Histograms of how large gradients are, operation by operation, by powers of ten.

    Gradients that shrink from the last operation to the first vanish; where they grow, they
    explode. Those that are 0, as of dead units, have no place on this axis: their share is told.

    Parameters
    ----------
    values : mapping of str to array_like
        Gradients of parameters by the names of their operations.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        In which it was drawn last.
    patches_ : list of StepPatch or None
        The histograms, each as high as the others; None if all gradients are 0.
    medians_ : list of Line2D
        The medians of those that are not 0.

    Raises
    ------
    DataError
        If there is nothing, or no finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from glassbrick import Dense, MeanSquaredError, NeuralNetwork
    >>> from glassbrick.displays import GradientsDisplay
    >>> net = NeuralNetwork([Dense(8, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> X = np.random.default_rng(0).standard_normal((32, 4))
    >>> display = GradientsDisplay.from_network(net, X, X[:, :1], ax=Figure().subplots())
    >>> display.values["dense_2.weight_multiply"].shape
    (8, 1)
    """

    _what = "gradients"

    medians_: list[Any]

    @classmethod
    def from_network(
        cls,
        net: NeuralNetwork,
        X: ArrayLike,
        y: ArrayLike,
        *,
        ax: Axes | None = None,
    ) -> Self:
        """Let a copy of a network do one pass forward and backward, as in training.

        Parameters
        ----------
        net : NeuralNetwork
            Stays as it is.
        X, y : array_like
            A batch.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        who = f"{cls.__name__}.from_network"
        twin = copy.deepcopy(instance_of(net, NeuralNetwork, who, "NeuralNetwork(...)"))
        rows = as_rows(X, f"{who}, X", twin.dtype if twin.is_built else None)
        twin.train_batch(rows, as_targets(y, f"{who}, y", rows.dtype))
        return cls({name: operation.param_grad for name, operation in _with_params(twin)}).plot(ax)

    @classmethod
    def from_tape(cls, tape: Tape, *, ax: Axes | None = None) -> Self:
        """Draw the gradients of a step that was explained.

        Parameters
        ----------
        tape : Tape
            What `net.explain` or `trainer.explain` returned.
        ax : matplotlib Axes, optional
            Where to draw.
        """
        tape = instance_of(tape, Tape, f"{cls.__name__}.from_tape", "net.explain(X, y)")
        steps = ((step.name, step.param_grad) for step in tape)
        return cls({name: gradient for name, gradient in steps if gradient is not None}).plot(ax)

    def _edges(self) -> Array:
        sizes = np.concatenate([self._shown(array) for array in self.values.values()])
        if not len(sizes):
            return np.geomspace(1e-3, 1.0, _BINS + 1)
        highest = float(sizes.max())
        lowest = max(float(np.quantile(sizes, 1.0 - _INNER)), highest * 10.0**-_POWERS)
        return np.geomspace(0.7 * min(lowest, 0.1 * highest), 1.4 * highest, _BINS + 1)

    def _shown(self, array: Array) -> Array:
        sizes = np.abs(array.ravel())
        return sizes[sizes > 0.0]

    def _told(self, array: Array) -> str:
        zeros = float(np.mean(array == 0.0))
        told = f", {100.0 * zeros:.3g} % are 0" if zeros else ""
        return f"{_shape(array)}, rms {np.sqrt(np.mean(array**2)):.2g}{told}"

    def _label(self, axes: Axes) -> None:
        axes.set_xscale("log")
        axes.set_xlabel("size of gradient")
        self.medians_ = []
        label = "median"
        for row, array in enumerate(self.values.values()):
            if len(sizes := self._shown(array)):
                place = [float(np.median(sizes))] * 2
                self.medians_ += axes.plot(place, [row, row - _HEIGHT], color=RED, label=label)
                label = "_median"
        if self.medians_:
            axes.legend(loc="upper left")
        size = sum(array.size for array in self.values.values())
        write_title(axes, f"{size:,} gradients")


def _with_params(net: NeuralNetwork) -> Iterator[tuple[str, ParamOperation]]:
    for layer in net.layers:
        for name, operation in named_operations(layer):
            if isinstance(operation, ParamOperation):
                yield name, operation


def _shape(array: Array) -> str:
    shape = [size for size in array.shape if size > 1] or [1]
    return " x ".join(f"{size:,}" for size in shape)
