"""What is asked of JAX: which cluster this is, and to connect the devices of all processes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from glassbrick.errors import DistributedError
from glassbrick.jax_import import without_drawing

if TYPE_CHECKING:
    from glassbrick.distributed.place import Place

__all__ = ["connect", "detect", "require_fresh", "versions"]


def detect(
    coordinator: str | None, processes: int | None, process: int | None
) -> tuple[str | None, int | None, int | None, tuple[int, ...] | None]:
    """Let JAX say what was not told, by what the cluster has put into the environment."""
    _jax()
    from jax._src.clusters import ClusterEnv

    given = coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS")
    found: Any = ClusterEnv.auto_detect_unset_distributed_params(
        given, processes, process, None, None, 60
    )
    *place, devices = found
    return (*place, None if devices is None else tuple(devices))


def require_fresh() -> None:
    """Refuse to begin where JAX has begun without the other processes.

    Raises
    ------
    DistributedError
        If it has.
    """
    jax = _jax()
    from jax._src import xla_bridge

    if jax.distributed.is_initialized() or xla_bridge.backends_are_initialized():
        raise DistributedError(
            "distributed.start: JAX has started already, without the other processes. Call it "
            'before anything is trained with engine="xla", or computed with JAX.'
        )


def versions() -> dict[str, str]:
    """Return the versions on which the numbers depend."""
    return {"JAX": _jax().__version__, "NumPy": np.__version__}


def connect(place: Place, timeout: float) -> None:
    """Connect the devices of all processes, which have found each other already.

    On processors, JAX's service is needed only until all are connected, and is left then: a
    process that loses it is aborted by JAX, without a word on which one is gone.

    Raises
    ------
    DistributedError
        If it cannot be done.
    """
    jax = _jax()
    bind = place.address if place.is_local else None  # then JAX listens on all addresses
    try:
        with _silent():
            jax.distributed.initialize(
                place.address,
                place.processes,
                place.process,
                local_device_ids=place.devices,
                cluster_detection_method="deactivate",
                initialization_timeout=max(1, int(timeout)),
                shutdown_timeout_seconds=max(1, int(timeout)),
                coordinator_bind_address=bind,
            )
            _add_up(jax)
            if jax.devices()[0].platform == "cpu":
                jax.distributed.shutdown()
    except (RuntimeError, ValueError) as error:
        said = str(error).strip().splitlines()[0]
        raise DistributedError(f"distributed.start: JAX cannot connect: {said}") from error


def _add_up(jax: Any) -> None:
    """Add up a number from each device, whereby they are connected."""
    devices = np.array(jax.devices())
    mesh = jax.sharding.Mesh(devices, ("all",))
    here = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("all"))
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    ones = jax.make_array_from_callback(
        devices.shape, here, lambda part: np.ones(devices.shape, np.int32)[part]
    )
    total = int(jax.jit(lambda array: array.sum(), out_shardings=everywhere)(ones))
    if total != devices.size:
        raise DistributedError(
            f"distributed.start: {devices.size} devices add up {devices.size} ones to {total}."
        )


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what native code prints when it has connected from stdout, which is for results."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _jax() -> Any:
    return without_drawing("jax", "distributed.start")
