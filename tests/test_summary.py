"""The summary of a network: right numbers, a table of 80 columns, and nothing changed by it."""

from __future__ import annotations

from io import StringIO
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from glassbrick import (
    ArgumentError,
    ArgumentTypeError,
    Dense,
    Layer,
    Lookup,
    MeanSquaredError,
    NeuralNetwork,
    NotReadyError,
    Operation,
    Residual,
    ShapeError,
    SummaryRow,
    WeightMultiply,
)
from networks import make_data, make_net, params_of, same_params


class Outer(Operation):
    """All products of two numbers of a row: with a cost of its own, and another shape."""

    def _output(self):
        return self.input_[:, :, None] * self.input_[:, None, :]

    def _input_grad(self, output_grad):
        return output_grad.sum(axis=1)

    def multiply_adds(self):
        return self.output[0].size


class Lazy(Layer):
    """A layer that leaves one of its operations out."""

    def _setup_layer(self, input_):
        self.operations = [WeightMultiply(np.ones((input_.shape[1], self.neurons))), Outer()]

    def forward(self, input_):
        super().forward(input_)
        self.operations[1].release()
        return self.operations[0].output


def network(*layers):
    return NeuralNetwork(list(layers), MeanSquaredError(), rng=0)


def find(summary, name):
    (row,) = [row for row in summary.rows if row.name == name]
    return row


def test_each_row():
    net = network(Dense(4, "tanh", inputs=3), Dense(2, "linear"))
    summary = net.summary()
    assert summary.rows == (
        SummaryRow("dense_1", "Dense", 0, (4,), 16, 128, 16),
        SummaryRow("dense_1.weight_multiply", "WeightMultiply", 1, (4,), 12, 96, 12),
        SummaryRow("dense_1.bias_add", "BiasAdd", 1, (4,), 4, 32, 4),
        SummaryRow("dense_1.tanh", "Tanh", 1, (4,), 0, 0, 0),
        SummaryRow("dense_2", "Dense", 0, (2,), 10, 80, 10),
        SummaryRow("dense_2.weight_multiply", "WeightMultiply", 1, (2,), 8, 64, 8),
        SummaryRow("dense_2.bias_add", "BiasAdd", 1, (2,), 2, 16, 2),
        SummaryRow("dense_2.linear", "Linear", 1, (2,), 0, 0, 0),
    )
    assert summary.layers == (summary.rows[0], summary.rows[4])
    assert (summary.parameters, summary.bytes, summary.multiply_adds) == (26, 208, 26)
    assert (summary.inputs, summary.dtype, summary.loss) == (3, "float64", "MeanSquaredError")
    assert summary.title == "NeuralNetwork: 3 features, float64, MeanSquaredError"


def test_totals_equal_pytorchs():
    torch = pytest.importorskip("torch")
    widths = (7, 30, 20, 3)
    pairs = list(pairwise(widths))
    theirs = torch.nn.Sequential(*(torch.nn.Linear(a, b) for a, b in pairs))
    summary = network(*(Dense(b) for _, b in pairs)).summary(inputs=7)
    assert summary.parameters == sum(p.numel() for p in theirs.parameters())
    assert [row.parameters for row in summary.layers] == [
        sum(p.numel() for p in layer.parameters()) for layer in theirs
    ]


def test_totals_are_those_of_the_parameters():
    net = make_net(outputs=2)
    net.build(6, np.float32)
    summary = net.summary()
    assert summary.dtype == "float32"
    assert summary.parameters == sum(param.size for param in net.params())
    assert summary.bytes == sum(param.nbytes for param in net.params())


def test_looking_up_multiplies_nothing():
    table = Lookup(np.ones((4, 2)))
    table.forward(np.zeros((1, 1)))
    assert table.multiply_adds() == 0


def test_layers_in_layers_are_indented_and_counted_once():
    net = network(Dense(4, inputs=3), Residual([Dense(5), Dense(4)]), Dense(1))
    net.build(3)
    summary = net.summary()
    residual = find(summary, "residual_1")
    assert (residual.depth, residual.output_shape) == (0, (4,))
    children = [
        row for row in summary.rows if row.name.startswith("residual_1.") and row.depth == 1
    ]
    assert [row.name for row in children] == ["residual_1.dense_1", "residual_1.dense_2"]
    assert residual.parameters == sum(row.parameters for row in children) == 4 * 5 + 5 + 5 * 4 + 4
    assert residual.bytes == 8 * residual.parameters
    assert find(summary, "residual_1.dense_2.weight_multiply").depth == 2
    assert summary.parameters == sum(param.size for param in net.params())
    lines = str(summary).splitlines()
    (line,) = [line for line in lines if line.startswith("residual_1")]
    following = lines[lines.index(line) + 1 :]
    assert following[0].startswith("  dense_1 ")
    assert following[1].startswith("    weight_multiply ")


def test_an_operation_may_say_what_it_costs():
    layer = Dense(3, Outer(), inputs=2)
    summary = network(layer).summary()
    outer = find(summary, "dense_1.outer")
    assert (outer.output_shape, outer.multiply_adds) == ((3, 3), 9)
    assert summary.multiply_adds == 2 * 3 + 3 + 9
    assert "3x3" in str(summary)


def test_an_operation_that_does_not_run_has_no_shape():
    row = find(network(Lazy(2, inputs=3)).summary(), "lazy_1.outer")
    assert (row.output_shape, row.multiply_adds) == (None, 0)


def test_before_data_it_says_how():
    net = make_net()
    with pytest.raises(NotReadyError, match=r"summary\(inputs=13\).*net\.build\(13\)"):
        net.summary()
    assert net.summary(inputs=3).inputs == 3
    assert not net.is_built
    for wrong, kind in ((0, ArgumentError), (2.5, ArgumentTypeError)):
        with pytest.raises(kind, match=r"summary, inputs: expected a whole number"):
            net.summary(inputs=wrong)


def test_other_inputs_leave_the_network_as_it_is():
    net = make_net()
    net.build(3, np.float32)
    before = params_of(net)
    assert net.summary(inputs=3) == net.summary()
    other = net.summary(inputs=7)
    assert (other.inputs, other.dtype) == (7, "float32")
    assert other.parameters == net.summary().parameters + 4 * 5
    assert net.layers[0].shape == (3,)
    assert same_params(params_of(net), before)
    fixed = network(Dense(2, inputs=3))
    with pytest.raises(ShapeError, match="3 features"):
        fixed.summary(inputs=4)


@pytest.mark.parametrize("source", [{"rng": 0}, {"seed": 3}])
def test_no_random_number_is_used_up(source):
    first, second = make_net(**source), make_net(**source)
    first.summary(inputs=3)
    for net in (first, second):
        net.build(3)
    assert same_params(params_of(first), params_of(second))


def test_the_last_batch_is_kept():
    net = make_net()
    X, y = make_data(rows=5)
    net.train_batch(X, y)
    grads = [grad.copy() for grad in net.param_grads()]
    net.summary()
    assert net.layers[0].input_ is X
    net.backward(net.loss.backward())
    assert same_params(grads, list(net.param_grads()))


def test_text_fits_80_columns():
    wide = network(Dense(4096, "relu", inputs=1000), Dense(10, "linear")).summary()
    nested = network(Dense(4, inputs=3), Residual([Residual([Dense(5), Dense(4)])])).summary()
    for summary in (wide, nested):
        lines = str(summary).splitlines()
        assert max(map(len, lines)) <= 80
        assert str(summary).isascii()
        assert repr(summary) == str(summary)
        assert not any(line.endswith(" ") for line in lines)
    cells = [line.split() for line in str(wide).splitlines()]
    whole = 1000 * 4096 + 4096 + 40960 + 10
    share = f"{100 * (1000 * 4096 + 4096) / whole:.1f}%"
    layer = ["dense_1", "4096", "4,100,096", share, "32.8", "MB", "4,100,096", share]
    assert layer in cells
    assert ["bias_add", "10", "10", "<0.1%", "80", "B", "10", "<0.1%"] in cells
    assert ["relu", "4096", "-", "-", "-", "-", "-"] in cells
    assert ["total", f"{whole:,}", "33.1", "MB", f"{whole:,}"] in cells


def test_text_does_not_depend_on_where_it_is_made(monkeypatch):
    summary = make_net().summary(inputs=3)
    expected = str(summary)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert str(summary) == expected


def test_a_network_without_parameters():
    class Doubling(Operation):
        def _output(self):
            return 2.0 * self.input_

        def _input_grad(self, output_grad):
            return 2.0 * output_grad

    class Double(Layer):
        def _setup_layer(self, input_):
            self.operations = [Doubling()]

    summary = network(Double(3, inputs=3)).summary()
    assert summary.parameters == 0
    assert ["double_1", "3", "-", "-", "-", "-", "-"] in [
        s.split() for s in str(summary).split("\n")
    ]
    ElementTree.fromstring(f"<div>{summary._repr_html_()}</div>")


def test_rich_prints_it():
    from rich.console import Console

    summary = make_net().summary(inputs=3)
    text = StringIO()
    Console(file=text, width=80, color_system="standard", force_terminal=True).print(summary)
    assert "\x1b[1mdense_1" in text.getvalue()


def test_html_for_notebooks():
    summary = make_net().summary(inputs=3)
    page = ElementTree.fromstring(f"<div>{summary._repr_html_()}</div>")  # which is well-formed
    rows = [["".join(cell.itertext()) for cell in row] for row in page.iter("tr")]
    assert len(rows) == 1 + len(summary.rows) + 1
    assert rows[0][:3] == ["layer", "output", "parameters"]
    whole = summary.parameters
    assert rows[1] == ["dense_1", "5", "20", f"{2000 / whole:.1f}%", "160 B", "20", rows[1][3]]
    assert rows[-1][2] == f"{whole}"
    bar = next(page.iter("tbody"))[0][3].get("style")
    assert f" {2000 / whole:.1f}%, transparent" in bar
    names = [row[0].get("style") for row in next(page.iter("tbody"))]
    assert "padding-left: 0.5em" in names[0]
    assert "padding-left: 2.0em" in names[1]
