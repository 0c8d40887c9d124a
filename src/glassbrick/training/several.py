"""What several processes that train one network have to agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassbrick.distributed import Cluster
from glassbrick.errors import DistributedError
from glassbrick.training.callbacks import Callback, Checkpoint
from glassbrick.training.checkpoints.fingerprint import (
    difference,
    digest,
    digest_of_network,
    fingerprint,
)

if TYPE_CHECKING:
    from glassbrick.training.fit import Fit

__all__ = ["require_same_settings", "require_same_start"]


def require_same_settings(fit: Fit, cluster: Cluster) -> None:
    """Refuse to train unless all processes call, follow and stop by the same.

    That is no part of a fingerprint. It has to be known before a checkpoint is looked for, which
    all do together.

    Raises
    ------
    DistributedError
        In all of them.
    """
    plan = fit.plan
    called = [callback for callback in fit.callbacks.all if not callback.is_for_first]
    numbered = enumerate(called, 1)
    facts = {
        "Checkpoint": any(isinstance(callback, Checkpoint) for callback in called),
        "callbacks": [type(callback).__name__ for callback in called],
        **{f"callback {number}": _settings(callback) for number, callback in numbered},
        "stopping": _settings(plan.stopping),
        "epochs": plan.epochs,
        "eval_every": plan.eval_every,
        "judged_every": plan.judged_every,
        "metrics": [*plan.metrics],
    }
    first, *others = cluster.gather(facts)
    for number, other in enumerate(others, 1):
        if first["Checkpoint"] != other["Checkpoint"]:
            without = 0 if other["Checkpoint"] else number
            raise DistributedError(
                f"fit: process {without} on {cluster.hosts[without]} has no Checkpoint, and "
                f"process {number - without} has one. Give it in all; only the first writes."
            )
    _require_equal(cluster, first, others)


def require_same_start(fit: Fit, cluster: Cluster) -> None:
    """Refuse to train unless all processes begin with the same, on the same data.

    Raises
    ------
    DistributedError
        In all of them.
    """
    run, order = fit.run, fit.run.drawn_order
    facts = fingerprint(fit) | {
        "the epoch to begin with": run.history.epochs + 1,
        "the last epoch": fit.until,
        "the first parameters": digest_of_network(run.net),
        "the order of the rows": None if order is None else digest(order),
    }
    first, *others = cluster.gather(facts)
    _require_equal(cluster, first, others)


def _require_equal(cluster: Cluster, first: dict[str, Any], others: list[dict[str, Any]]) -> None:
    for number, other in enumerate(others, 1):
        told = f"is {{}} in process 0, and {{}} in process {number}"
        if differs := difference(first, other, told):
            raise DistributedError(
                f"fit: process {number} on {cluster.hosts[number]} is about to do something else "
                f"than process 0: {differs}. All have to run the same script on the same data."
            )


def _settings(callback: Callback) -> dict[str, Any]:
    """Return the settings of a callback of ours; others may know in which process they are."""
    if not type(callback).__module__.startswith("glassbrick."):
        return {}
    return {
        name: _settings(value) if isinstance(value, Callback) else value
        for name, value in vars(callback).items()
        if not name.startswith("_")
        and isinstance(value, bool | int | float | str | Callback | None)
    }
