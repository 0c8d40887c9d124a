"""What is written in NumPy means the same compiled: values, dtypes, shapes, views."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from glassbrick.engines.xla.recording import record
from glassbrick.engines.xla.tracing.functions import FUNCTIONS
from glassbrick.engines.xla.tracing.ufuncs import SCIPY_UFUNCS
from tracing_cases import FUNCTION_CASES, MORE_CASES, special_cases, ufunc_cases

CASES = {f.__name__: rule for f, rule in FUNCTION_CASES.items()}
CASES |= MORE_CASES | special_cases(SCIPY_UFUNCS) | ufunc_cases()
TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}


def matrices(dtype):
    rng = np.random.default_rng(3)
    return [rng.uniform(0.1, 0.9, shape).astype(dtype) for shape in ((4, 3), (4, 3), (3, 3))]


def compiled(rule, *arrays):
    """Run a rule compiled."""
    with jax.enable_x64(True):
        recording = record({}, lambda _, *given: rule(*given), *arrays)
        return jax.device_get(jax.jit(recording.pure)([], *arrays)[0])


def test_every_function_has_a_case():
    assert set(FUNCTION_CASES) == set(FUNCTIONS)


def test_the_documentation_lists_them():
    page = (Path(__file__).parents[1] / "docs" / "engines.md").read_text(encoding="utf-8")
    names = {f"{f.__module__.replace('numpy', 'np', 1)}.{f.__name__}" for f in FUNCTIONS}
    names |= SCIPY_UFUNCS
    names |= {case[2:] for case in MORE_CASES if case[:2] == "a." and case[2:].isidentifier()}
    assert {name for name in names if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_compiled_equals_eager(name, dtype):
    expected = CASES[name](*matrices(dtype))
    arrays = matrices(dtype)
    result = compiled(CASES[name], *arrays)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind == "f":
        tolerance = TOLERANCE[min(np.dtype(dtype), expected.dtype)]
        assert np.allclose(result, expected, rtol=tolerance, atol=tolerance)
    else:
        assert np.array_equal(result, expected)
    for before, after in zip(matrices(dtype), arrays, strict=True):
        assert np.array_equal(before, after)  # what is done to inputs is done to copies
