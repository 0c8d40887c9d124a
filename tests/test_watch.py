"""Watching a training: the page tells what the history knows, and training does not notice."""

from __future__ import annotations

import copy
import http.client
import io
import json
import pickle
import re
import socket
import sys
import threading
from urllib.parse import urlsplit

import numpy as np
import pytest

from glassbrick import (
    LBFGS,
    SGD,
    Adam,
    ArgumentError,
    ArgumentTypeError,
    BatchNorm,
    Dense,
    DivergenceError,
    Dropout,
    EarlyStopping,
    FileError,
    LambdaCallback,
    MeanSquaredError,
    MissingExtraError,
    NeuralNetwork,
    NotReadyError,
    Trainer,
    Watch,
)
from glassbrick.training.watching import pace as pace_module
from glassbrick.training.watching.pace import Pace
from glassbrick.training.watching.record import FitRecord
from networks import params_of, same_params

RNG = np.random.default_rng(0)
X = RNG.standard_normal((150, 4))
Y = np.sin(X[:, :1]) + X[:, 1:2] + 0.1 * RNG.standard_normal((150, 1))
DATA = X[:100], Y[:100], X[100:], Y[100:]
PATIENT = {"timeout": 20_000}


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch):
    """Looks count as quick, however busy the machine is: the first ones are then all taken."""
    monkeypatch.setattr(pace_module, "_FREE", 60.0)


@pytest.fixture
def watch():
    """One that serves a page, without a word."""
    watching = Watch(title="A <b>training</b>", verbose=False)
    yield watching
    watching.shut_down()


def network():
    layers = [Dense(6, "tanh"), BatchNorm(), Dropout(0.2), Dense(1, "linear")]
    return NeuralNetwork(layers, MeanSquaredError(), rng=0)


def fit(*callbacks, net=None, optim=None, engine="numpy", **options):
    trainer = Trainer(net or network(), optim or Adam(0.01), engine=engine)
    options = {"epochs": 20, "patience": None, "metrics": ["mae"], "verbose": False} | options
    return trainer, trainer.fit(*DATA, callbacks=[*callbacks], **options)


def ask(watch, path="", **headers):
    """Ask the server for something; headers may lie."""
    address = urlsplit(watch.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    connection.request("GET", address.path + path, headers={"Connection": "close", **headers})
    return connection.getresponse()


def answer_to(watch, path="", **headers):
    """Ask, and read the answer: status, headers, text."""
    with ask(watch, path, **headers) as answer:
        return answer.status, answer.headers, answer.read().decode()


class Reader(threading.Thread):
    """Reads a stream to its end, as a browser does, and puts the news together."""

    def __init__(self, watch):
        super().__init__(daemon=True)
        self.answer, self.has_news = ask(watch, "events"), threading.Event()
        self.fits, self.kinds = [], []
        self.start()

    def run(self):
        kind = "message"
        for line in self.answer:  # which closes itself at the end
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
                self.kinds.append(kind)
            elif name == "data" and kind == "message":
                self.take(json.loads(value))
                self.has_news.set()
            elif not name:
                kind = "message"

    def take(self, news):
        for told in news["fits"]:
            if told["fit"] == len(self.fits):
                self.fits.append({"series": {}, "looks": [], "remarks": [], **told})
                continue
            known = self.fits[told["fit"]]
            assert told["from"] == len(known["series"].get("loss", []))
            for name, values in told["series"].items():
                known["series"].setdefault(name, []).extend(values)
            known["looks"] += told["looks"]
            known["remarks"] += told["remarks"]
            known["state"] = told["state"]


def at_epoch(number, act):
    return LambdaCallback(on_epoch_end=lambda epoch, logs: act() if epoch == number else None)


def test_readers_early_and_late_are_told_what_the_history_knows(watch):
    readers = []

    def join():
        readers.append(Reader(watch))
        assert readers[-1].has_news.wait(20)

    _, history = fit(watch, at_epoch(1, join), at_epoch(15, join))
    watch.shut_down()
    for reader in readers:
        reader.join(20)
        assert reader.kinds == ["start", "over"]
        (told,) = reader.fits
        assert told["series"] == history.history
        assert [look["epoch"] for look in told["looks"]][:4] == [0, 1, 2, 3]
        assert told["looks"][-1]["epoch"] == 20
        state = told["state"]
        assert (state["epochs"], state["until"], state["running"]) == (20, 20, False)
        assert (state["reason"], state["best"]) == ("completed", history.best_epoch)


def test_a_look_tells_what_a_step_does():
    watch, seen = Watch(port=None), []

    def remember():
        net, optim = copy.deepcopy((watch.net, watch.trainer.optim))
        net.train_batch(*DATA[:2])  # all rows, as there are fewer than are looked at
        before = params_of(net)
        optim.step()
        seen.append((net, before, params_of(net)))

    fit(watch, at_epoch(2, remember), epochs=2)
    look = watch._record.whole()["fits"][0]["looks"][-1]
    ((net, before, after),) = seen
    facts = watch._record.fits[0].facts
    assert [name for name, _ in facts["layers"]] == [layer.name for layer in net.layers]
    rms = [np.sqrt(np.mean(np.square(array))) for array in before]
    moved = [np.sqrt(np.mean(np.square(b - a))) for a, b in zip(before, after, strict=True)]
    weights = [number for number, array in enumerate(before) if array.shape[0] > 1]
    np.testing.assert_allclose(look["updates"], [moved[n] / rms[n] for n in weights], rtol=1e-4)
    outputs = [layer.output for layer in net.layers]
    assert len(look["outputs"]) == len(outputs)
    for (mean, deviation, norm, *quantiles), output in zip(look["outputs"], outputs, strict=True):
        np.testing.assert_allclose(mean, output.mean(), rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(deviation, output.std(), rtol=1e-4)
        np.testing.assert_allclose(norm, np.linalg.norm(output), rtol=1e-4)
        exact = np.quantile(output, [0.05, 0.25, 0.5, 0.75, 0.95], method="nearest")
        np.testing.assert_allclose(quantiles, exact, rtol=1e-4, atol=0.02)
    grads = [grad for grad in net.param_grads() if grad.shape[0] > 1]
    np.testing.assert_allclose(
        [told[2] for told in look["gradients"]], [np.linalg.norm(g) for g in grads], rtol=1e-4
    )


def test_training_does_not_notice(engine):
    def parameters(*callbacks):
        trainer, history = fit(*callbacks, engine=engine, epochs=12)
        return params_of(trainer.net), history

    (alone, first), (watched, second) = parameters(), parameters(Watch(port=None))
    assert same_params(alone, watched)
    assert first.history == second.history


def test_a_compiled_engine_runs_ahead():
    watch, calls = Watch(port=None), []
    until = 400
    net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
    trainer = Trainer(net, SGD(0.01), engine="xla")
    ahead = LambdaCallback()
    ahead.is_spectator = True
    spy = watch.look_after
    watch.look_after = lambda: calls.append(spy()) or calls[-1]
    options = {"epochs": until, "eval_every": until, "patience": None, "verbose": False}
    trainer.fit(*DATA[:2], callbacks=[watch, ahead], **options)
    looks = [look["epoch"] for look in watch._record.fits[0].looks]
    assert looks[:4] == [0, 1, 2, 3]
    assert looks[-1] == until
    assert len(looks) < until / 4
    assert max(calls) > 10  # epochs that nobody had to look at
    assert len(calls) < until / 4


def test_looks_take_no_more_than_their_share_of_the_time(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(pace_module, "_FREE", 0.02)
    monkeypatch.setattr(pace_module.time, "perf_counter", lambda: clock[0])
    for an_epoch, a_look in ((0.001, 0.002), (0.01, 0.5), (5.0, 0.1), (0.0001, 0.0001)):
        pace = Pace(share=0.01, every=0.25)
        clock[0] = spent = 0.0
        pace.begin(0, a_look)
        epoch = due = looks = 0
        while clock[0] < 120.0 * max(an_epoch, 1.0):
            if epoch == due:
                due = epoch + pace.epochs_left(epoch)
            epoch += 1
            clock[0] += an_epoch
            if epoch == due and pace.is_due(epoch, is_last=clock[0] > 119.0):
                clock[0] += a_look
                spent, looks = spent + a_look, looks + 1
                pace.looked(epoch, a_look)
        assert spent <= 0.01 * clock[0] + 4.0 * a_look  # the first ones, and the last
        if a_look < 0.0025 and an_epoch < 0.25:
            assert looks > 0.7 * clock[0] / 0.25  # and no rarer than need be


def test_looks_are_forgotten_evenly_when_there_are_many():
    watch = Watch(port=None)
    fit(watch, epochs=1)
    first = watch._record.fits[0]
    record, look = FitRecord({}, first.history, 5000), watch._look
    watch._rows = DATA[:2]
    looked = look()
    epoch, step = 0, 1
    while epoch < 3000:
        step *= 2 if record.add(epoch, looked) else 1
        epoch += step
    epochs = [look["epoch"] for look in record.looks]
    assert step == 8
    assert 200 <= len(epochs) <= 400
    assert epochs[0] == 0
    assert max(np.diff(epochs)) <= 2 * step


def test_several_fits_are_told_apart(watch):
    fit(watch)
    trainer, history = fit(copy.deepcopy(watch), epochs=5)
    trainer.fit(*DATA, epochs=3, restart=False, callbacks=[watch], verbose=False, patience=None)
    told = watch._record.whole()["fits"]
    assert [fit["state"]["epochs"] for fit in told] == [20, 8]
    assert told[1]["series"]["loss"][:5] == history.loss
    assert told[1]["series"]["val_mae"][5:] == [None] * 3  # not followed then; NaN is no JSON
    looked_at = {look["epoch"] for look in told[1]["looks"]}
    assert looked_at | {4} == {*range(9)}  # the first three of each, and the last
    assert len(watch.reports) == 2


def test_a_copy_in_another_process_serves_nothing():
    watch = Watch(verbose=False)
    fit(watch)
    address = watch.url
    assert pickle.loads(pickle.dumps(watch)).port is None
    watch.shut_down()
    assert watch.url != address  # served anew, with another secret
    watch.shut_down()


def test_only_this_computer_is_answered_by_its_name(watch):
    fit(watch)
    port = urlsplit(watch.url).port
    assert watch.url.startswith("http://127.0.0.1:")
    status, headers, text = answer_to(watch)
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "A \\u003cb>training" in text
    assert answer_to(watch, Host=f"localhost:{port}")[0] == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", ""):
        for path in ("", "events"):
            assert answer_to(watch, path, Host=host)[0] == 400
    assert answer_to(watch, "../")[0] == 404
    headers = answer_to(watch, Origin="http://evil.example")[1]
    assert "Access-Control-Allow-Origin" not in headers
    with socket.socket() as outside:  # another address of this computer is not listened at
        assert outside.connect_ex(("127.0.0.2", port)) != 0


def test_what_cannot_be_is_refused(tmp_path):
    for port in (-1, 65536):
        with pytest.raises(ArgumentError, match="Watch, port"):
            Watch(port)
    for arguments in ({"port": "80"}, {"port": True}, {"title": 3}, {"verbose": 1}):
        with pytest.raises(ArgumentTypeError, match="Watch, "):
            Watch(**arguments)
    watch = Watch(port=None)
    with pytest.raises(NotReadyError, match="port=None"):
        watch.url  # noqa: B018
    with pytest.raises(NotReadyError, match="no fit has begun"):
        watch.save(tmp_path / "run.html")
    fit(watch, epochs=1)
    path = watch.save(tmp_path / "run.html")
    with pytest.raises(FileError, match="overwrite=True"):
        watch.save(path)
    with pytest.raises(ArgumentTypeError, match=r"Watch\.save"):
        watch.save(3)


def test_a_port_in_use_is_told_before_training():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        net = network()
        with pytest.raises(ArgumentError, match=f"a free port; received {port} .*port=0"):
            fit(Watch(port, verbose=False), net=net)


@pytest.mark.parametrize("package", ["starlette.applications", "uvicorn"])
def test_the_extra_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'glassbrick\[watch\]'"):
        fit(Watch(verbose=False))
    fit(Watch(port=None), epochs=1)  # which needs nothing


def test_an_address_is_printed_once(capsys, monkeypatch):
    monkeypatch.setattr("glassbrick.training.callbacks.watch._GONE", 0.2)
    watch = Watch()
    fit(watch, epochs=1)
    fit(watch, epochs=1)
    assert capsys.readouterr().out == f"Watch: {watch.url}\n"
    watch.wait()  # nobody reads
    watch.shut_down()


def test_divergence_is_told():
    watch = Watch(port=None)
    with pytest.raises(DivergenceError) as diverged:
        fit(watch, optim=SGD(1e200), metrics=[])
    state = watch._record.whole()["fits"][0]["state"]
    assert (state["reason"], state["running"]) == ("diverged", False)
    assert state["error"] == str(diverged.value)


def test_lbfgs_is_watched_too():
    pytest.importorskip("scipy")
    watch = Watch(port=None)
    net = NeuralNetwork([Dense(4, "tanh"), Dense(1, "linear")], MeanSquaredError(), rng=0)
    fit(watch, net=net, optim=LBFGS())
    told = watch._record.whole()["fits"][0]
    assert told["looks"][-1]["updates"] == []
    assert told["looks"][-1]["epoch"] > 3


# The page


def number(text):
    return float(text.replace("\u2212", "-"))


def shown(page, chart):
    """Return what a chart's legend says: names and numbers."""
    figure = page.locator("figure", has=page.locator(f'.title:text-is("{chart}")')).first
    entries = figure.locator(".entry").all_inner_texts()
    return {text.rsplit(" ", 1)[0].strip(): number(text.rsplit(" ", 1)[1]) for text in entries}


def to_five(value):
    return float(f"{value:.5g}")


def test_a_saved_page_replays_the_history(open_page, tmp_path):
    watch = Watch(port=None, title="A run")
    stopping = EarlyStopping("val_mae", patience=None)
    _, history = fit(watch, stopping, epochs=30)
    page = open_page(watch.save(tmp_path / "run.html").read_text())
    assert page.locator("h1").inner_text() == "A run"
    best = f"Completed after 30 epochs, .* Best: epoch {history.best_epoch}"
    assert re.search(best, page.locator(".status .progress").inner_text())
    assert f"best: epoch {history.best_epoch}" in page.locator("svg").first.text_content()
    slider = page.get_by_role("slider", name="Epoch")
    looks = watch._record.fits[0].looks
    for epoch in (30, 1, 17):
        slider.fill(str(epoch))
        assert slider.get_attribute("aria-valuetext") == f"epoch {epoch} of 30"
        losses = shown(page, "Loss, MeanSquaredError")
        assert losses == {
            "training": to_five(history.loss[epoch - 1]),
            "validation": to_five(history.val_loss[epoch - 1]),
        }
        assert shown(page, "mae") == {"validation": to_five(history["val_mae"][epoch - 1])}
        assert shown(page, "Learning rate") == {"rate": to_five(history["lr"][epoch - 1])}
        look = max((look for look in looks if look["epoch"] <= epoch), key=lambda look: look["k"])
        norm = look["gradients"][0][2]
        assert shown(page, "Norm of gradient") == {"norm": float(f"{norm:.3g}")}
        cells = page.locator("tbody tr").first.locator("td").all_inner_texts()
        mean, deviation = look["outputs"][0][:2]
        assert [number(part) for part in cells[0].split(" ± ")] == [
            float(f"{mean:.3g}"),
            float(f"{deviation:.3g}"),
        ]
        assert number(cells[2].split()[0]) == float(f"{look['updates'][0]:.2g}")


def test_the_replay_goes_by_keys(open_page, tmp_path):
    watch = Watch(port=None)
    fit(watch, epochs=30)
    page = open_page(watch.save(tmp_path / "run.html").read_text())
    epoch = page.locator(".replay output")
    while epoch.inner_text() != "epoch 0 of 30":  # until the page heeds keys
        page.keyboard.press("Home")
    for key, said in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 30)):
        page.keyboard.press(key)
        page.locator("output", has_text=f"epoch {said} of 30").wait_for(**PATIENT)
    page.clock.install()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for(**PATIENT)
    seen = set()
    while page.get_by_role("button", name="Pause").count():
        page.clock.run_for(50)
        seen.add(epoch.inner_text())
    assert len(seen) > 10  # on its way to the end
    page.locator("output", has_text="epoch 30 of 30").wait_for(**PATIENT)
    box = page.get_by_label("logarithmic losses")
    drawn = page.locator("svg path.line").first
    before = drawn.get_attribute("d")
    box.click()
    assert drawn.get_attribute("d") != before


# Least contrast of texts with the page, what has no name, and what is wider than the window.
LOOKED_AT = """() => {
  const root = document.getElementById("page").shadowRoot;
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (color) => channels(color).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const page = getComputedStyle(root.host).backgroundColor;
  const found = [...root.querySelectorAll("main *")].flatMap((element) => {
    const said = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!said || element.closest("button, select, .unseen")) return [];
    const style = getComputedStyle(element);
    const [a, b] = [light(element instanceof SVGElement ? style.fill : style.color), light(page)];
    return [[(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent]];
  });
  const contrast = found.reduce((least, some) => (some[0] < least[0] ? some : least));
  const wide = document.documentElement.scrollWidth - innerWidth;
  const names = root.querySelectorAll("button, input, select, summary");
  const unnamed = [...names].filter((e) => !(e.ariaLabel || e.labels?.length || e.textContent));
  return { contrast, wide, unnamed: unnamed.length };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_can_be_read_by_day_and_night_and_on_a_phone(open_page, tmp_path, scheme):
    watch = Watch(port=None)
    fit(watch, epochs=5)
    fit(watch, net=NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0), optim=SGD(1e-9))
    text = watch.save(tmp_path / "run.html").read_text()
    for width in (360, 1280):
        viewport = {"width": width, "height": 800}
        page = open_page(text, color_scheme=scheme, viewport=viewport)
        for chosen in ("0", "1"):
            page.get_by_label("Fit").select_option(chosen)
            found = page.evaluate(LOOKED_AT)
            assert found["contrast"][0] >= 4.5, found
            assert (found["wide"], found["unnamed"]) == (0, 0)
        assert page.locator(".doctor .warning").count() > 0


def test_a_page_is_live_then_keeps_what_it_was_told(watch, browser):
    reached, go_on = threading.Event(), threading.Event()

    def hold():
        reached.set()
        assert go_on.wait(30)

    results = []
    training = threading.Thread(target=lambda: results.append(fit(watch, at_epoch(7, hold))))
    context = browser.new_context()
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(watch.url)
    page.get_by_text("Waiting for a training to begin").wait_for(**PATIENT)
    training.start()
    assert reached.wait(30)
    page.get_by_text("Training: epoch 7 of 20").wait_for(**PATIENT)
    assert watch.readers == 1
    go_on.set()
    training.join(30)
    page.locator(".progress", has_text="Completed after 20 epochs").wait_for(**PATIENT)
    ((_, history),) = results
    losses = shown(page, "Loss, MeanSquaredError")
    assert losses["validation"] == to_five(history.val_loss[-1])
    watch.shut_down()
    page.locator(".soft", has_text="The program has ended").wait_for(**PATIENT)
    assert shown(page, "Loss, MeanSquaredError") == losses
    context.close()
    assert complaints == []


def test_the_doctor_speaks_on_the_page(open_page, tmp_path):
    def remarks(lr):
        watch = Watch(port=None)
        net = NeuralNetwork([Dense(1, "linear")], MeanSquaredError(), rng=0)
        fit(watch, net=net, optim=SGD(lr), batch_size=100, epochs=40, patience=None)
        (report,) = watch.reports
        page = open_page(watch.save(tmp_path / f"{lr}.html").read_text())
        return report, page.get_by_role("region", name="The doctor").inner_text()

    report, text = remarks(0.9)
    assert "growing_gradients" in [remark.kind for remark in report.remarks]
    for remark in report.remarks:
        assert remark.what in text
        assert remark.remedy in text
    report, text = remarks(0.1)
    assert report.remarks == ()
    assert "Nothing to remark" in text


# The command


@pytest.fixture
def run(type_command):
    with np.errstate(all="ignore"):
        yield type_command


TRAIN = ("train", "--epochs", 3, "--ensemble", 2, "--layers", 8)


def test_the_command_shows_a_page_and_saves_it(run, tmp_path, open_page):
    place = tmp_path / "run.html"
    status, out, err = run(*TRAIN, "--watch", "--replay", place)
    assert (status, err) == (0, "")
    assert out.startswith("Watch it at http://127.0.0.1:")
    assert f"Replay     {place}" in out
    page = open_page(place.read_text())
    assert page.locator("h1").inner_text() == "Training on the Boston data"
    assert page.locator("option").count() == 2
    assert "Completed after 3 epochs" in page.locator(".status .progress").inner_text()
    status, _, err = run(*TRAIN, "--replay", place)
    assert status == 1
    assert "--force" in err


@pytest.mark.parametrize("is_typed", [True, False])
def test_the_command_waits_for_a_reader_if_somebody_types(run, monkeypatch, is_typed):
    monkeypatch.setattr("glassbrick.training.callbacks.watch._GONE", 0.2)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: is_typed, raising=False)
    waited = []

    def read(watch, logs=None):
        begin(watch, logs)
        if not waited:
            waited.append(Reader(watch))
            assert waited[0].has_news.wait(20)

    def leave(watch):  # as a reader does when the page is closed
        waited.append("left")
        watch._server._is_over = True
        wait(watch)

    begin, wait = Watch.on_train_begin, Watch.wait
    monkeypatch.setattr(Watch, "on_train_begin", read)
    monkeypatch.setattr(Watch, "wait", leave)
    status, out, _ = run(*TRAIN, "--watch")
    assert status == 0
    assert ("The page stays until it is closed" in out) == is_typed
    assert waited[1:] == ["left"] * is_typed
    waited[0].join(20)
    assert [told["state"]["epochs"] for told in waited[0].fits] == [3, 3]


def test_the_command_tells_remarks_in_json_unless_it_shall_not(run):
    told = [json.loads(run(*TRAIN, "--json", *more)[1])["doctor"] for more in ((), ["--no-doctor"])]
    assert isinstance(told[0], list)
    assert told[1] is None


def test_the_command_says_that_rows_to_score_are_trained_on(run, tmp_path):
    rows = np.column_stack([X, Y])
    table, others = tmp_path / "rows.csv", tmp_path / "others.csv"
    for path, values in ((table, rows), (others, rows + 0.5)):
        np.savetxt(path, values, "%.6f", ",", header="a,b,c,d,y", comments="")
    plain = (*TRAIN, table, "--target", "y")
    status, out, _ = run(*plain, "--valid", table)
    assert status == 0
    assert "Doctor     error: --valid: 150 of its 150 rows are trained on, too" in out
    assert all(len(line) < 80 for line in out.splitlines() if "Doctor" in line)
    assert "--valid: " not in run(*plain, "--valid", others)[1]
    assert "--valid: " not in run(*plain, "--valid", 0.2)[1]


def test_the_command_refuses_a_replay_that_is_no_page(run, tmp_path):
    status, _, err = run(*TRAIN, "--replay", tmp_path / "run.txt")
    assert status == 2
    assert ".html" in err
    page = tmp_path / "a.html"
    assert run(*TRAIN, "--replay", page, "--report", page)[0] == 2
