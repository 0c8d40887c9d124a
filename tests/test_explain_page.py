"""The page of a training step shows the numbers of the tape, all of them and no others."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pytest

import glassbrick
from blocks import LAYERS, LOSSES, OPERATIONS, example_of, loss_pairs, takes_categories
from glassbrick import (
    SGD,
    Adam,
    BatchNorm,
    Columns,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    MeanSquaredError,
    NeuralNetwork,
    Operation,
    Residual,
    Sigmoid,
    SoftmaxCrossEntropy,
    Trainer,
    datasets,
)
from glassbrick.operations.normalization import RowStandardize
from glassbrick.pages import page
from glassbrick.tape.as_page import page_data
from glassbrick.tape.formulas import formula_of, input_rule_of, param_rule_of
from glassbrick.tape.packed import decimals
from reading_pages import CHOSEN, SCENE, computed, figure, in_full, numbers_in

LARGE = {"width": 3000, "height": 2000}  # so that all cells are in view
RNG = np.random.default_rng(0)


def show(tape, open_page, **how):
    data = page_data(tape)
    opened = open_page(page("explain", data["title"], data), **how)
    opened.wait_for_selector(".scene")
    return opened


UNFOLD = """() => {
  const style = document.createElement("style");
  style.textContent = "main, .array { max-width: none !important; flex: none !important; }";
  document.getElementById("page").shadowRoot.append(style);
}"""


def read(opened):
    """Read a scene, also what is folded, once the browser has drawn it."""
    opened.evaluate(SCENE)
    drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    return opened.evaluate(f"async () => {{ await {drawn}; return ({SCENE})(); }}")


def chapter_tape(*layers, rows=4):
    X, _, y, _ = datasets.load_boston().chapter_split()
    net = NeuralNetwork(list(layers), MeanSquaredError(), seed=20190501)
    return Trainer(net, SGD(lr=0.01)).explain(X[:rows], y[:rows])


def everything():
    """A step of all kinds of layers, with penalties and an optimizer that remembers."""
    branches = [[Columns([0, 1]), Dense(3, "relu", l2=0.1)], [Columns([2]), Embedding(4, 2)]]
    inside = [BatchNorm(), Dense(5, "gelu"), Dropout(0.3)]
    layers = [Concatenate(branches), Residual(inside), LayerNorm(), Dense(3, "linear")]
    net = NeuralNetwork(layers, SoftmaxCrossEntropy(label_smoothing=0.1), rng=0)
    X = np.random.default_rng(1).standard_normal((4, 3))
    X[:, 2] = [0, 1, 3, 1]
    return Trainer(net, Adam(0.01)).explain(X, [0, 1, 2, 1])


def scenes_of(tape):
    """What the page is to show, step by step: phase, block, and what is on the tape of it."""
    forward = [("forward", step) for step in tape if step.output is not None]
    backward = [("backward", step) for step in tape.backward]
    updates = [("update", step) for step in tape if step.update is not None]
    return [*forward, ("forward", tape.loss), ("backward", tape.loss), *backward, *updates]


FORWARD = {"input", "param", "output", "prediction", "target", "weights", "value"}
ROLES = {
    "forward": {*FORWARD, "penalty", "total"},
    "backward": {
        *("input", "output", "output_grad", "input_grad", "param", "param_grad", "penalty_grad"),
        *("prediction", "target", "weights"),
    },
    "update": {"param", "param_grad", "penalty_grad", "update", "new_param"},
}


def arrays_of(phase, step):
    """The arrays that a scene has to show."""
    arrays = dict(step.arrays)
    if hasattr(step, "value"):
        arrays["value"] = np.array(step.value)
        if step.penalty:
            arrays |= {"penalty": np.array(step.penalty), "total": np.array(step.total)}
    kept = set(getattr(step, "kept", ())) if phase != "update" else set()
    return {name: arrays[name] for name in arrays if name in ROLES[phase] | kept}


def assert_scene_is_that_of(seen, phase, step):
    assert (seen["phase"], seen["block"]) == (phase, step.name)
    wanted = arrays_of(phase, step)
    if phase == "forward":
        wanted.pop("input_grad", None)
    assert set(seen["arrays"]) == set(wanted)
    for role, array in wanted.items():
        rows = array.reshape(len(array), -1) if array.ndim > 1 else array.reshape(1, -1)
        cells = {f"{i},{j}": figure(v) for (i, j), v in np.ndenumerate(rows)}
        assert seen["arrays"][role]["cells"] == cells, (step.name, role)
        assert seen["arrays"][role]["shape"] == (
            " × ".join(map(str, array.shape)) if array.ndim else "one number"
        )


@pytest.mark.parametrize(
    "make",
    [
        lambda: chapter_tape(Dense(1, "linear")),
        lambda: chapter_tape(Dense(13, "sigmoid"), Dense(1, "linear")),
        lambda: chapter_tape(Dense(13, "sigmoid"), Dense(13, "sigmoid"), Dense(1, "linear")),
        everything,
    ],
    ids=["line", "one hidden layer", "two hidden layers", "all layers"],
)
def test_keys_lead_through_a_whole_step_and_every_number_is_the_tapes(make, open_page):
    tape = make()
    opened = show(tape, open_page, viewport=LARGE)
    opened.evaluate(UNFOLD)
    scenes = scenes_of(tape)
    for number, (phase, step) in enumerate(scenes):
        seen = read(opened)
        assert seen["step"] == number
        assert_scene_is_that_of(seen, phase, step)
        status = opened.locator("[role=status]").inner_text()
        assert status.startswith(
            f"Step {number + 1} of {len(scenes)}. {phase.title()}: {step.name}"
        )
        assert opened.locator("[aria-current=step]").get_attribute("data-block") == step.name
        opened.keyboard.press("ArrowRight")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 1)
    opened.keyboard.press("ArrowLeft")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 2)
    opened.keyboard.press("Home")
    assert opened.locator(".scene").get_attribute("data-step") == "0"
    opened.keyboard.press("End")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 1)


def put_in(opened, role, row, column):
    """Choose a cell, and read how it was made."""
    opened.evaluate(
        """([role, row, column]) => {
          const root = document.getElementById("page").shadowRoot;
          const figure = root.querySelector(`figure[data-role="${role}"]`);
          const line = figure.querySelector(`[role=row][aria-rowindex="${row + 1}"]`);
          line.querySelector(`[aria-colindex="${column + 1}"]`).click();
        }""",
        [role, row, column],
    )
    drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    return opened.evaluate(f"async () => {{ await {drawn}; return ({CHOSEN})(); }}")


def assert_right(told, value, exact=True):
    """Compute what is written, from the rounded numbers in it, and compare."""
    said = told["said"].partition(" = ")[2].split(" = ")
    assert said[-1] == figure(value, whole=exact)
    for text in [
        said[0],
        *(line.partition(" = ")[2].split(" = ")[0] for line in told["definitions"]),
    ]:
        assert "… (" not in text
    largest = max([*numbers_in(told["said"]), *numbers_in("".join(told["definitions"]))])
    assert computed(said[0]) == pytest.approx(value, rel=5e-3, abs=1e-3 * largest), told
    for line in told["definitions"]:
        first, *_, last = line.partition(" = ")[2].split(" = ")
        assert computed(first) == pytest.approx(computed(last), rel=5e-3, abs=1e-3 * largest), line


def elementwise():
    """All operations that compute each number by itself or with its row or column."""
    kinds = [kind for kind in OPERATIONS.values() if not takes_categories(example_of(kind))]
    return [kind for kind in kinds if kind.__name__ not in ("Columns", "Flatten", "WeightMultiply")]


def result_roles(phase, step):
    if phase != "backward":
        return ["output"] if hasattr(step, "output") else ["value"]
    return [role for role in ("input_grad", "param_grad") if role in step.arrays]


def test_numbers_put_in_give_the_number_for_every_operation(open_page):
    branches = []
    for kind in elementwise():
        shape = (1, 3) if kind.__name__ in ("BiasAdd", "GainMultiply") else None
        branches.append(kind(RNG.standard_normal(shape)) if shape else example_of(kind))
    net = NeuralNetwork([Concatenate(branches), Dense(2, "linear")], MeanSquaredError(), rng=0)
    tape = net.explain(RNG.standard_normal((3, 3)), RNG.standard_normal((3, 2)))
    opened = show(tape, open_page, viewport=LARGE)
    kinds, seen = {kind.__name__ for kind in elementwise()}, set()
    for phase, step in scenes_of(tape):
        for role in result_roles(phase, step) if step.kind in kinds else ():
            array = np.atleast_2d(step.arrays.get(role, getattr(step, role, None)))
            for row, column in ((0, 0), (len(array) - 1, array.shape[1] - 1)):
                told = put_in(opened, role, row, column)
                assert told["said"], (step.name, role)
                assert told["full"] == in_full(array[row, column])
                assert_right(told, array[row, column])
            seen.add((type(step).__name__, step.kind, role))
        opened.keyboard.press("ArrowRight")
    for kind in elementwise():
        assert {("Step", kind.__name__, "output"), ("Step", kind.__name__, "input_grad")} <= seen
    assert len(elementwise()) > 20
