"""`glassbrick explain`: which rows it explains, what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import re
import warnings
from functools import partial

import numpy as np
import polars as pl
import pytest

import glassbrick as gb
from glassbrick.sklearn import (
    MLPClassifier,
    MLPRegressor,
    NetClassifier,
    TabularClassifier,
    TabularRegressor,
)


@pytest.fixture(autouse=True)
def usual_floating_point():
    with np.errstate(all="ignore"):  # what scikit-learn needs
        yield


@pytest.fixture
def run(type_command):
    """Type glassbrick explain ..., on a terminal of 80 columns."""
    return partial(type_command, "explain", columns=80)


def mixed(rows=40):
    random = np.random.default_rng(0)
    size = random.normal(size=rows)
    return pl.DataFrame(
        {
            "size": [None if n == 4 else round(float(v), 3) for n, v in enumerate(size)],
            "town": random.choice(["Bern", "Genf", "Basel"], rows),
            "price": [None if n == 9 else round(float(3 * v), 3) for n, v in enumerate(size)],
            "kind": random.choice(["low", "high"], rows),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of all kinds, and the files that they go with."""
    folder = tmp_path_factory.mktemp("explain")
    table = mixed()
    table.write_csv(folder / "table.csv")
    known = table.filter(pl.col("price").is_not_null())
    fast = {"epochs": 2, "ensemble": 2, "hidden": [4], "random_state": 0}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # models of two epochs are no good
        regressor = TabularRegressor(**fast).fit(known.drop("price", "kind"), known["price"])
        regressor.save(folder / "price.safetensors")
        classifier = TabularClassifier(**fast).fit(known.drop("kind", "price"), known["kind"])
        classifier.save(folder / "kind.safetensors")
        random = np.random.default_rng(0)
        X = random.normal(size=(30, 2))
        frame = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": X @ [1.0, 2.0]})
        labelled = frame.with_columns(y=np.where(X[:, 0] > 0, "yes", "no"))
        frame.write_csv(folder / "numbers.csv")
        labelled.write_csv(folder / "labels.csv")
        few = {"max_iter": 2, "hidden_layer_sizes": (3,), "random_state": 0}
        MLPRegressor(**few).fit(X, frame["y"].to_numpy()).save(folder / "mlp.safetensors")
        labels = labelled["y"].to_numpy()
        MLPClassifier(**few).fit(X, labels).save(folder / "mlpc.safetensors")
        own = NetClassifier(gb.NeuralNetwork([gb.Dense(2, "linear")], gb.SoftmaxCrossEntropy()))
        own.fit(X, labels).save(folder / "own.safetensors")
    net = gb.NeuralNetwork([gb.Dense(1, "linear", inputs=2)], gb.MeanSquaredError(), rng=0)
    net.save(folder / "net.safetensors")
    return folder


def data_of(path):
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def test_a_network_is_explained_on_numbers_of_a_file(run, folder):
    status, out, err = run(
        folder / "net.safetensors", folder / "numbers.csv", "--row", "2", "--target", "y"
    )
    table = pl.read_csv(folder / "numbers.csv")
    net = gb.load(folder / "net.safetensors")
    tape = net.explain(table.select("a", "b").to_numpy()[1:2], table["y"].to_numpy()[1:2])
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == f"Row 2: {table['y'][1]} in the table"
    assert [line.rstrip() for line in out.splitlines()[1:]] == str(tape).splitlines()
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("model", "data", "more", "prediction"),
    [
        ("price", "table.csv", (), r"-?[\d.e-]+ predicted, -?[\d.]+ in the table"),
        ("kind", "table.csv", (), r"(low|high) predicted, (low|high) in the table"),
        ("mlp", "numbers.csv", ("--target", "y"), r"-?[\d.e-]+ predicted, -?[\d.]+ in the table"),
        ("mlpc", "labels.csv", ("--target", "y"), r"(yes|no) predicted, (yes|no) in the table"),
        ("own", "labels.csv", ("--target", "y"), r"(yes|no) predicted, (yes|no) in the table"),
    ],
)
def test_a_page_is_written_of_each_kind_of_model(
    run, folder, tmp_path, model, data, more, prediction
):
    page = tmp_path / "page.html"
    arguments = (folder / f"{model}.safetensors", folder / data, "--out", page, *more)
    status, out, err = run(*arguments, "--row", "3", "--row", "6-8")
    assert (status, err) == (0, "")
    title = f"One training step on 4 rows of {data}"
    assert out.startswith(f"{title}, loss ")
    assert out.endswith(f"right: {page}\n")
    told = data_of(page)
    assert (told["title"], [row["row"] for row in told["rows"]]) == (title, ["3", "6", "7", "8"])
    assert told["arrays"][told["x"]]["shape"] == [4, len(told["features"])]
    for row in told["rows"]:
        assert re.fullmatch(prediction, row["prediction"])
    assert run(*arguments, "--row", "3")[0] == 1, "the page is there already"
    assert run(*arguments, "--row", "3", "--force")[0] == 0


def test_the_page_of_a_row_tells_it_in_the_units_of_the_table(run, folder, tmp_path, open_page):
    page = tmp_path / "page.html"
    run(folder / "price.safetensors", folder / "table.csv", "--row", "5", "--out", page)
    table, model = mixed(), gb.load(folder / "price.safetensors")
    said = model.predict(table)[4]
    opened = open_page(page.read_text(encoding="utf-8"))
    opened.wait_for_selector(".scene")
    entries = opened.locator(".rows dl > div").all_inner_texts()
    assert [entry.split("\n") for entry in entries] == [
        ["size", "missing"],
        ["town", table["town"][4]],
        ["kind", table["kind"][4]],
        ["price", f"{said:.6g} predicted, {table['price'][4]} in the table"],
    ]
    assert "the first of 2 networks" in opened.locator("header").inner_text()
    x = model.features_.encode(glass_columns(table), "test")[4]
    heads = opened.locator('figure[data-role="input"] .heads:not(.down) span').all_inner_texts()
    assert heads == list(model.features_.names)[: len(heads)]
    assert len(x) == len(model.features_.names)


def glass_columns(table):
    from glassbrick.tables import read_table

    return read_table(table, "test")


@pytest.mark.parametrize(
    ("model", "data", "options", "status", "message"),
    [
        ("price", "table.csv", ("--row", "41"), 1, "rows from 1 to 40; received 41"),
        ("price", "table.csv", ("--row", "0"), 1, "rows from 1 to 40; received 0"),
        ("price", "table.csv", ("--row", "6-3"), 1, "rows from 1 to 40; received 6-3"),
        ("price", "table.csv", ("--row", "two"), 2, "received 'two'"),
        ("price", "table.csv", (), 2, "Missing option '--row'"),
        ("price", "table.csv", ("--row", "9-10"), 1, '"price", row 10 (line 11 of the file)'),
        ("price", "table.csv", ("--row", "1", "--target", "cost"), 1, 'no column "cost"'),
        ("price", "table.csv", ("--row", "1", "--out", "page.txt"), 2, "use one of .html"),
        ("price", "numbers.csv", ("--row", "1"), 1, 'no column "price" among "a", "b", "y"'),
        ("net", "numbers.csv", ("--row", "1"), 2, "add --target COLUMN"),
        ("net", "numbers.csv", ("--row", "1", "--target", "z"), 1, 'no column "z"'),
        ("net", "table.csv", ("--row", "1", "--target", "price"), 1, 'column "town", row 1'),
        ("mlp", "numbers.csv", ("--row", "1"), 2, "add --target COLUMN"),
        ("mlpc", "numbers.csv", ("--row", "1", "--target", "y"), 1, "one of the classes"),
        ("none", "numbers.csv", ("--row", "1"), 1, "none.safetensors"),
    ],
)
def test_what_cannot_be_explained_is_refused(run, folder, model, data, options, status, message):
    found, out, err = run(folder / f"{model}.safetensors", folder / data, *options)
    said = " ".join(err.replace("│", " ").split())
    assert (found, out) == (status, "")
    assert message in said
    assert "Traceback" not in err
