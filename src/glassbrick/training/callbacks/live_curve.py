"""LiveCurve: learning curves in a notebook that grow while a network trains."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from glassbrick.training.callbacks.callback import Callback, Logs
from glassbrick.training.history_html import as_html

if TYPE_CHECKING:
    from glassbrick.training.history import History

__all__ = ["LiveCurve"]


class LiveCurve(Callback):
    """Show the learning curves in a notebook, and let them grow while the network trains.

    The figure is updated in place, at most four times a second, and so seldom that drawing takes
    no more than a thirtieth of the time. The last one stays in the notebook, which needs no
    kernel to show it. Outside of notebooks nothing is shown.

    Examples
    --------
    >>> from glassbrick import SGD, Dense, LiveCurve, MeanSquaredError, NeuralNetwork, Trainer
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> trainer, data = Trainer(net, SGD(lr=0.01)), ([[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0])
    >>> history = trainer.fit(*data, epochs=9, verbose=False, callbacks=[LiveCurve()])
    """

    is_spectator = True
    is_for_first = True

    _PAUSE: ClassVar[float] = 0.25
    _SHARE: ClassVar[float] = 30.0

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, history: History | None) -> None:
        self._update: Callable[[Any], None] | None = None
        self._seen, self._is_over = history, False
        self._until, self._next = 0, 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Put a first figure there."""
        self._begin(self.history)
        self._until = self.history.epochs + (logs or {})["epochs"]
        if _is_in_notebook():
            from IPython.display import display

            show: Callable[..., Any] = display
            handle = show(_Shown(self._html("The first epoch.")), display_id=True)
            self._update = handle.update

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Draw, if it is time."""
        if self._update is not None and time.monotonic() >= self._next:
            self._draw(f"Epoch {epoch:,} of {self._until:,}.")

    def on_train_end(self, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Take down that training was not broken off."""
        self._seen, self._is_over = self.history, True

    def close(self) -> None:
        """Draw how it ended, which stays."""
        if self._update is not None and self._seen is not None:
            ending = "" if self._is_over else f"Broken off after epoch {self._seen.epochs:,}."
            self._draw(ending)
        self._begin(None)

    def _draw(self, caption: str) -> None:
        began = time.monotonic()
        if self._update is not None:
            self._update(_Shown(self._html(caption)))
        ended = time.monotonic()
        self._next = ended + max(self._PAUSE, self._SHARE * (ended - began))

    def _html(self, caption: str) -> str:
        return "" if self._seen is None else as_html(self._seen, caption)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_update": None, "_seen": None}


class _Shown:
    """HTML for a notebook."""

    def __init__(self, html: str):
        self._html = html

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return "<learning curves>"


def _is_in_notebook() -> bool:
    """Whether what is displayed goes to a notebook, be it Jupyter, VS Code or Colab."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")
