"""The peers: one module each, with the same functions.

``prepare(workload)`` returns a `Model` with the workload's starting parameters, and
``train_chapter_model()``, where there is one, does what `startup` times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

THREADS = (1, 2)


class Model(Protocol):
    """A network that can be trained on, again and again.

    It may have ``predict(X)``, and other ways to do the same by the names in `WAYS_TO_PREDICT`.
    """

    def fit(self, epochs: int) -> None:
        """Train for some epochs on the workload's data, from where the last fit ended."""


WAYS_TO_PREDICT = ("predict", "predict_on_batch")


@dataclass(frozen=True)
class Peer:
    """Something that trains networks.

    Attributes
    ----------
    name : str
        Of its module, and on the command line.
    title : str
        In tables.
    how : str
        What is run, in a sentence.
    distributions : tuple of str
        What a user installs to have it.
    """

    name: str
    title: str
    how: str
    distributions: tuple[str, ...]

    def load(self) -> Any:
        """Import its module; raises ImportError if something is not installed."""
        return import_module(f"peers.{self.name}")


PEERS = (
    Peer(
        "glassbrick_numpy",
        "Glassbrick, NumPy",
        '`Trainer(net, optim, engine="numpy").fit(...)` with `SGD(lr)` or `Adam(lr)`.',
        ("glassbrick",),
    ),
    Peer(
        "glassbrick_xla",
        "Glassbrick, XLA",
        'the same with `engine="xla"`.',
        ("glassbrick", "jax"),
    ),
    Peer(
        "torch_eager",
        "PyTorch, eager",
        "`nn.Sequential`, `torch.optim.SGD` with its defaults or `torch.optim.Adam(fused=True)`, "
        "its fastest, `zero_grad(set_to_none=True)`, a loop written by hand that indexes shuffled "
        "rows and keeps no losses.",
        ("torch",),
    ),
    Peer(
        "torch_compiled",
        "PyTorch, compiled",
        "the same loop, with network and loss in one `torch.compile`.",
        ("torch",),
    ),
    Peer(
        "keras_jax",
        "Keras on JAX",
        "`model.fit(batch_size=..., verbose=0)`, compiled with `jit_compile=True`.",
        ("keras", "jax"),
    ),
    Peer(
        "keras_tuned",
        "Keras, 10 steps a call",
        "the same with `steps_per_execution=10` where ten steps divide an epoch.",
        ("keras", "jax"),
    ),
    Peer(
        "scikit_learn",
        "scikit-learn",
        '`MLPRegressor(solver="sgd", momentum=0, alpha=0, warm_start=True).fit(...)`; '
        '`solver="adam"`; for classes `MLPClassifier`.',
        ("scikit-learn",),
    ),
    Peer(
        "numpy_products",
        "bare NumPy products",
        "the matrix products of a step alone, `np.matmul` into arrays that are there already: "
        "no activation, bias, loss, update or shuffling. It learns nothing.",
        ("numpy",),
    ),
)
BOUND = PEERS[-1]


def named(names: Iterable[str]) -> list[Peer]:
    """Return the peers of those names."""
    by_name = {peer.name: peer for peer in PEERS}
    return [by_name[name] for name in names]


def in_batches(rows: int, batch: int, order: Any) -> Iterable[Any]:
    """Cut an order of rows into batches."""
    return (order[start : start + batch] for start in range(0, rows, batch))
