"""NeuralNetwork: layers in a row, and a loss at their end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from glassbrick.arrays import Array, as_float_dtype, as_rows, as_targets, is_traced, read_only
from glassbrick.checks import instance_of, positive_integer, refuse
from glassbrick.diagram import Drawn
from glassbrick.errors import ArgumentError, GlassbrickError
from glassbrick.layers.adoption import param_grad_of
from glassbrick.layers.layer import Layer
from glassbrick.layers.series import as_layers, pass_through
from glassbrick.layers.tree import all_layers, layer_name
from glassbrick.losses import Loss
from glassbrick.modes import predicting
from glassbrick.network_file import Saved
from glassbrick.operations import Operation, ParamOperation
from glassbrick.penalties import Penalty, penalize
from glassbrick.randomness import (
    ChapterStreams,
    SeedLike,
    Streams,
    as_streams,
    legacy_seed,
)
from glassbrick.rollback import Rollback
from glassbrick.summary import Summary, summarize
from glassbrick.tape import Explained

__all__ = ["NeuralNetwork"]

_CHAPTER_SEED = 1


class NeuralNetwork(Saved, Explained, Drawn):
    """Layers in a row, and the loss that their last output is judged by.

    Parameters
    ----------
    layers : sequence of Layer, Operation or list
        First to last. An operation, ``Dropout(0.1)``, stands for a layer of it alone, a list
        for a `Series`. Each layer belongs to one network.
    loss : Loss
        What training makes small.
    seed : int or None, default 1
        Seed of the chapter's single stream of random numbers, in which layers of equal
        shape start with equal parameters. None takes fresh entropy.
    rng : int, SeedSequence or Generator, optional
        The modern way, used instead of `seed` (whose default then means nothing):
        independent streams for each layer and for shuffling. Prefer it in new code.

    Attributes
    ----------
    layers : tuple of Layer
        Named "dense_1", "dense_2", ... in errors and reports.
    loss : Loss
        As given.
    seed : int or None
        As given; None with `rng`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument is of the wrong kind, or there are no layers.
    OwnershipError
        If a layer stands twice, or belongs to another network.

    Notes
    -----
    Chapter section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> from glassbrick import Dense, MeanSquaredError
    >>> net = NeuralNetwork([Dense(3, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> net.forward(np.ones((5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss,
        seed: int | None = _CHAPTER_SEED,
        *,
        rng: SeedLike | None = None,
    ):
        self.layers = as_layers(layers, "NeuralNetwork, layers")
        self.loss: Loss = instance_of(loss, Loss, "NeuralNetwork, loss", "MeanSquaredError()")
        seed = legacy_seed(seed, "NeuralNetwork, seed")
        if rng is None:
            streams: Streams = ChapterStreams(seed)
        else:
            if seed != _CHAPTER_SEED:
                refuse(ArgumentError, "NeuralNetwork", "either seed or rng", f"{seed=}, {rng=}")
            streams = as_streams(rng)
        try:
            self._claim_blocks()
            self._share(streams)
            if self.layers[0].inputs is not None:
                self.build(self.layers[0].inputs)
        except GlassbrickError:
            for block in (*self.layers, self.loss):
                block.disown(self)  # there is no network that they could belong to
            raise

    def build(self, inputs: int | tuple[int, ...], dtype: DTypeLike = np.float64) -> None:
        """Draw all parameters now, for data of so many features.

        Parameters
        ----------
        inputs : int or tuple of int
            Number of features, or the shape of a row if it has several axes.
        dtype : float64 or float32
            Of the parameters, and of all computation with them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `inputs` is not a whole number of at least 1, or `dtype` is another.
        ShapeError
            If a layer was made for another number of inputs.
        """
        who = "NeuralNetwork.build, inputs"
        sizes = inputs if isinstance(inputs, tuple) else (inputs,)
        shape = (1, *(positive_integer(size, who) for size in sizes))
        float_dtype = as_float_dtype(dtype, "NeuralNetwork.build, dtype")
        with Rollback(self._parts()):
            self._draw_params(np.zeros(shape, float_dtype))

    def forward(self, x_batch: ArrayLike) -> Array:
        """Pass a batch through all layers, which remember it for `backward`.

        Parameters
        ----------
        x_batch : array_like, shape (rows, features) or with more axes
            Converted to the dtype of the parameters if it has another. What has it already
            is not looked through for NaN: this is the path of every batch; `fit` and
            `predict` look once.

        Returns
        -------
        ndarray, shape (rows, outputs)
            The prediction, read-only, because `backward` needs it as it is.

        Raises
        ------
        ShapeError
            If the rows have not as many features as before.
        DataError
            If it must be converted, and does not hold finite numbers.

        See Also
        --------
        predict : Does not disturb training, and keeps nothing.
        """
        output = self._as_input(x_batch)
        for layer in self.layers:
            output = layer.forward(output)
        output = output.view()
        output.setflags(write=False)
        return output

    def backward(self, loss_grad: Array) -> Array:
        """Send the gradient of the loss back through all layers, last one first.

        Parameters
        ----------
        loss_grad : ndarray, shape (rows, outputs)
            Gradient of the loss with respect to the prediction.

        Returns
        -------
        ndarray, shape (rows, features)
            Gradient of the loss with respect to the data.

        Raises
        ------
        NotReadyError
            If there was no `forward` before.
        ShapeError
            If a gradient has not the shape of what it belongs to.
        """
        grad = loss_grad
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def train_batch(
        self, x_batch: ArrayLike, y_batch: ArrayLike, weights: Array | None = None
    ) -> float:
        """Compute the loss of a batch, and all gradients. Parameters stay as they are.

        Parameters
        ----------
        x_batch : array_like, shape (rows, features)
            The data.
        y_batch : array_like, shape (rows, outputs)
            What should be predicted.
        weights : ndarray, shape (rows, 1), optional
            How much each row counts.

        Returns
        -------
        float
            The loss, with the penalties of the layers; for float32 data a NumPy float32.

        Raises
        ------
        ShapeError, ArgumentTypeError
            As `forward`, and as the loss's own `forward`.
        """
        predictions = self.forward(x_batch)
        given = () if weights is None else (weights,)
        loss = self.loss.forward(predictions, self._as_target(y_batch), *given)
        self.backward(self.loss.backward())
        return penalize(loss, self.penalties())

    def predict(self, X: ArrayLike, *, batch_size: int = 4096) -> Array:
        """Predict, without disturbing training and without keeping anything.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            The data.
        batch_size : int, default 4096
            How many rows to pass through the layers at a time, which bounds the memory.

        Returns
        -------
        ndarray, shape (rows, outputs)
            The caller's own, in the dtype of the parameters.

        Raises
        ------
        NotReadyError
            If there are no parameters yet.
        DataError
            If `X` does not hold finite numbers.
        ShapeError
            If it has not the features that the network was made for.

        Examples
        --------
        >>> from glassbrick import Dense, MeanSquaredError
        >>> net = NeuralNetwork([Dense(1, "linear", inputs=2)], MeanSquaredError(), rng=0)
        >>> net.predict([[1, 2], [3, 4], [5, 6]]).shape
        (3, 1)
        """
        batch_size = positive_integer(batch_size, "predict, batch_size")
        layers = [layer.apart() for layer in self.layers]
        for layer in layers:
            layer.require_params()  # a twin never draws its own
        rows = read_only(as_rows(X, "X", self._dtype))
        with predicting():
            prediction = pass_through(layers, rows, batch_size)
        return prediction.copy() if np.may_share_memory(prediction, rows) else prediction

    def penalties(self) -> list[tuple[Penalty, ParamOperation]]:
        """Return what the weights of some layers cost, and of which operations."""
        return [penalty for layer in self.layers for penalty in layer.penalties]

    def loss_of(self, prediction: Array, target: Array, weights: Array | None = None) -> float:
        """Return the loss of a prediction, with the penalties of the layers."""
        given = () if weights is None else (weights,)
        costs = (penalty.value(operation.param) for penalty, operation in self.penalties())
        return sum(costs, start=self.loss.forward(prediction, target, *given))

    def params(self) -> Iterator[Array]:
        """Iterate over the parameters, first layer to last.

        Raises
        ------
        NotReadyError
            If there are none yet, because no data has been seen.
        """
        return iter([param for layer in self.layers for param in layer.params])

    def param_grads(self) -> Iterator[Array]:
        """Iterate over the gradients of the parameters, in the order of `params`.

        Raises
        ------
        NotReadyError
            If there was no `backward` before.
        """
        return iter([grad for layer in self.layers for grad in layer.param_grads])

    def params_and_grads(self) -> list[tuple[Array, Array]]:
        """Return each parameter with its gradient.

        Raises
        ------
        NotReadyError
            If there was no `backward` before.
        """
        operations = [op for layer in self.layers for op in layer.param_operations]
        try:
            return [(operation.param, operation.param_grad) for operation in operations]
        except AttributeError:
            return [(operation.param, param_grad_of(operation)) for operation in operations]

    def operations(self) -> list[Operation]:
        """Return all operations, first to last, in layers within layers too."""
        return [op for layer in all_layers(self.layers) for op in layer.operations]

    def summary(self, inputs: int | None = None) -> Summary:
        """Tell shapes, parameters and cost of each layer, for so many inputs; see `Summary`."""
        return summarize(self, inputs)

    def release(self) -> None:
        """Forget the last batch, everywhere. Parameters stay."""
        for layer in self.layers:
            layer.release()
        self.loss.release()

    @property
    def is_built(self) -> bool:
        """Whether all layers have their parameters."""
        return not any(layer.first for layer in all_layers(self.layers))

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the network computes in: the dtype of the data it was built for.

        Raises
        ------
        NotReadyError
            If it is not built yet.
        """
        self.params()
        return self._dtype or np.dtype(np.float64)

    _dtype: np.dtype[Any] | None = None  # dtype, once built; looked at for every batch

    def _as_input(self, x_batch: ArrayLike) -> Array:
        """Convert `x_batch`, unless it is an array of the network's dtype."""
        if type(x_batch) is np.ndarray and x_batch.dtype == self._dtype:
            return x_batch
        if is_traced(x_batch):
            return x_batch  # type: ignore[no-any-return]
        rows = as_rows(x_batch, "x_batch", self._dtype)
        self._dtype = rows.dtype
        return rows

    def _as_target(self, y_batch: ArrayLike) -> Array:
        """Convert `y_batch`, unless it is an array."""
        if type(y_batch) is np.ndarray or is_traced(y_batch):
            return y_batch
        return as_targets(y_batch, "y_batch", self._dtype)

    def _draw_params(self, sample: Array) -> None:
        """Set all layers up anew, for data like `sample`."""
        for layer in self.layers:
            layer.start_over()
        self._dtype = sample.dtype
        with np.errstate(all="ignore"), predicting():
            self.forward(sample)
        self.release()

    def _parts(self) -> list[object]:
        """List the network and all its blocks: whatever holds something of its state."""
        return [self, *all_layers(self.layers), *self.operations()]

    def _share(self, streams: Streams) -> None:
        """Let all layers draw from these streams."""
        self.streams, self.seed = streams, streams.seed
        for index, layer in enumerate(self.layers):
            layer._join(streams, (index,), layer_name(layer, self.layers[:index]), self.seed)

    def _claim_blocks(self) -> None:
        for block in (*self.layers, self.loss):
            block.claim(self, "NeuralNetwork")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._claim_blocks()

    def __repr__(self) -> str:
        layers = ", ".join(repr(layer) for layer in self.layers)
        return f"NeuralNetwork([{layers}], {self.loss!r}, {self.streams!r})"
