"""Placement: which devices hold what, and which rows of a batch each of them computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding, SingleDeviceSharding

from glassbrick.checks import complaint, describe
from glassbrick.errors import ArgumentError

__all__ = ["Placement", "shared_out"]

_ROWS = "rows"  # the mesh has this axis alone

# JAX has no types for these.
_spec: Any = PartitionSpec
_abstract: Any = jax.ShapeDtypeStruct
_from_parts: Any = jax.make_array_from_process_local_data
_constrained: Any = jax.lax.with_sharding_constraint


class Placement:
    """Puts arrays on devices, and tells XLA how a compiled program is to share out its work.

    What is learnt is the same on each device; of each batch, a device computes its own rows. A
    program is written as if there was one device: it says which arrays are spread, and XLA finds
    out what each device has to compute and adds up what has to be added up. Numbers of rows that
    the devices do not divide are XLA's affair, too, inside of a program.

    Parameters
    ----------
    devices : sequence of jax.Device
        In the order of the rows, be they of this process or of others; none: wherever JAX puts
        arrays by itself.

    Attributes
    ----------
    devices : tuple of jax.Device
        As given.
    same : jax.sharding.Sharding or None
        Of arrays that each device has; None if JAX is not told where.
    """

    def __init__(self, devices: Sequence[jax.Device] = ()):
        self.devices = tuple(devices)
        self.same: Sharding | None = None
        self._mesh: Mesh | None = None
        if len(self.devices) == 1:
            self.same = SingleDeviceSharding(self.devices[0])
        elif self.devices:
            self._mesh = Mesh(np.array(self.devices), (_ROWS,))
            self.same = NamedSharding(self._mesh, _spec())

    @classmethod
    def on(cls, devices: Any) -> Placement:
        """Place on what `XLA` was given as devices: a number, "all", some, or None.

        Raises
        ------
        ArgumentError
            If there are fewer; or if they are those of several processes, but not as many of each.
        """
        if devices is None:
            return cls()
        if devices == "all":
            devices = jax.devices()
        if not isinstance(devices, int):
            _require_devices(devices)
            return cls(shared_out(devices, jax.process_index(), jax.process_count()))
        there = jax.local_devices()
        if devices > len(there):
            _refuse_too_many(devices, there)
        return cls(there[:devices])

    @property
    def is_spread(self) -> bool:
        """Whether batches are shared out at all."""
        return self._mesh is not None

    @property
    def spans_processes(self) -> bool:
        """Whether some of the devices are those of other processes."""
        return self._mine < len(self.devices)

    @property
    def _mine(self) -> int:
        here = jax.process_index() if self.devices else 0
        return sum(device.process_index == here for device in self.devices)

    def put(self, arrays: Any) -> Any:
        """Put arrays of a pytree on each device; all processes have to give the same ones."""
        if self.spans_processes:  # `device_put` would send them around, to compare
            return jax.tree.map(lambda array: _from_parts(self.same, array), arrays)
        return jax.device_put(arrays, self.same)

    def put_rows(self, arrays: Any, axis: int = 0) -> Any:
        """Put the rows of arrays on the devices that are to compute with them.

        Parameters
        ----------
        arrays : pytree of ndarray
            Of each process its own rows: those of its devices.
        axis : int, default 0
            Which one counts rows. Where the devices do not divide it, each device gets all
            rows, which only a single process can have.
        """

        def put(array: Any) -> Any:
            if self._mesh is None or array.shape[axis] % self._mine:
                return self.put(array)
            return _from_parts(self._by_rows(axis), array)

        return jax.tree.map(put, arrays)

    def abstract(self, arrays: Any) -> Any:
        """Return what compilation needs to know of arrays: those of NumPy are on each device."""

        def of(array: Any) -> Any:
            place = array.sharding if isinstance(array, jax.Array) else self.same
            return _abstract(array.shape, array.dtype, sharding=place if self.devices else None)

        return jax.tree.map(of, arrays)

    def spread(self, arrays: Any, axis: int = 0) -> Any:
        """Say inside a program that each device computes its own rows of arrays."""
        if self._mesh is None:
            return arrays
        return _constrained(arrays, self._by_rows(axis))

    def whole(self, arrays: Any) -> Any:
        """Say inside a program that each device has all of the arrays."""
        if self._mesh is None:
            return arrays
        return _constrained(arrays, self.same)

    def __repr__(self) -> str:
        return f"Placement({list(self.devices)})"

    def _by_rows(self, axis: int) -> Sharding:
        if self._mesh is None:
            raise TypeError("nothing is spread over one device")
        return NamedSharding(self._mesh, _spec(*[None] * axis, _ROWS))


def shared_out(devices: Sequence[Any], here: int, processes: int) -> list[Any]:
    """Return devices in the order of the processes whose rows they compute.

    Parameters
    ----------
    devices : sequence of jax.Device
        All that there are to be.
    here, processes : int
        The number of this process; how many there are.

    Raises
    ------
    ArgumentError
        If they are not all of this process, nor as many of each.
    """
    owners = [device.process_index for device in devices]
    if set(owners) != {here} and len({owners.count(n) for n in range(processes)}) > 1:
        most, fewest = (find(range(processes), key=owners.count) for find in (max, min))
        received = f"{owners.count(most)} of process {most}, and {owners.count(fewest)} of process "
        expected = "as many devices of each process, or only those of this one"
        advice = 'Give "all" in all processes. CUDA_VISIBLE_DEVICES says which cards one sees.'
        raise ArgumentError(complaint("XLA, devices", expected, f"{received}{fewest}", advice))
    return sorted(devices, key=lambda device: int(device.process_index))


def _require_devices(devices: Sequence[Any]) -> None:
    for device in devices:
        if not isinstance(device, jax.Device):
            example = "devices=jax.devices()[:2]"
            received = describe(device)
            raise ArgumentError(complaint("XLA, devices", f"devices of JAX, {example}", received))


def _refuse_too_many(wanted: int, there: Sequence[jax.Device]) -> None:
    kind, advice = there[0].platform, ""
    if kind == "cpu":
        advice = (
            'Several of one CPU are made before JAX starts: jax.config.update("jax_num_cpu_devices"'
            f", {wanted}), or XLA_FLAGS=--xla_force_host_platform_device_count={wanted} in the "
            "environment."
        )
    few = f"no more than there are, {len(there)} ({kind})"
    raise ArgumentError(complaint("XLA, devices", few, f"{wanted}", advice))
