"""What is written in NumPy means the same compiled: values, dtypes, shapes, views."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest

from glassbrick import TracingError
from glassbrick.engines.xla.recording import record
from glassbrick.engines.xla.tracing import TracedArray
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


def kind_of(result, arrays):
    """Tell an array from a scalar, of which arrays it is a view, and whether a read-only one."""
    if not isinstance(result, np.ndarray):
        return result.__class__
    shadow, *shadows = (getattr(x, "_shadow", x) for x in (result, *arrays))
    return [np.shares_memory(shadow, other) for other in shadows], shadow.flags.writeable


def noting_kind(rule, kinds):
    def noted(*arrays):
        result = rule(*arrays)
        kinds.append(kind_of(result, arrays))
        return result

    return noted


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
    kinds = []
    rule = noting_kind(CASES[name], kinds)
    with np.errstate(divide="ignore"):  # of whole numbers by 0
        expected = rule(*matrices(dtype))
    arrays = matrices(dtype)
    result = compiled(rule, *arrays)
    assert kinds[0] == kinds[1]
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    if expected.dtype.kind in "fc":
        tolerance = TOLERANCE[min(np.dtype(dtype), expected.real.dtype)]
        assert np.allclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        assert np.array_equal(result, expected)
    for before, after in zip(matrices(dtype), arrays, strict=True):
        assert np.array_equal(before, after)  # what is done to inputs is done to copies


def _set(array, key, value=1.0):
    array[key] = value


# What NumPy raises for what is wrong with shapes, indices, dtypes and arguments.
WRONG = {
    "np.take": lambda a, b, s: np.take(a, [0, 4], axis=0),
    "a.take": lambda a, b, s: a.take(12),
    "np.take_along_axis": lambda a, b, s: np.take_along_axis(a, np.array([[3]]), axis=1),
    "np.put_along_axis": lambda a, b, s: np.put_along_axis(a, np.array([[3]]), 1.0, axis=1),
    "np.add.at": lambda a, b, s: np.add.at(a, [0, 4], 1.0),
    "a[4]": lambda a, b, s: a[4],
    "a[4] = 1": lambda a, b, s: _set(a, 4),
    "a[0.5]": lambda a, b, s: a[0.5],
    "a[0] = too long": lambda a, b, s: _set(a, 0, np.ones(4)),
    "a[0] = too many": lambda a, b, s: _set(a, 0, np.ones((2, 3))),
    "matmul": lambda a, b, s: a @ b,
    "dot": lambda a, b, s: np.dot(a, b),
    "batched matmul": lambda a, b, s: np.ones((2, 3, 3)) @ a.reshape(3, 2, 2),
    "einsum": lambda a, b, s: np.einsum("ij,jk->ik", a, b),
    "concatenate": lambda a, b, s: np.concatenate([a, a.T]),
    "axis": lambda a, b, s: np.sum(a, axis=2),
    "swapaxes": lambda a, b, s: a.swapaxes(0, 2),
    "reshape": lambda a, b, s: a.reshape(5, 5),
    "squeeze": lambda a, b, s: a.squeeze(0),
    "split": lambda a, b, s: np.split(a, 3),
    "max where": lambda a, b, s: np.max(a, where=b > 0.5),
    "out of another shape": lambda a, b, s: np.add(a, b, out=s),
    "out of another dtype": lambda a, b, s: np.add(a, b, out=a > 0.5),
    "a scalar as out": lambda a, b, s: np.add(a.sum(), 1.0, out=a.sum()),
    "casting": lambda a, b, s: np.add(a, 1.5, dtype=int, casting="equiv"),
    "astype": lambda a, b, s: a.astype(int, casting="safe"),
    "copyto": lambda a, b, s: np.copyto(a, b[:, 0]),
    "broadcast_to": lambda a, b, s: np.broadcast_to(a, (4, 4)),
    "writing into broadcast_to": lambda a, b, s: np.broadcast_to(a, (4, 3)).fill(1.0),
    "writing into a diagonal": lambda a, b, s: np.add(np.diagonal(s), 1.0, out=np.diagonal(s)),
    "writing into np.diag": lambda a, b, s: _set(np.diag(s), 0),
    "writing into a scalar": lambda a, b, s: _set(a.sum(), ...),
    "negative powers": lambda a, b, s: np.argsort(a, axis=0) ** -1,
    "len of a scalar": lambda a, b, s: len(a.sum()),
    "iteration over a scalar": lambda a, b, s: list(a.sum()),
    "too many to unpack": lambda a, b, s: [x for x, y in [a]],
    "round of an array": lambda a, b, s: round(a),
    "hash": lambda a, b, s: hash(a),
    "no such attribute": lambda a, b, s: a.nothing,
    "mT of a vector": lambda a, b, s: a[0].mT,
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_raise_what_numpy_raises(name):
    with pytest.raises(Exception) as expected:
        WRONG[name](*matrices(np.float64))
    with pytest.raises(Exception) as caught:
        compiled(WRONG[name], *matrices(np.float64))
    assert issubclass(expected.type, caught.type)
    assert not isinstance(caught.value, TracingError)


# What is refused, with a word of the advice.
REFUSED = {
    "np.unique": (lambda a, b, s: np.unique(a), "shape of its result would depend on values"),
    "np.nonzero": (lambda a, b, s: np.nonzero(a), "shape of its result would depend on values"),
    "np.where of one": (lambda a, b, s: np.where(a > 0.5), "would depend on values"),
    "np.allclose": (lambda a, b, s: np.allclose(a, b), "np.isclose"),
    "np.array_equal": (lambda a, b, s: np.array_equal(a, b), "np.isclose"),
    "np.apply_along_axis": (lambda a, b, s: np.apply_along_axis(np.sum, 0, a), "axis="),
    "np.gradient": (lambda a, b, s: np.gradient(a), "put it together"),
    "a list in np.sum": (lambda a, b, s: np.sum([a, b]), "np.stack"),
    "np.asarray": (lambda a, b, s: np.asarray(a), "not needed here"),
    "a constant indexed": (lambda a, b, s: np.eye(3)[np.argmax(a, 1)], "np.take_along_axis"),
    "a constant written into": (lambda a, b, s: np.zeros(3).__iadd__(a[0]), "np.zeros_like"),
    "a constant's rows": (lambda a, b, s: _set(np.zeros((4, 3)), 0, a[0]), "np.zeros_like"),
    "a constant scattered into": (lambda a, b, s: np.add.at(np.zeros(3), 0, a[0]), "zeros_like"),
    "a constant's places": (
        lambda a, b, s: np.put_along_axis(np.zeros((4, 3)), np.argsort(a), 1.0, axis=1),
        "np.zeros_like",
    ),
    "computed points": (lambda a, b, s: np.split(a, np.argsort(a[0])), "no lengths"),
    "a mask": (lambda a, b, s: a[a > 0.5], "np.where"),
    "a mask of columns": (lambda a, b, s: _set(a, (0, a[0] > 0.5)), "np.where"),
    "texts": (lambda a, b, s: a < "x", "XLA has none such"),
    "long doubles": (lambda a, b, s: a * np.longdouble(2), "np.float64"),
    "objects": (lambda a, b, s: a * np.array([1, None, 2]), "np.float64"),
    "round to an int": (lambda a, b, s: round(a.sum()), "Leave it an array"),
    "a computed slice": (lambda a, b, s: a[: np.argmax(b)], "index or a length"),
    "a computed length": (lambda a, b, s: np.repeat(a, np.argmax(b, axis=0), 1), "JAX cannot"),
    "nearest": (lambda a, b, s: np.quantile(a, 0.5, method="nearest"), "linear"),
    "a.shape =": (lambda a, b, s: setattr(a, "shape", (3, 4)), "reshape"),
    "axes=": (lambda a, b, s: np.vecdot(a, b, axis=0), "axis is not compiled"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_advice(name):
    rule, advice = REFUSED[name]
    with pytest.raises(TracingError, match=advice):
        compiled(rule, *matrices(np.float64))


def test_numbers_stay_numbers():
    """A learning rate is a Python float, whatever Python does to it: it widens nothing."""

    def step(box, x):
        lr = box["lr"]
        rate = divmod(abs(-lr) // 1 + round(lr, 3) % 7 + lr**2 - 1 / lr, 2)[1]
        assert isinstance(rate, float)
        box["lr"] = lr * 2
        return x * rate

    x = np.ones(3, np.float32)
    expected = step({"lr": 0.123456}, x)
    with jax.enable_x64(True):

        def traced(lr):
            return step({"lr": TracedArray(lr, scalar=True, number=True)}, TracedArray(x)).value

        result = jax.jit(traced)(np.float64(0.123456))
    assert result.dtype == expected.dtype == np.float32
    assert np.allclose(result, expected, rtol=1e-6)


def test_a_slice_drawn_at_random_is_refused():
    rng = np.random.default_rng(0)

    def rule(_, a):
        start = rng.integers(0, 10**6)
        return a[start:]

    a = np.ones(3)
    with jax.enable_x64(True), pytest.raises(TracingError, match="another one each time"):
        record({}, rule, a)
