"""Watch: a page in the browser that shows a training while it runs, and can replay it."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
from pathlib import Path
from threading import Lock
from typing import Any, Self

from glassbrick.arrays import Array
from glassbrick.checks import refuse, true_or_false
from glassbrick.doctor import HealthReport
from glassbrick.doctor.pass_through import sample_of
from glassbrick.errors import ArgumentError, ArgumentTypeError, DivergenceError, NotReadyError
from glassbrick.files import as_path, write_whole
from glassbrick.pages import page
from glassbrick.training.callbacks.callback import Callback, Logs
from glassbrick.training.watching.look import Look, look_at
from glassbrick.training.watching.pace import Pace
from glassbrick.training.watching.record import FitRecord, Record, names_of

__all__ = ["Watch"]

_SHARE = 0.01  # of the time, that looks may take; the rest of it all is about as much again
_EVERY = 0.25  # seconds between two looks, at least
_ROWS = 128  # that a look passes through a copy, at most
_GONE = 3.0  # seconds after which a browser that went does not come back
_LARGEST_PORT = 65535


class Watch(Callback):
    """Show a training on a page in the browser, while it runs; save it, to be replayed.

    The page has the losses and metrics of all epochs, and what looks at the network show, by
    layer: how outputs and gradients are spread, how large updates are compared with the weights,
    which units are saturated or dead, and what the doctor says. A look lets copies of the network
    and the optimizer make one step on 128 training rows at most. Looks take no more than
    a hundredth of the time; training, and its random numbers, stay as they are, to the bit.

    It can be given to several fits, one after the other, and to estimators, whose networks are
    trained at once: each fit is one to choose on the page. A copy is the same object; in another
    process a copy serves no page.

    Parameters
    ----------
    port : int or None, default 0
        Of the page's address on this computer, 127.0.0.1, which others cannot reach. 0 takes a
        free one. None serves no page: for `save` alone.
    title : str, default "Training"
        Of the page.
    open_browser : bool, default False
        Whether to open the page when it is first served.
    verbose : bool, default True
        Whether to print its address then.

    Attributes
    ----------
    url : str
        The page's address. Serves it, if it is not served yet.
    reports : list of HealthReport
        The doctor's remarks on each fit.
    readers : int
        How many browsers show the page now.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used; or, when it is to be served, the port is in use.
    MissingExtraError
        If starlette or uvicorn is not installed: ``pip install 'glassbrick[watch]'``.

    Examples
    --------
    >>> import tempfile
    >>> from glassbrick import Adam, Dense, MeanSquaredError, NeuralNetwork, Trainer, Watch
    >>> net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    >>> watch, data = Watch(port=None), ([[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0])
    >>> history = Trainer(net, Adam(0.1)).fit(*data, epochs=9, verbose=False, callbacks=[watch])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     watch.save(f"{folder}/run.html").name
    'run.html'
    """

    is_spectator = True  # but for the epochs it asks for
    is_for_first = True

    def __init__(
        self,
        port: int | None = 0,
        *,
        title: str = "Training",
        open_browser: bool = False,
        verbose: bool = True,
    ):
        self.port = None if port is None else _as_port(port)
        if not isinstance(title, str):
            refuse(ArgumentTypeError, "Watch, title", "a text", title)
        self.title = title
        self.open_browser = true_or_false(open_browser, "Watch, open_browser")
        self.verbose = true_or_false(verbose, "Watch, verbose")
        self._begin()

    def _begin(self) -> None:
        self._record = Record()
        self._server: Any = None
        self._lock = Lock()  # of the server: who asks first, starts it
        self._begin_looks(_SHARE)

    def _begin_looks(self, share: float) -> None:
        """Be ready for a fit, of whose time looks may take a share."""
        self._share, self._number = share, -1  # of the fit, in the record
        self._rows: tuple[Array, Array] | None = None
        self._weights: dict[str, Array] = {}  # as the latest look found them
        self._due = self._looked = 0  # epochs: of the next look, and of the latest
        self._pace = Pace(share, _EVERY)

    def for_member(self, number: int, members: int) -> Watch:  # noqa: ARG002
        """Return what looks at one of several networks, for the page that is this one's."""
        return _WatchOfOne(self, members)

    @property
    def url(self) -> str:
        """The address of the page, which is served from now on."""
        if self.port is None:
            raise NotReadyError("Watch.url: there is no page, for it was made with port=None.")
        with self._lock:
            if self._server is None:
                self._server = self._serve(self.port)
        address: str = self._server.url
        return address

    def _serve(self, port: int) -> Any:
        from glassbrick.training.watching.server import Server

        server = Server(self._record, self.title, port)
        atexit.register(self.shut_down)
        if self.verbose:
            print(f"Watch: {server.url}", flush=True)  # noqa: T201
        if self.open_browser:
            import webbrowser

            webbrowser.open(server.url)
        return server

    @property
    def reports(self) -> list[HealthReport]:
        """The doctor's remarks on each fit."""
        return [fit.report for fit in self._record.fits]

    @property
    def readers(self) -> int:
        """How many browsers show the page now."""
        return 0 if self._server is None else int(self._server.readers)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin a new record, or go on with that of the same history; serve the page."""
        if self.port is not None:
            self.url  # noqa: B018
        rows, history = self.trainer.training_rows, self.history
        self._rows = sample_of(rows.X, _ROWS), sample_of(rows.y, _ROWS)
        until = history.epochs + (logs or {})["epochs"]
        began = time.perf_counter()
        look, fits = self._look(), self._record.fits
        if fits and fits[-1].history is history:
            self._number = len(fits) - 1
            self._fit.go_on(until)
        else:
            self._number = len(fits)
            fits.append(FitRecord(self._facts(look, logs or {}), history, until))
            self._fit.add(history.epochs, look)
        self._pace = Pace(self._share, _EVERY)
        self._pace.begin(history.epochs, time.perf_counter() - began)

    def look_after(self) -> int | None:
        """Say after how many epochs it looks at the network again."""
        epoch = self.history.epochs
        left = min(self._pace.epochs_left(epoch), max(1, self._fit.until - epoch))
        self._due = epoch + left
        return left

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:  # noqa: ARG002
        """Look, if it is time."""
        if epoch != self._due:  # the engine may be ahead of this epoch
            return
        fit, pace = self._fit, self._pace
        if not pace.is_due(epoch, is_last=epoch == fit.until):
            return
        began, before, since = time.perf_counter(), self._weights, epoch - self._looked
        look = self._look()
        fit.chart.note(before, look.weights, look.seen, since)
        fit.say(epoch, fit.chart.judge())
        if fit.add(epoch, look):
            pace.every *= 2.0
        pace.looked(epoch, time.perf_counter() - began)

    def close(self) -> None:
        """Take note of the end of a fit, and let its rows go; the page stays."""
        self._rows, self._weights = None, {}
        if self._number >= 0 and self._fit.is_running:
            fit, error = self._fit, sys.exception()
            fit.say(fit.history.epochs, fit.chart.judge())
            fit.end(str(error) if isinstance(error, DivergenceError) else "")

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the page as one file that needs no network, in which fits can be replayed.

        Parameters
        ----------
        path : str or path
            Of the file, which by custom ends in ".html".
        overwrite : bool, default False
            Whether to replace a file that is there.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        NotReadyError
            If no fit has begun yet.
        FileError, ArgumentTypeError
            If there is a file already, or it cannot be written, or `path` is no path.
        """
        place = as_path(path, "Watch.save")
        if not self._record.fits:
            raise NotReadyError("Watch.save: no fit has begun yet.")
        data = {"title": self.title, "record": self._record.whole()}
        text = page("watch", self.title, data)
        write_whole(place, text.encode(), "Watch.save", overwrite=overwrite)
        return place

    def wait(self) -> None:
        """Return when no browser shows the page any more, or on Ctrl-C.

        For the end of a script: with the script the page ends, though a browser keeps what it
        has got.
        """
        seen = time.monotonic()
        with contextlib.suppress(KeyboardInterrupt):
            while self._server is not None and time.monotonic() < seen + _GONE:
                if self.readers:
                    seen = time.monotonic()
                time.sleep(0.1)

    def shut_down(self) -> None:
        """Serve the page no longer. Browsers keep what they have got, which is all there was."""
        server, self._server = self._server, None
        if server is not None:
            atexit.unregister(self.shut_down)
            server.stop()

    @property
    def _fit(self) -> FitRecord:
        return self._record.fits[self._number]

    def _look(self) -> Look:
        """Look at the network, and remember its weights."""
        X, y = self._rows or self.trainer.training_rows[:2]
        look = look_at(self.net, self.trainer.optim, X, y)
        self._weights, self._looked = look.weights, self.history.epochs
        return look

    def _facts(self, look: Look, logs: Logs) -> dict[str, Any]:
        """Return what does not change during a fit."""
        net, stopping = self.net, logs.get("stopping")
        return names_of(look, net) | {
            "parameters": sum(param.size for param in net.params()),
            "rows": logs["rows"],
            "rows_looked_at": len(self._rows[0]) if self._rows else 0,
            "loss": type(net.loss).__name__,
            "optimizer": repr(self.trainer.optim),
            "monitor": "val_loss" if stopping is None else stopping.monitor,
        }

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("title", "open_browser", "verbose")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, port=None)
        self._begin()


class _WatchOfOne(Watch):
    """Looks at one of several networks, for the page of a `Watch`."""

    def __init__(self, whole: Watch, members: int):
        self._whole = whole
        for name in ("port", "title", "open_browser", "verbose", "_record"):
            setattr(self, name, getattr(whole, name))
        self._begin_looks(_SHARE / members)

    @property
    def url(self) -> str:
        return self._whole.url


def _as_port(port: Any) -> int:
    if isinstance(port, bool) or not isinstance(port, int):
        refuse(ArgumentTypeError, "Watch, port", "a whole number, or None", port)
    if not 0 <= port <= _LARGEST_PORT:
        refuse(ArgumentError, "Watch, port", f"a number from 0 to {_LARGEST_PORT}", port)
    return port
