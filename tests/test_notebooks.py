"""Notebooks: one is executed, and what it shows is read as its readers read it."""

from __future__ import annotations

import json
import pickle
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import nbclient
import nbformat
import numpy as np
import pytest

import glassbrick as gb
from glassbrick import History, LiveCurve, MissingExtraError
from glassbrick.training.callbacks import live_curve
from networks import make_data, make_net, make_trainer, params_of, same_params

SVG = "{http://www.w3.org/2000/svg}"
EPOCHS = 6

CELLS = {
    "set up": """
        import json
        import numpy as np
        import glassbrick as gb
        rng = np.random.default_rng(0)
        X = rng.standard_normal((40, 3))
        y = X @ [1.0, 2.0, 3.0]
        net = gb.NeuralNetwork([gb.Dense(2, "tanh"), gb.Dense(1, "linear")], gb.Huber(), rng=0)
        net
    """,
    "live": """
        gb.LiveCurve._PAUSE = gb.LiveCurve._SHARE = 0.0  # each epoch is drawn
        trainer = gb.Trainer(net, gb.SGD(lr=0.05))
        history = trainer.fit(X[:30], y[:30], X[30:], y[30:], epochs=6, eval_every=1,
                              metrics=["mae"], verbose=False, callbacks=[gb.LiveCurve()])
    """,
    "history": "history",
    "network": "net",
    "diagram": "net.diagram(features=['a', 'b', 'c'])",
    "tape": """
        tape = trainer.explain(X[:4], y[:4])
        tape
    """,
    "widget": "tape.widget()",
    "failed": """
        try:
            other = gb.NeuralNetwork([gb.Dense(1, "linear")], gb.MeanSquaredError(), rng=0)
            gb.Trainer(other, gb.SGD(lr=1e60)).fit(X, y, callbacks=[gb.LiveCurve()])
        except gb.DivergenceError:
            pass
    """,
    "numbers": """
        print(json.dumps({"loss": history.loss, "val_loss": history.val_loss,
                          "val_mae": history["val_mae"], "best": history.best_epoch,
                          "weights": [param.tolist() for param in net.params()],
                          "verdict": tape.verdict, "total": tape.loss.total}))
    """,
}


class Reader(nbclient.NotebookClient):
    """Executes a notebook, and counts what the kernel says of each cell."""

    def process_message(self, msg, cell, cell_index):
        name = list(CELLS)[cell_index]
        self.said = [*getattr(self, "said", []), (name, msg["msg_type"])]
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def notebook():
    """The outputs of each cell, and which messages they came by."""
    dedented = {name: "\n".join(map(_dedent, code.splitlines())) for name, code in CELLS.items()}
    book = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, dedented.values())))
    reader = Reader(book, timeout=60, kernel_name="python3")
    reader.execute()
    outputs = dict(zip(CELLS, [cell.outputs for cell in book.cells], strict=True))
    numbers = json.loads(outputs["numbers"][0].text)
    return SimpleNamespace(outputs=outputs, said=reader.said, **numbers)


def _dedent(line):
    return line.removeprefix(" " * 8)


def html_of(notebook, name):
    """The HTML that a cell shows."""
    (output,) = notebook.outputs[name]
    return output.data["text/html"]


def picture(html):
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def texts(html):
    return [item.text for item in picture(html).iter(SVG + "text")]


def table(html):
    """A table as what its rows begin with, and the other cells."""
    inside = html[html.index("<tbody>") : html.index("</tbody>") + 8]
    rows = [[cell.text for cell in row] for row in ElementTree.fromstring(inside)]
    return {row[0]: row[1:] for row in rows}


def test_networks_show_themselves(notebook):
    before, after = html_of(notebook, "set up"), html_of(notebook, "network")
    assert "It has no parameters yet." in before
    assert {"dense_1", "Huber"} <= set(texts(before))
    lines = [
        item for item in picture(after).iter(SVG + "line") if item.find(SVG + "title") is not None
    ]
    weights = [*np.ravel(notebook.weights[0]), *np.ravel(notebook.weights[2])]
    shown = sorted(float(line.find(SVG + "title").text.split(": ")[1]) for line in lines)
    assert shown == pytest.approx(sorted(weights), rel=1e-3)
    assert "11 parameters, layer by layer" in after
    assert "<b>total</b>" in after or ">total<" in after
    assert "a" in texts(html_of(notebook, "diagram"))
    assert notebook.outputs["diagram"][0].data["image/svg+xml"].startswith("<svg")


def test_histories_show_themselves(notebook):
    html = html_of(notebook, "history")
    found = table(html)
    for name in ("loss", "val_loss", "val_mae"):
        values = getattr(notebook, name)
        assert found[name] == [f"{values[-1]:.6g}", f"{values[notebook.best - 1]:.6g}"]
    assert f"{EPOCHS} epochs in " in html
    assert ": completed." in html
    assert f"training {notebook.loss[-1]:.4g}" in texts(html)


def test_the_live_curve_is_updated_in_place_and_stays(notebook):
    """One output, updated after each epoch and at the end; it is then what the history shows."""
    said = [kind for name, kind in notebook.said if name == "live" and "display" in kind]
    assert said == ["display_data"] + ["update_display_data"] * (EPOCHS + 1)
    live, shown = html_of(notebook, "live"), html_of(notebook, "history")
    assert live.split("<p>")[1] == shown.split("<p>")[1]
    assert lines_of(live) == lines_of(shown)


def lines_of(html):
    return [item.get("d") for item in picture(html).iter(SVG + "path")]


def test_a_training_that_fails_leaves_its_curve(notebook):
    outputs = [out for out in notebook.outputs["failed"] if out.output_type == "display_data"]
    assert "Broken off after" in outputs[0].data["text/html"]


def test_a_saved_notebook_shows_the_page_of_a_tape(notebook, open_page):
    html = html_of(notebook, "tape")
    page = open_page(f"<meta charset=utf-8><h1>A notebook</h1>{html}")
    frame = page.frame_locator("iframe")
    assert notebook.verdict in frame.locator(".summary").inner_text()
    assert frame.locator("h1").inner_text() == "One training step"
    frame.locator("figure").first.wait_for()
    page.locator("iframe").focus()
    before = frame.locator(".scene").get_attribute("data-step")
    frame.locator("body").press("ArrowRight")
    frame.locator(f".scene:not([data-step='{before}'])").wait_for(timeout=5000)
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None, "sandboxed"


def test_a_widget_shows_the_page_and_leaves_the_keys_of_the_notebook_alone(notebook, open_page):
    (output,) = notebook.outputs["widget"]
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert output.data["text/plain"].startswith("<Widget of <Tape of 6 steps")
    widget = make_net().explain(*make_data(4)).widget()
    page = open_page("<meta charset=utf-8><p>A notebook</p><div><div id=cell></div></div>")
    page.evaluate(
        """async ([code, data]) => {
          const place = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const { default: widget } = await import(place);
          const el = document.getElementById("cell");
          window.keys = 0;
          document.addEventListener("keydown", () => window.keys++);
          window.leave = widget.render({ model: { get: () => data }, el });
        }""",
        [widget._esm, widget.data],
    )
    page.locator("#cell figure").first.wait_for()
    assert "gradients right" in page.locator("#cell .summary").inner_text()
    before = page.locator("#cell .scene").get_attribute("data-step")
    page.locator("#cell .controls button").last.press("ArrowRight")
    page.locator(f"#cell .scene:not([data-step='{before}'])").wait_for(timeout=5000)
    assert page.evaluate("window.keys") == 0
    page.evaluate("window.leave()")
    assert page.locator("#cell figure").count() == 0


def test_a_widget_needs_anywidget(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtraError, match=r"glassbrick\[notebook\]"):
        make_net().explain(*make_data(4)).widget()


def test_a_page_too_long_for_a_notebook_is_not_put_there(monkeypatch):
    monkeypatch.setattr("glassbrick.tape.in_notebook._MOST", 10_000)
    html = make_net().explain(*make_data(4))._repr_html_()
    assert "<iframe" not in html
    assert "dense_1.weight_multiply" in html
    assert 'tape.to_html("step.html")' in html


class Screen:
    """Stands for a notebook: keeps what is displayed, and when."""

    def __init__(self, monkeypatch, drawing=0.0):
        self.now, self.shown = 0.0, []
        self.drawing = drawing
        shown = SimpleNamespace(display=self.display)
        monkeypatch.setitem(sys.modules, "IPython.display", shown)
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=shown))
        monkeypatch.setattr(live_curve, "_is_in_notebook", lambda: True)
        monkeypatch.setattr(live_curve.time, "monotonic", lambda: self.now)

    def display(self, shown, display_id):
        self.update(shown)
        return self

    def update(self, shown):
        self.now += self.drawing
        self.shown.append((self.now, shown._repr_html_()))


class Clock(gb.Callback):
    """An epoch takes so long."""

    is_spectator = True

    def __init__(self, screen, seconds):
        self.screen, self.seconds = screen, seconds

    def on_epoch_end(self, epoch, logs=None):
        self.screen.now += self.seconds


@pytest.mark.parametrize(("drawing", "pause"), [(0.001, 0.25), (0.1, 3.0)])
def test_it_is_drawn_seldom(monkeypatch, drawing, pause):
    """Of 1000 epochs of 10 ms each, some: four a second, or fewer where drawing is slow."""
    screen = Screen(monkeypatch, drawing)
    X, y = make_data()
    make_trainer().fit(
        X, y, epochs=1000, verbose=False, callbacks=[Clock(screen, 0.01), LiveCurve()]
    )
    _, *rest, _ = [when for when, _ in screen.shown]
    assert min(np.diff(rest)) >= pause
    assert len(rest) == pytest.approx(10 / pause, abs=1.5 + 0.1 / pause)
    assert drawing * len(rest) < 0.05 * 10


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_it_changes_nothing(monkeypatch, engine):
    X, y = make_data()
    trainers = [make_trainer(engine=engine) for _ in range(2)]
    trainers[0].fit(X, y, X, y, epochs=7, verbose=False)
    screen = Screen(monkeypatch)
    trainers[1].fit(X, y, X, y, epochs=7, verbose=False, callbacks=[LiveCurve()])
    assert same_params(*(params_of(trainer.net) for trainer in trainers))
    assert table(screen.shown[-1][1])["loss"][0] == f"{trainers[0].history.loss[-1]:.6g}"
    assert LiveCurve.is_spectator


def test_it_says_how_far_it_is(monkeypatch):
    screen = Screen(monkeypatch)
    monkeypatch.setattr(LiveCurve, "_PAUSE", 0.0)
    X, y = make_data()
    trainer, callback = make_trainer(), LiveCurve()
    trainer.fit(X, y, epochs=2, verbose=False, callbacks=[callback])
    trainer.fit(X, y, epochs=2, verbose=False, restart=False, callbacks=[callback])
    captions = [html.split("<p>")[1].split("</p>")[0] for _, html in screen.shown]
    assert captions[:3] == ["The first epoch.", "Epoch 1 of 2.", "Epoch 2 of 2."]
    assert captions[3].startswith("2 epochs in ")
    assert captions[5:7] == ["Epoch 3 of 4.", "Epoch 4 of 4."]
    assert pickle.loads(pickle.dumps(callback))._update is None


def test_outside_of_notebooks_nothing_is_shown(capsys):
    X, y = make_data()
    make_trainer().fit(X, y, epochs=2, verbose=False, callbacks=[LiveCurve()])
    assert capsys.readouterr().out == ""


def test_curves_of_all_kinds():
    """Gaps where there is no number, few points of many epochs, and scales for all sizes."""
    assert "no epoch yet" in History()._repr_html_()
    history = History()
    history.record(3.0, None)
    assert picture(history._repr_html_())
    gaps = [1.0, np.nan, 2.0, np.inf, -3.0, 4.0]
    history = History(loss=gaps, val_loss=[np.nan] * 6)
    (loss, empty) = lines_of(history._repr_html_())
    assert (loss.count("M"), loss.count("L"), empty) == (3, 1, "")
    many = 10.0 ** np.linspace(3, -3, 20_000)
    many[1234] = 1e5
    html = History(loss=many.tolist())._repr_html_()
    (line,) = lines_of(html)
    assert 300 <= line.count("L") <= 601
    assert {"0.001", "0.1", "10", "1,000", "100,000", "10,000"} <= set(texts(html))
    heights = [float(point.split()[1]) for point in points(line)]
    assert heights.count(min(heights)) == 1, "the one large value is among the few points"
    for values in ([5.0] * 30, [1e300, -1e300], [1e-300, 2e-300], [0.0, 0.0]):
        assert picture(History(loss=values)._repr_html_())


def points(line):
    steps = line.replace("M", " ").replace("L", " ").split()
    return [f"{x} {y}" for x, y in zip(steps[::2], steps[1::2], strict=True)]


def test_the_best_epoch_is_marked_in_its_place():
    history = History(loss=[3.0, 2.0, 1.0, 0.5], val_loss=[4.0, 3.0, 3.5, 3.75], best_epoch=2)
    root = picture(history._repr_html_())
    dot = next(item for item in root.iter(SVG + "circle") if item.get("class") == "best")
    path = next(item for item in root.iter(SVG + "path") if item.get("class") == "validation")
    assert points(path.get("d"))[1] == f"{float(dot.get('cx')):.1f} {float(dot.get('cy')):.1f}"
    assert "best 3, epoch 2" in [item.text for item in root.iter(SVG + "text")]


MEASURE = """svg => {
  const corners = item => {
    const box = item.getBBox();
    return [box.x, box.y, box.x + box.width, box.y + box.height];
  };
  return [[...svg.querySelectorAll("text")].map(item => [item.textContent, ...corners(item)]),
          corners(svg.querySelector("rect"))];
}"""


def test_no_text_of_the_curves_runs_into_another(open_page):
    histories = [
        History(loss=[1e300, 1.0], val_loss=[-1e300, 2.0], best_epoch=1),
        History(loss=[1e-5 + 1e-12 * i for i in range(30)], metrics={"W" * 50: list(range(30))}),
        History(loss=[10.0**-i for i in range(60)], val_loss=[1.0] * 60, best_epoch=60),
        History(loss=list(range(1, 1_000_00))),
    ]
    page = open_page("<meta charset=utf-8>" + "".join(h._repr_html_() for h in histories))
    for figure in page.locator("svg").all():
        found, whole = figure.evaluate(MEASURE)
        for number, (text, *box) in enumerate(found):
            assert whole[0] <= box[0] <= box[2] <= whole[2], text
            for other, *its in found[:number]:
                is_apart = box[2] <= its[0] or its[2] <= box[0]
                assert is_apart or box[3] - 3 <= its[1] or its[3] - 3 <= box[1], (text, other)
