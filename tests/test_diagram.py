"""Diagrams: what is drawn is what the network is, and nothing runs out of its box."""

from __future__ import annotations

import math
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    BinaryCrossEntropy,
    Columns,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    FileError,
    Layer,
    LayerNorm,
    MeanSquaredError,
    NeuralNetwork,
    Residual,
    SoftmaxCrossEntropy,
    WeightMultiply,
)
from glassbrick.cli import main
from glassbrick.sklearn import MLPRegressor
from networks import params_of, same_params

SVG = "{http://www.w3.org/2000/svg}"
FEATURES = "CRIM ZN INDUS CHAS NOX RM AGE DIS RAD TAX PTRATIO B LSTAT".split()
NASTY = ["<&\">'", "]]><script>alert(1)</script>\x00\n\t", "M" * 300]


def network(*layers, loss=None):
    return NeuralNetwork(list(layers), loss or MeanSquaredError(), rng=0)


def chapters():
    layers = [Dense(13, "sigmoid", inputs=13), Dense(13, "sigmoid"), Dense(1, "linear")]
    return NeuralNetwork(layers, MeanSquaredError(), seed=20190501)


def table():
    """Two branches with embeddings, and a way round."""
    branches = [Columns([0, 1, 2]), [Columns([3]), Embedding(5, 3)]]
    inside = [BatchNorm(), Dense(32, "relu"), Dropout(0.1), Dense(6, "linear")]
    return network(Concatenate(branches), Residual(inside), Dense(1, "linear"))


def built(net, inputs):
    net.build(inputs)
    return net


def parsed(diagram):
    return ElementTree.fromstring(diagram.svg)


def of_class(root, tag, *classes):
    return [item for item in root.iter(SVG + tag) if item.get("class") in classes]


def lines_of(root):
    """The lines of each layer's weights, by what they lead from and to: two heights."""
    groups = [group for group in root.iter(SVG + "g") if group.get("class") == "weights"]
    return [
        {(float(line.get("y1")), float(line.get("y2"))): line for line in group.iter(SVG + "line")}
        for group in groups
    ]


def texts(root):
    """All lines of text, with a letter for the cross in shapes."""
    return [item.text.replace("\u00d7", "x") for item in root.iter(SVG + "text")]


def test_neurons_and_weights_are_those_of_the_network():
    net = chapters()
    root = parsed(net.diagram(features=FEATURES, outputs=["MEDV"]))
    assert len(of_class(root, "circle", "neuron")) == 13 + 13 + 13 + 1
    assert [len(lines) for lines in lines_of(root)] == [169, 169, 13]
    assert {*FEATURES, "MEDV", "MeanSquaredError", "378 parameters"} <= set(texts(root))
    circles = of_class(root, "circle", "neuron")
    ends = {(float(c.get("cx")) + s * float(c.get("r")), float(c.get("cy")))
            for c in circles for s in (-1, 1)}  # fmt: skip
    for lines in lines_of(root):
        for line in lines.values():
            for end in "12":
                found = float(line.get(f"x{end}")), float(line.get(f"y{end}"))
                assert min(math.dist(found, place) for place in ends) < 0.01


def test_colour_is_the_sign_and_width_the_size():
    net = chapters()
    weights = [param for param in net.params() if param.shape[0] > 1]
    weights[0][2, 5] = 0.0
    largest = max(np.abs(weight).max() for weight in weights)
    everything = []
    for weight, lines in zip(weights, lines_of(parsed(net.diagram())), strict=True):
        sources, targets = (sorted({key[end] for key in lines}) for end in (0, 1))
        for (source, target), line in lines.items():
            value = weight[sources.index(source), targets.index(target)]
            expected = "plus" if value > 0 else "minus" if value < 0 else "zero"
            assert line.get("class") == expected
            assert f"{value:.4g}" in line.find(SVG + "title").text
            everything.append((abs(value), float(line.get("stroke-width"))))
            if abs(value) == largest:
                assert float(line.get("stroke-opacity")) == 1.0
    widths = [width for _, width in sorted(everything)]
    assert widths == sorted(widths)
    assert widths[-1] > 5 * widths[0]


def test_biases_are_told_at_the_neurons():
    net = chapters()
    titles = [item.text for item in parsed(net.diagram()).iter(SVG + "title")]
    bias = list(net.params())[1][0, 4]
    assert f"neuron 5 of dense_1, bias {bias:.4g}" in titles


def test_operations_stand_in_their_layer_in_their_order():
    for view in ("neurons", "blocks"):
        root = parsed(chapters().diagram(view))
        frames = [rectangle(item) for item in of_class(root, "rect", "frame")][:3]
        pills = [rectangle(item) for item in of_class(root, "rect", "pill")]
        assert len(pills) == 9
        for frame in frames:
            inside = [pill for pill in pills if holds(frame, pill)]
            assert len(inside) == 3
            assert inside == sorted(inside, key=lambda box: box[1])
        found = [text for text in texts(root) if text.split()[0] in OPERATIONS]
        assert found[:3] == ["WeightMultiply 13x13", "BiasAdd 1x13", "Sigmoid"]
        assert found[-3:] == ["WeightMultiply 13x1", "BiasAdd", "Linear"]


OPERATIONS = ("WeightMultiply", "BiasAdd", "Sigmoid", "Linear")


def rectangle(item):
    return tuple(float(item.get(name)) for name in ("x", "y", "width", "height"))


def holds(outer, inner):
    x, y, width, height = outer
    return (
        x <= inner[0]
        and y <= inner[1]
        and inner[0] + inner[2] <= x + width
        and inner[1] + inner[3] <= y + height
    )


def test_a_network_that_is_not_built_has_neutral_lines_and_stays_as_it_is():
    net = network(Dense(3, "tanh"), Dense(1, "linear"))
    diagram = net.diagram(inputs=2)
    (first, second) = lines_of(parsed(diagram))
    assert (len(first), len(second)) == (6, 3)
    assert {line.get("class") for line in [*first.values(), *second.values()]} == {"zero"}
    assert not net.is_built
    twin = network(Dense(3, "tanh"), Dense(1, "linear"))
    net.build(2)
    twin.build(2)
    assert same_params(params_of(net), params_of(twin))
    assert {line.get("class") for line in lines_of(parsed(net.diagram()))[0].values()} > {"plus"}


def test_shapes_that_are_not_known_are_left_out():
    root = parsed(network(Dense(30, "tanh"), Dropout(0.2), Dense(1, "linear")).diagram())
    found = texts(root)
    assert "WeightMultiply" in found
    assert "WeightMultiply 30x1" in found
    assert "Dense, 31 parameters" in found
    assert [found.count(note) for note in ("30", "1")] == [2, 1]
    assert not any("feature" in text for text in found)


def test_blocks_tell_shapes_and_parameters():
    net = network(Dense(256, "relu", inputs=784), Dense(10, "linear"), loss=SoftmaxCrossEntropy())
    diagram = net.diagram()
    found = texts(parsed(diagram))
    assert diagram.view == "blocks"
    assert {"784 features", "Dense, 200,960 parameters", "WeightMultiply 784x256"} <= set(found)
    assert {"10 outputs", "203,530 parameters", "SoftmaxCrossEntropy", "256"} <= set(found)


@pytest.mark.parametrize("is_built", [True, False])
def test_ways_round_and_branches_are_drawn(is_built):
    net = built(table(), 4) if is_built else table()
    root = parsed(net.diagram())
    names = [text for text in texts(root) if text[-2:] in ("_1", "_2")]
    assert names.count("columns_1") == 2
    assert set(names) == {
        *("concatenate_1", "columns_1", "series_1", "embedding_1", "residual_1"),
        *("batch_norm_1", "dense_1", "dropout_1", "dense_2"),
    }
    frames = [rectangle(item) for item in of_class(root, "rect", "frame")]
    nested = sorted(sum(holds(outer, inner) for inner in frames) - 1 for outer in frames)
    assert nested == [0] * 9 + [2, 4, 4]  # series: 2, concatenate: columns, series and its 2
    assert len(of_class(root, "circle", "end")) == 1  # where the way round is added
    assert len(of_class(root, "circle", "soft")) == 2  # where ways part
    labels = set(texts(root))
    assert {"Lookup 5x3" if is_built else "Lookup", "Dropout(0.1)"} <= labels
    assert ("Residual, 434 parameters" in labels) == is_built


@pytest.mark.parametrize("layers", [1, 9])
def test_arrows_lead_from_box_to_box(layers):
    """From left to right, or down if there are many: each begins and ends at a middle."""
    net = network(*(Dense(64, "relu") for _ in range(layers)), Dense(1))
    root = parsed(net.diagram(inputs=100))
    boxes = [rectangle(box) for box in of_class(root, "rect", "frame", "end")]
    middles = {
        place
        for x, y, width, height in boxes
        for place in (
            *((round(x + width / 2), round(end)) for end in (y, y + height)),
            *((round(end), round(y + height / 2)) for end in (x, x + width)),
        )
    }
    arrows = [path.get("d")[1:].split("M")[0] for path in of_class(root, "path", "wire")]
    assert len(arrows) == layers + 1 + 3  # from the data, prediction and target, too
    for arrow in arrows:
        for end in arrow.split(" L"):
            x, y = map(float, end.split())
            near = {(round(x + dx), round(y + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
            assert near & middles


def test_what_mixes_columns_is_not_drawn_as_neurons():
    net = network(Dense(3, "relu", inputs=2), LayerNorm(), Dense(1, "linear"))
    assert net.diagram().view == "blocks"
    with pytest.raises(ArgumentError, match='view: expected "blocks"'):
        net.diagram("neurons")
    with pytest.raises(ArgumentError, match="inputs=13"):
        network(Dense(1, "linear")).diagram("neurons")
    with pytest.raises(ArgumentError, match="more than 5,000 lines"):
        network(Dense(100, "relu", inputs=60)).diagram("neurons")


def test_layers_between_weights_keep_columns_apart():
    net = network(Dense(3, "relu", inputs=2), BatchNorm(), Dropout(0.1), Dense(1, "linear"))
    list(net.params())[2][:] = [[1.5, -0.5, 0.25]]
    _, gains, dropout, _ = lines_of(parsed(net.diagram()))
    in_order = [line.get("class") for _, line in sorted(gains.items())]
    assert in_order == ["plus", "minus", "plus"]
    assert all(source == target for source, target in [*gains, *dropout])
    assert {line.get("class") for line in dropout.values()} == {"zero"}


class Needy(Layer):
    """A layer that cannot be set up for just any number of columns."""

    def _setup_layer(self, input_):
        rows = {4: "four"}[input_.shape[1]]
        self.operations = [WeightMultiply(np.ones((len(rows), self.neurons)))]


def test_a_layer_that_cannot_be_guessed_is_drawn_without_its_operations():
    net = network(Needy(2), Dense(1, "linear"))
    found = texts(parsed(net.diagram()))
    assert "needy_1" in found
    assert "WeightMultiply 4x2" not in found
    assert "WeightMultiply 4x2" in texts(parsed(net.diagram(inputs=4)))


def test_names_that_are_no_xml_and_too_long():
    net = network(Dense(2, "tanh", inputs=3), Dense(3, "linear"))
    for view in ("neurons", "blocks"):
        root = parsed(net.diagram(view, features=NASTY, outputs=NASTY))
        assert not list(root.iter("script"))
        assert any(text.startswith("<&\">'") for text in texts(root))
    longest = max(len(item.text) for item in root.iter() if item.text and item.tag != SVG + "style")
    assert longest < 700


def test_names_fit_the_columns():
    net = chapters()
    with pytest.raises(ArgumentError, match="features: expected as many names as there are"):
        net.diagram(features=["a", "b"])
    with pytest.raises(ArgumentError, match="outputs: expected as many names"):
        net.diagram(outputs=["a", "b"])
    with pytest.raises(ArgumentTypeError, match="a list of names"):
        net.diagram(features="CRIM")
    with pytest.raises(ArgumentError, match='one of "auto", "neurons", "blocks"'):
        net.diagram("circles")
    with pytest.raises(ArgumentError, match="inputs: expected a whole number"):
        net.diagram(inputs=0)
    assert "13 features" in texts(parsed(net.diagram(features=np.array(FEATURES))))


def test_it_can_be_read_without_eyes_and_stand_beside_others():
    net = chapters()
    first, second = (parsed(net.diagram()) for _ in range(2))
    ids = [{item.get("id") for item in root.iter() if item.get("id")} for root in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    assert first.get("role") == "img"
    assert set(first.get("aria-labelledby").split()) <= ids[0]
    told = first.find(SVG + "desc").text.replace("\u00d7", "x")
    assert "dense_2 (Dense, 13 outputs): WeightMultiply 13x13, BiasAdd 1x13, Sigmoid." in told
    style = first.find(SVG + "style").text
    assert style.startswith("@media (prefers-color-scheme: dark)")
    assert style.count("#" + first.get("id")) == style.count(" ."), "no rule for other elements"


def test_it_is_saved_as_svg(tmp_path):
    diagram = chapters().diagram()
    diagram.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == str(diagram) == diagram.svg
    with pytest.raises(FileError, match="is there already"):
        diagram.save(tmp_path / "net.svg")
    diagram.save(tmp_path / "net.svg", overwrite=True)
    with pytest.raises(ArgumentError, match="ends in"):
        diagram.save(tmp_path / "net.png")
    assert diagram._repr_svg_() == diagram.svg
    assert diagram.svg[-1000:] in diagram._repr_html_()
    assert repr(diagram).startswith("<Diagram as neurons, ")


def pictures():
    yield chapters().diagram(features=FEATURES, outputs=["MEDV"])
    yield network(Dense(3, "tanh", inputs=2), Dense(1, "sigmoid"),
                  loss=BinaryCrossEntropy()).diagram()  # fmt: skip
    yield network(Dense(2, "tanh", inputs=3), Dense(3, "linear")).diagram(
        features=NASTY, outputs=NASTY
    )
    yield network(Dense(2, "tanh", inputs=3), Dense(3, "linear")).diagram(
        "blocks", features=NASTY, outputs=["漢字" * 20, "W" * 40, "ﷺ" * 30]
    )
    yield network(Dense(256, "relu", inputs=784), Dense(128, "hard_swish"), Dense(10)).diagram()
    yield built(table(), 4).diagram()
    yield table().diagram()
    yield network(Concatenate([Dense(8, "relu"), Dense(4, "tanh")]), Dense(1)).diagram()
    yield network(*(Dense(64, "relu") for _ in range(9)), Dense(1)).diagram(inputs=1_000_000)


# What a browser measures of each text, and the boxes of the picture, by the corners.
MEASURE = """svg => {
  const corners = item => {
    const box = item.getBBox();
    return [box.x, box.y, box.x + box.width, box.y + box.height];
  };
  return {
    texts: [...svg.querySelectorAll("text")].map(item => [item.textContent, ...corners(item)]),
    boxes: [...svg.querySelectorAll("rect")].map(corners),
    drawn: corners(svg),
  };
}"""


def test_no_text_runs_out_of_its_box(open_page):
    drawn = list(pictures())
    page = open_page("<meta charset=utf-8>" + "\n".join(diagram.svg for diagram in drawn))
    figures = page.locator("svg").all()
    assert len(figures) == len(drawn)
    for figure in figures:
        found = figure.evaluate(MEASURE)
        whole = found["boxes"][0]
        assert all(inside(whole, box) for box in [*found["boxes"], found["drawn"]])
        for text, *place in found["texts"]:
            middle = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
            around = [box for box in found["boxes"] if inside(box, [*middle, *middle])]
            smallest = min(around, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
            assert inside(smallest, place), f"{text} runs out of its box"
        for one, two in zip(found["texts"], found["texts"][1:], strict=False):
            assert one[3] <= two[1] or two[3] <= one[1] or apart(one, two), f"{one} on {two}"


def inside(outer, inner):
    return (
        outer[0] <= inner[0] + 0.01
        and outer[1] <= inner[1] + 0.01
        and inner[2] <= outer[2] + 0.01
        and inner[3] <= outer[3] + 0.01
    )


def apart(one, two):
    return one[4] - 4 <= two[2] or two[4] - 4 <= one[2]


def test_colours_follow_the_reader(open_page):
    svg = chapters().diagram().svg
    seen = {}
    for scheme in ("light", "dark"):
        page = open_page(svg, color_scheme=scheme)
        seen[scheme] = [
            page.locator(f"svg .{name}").first.evaluate(
                f"item => getComputedStyle(item).{attribute}"
            )
            for name, attribute in (("paper", "fill"), ("ink", "fill"), ("minus", "stroke"))
        ]
    assert seen["light"] == ["rgb(253, 252, 250)", "rgb(34, 37, 43)", "rgb(200, 100, 27)"]
    assert seen["dark"] == ["rgb(22, 24, 28)", "rgb(228, 227, 223)", "rgb(224, 138, 69)"]


def test_the_command_draws_a_model(tmp_path, capsys):
    net = chapters()
    net.save(tmp_path / "net")
    place = tmp_path / "net.svg"
    assert run_command("show", tmp_path / "net", "--diagram", place) == 0
    assert "".join(capsys.readouterr().out.split()).endswith(f"Diagramwrittento{place}")
    drawn = lines_of(ElementTree.parse(place).getroot())
    assert [len(lines) for lines in drawn] == [169, 169, 13]
    assert run_command("show", tmp_path / "net", "--diagram", place) == 1
    assert "--force" in capsys.readouterr().err
    assert run_command("show", tmp_path / "net", "--json", "--diagram", place, "--force") == 0
    assert run_command("show", tmp_path / "net", "--diagram", tmp_path / "net.png") == 2
    assert "use one of .svg" in " ".join(capsys.readouterr().err.split())


def test_the_command_knows_the_columns_of_an_estimator(tmp_path):
    X = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=["rooms", "age", "price"])
    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=30, tol=1e9, random_state=0).fit(
        X, [1.0, 2.0, 3.0, 4.0]
    )
    model.save(tmp_path / "model")
    assert run_command("show", tmp_path / "model", "--diagram", tmp_path / "net.svg") == 0
    found = texts(ElementTree.parse(tmp_path / "net.svg").getroot())
    assert {"rooms", "age", "price", "dense_1"} <= set(found)


def run_command(*arguments):
    """Run the command in this process; return its exit status."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", ["glassbrick", *map(str, arguments)])
        main()
    return ended.value.code
