"""The settings of JAX that recording and compiling rely on, whatever the user has set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import jax

__all__ = ["own_settings"]

_SETTINGS: list[tuple[str, Any, Callable[[Any], AbstractContextManager[Any]]]] = [
    ("jax_enable_x64", True, jax.enable_x64),
    ("jax_disable_jit", False, jax.disable_jit),
    ("jax_check_tracer_leaks", False, jax.check_tracer_leaks),
    ("jax_debug_nans", False, jax.debug_nans),
    ("jax_debug_infs", False, jax.debug_infs),
    ("jax_numpy_rank_promotion", "allow", jax.numpy_rank_promotion),
    ("jax_numpy_dtype_promotion", "standard", jax.numpy_dtype_promotion),
    ("jax_transfer_guard_host_to_device", "allow", jax.transfer_guard_host_to_device),
    ("jax_transfer_guard_device_to_host", "allow", jax.transfer_guard_device_to_host),
]


@contextmanager
def own_settings() -> Iterator[None]:
    """Compute in the dtypes of the data, on this thread's own terms; nobody else sees it.

    Without this, float64 would become float32, and what helps to find faults in JAX code
    (disabled compilation, a stop at NaN, strict promotion, transfer guards) would find ours.
    """
    with ExitStack() as entered:
        for name, wanted, setting in _SETTINGS:
            if getattr(jax.config, name) not in (wanted, None):  # entering takes two microseconds
                entered.enter_context(setting(wanted))
        yield
