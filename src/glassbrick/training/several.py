"""What several processes that train one network have to agree on, and tell each other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from glassbrick.distributed import Cluster
from glassbrick.errors import DistributedError
from glassbrick.training.checkpoints.fingerprint import difference, fingerprint
from glassbrick.training.snapshot import arrays_of

if TYPE_CHECKING:
    from glassbrick.training.callbacks import Checkpoint
    from glassbrick.training.fit import Fit

__all__ = ["how_to_go_on", "require_agreement"]


def require_agreement(fit: Fit, cluster: Cluster) -> None:
    """Refuse to train unless all processes are about to do the same.

    Raises
    ------
    DistributedError
        In all of them.
    """
    first, *others = cluster.gather(_facts(fit))
    for number, other in enumerate(others, 1):
        told = f"is {{}} in process 0, and {{}} in process {number}"
        if differs := difference(first, other, told):
            raise DistributedError(
                f"fit: process {number} on {cluster.hosts[number]} is about to do something else "
                f"than process 0: {differs}. All have to run the same script on the same data."
            )


def _facts(fit: Fit) -> dict[str, Any]:
    """Return what has to be the same in all processes, as JSON: the training, and its start."""
    run, plan = fit.run, fit.plan
    parameters = hashlib.sha256()
    for _, name, array in arrays_of(run.net):
        parameters.update(name.encode() + array.tobytes())
    order = run.drawn_order
    return fingerprint(fit) | {
        "the epoch to begin with": run.history.epochs + 1,
        "epochs": fit.until,
        "eval_every": plan.eval_every,
        "the first parameters": parameters.hexdigest(),
        "the order of the rows": None if order is None else _digest(order.tobytes()),
    }


def how_to_go_on(checkpoint: Checkpoint | None) -> str:
    """Say what to do when a process was lost."""
    if checkpoint is None:
        return (
            "What was trained is lost. With a Checkpoint (--checkpoint DIR), the same commands, "
            "given once more, would go on from there."
        )
    return (
        "Start all processes again, each by its own command: training goes on from the newest "
        f"checkpoint in {checkpoint.folder}."
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
