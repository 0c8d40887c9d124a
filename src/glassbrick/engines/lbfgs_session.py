"""LBFGSSession: a fit by SciPy's L-BFGS-B, which asks an engine for the loss and its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from glassbrick.arrays import Array
from glassbrick.engines.engine import Engine, Job, Session
from glassbrick.engines.epoch_losses import EpochLosses
from glassbrick.errors import ArgumentError, MissingExtraError
from glassbrick.network import NeuralNetwork
from glassbrick.noise import Noise
from glassbrick.optimizers import LBFGS, Optimizer

__all__ = ["LBFGSSession"]

_VERY_MUCH = 1e75  # in the place of a loss that is not finite, so that the next step is shorter
_WITHOUT_END = 10**9
_LIMIT_REACHED = 1  # SciPy's status


class LBFGSSession(Session):
    """Runs one fit with all rows at once: each iteration of L-BFGS is an epoch.

    Parameters
    ----------
    engine : Engine
        What computes the loss and its gradient.
    job : Job
        What to train, and on what. Its batch size has no meaning here.
    optim : LBFGS
        The settings.

    Raises
    ------
    MissingExtraError
        If SciPy is not installed.
    ArgumentError
        If the loss of the network is another one each time.
    """

    def __init__(self, engine: Engine, job: Job, optim: LBFGS):
        _require_steady(job.net)
        try:
            from scipy.optimize import minimize
        except ImportError:
            raise MissingExtraError("LBFGS", "SciPy", "scipy") from None
        self._minimize: Callable[..., Any] = minimize
        self.job, self.optim, self.engine = job, optim, engine
        self._gradient = _Gradient(job.net)
        self._batches = engine.start(replace(self.each_job(job), optim=self._gradient))
        self._all_rows = np.arange(len(job.X))
        self._is_enough = False
        self._reached: Array  # the parameters after the last iteration

    @staticmethod
    def each_job(job: Job) -> Job:
        """Return what an engine is asked to do each time: to take the gradient over all rows."""
        optim = _Gradient(job.net)
        return replace(job, optim=optim, batch_size=len(job.X), validation=None)

    def run(
        self,
        ahead: Callable[[], int],
        next_order: Callable[[], Array],
        done: Callable[[EpochLosses], None],
    ) -> str:
        """Train until it is enough, or until there is nothing more to gain."""
        next_order()  # which has no meaning here, but those of later fits come after it

        def iterated(intermediate_result: Any) -> None:
            self._reached = intermediate_result.x.copy()
            self._write(self._reached)
            done(self._losses(float(intermediate_result.fun)))
            self._is_enough = not ahead()
            if self._is_enough:
                raise StopIteration

        if not ahead():
            return ""
        params = [param.ravel() for param in self.job.net.params()]
        self._reached = np.concatenate(params).astype(np.float64)
        try:
            result = self._search(iterated)
        except BaseException:  # Ctrl-C, for example, where the search tries something out
            self._write(self._reached)
            raise
        self._write(result.x)
        if result.nit == 0:  # no step made anything better
            done(self._losses(math.nan if result.fun >= _VERY_MUCH else float(result.fun)))
        if self._is_enough:
            return ""
        return "evaluations used up" if result.status == _LIMIT_REACHED else "converged"

    @np.errstate(all="ignore")
    def _search(self, iterated: Callable[[Any], None]) -> Any:
        """Let SciPy search from the parameters that were reached."""
        optim = self.optim
        settings = {
            "maxcor": optim.memory,
            "ftol": optim.tolerance,
            "gtol": optim.gradient_tolerance,
            "maxfun": optim.evaluations or _WITHOUT_END,
        }
        return self._minimize(
            self._loss_at,
            self._reached,
            jac=True,
            method="L-BFGS-B",
            callback=iterated,
            options=settings | {"maxiter": _WITHOUT_END},
        )

    def _loss_at(self, flat: Array) -> tuple[float, Array]:
        self._write(flat)
        (losses,) = self._batches.train(1, lambda: self._all_rows)
        loss = losses.batches[-1]
        if not math.isfinite(loss):
            return _VERY_MUCH, np.zeros_like(flat)
        return loss, self._gradient.flat.astype(np.float64)

    @np.errstate(all="ignore")
    def _losses(self, loss: float) -> EpochLosses:
        validation = None
        if self.job.validation is not None:
            validation = self.engine.evaluate(self.job.net, *self.job.validation)
        return EpochLosses([loss], validation, finite=True)

    def _write(self, flat: Array) -> None:
        start = 0
        for param in self.job.net.params():
            param[...] = flat[start : start + param.size].reshape(param.shape)
            start += param.size


class _Gradient(Optimizer):
    """Changes nothing, and keeps the gradients of all parameters in a row."""

    def __init__(self, net: NeuralNetwork):
        super().__init__()
        self.net = net
        self.flat = np.zeros(sum(param.size for param in net.params()), net.dtype)

    def step(self) -> None:
        """Keep the gradients."""
        self.flat[...] = np.concatenate([grad.ravel() for grad in self.net.param_grads()])


def _require_steady(net: NeuralNetwork) -> None:
    for operation in net.operations():
        if any(isinstance(value, Noise) for value in vars(operation).values()):
            raise ArgumentError(
                f"LBFGS: expected a network whose loss depends on its parameters alone; received "
                f"one with {operation!r}, which draws random numbers. Leave it out, or train with "
                "Adam()."
            )
