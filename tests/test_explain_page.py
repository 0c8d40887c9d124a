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
    SoftmaxCrossEntropy,
    Trainer,
    datasets,
)
from glassbrick.pages import page
from glassbrick.tape.as_page import page_data
from glassbrick.tape.formulas import formula_of, input_rule_of, param_rule_of
from glassbrick.tape.packed import decimals
from reading_pages import MINUS, SCRIPT, TIMES, computed, figure, in_full, numbers_in

LARGE = {"width": 3000, "height": 2000}  # so that all cells are in view
RNG = np.random.default_rng(0)


def show(tape, open_page, **how):
    data = page_data(tape)
    opened = open_page(page("explain", data["title"], data), **how)
    opened.wait_for_selector(".scene")
    opened.add_script_tag(content=SCRIPT)
    return opened


def read(opened):
    """Read a scene, also what is folded, once the browser has drawn it."""
    return opened.evaluate("scene()")


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
            f" {TIMES} ".join(map(str, array.shape)) if array.ndim else "one number"
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
    opened.evaluate("unfold()")
    scenes = scenes_of(tape)
    for number, (phase, step) in enumerate(scenes):
        seen = read(opened)
        assert seen["step"] == number
        assert_scene_is_that_of(seen, phase, step)
        step_of = f"Step {number + 1} of {len(scenes)}. {phase.title()}: {step.name}"
        assert seen["status"].startswith(step_of)
        assert seen["lit"] == [step.name]
        opened.keyboard.press("ArrowRight")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 1)
    opened.keyboard.press("ArrowLeft")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 2)
    opened.keyboard.press("Home")
    assert opened.locator(".scene").get_attribute("data-step") == "0"
    opened.keyboard.press("End")
    assert opened.locator(".scene").get_attribute("data-step") == str(len(scenes) - 1)


def put_in(opened, role, *places):
    """Choose cells, and read how each was made."""
    return opened.evaluate("choose", [[role, *map(int, place)] for place in places])


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
            places = [(0, 0), (len(array) - 1, array.shape[1] - 1)]
            for (row, column), told in zip(places, put_in(opened, role, *places), strict=True):
                assert told["said"], (step.name, role)
                assert told["full"] == in_full(array[row, column])
                assert_right(told, array[row, column])
            seen.add((type(step).__name__, step.kind, role))
        opened.keyboard.press("ArrowRight")
    for kind in elementwise():
        assert {("Step", kind.__name__, "output"), ("Step", kind.__name__, "input_grad")} <= seen
    assert len(elementwise()) > 20


def loss_tape(kind):
    loss = example_of(kind)
    prediction, target = loss_pairs(loss, 2, 3, RNG)[0]
    net = NeuralNetwork([glassbrick.Linear()], loss, rng=0)
    weights = [0.5, 2.0] if kind.__name__ in ("Huber", "SoftmaxCrossEntropy") else None
    return net.explain(prediction, target, sample_weight=weights)


def test_numbers_put_in_give_each_loss_and_its_gradient(open_page):
    opened = show(loss_tape(MeanSquaredError), open_page, viewport=LARGE)
    for name, kind in LOSSES.items():
        tape = loss_tape(kind)
        opened.evaluate("show", page_data(tape))
        opened.keyboard.press("ArrowRight")
        (told,) = put_in(opened, "value", (0, 0))
        assert told["full"] == in_full(tape.loss.value)
        said = told["said"].split(" = ")
        assert said[-1] == figure(tape.loss.value)
        assert computed(said[1]) == pytest.approx(tape.loss.value, rel=5e-3), name
        assert {term[0] for term in told["terms"]} == {"row 0", "row 1"}
        opened.keyboard.press("ArrowRight")
        rows, columns = tape.loss.input_grad.shape
        if name == "GaussianNLL":
            columns //= 2  # of the means; the other half has a rule of its own
        places = list(np.ndindex(rows, columns))
        for place, told in zip(places, put_in(opened, "input_grad", *places), strict=True):
            assert_right(told, tape.loss.input_grad[place])


def test_a_weights_gradient_is_told_by_row_of_the_batch(open_page):
    tape = chapter_tape(Dense(13, "sigmoid"), Dense(1, "linear"), rows=5)
    step = tape["dense_1.weight_multiply"]
    opened = show(tape, open_page, viewport=LARGE)
    opened.keyboard.press("End")
    while opened.locator(".scene").get_attribute("data-phase") != "backward":
        opened.keyboard.press("ArrowLeft")
    assert opened.locator(".scene").get_attribute("data-block") == step.name
    (told,) = put_in(opened, "param_grad", (12, 3))
    parts = step.input[:, 12] * step.output_grad[:, 3]
    assert [(term[0], term[-1]) for term in told["terms"]] == [
        (f"row {row}", figure(part)) for row, part in enumerate(parts)
    ]
    assert told["full"] == in_full(step.param_grad[12, 3])
    marked = opened.locator('figure[data-role="output_grad"] .marked')
    assert [cell.get_attribute("aria-colindex") for cell in marked.all()] == ["4"] * 5
    assert told["said"].endswith(figure(step.param_grad[12, 3]))
    weights = opened.locator('figure[data-role="param_grad"]')
    weights.locator('[role=row][aria-rowindex="2"] [aria-colindex="6"]').hover()
    opened.locator("h3", has_text="w[1,5]").wait_for()
    hovered = opened.locator('figure[data-role="input"] .marked')
    assert [cell.get_attribute("aria-colindex") for cell in hovered.all()] == ["2"] * 5
    opened.mouse.move(1, 1)
    opened.locator("h3", has_text="w[12,3]").wait_for()


class Doubled(Operation):
    r"""Double: :math:`y = 2x`, :math:`y' = 2`."""

    def _output(self):
        return 2.0 * self.input_

    def _input_grad(self, output_grad):
        return output_grad


def test_a_wrong_gradient_is_marked_there_and_nowhere_else(open_page):
    layers = [Dense(4, "sigmoid"), Doubled(), Dense(1, "linear")]
    net = NeuralNetwork(layers, MeanSquaredError(), rng=0)
    tape = net.explain(RNG.standard_normal((3, 2)), RNG.standard_normal((3, 1)))
    opened = show(tape, open_page, viewport=LARGE)
    assert "1 of 12 gradients WRONG" in opened.locator(".summary").inner_text()
    wrong = opened.locator(".block.wrong")
    assert wrong.all_inner_texts() == ["Doubled✗ wrong gradient"]
    bad = "rgb(164, 55, 44)"
    borders = opened.locator(".block").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).borderColor)"
    )
    assert borders.count(bad) == 1
    for _, step in scenes_of(tape):
        seen = read(opened)
        marks = seen["marks"]
        verdicts = " ".join(array["verdict"] for array in seen["arrays"].values())
        if (seen["phase"], step.name) == ("backward", "doubled_1.doubled"):
            assert marks == 3
            assert "✗ WRONG: differs by at most" in verdicts
            difference = opened.locator(".differs").inner_text()
            told = [figure(2.0 * step.output_grad[0, 0]), figure(step.output_grad[0, 0])]
            assert re.findall(rf"{MINUS}?[\d.]+\d", difference) == told
        else:
            assert (marks, "WRONG" in verdicts) == (0, False)
        opened.keyboard.press("ArrowRight")


def test_numbers_that_are_not_finite_are_told_as_such(open_page):
    net = NeuralNetwork([Dense(2, "linear", inputs=2)], MeanSquaredError(), rng=0)
    net.operations()[0].param[:] = [[np.inf, np.nan], [1.0, -np.inf]]
    opened = show(net.explain(np.ones((2, 2)), np.ones((2, 2))), open_page, viewport=LARGE)
    cells = read(opened)["arrays"]["param"]["cells"]
    assert cells == {"0,0": "inf", "0,1": "nan", "1,0": "1", "1,1": f"{MINUS}inf"}
    assert opened.locator('[data-role="param"] .unreal').count() == 3


def test_numbers_of_float32_are_told_in_their_own_digits(open_page):
    x = np.array([[0.1, 1e-7], [3.0, -2.5]], np.float32)
    net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    opened = show(net.explain(x, x[:, :1]), open_page, viewport=LARGE)
    told = put_in(opened, "input", (0, 0), (0, 1))
    assert [cell["full"] for cell in told] == ["0.1", f"1e{MINUS}7"]
    assert "judged in float64" in opened.locator("header").inner_text()


@pytest.fixture(scope="module")
def large():
    """A step of 784-256-128-10, with its update."""
    rng = np.random.default_rng(0)
    layers = [Dense(256, "sigmoid"), Dense(128, "sigmoid"), Dense(10, "linear")]
    net = NeuralNetwork(layers, SoftmaxCrossEntropy(), rng=0)
    X, y = rng.standard_normal((32, 784)), rng.integers(0, 10, (32, 1))
    return net.explain(X, y), Trainer(net, SGD(lr=0.1)).explain(X, y)


def test_the_page_of_a_large_network_is_small(large):
    sizes = [len(page("explain", "t", page_data(tape)).encode()) for tape in large]
    assert sizes[0] < 2_200_000
    assert sizes[1] < 3_000_000


def test_a_large_matrix_is_seen_through_a_window(large, open_page):
    opened = show(large[0], open_page, viewport={"width": 1280, "height": 900})
    weights = large[0]["dense_1.weight_multiply"].param
    grid = opened.get_by_role("grid", name=f"parameter, W, 784 {TIMES} 256")
    assert (grid.get_attribute("aria-rowcount"), grid.get_attribute("aria-colcount")) == (
        "784",
        "256",
    )
    assert opened.locator("[role=gridcell]").count() < 900
    seen = read(opened)["arrays"]["param"]["cells"]
    assert "11,3" in seen
    for place, text in seen.items():
        assert text == figure(weights[tuple(map(int, place.split(",")))], whole=False)
    put_in(opened, "param", (0, 0))
    grid.locator('[tabindex="0"]').focus()
    for key in ("Control+End", "ArrowUp", "PageUp", "Home", "End", "ArrowLeft"):
        opened.keyboard.press(key)
        opened.wait_for_timeout(50)
    assert opened.locator(".chosen-cell h3").inner_text() == "w[770,254]"
    focused = grid.locator(":focus")
    assert focused.inner_text() == figure(weights[770, 254], whole=False)
    assert focused.inner_text() == opened.locator(".full").inner_text()
    assert opened.locator(".scene").get_attribute("data-step") == "0", "keys of cells are theirs"
    before = grid.evaluate("grid => grid.scrollTop")
    thumbnail = opened.locator('[data-role="param"] .map').bounding_box()
    opened.mouse.move(thumbnail["x"] + 5, thumbnail["y"] + 5)
    opened.mouse.down()
    opened.mouse.move(thumbnail["x"] + 8, thumbnail["y"] + thumbnail["height"] / 2)
    opened.mouse.up()
    assert 0 < grid.evaluate("grid => grid.scrollTop") < before


def test_the_page_is_the_same_from_file_and_is_written_whole(tmp_path, open_page):
    tape = chapter_tape(Dense(1, "linear"))
    path = tmp_path / "step.html"
    tape.to_html(path)
    data = page_data(tape)
    assert path.read_text(encoding="utf-8") == page("explain", data["title"], data)
    with pytest.raises(glassbrick.FileError, match="is there already"):
        tape.to_html(path)
    tape.to_html(path, overwrite=True)
    with pytest.raises(glassbrick.ArgumentTypeError, match="overwrite"):
        tape.to_html(path, overwrite="yes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_can_be_reached_and_read(scheme, open_page):
    size = {"width": 360, "height": 800}
    opened = show(
        everything(), open_page, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    )
    names = opened.locator("button").evaluate_all(
        "all => all.map((b) => b.ariaLabel ?? b.textContent)"
    )
    assert all(name.strip() for name in names)
    assert len(set(names[:5])) == 5
    last = opened.get_by_role("slider", name="Step").get_attribute("max")
    for _ in range(int(last) + 1):
        found = opened.evaluate("readable()")
        assert found["overflow"] <= 0, "the page itself does not scroll sideways"
        assert found["contrast"] >= 4.5, found
        assert found["unnamed"] == 0
        opened.keyboard.press("ArrowRight")
    opened.get_by_role("button", name="Step back").click()
    opened.get_by_role("button", name="First step").click()
    opened.get_by_role("slider", name="Step").fill("3")
    assert opened.locator(".scene").get_attribute("data-step") == "3"
    opened.get_by_role("button", name="Sigmoid").or_(opened.locator(".block").nth(1)).first.click()
    assert opened.locator(".scene").get_attribute("data-step") == "1"
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.shadowRoot.activeElement !== null")


def test_it_plays_and_stops_at_a_key(open_page):
    opened = show(chapter_tape(Dense(1, "linear")), open_page)
    opened.clock.install()
    opened.keyboard.press("Space")
    opened.get_by_role("button", name="Pause").wait_for()
    opened.clock.run_for(1600)
    opened.locator('.scene[data-step="1"]').wait_for()
    opened.keyboard.press("ArrowRight")
    opened.locator('.scene[data-step="2"]').wait_for()
    opened.get_by_role("button", name="Play").wait_for()
    opened.clock.run_for(5000)
    assert opened.locator(".scene").get_attribute("data-step") == "2"


def test_within_another_document_keys_act_only_with_focus(open_page):
    data = page_data(chapter_tape(Dense(1, "linear")))
    html = page("explain", "t", data).replace(
        '<div id="page"></div>', '<div><p tabindex="0">A cell above</p><div id="page"></div></div>'
    )
    opened = open_page(html)
    opened.wait_for_selector(".scene")
    opened.keyboard.press("ArrowRight")
    opened.locator("p", has_text="A cell above").focus()
    opened.keyboard.press("ArrowRight")
    assert opened.locator(".scene").get_attribute("data-step") == "0"
    opened.get_by_role("button", name="Play").focus()
    opened.keyboard.press("ArrowRight")
    assert opened.locator(".scene").get_attribute("data-step") == "1"


def test_large_arrays_are_rounded_as_decimals_are():
    rng = np.random.default_rng(0)
    ties = np.arange(-20, 20) * 2.0**-9 + 0.125
    edges = np.array([0.0, 99995.0, -99994.9, 9.9995, 1e-320, -5e-324, 1.7e308, 0.00099995])
    unreal = np.array([np.nan, np.inf, -np.inf])
    spread = rng.standard_normal(2000) * 10.0 ** rng.integers(-30, 30, 2000)
    values = np.concatenate([ties, edges, unreal, spread])
    for digits in (3, 4):
        for value, number, power in zip(values, *decimals(values, digits), strict=True):
            if np.isfinite(value):
                said = figure(float(f"{number}e{power}"), digits, whole=False)
            else:
                said = {0: "nan", 1: "inf", -1: f"{MINUS}inf"}[int(number)]
                assert power == 32767
            assert said == figure(value, digits, whole=False)


def test_small_arrays_are_packed_to_the_last_bit():
    data = page_data(chapter_tape(Dense(1, "linear")))
    raw = zlib.decompress(base64.b64decode(data["numbers"]))
    told = data["arrays"][data["x"]]
    size = int(np.prod(told["shape"]))
    planes = np.frombuffer(raw, np.uint8, 8 * size, told["at"]).reshape(8, size)
    again = np.ascontiguousarray(planes.T).view("<f8").reshape(told["shape"])
    assert np.array_equal(again, datasets.load_boston().chapter_split()[0][:4])


@pytest.mark.parametrize("kind", [*OPERATIONS.values(), *LAYERS.values(), *LOSSES.values()])
def test_every_block_has_its_formula(kind):
    block = object.__new__(kind)
    assert formula_of(block) != kind.__name__
    assert " = " in formula_of(block)


@pytest.mark.parametrize("kind", [*OPERATIONS.values(), *LOSSES.values()])
def test_every_rule_of_a_gradient_is_told(kind):
    block = object.__new__(kind)
    if not takes_categories(example_of(kind)) if kind in OPERATIONS.values() else True:
        assert input_rule_of(block).startswith("∂L/∂")
    if issubclass(kind, glassbrick.ParamOperation):
        assert param_rule_of(block).startswith("∂L/∂")
