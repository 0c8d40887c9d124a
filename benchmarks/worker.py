"""Worker: a process of its own for one peer and number of threads, asked through a pipe.

The process reads one JSON object a line and answers with one; see `Worker` for the parent's end.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from peers import WAYS_TO_PREDICT, Model, Peer, named
from workloads import CHECK_STEPS, SMALLEST
from workloads import named as workload_named

_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_ENOUGH_TO_JUDGE = 0.1  # seconds


class PeerError(Exception):
    """A peer is not installed, or cannot do what it is asked for; says why."""


class Worker:
    """The parent's end of a worker process."""

    def __init__(self, peer: Peer, threads: int):
        self.peer, self.threads = peer, threads
        settings = dict.fromkeys(_THREAD_SETTINGS, str(threads))
        self._process = subprocess.Popen(
            [sys.executable, __file__, peer.name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **settings},
        )

    def ask(self, do: str, **request: Any) -> Any:
        """Send a request and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerError("its process ended") from None
        line = self._process.stdout.readline()
        if not line:
            raise PeerError("its process ended")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Answers:
    """What a worker process can do; each method is a request."""

    def __init__(self, peer: Peer):
        self.peer = peer
        self.module = peer.load()

    def load(self) -> str:
        """Return the peer's name; what counts is that it could be imported."""
        return self.peer.name

    def prepare(self, workload: str, seconds: float) -> int:
        """Make the model, compile and warm up; return how many epochs a measurement takes."""
        self.workload = workload_named(workload)
        self.model: Model = self.module.prepare(self.workload)
        self.error_before = self._error()
        self.model.fit(1)
        self.epochs = 1
        while (took := self._timed_fit()) < _ENOUGH_TO_JUDGE:
            self.epochs *= 2
        self.epochs = math.ceil(self.epochs * seconds / took)
        return self.epochs

    def measure(self) -> float:
        """Time one fit; return the microseconds of a step."""
        return self._timed_fit() / (self.epochs * self.workload.steps_an_epoch) * 1e6

    def errors(self) -> list[float | None]:
        """Return the error on the training rows, before any training and now."""
        return [self.error_before, self._error()]

    def trained(self, workload: str) -> list[float]:
        """Train on whole batches, so that all peers must come to the same numbers."""
        work = workload_named(workload).of_whole_batches()
        model = self.module.prepare(work)
        if not hasattr(model, "predict"):
            return []
        model.fit(CHECK_STEPS)
        X, _ = work.data()
        return work.means(model.predict(X[:64])).ravel().tolist()

    def predict(self, rows: int, seconds: float) -> dict[str, float]:
        """Time predictions of the smallest network, in each way that the peer has."""
        model = self.module.prepare(SMALLEST)
        X = np.resize(SMALLEST.data()[0], (rows, SMALLEST.sizes[0]))
        ways = [way for way in WAYS_TO_PREDICT if hasattr(model, way)]
        return {way: _seconds_a_call(getattr(model, way), X, seconds) for way in ways}

    def _timed_fit(self) -> float:
        began = time.perf_counter()
        self.model.fit(self.epochs)
        return time.perf_counter() - began

    def _error(self) -> float | None:
        if not hasattr(self.model, "predict"):
            return None
        X, y = self.workload.data()
        return self.workload.error(self.model.predict(X), y)


def _seconds_a_call(call: Callable[[np.ndarray], object], X: np.ndarray, seconds: float) -> float:
    for _ in range(3):
        call(X)
    calls, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < seconds:
        call(X)
        calls += 1
    return took / calls


def main() -> None:
    """Answer until the other end closes."""
    answers_to = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a peer prints is no answer
    name, threads = sys.argv[1:]
    _use_cores(int(threads))
    answers: Answers | str
    try:
        answers = Answers(named([name])[0])
    except ImportError as error:
        answers = f"not installed: {error}"
    for line in sys.stdin:
        print(json.dumps(_answer(answers, json.loads(line))), file=answers_to, flush=True)


def _use_cores(count: int) -> None:
    """Stay on so many cores; XLA makes a thread for each that it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def _answer(answers: Answers | str, request: dict[str, Any]) -> dict[str, Any]:
    if isinstance(answers, str):
        return {"error": answers}
    try:
        return {"value": getattr(answers, request.pop("do"))(**request)}
    except Exception as error:  # whatever it is, the others go on
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


if __name__ == "__main__":
    main()
