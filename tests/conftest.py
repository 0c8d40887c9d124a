"""Guards on every test: strict floating point, and NumPy's global random state untouched."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def strict_floating_point():
    """Overflow, underflow, division by zero and invalid operations raise."""
    with np.errstate(all="raise"):
        yield


@pytest.fixture(autouse=True)
def global_random_state_is_untouched():
    """Neither read nor changed: a read of the legacy stream would advance it."""
    before = np.random.get_state()
    yield
    after = np.random.get_state()
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1]), "a test's code used NumPy's global random state"
    assert before[2:] == after[2:], "a test's code used NumPy's global random state"


@pytest.fixture(params=["numpy", "xla"])
def engine(request):
    """The name of an engine: what is asked of training holds on each."""
    return request.param


@pytest.fixture(scope="session")
def boston_split():
    from glassbrick import datasets

    return datasets.load_boston().chapter_split()


@pytest.fixture
def restored_random_state():
    state, pythons = np.random.get_state(), random.getstate()
    yield
    np.random.set_state(state)
    random.setstate(pythons)
