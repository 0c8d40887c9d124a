"""`glassbrick train`, `predict`, `evaluate`: what they print, write and refuse."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import glassbrick as gb
from glassbrick.cli.table_file import TableFile
from glassbrick.cli.train_plan import hidden_of
from glassbrick.sklearn import MLPClassifier, MLPRegressor
from glassbrick.sklearn.tabular.comparison import figure

PENGUINS = Path(__file__).parents[1] / "examples" / "penguins.csv"
FAST = ("--epochs", "2", "--ensemble", "1", "--layers", "8")
ENVIRONMENT = {**os.environ, "PYTHONWARNINGS": "error", "NO_COLOR": "1", "COLUMNS": "80"}
COMMAND = [sys.executable, "-m", "glassbrick"]


@pytest.fixture(autouse=True)
def usual_floating_point():
    with np.errstate(all="ignore"):  # what scikit-learn, which is compared with, needs
        yield


@pytest.fixture
def run(type_command):
    return type_command


def in_process_of_its_own(*arguments, **how):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
        **how,
    )


def mixed_rows(rows=60, seed=0):
    random = np.random.default_rng(seed)
    size = random.normal(size=rows)
    return pl.DataFrame(
        {
            "size": [None if n == 3 else float(v) for n, v in enumerate(size)],
            "town": random.choice(["Bern", "Genf", "Basel"], rows),
            "name": [f"row {n}" for n in range(rows)],
            "same": [1] * rows,
            "day": [f"2024-01-{1 + n % 28:02}" for n in range(rows)],
            "price": 3.0 * size + random.normal(size=rows) / 10.0,
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A table, and models of all kinds."""
    folder = tmp_path_factory.mktemp("files")
    with np.errstate(all="ignore"):
        mixed_rows().write_csv(folder / "homes.csv")
        frame = mixed_rows()
        regressor = gb.sklearn.TabularRegressor(epochs=2, ensemble=1, hidden=(8,), random_state=0)
        classifier = gb.sklearn.TabularClassifier(epochs=2, ensemble=1, hidden=(8,), random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regressor.fit(folder / "homes.csv", "price").save(folder / "price.safetensors")
            classifier.fit(PENGUINS, "species").save(folder / "species.safetensors")
            X = np.random.default_rng(0).normal(size=(30, 2))
            MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0).fit(
                X, X @ [1.0, 2.0]
            ).save(folder / "mlp.safetensors")
            kinds = np.where(X[:, 0] > 0, "up", "down")
            MLPClassifier(hidden_layer_sizes=(4,), max_iter=5, random_state=0).fit(X, kinds).save(
                folder / "kinds.safetensors"
            )
            plain = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": X @ [1.0, 2.0], "kind": kinds})
            plain.write_csv(folder / "plain.csv")
            plain.select("a", "b").write_csv(folder / "ab.csv")
        net = gb.NeuralNetwork([gb.Dense(1, "linear", inputs=2)], gb.MeanSquaredError(), rng=0)
        net.save(folder / "net.safetensors")
        data = bytearray((folder / "price.safetensors").read_bytes())
        data[-7] ^= 1
        (folder / "damaged.safetensors").write_bytes(data)
        write_bad_tables(folder, frame)
    return folder


def write_bad_tables(folder, frame):
    texts = {
        "empty.csv": "",
        "header.csv": "a,b\n",
        "ragged.csv": "a,b\n1,2\n3,4,5\n6,7\n",
        "twice.csv": "a,a\n1,2\n3,4\n",
        "infinite.csv": "a,b\n1,2\n2,3\n\ninf,4\n5,6\n",
        "one.csv": "a,b\n1,2.5\n",
        "alike.csv": "a,b\n1,2.5\n1,2.5\n",
        "constant.csv": "a,b\n1,2.5\n2,2.5\n3,2.5\n",
        "one-class.csv": "a,b\n1,x\n2,x\n3,x\n",
        "infinite-later.csv": 'b,a\n1,2.5\n"3\n3",4\n4,inf\n5,1.5\n',
        "no-truth.csv": "a,b\n1,\n2,NA\n3,?\n",
        "gaps.csv": 'a,b\n1,2.5\n2,"3.5"\n"3\n3",\n4,\n5,1.5\n',
        "useless.csv": "a,b\n1,2.5\n1,3.5\n1,1.5\n",
        "days.csv": "a,b\n1,2024-01-01\n2,2024-01-02\n3,2024-01-03\n",
        "open.csv": 'a,b\n1,"2\n3,4\n',
        "table.xyz": "a,b\n1,2\n",
        "parquet.parquet": "PAR1 rubbish",
        "other-kind.csv": "species,island\nDodo,Mauritius\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "rubbish.csv").write_bytes(bytes(range(256)) * 9)
    (folder / "latin.csv").write_bytes("a,b\n1,2\n2,Zürich\n".encode("latin1"))
    frame.drop("size").write_csv(folder / "no-size.csv")
    text = frame.with_columns(pl.col("size").cast(pl.String).fill_null("big"))
    text.write_csv(folder / "text.csv")
    text.write_parquet(folder / "text.parquet")
    frame.with_columns(prediction=1).write_csv(folder / "predicted.csv")
    penguins = pl.read_csv(PENGUINS, null_values="NA").drop("species")
    penguins.write_csv(folder / "unnamed.csv")
    (folder / "folder.csv").mkdir()
    (folder / "there.safetensors").write_text("mine")
    (folder / "there.csv").write_text("mine")
    (folder / "there.html").write_text("mine")


BAD = {
    # what is typed, exit status, words that must be told
    "no such file": ("train no.csv --target b", 1, "train, no.csv: there is no such file"),
    "a folder": ("train folder.csv --target b", 1, "a folder: expected files that end in"),
    "the folder itself": ("train . --target b", 1, "expected files of one format; there are"),
    "a name too long": (f"train {'n' * 300}.csv --target b", 1, "name too long"),
    "an unknown ending": ("train table.xyz --target b", 1, "a file that ends in .csv"),
    "an empty file": ("train empty.csv --target b", 1, "empty.csv: the file is empty"),
    "a header only": ("train header.csv --target b", 1, "at least one row"),
    "binary rubbish": ("train rubbish.csv --target b", 1, "is not UTF-8 text"),
    "another encoding": ("train latin.csv --target b", 1, "line 3 is not UTF-8 text"),
    "rubbish as parquet": ("train parquet.parquet --target b", 1, "cannot be read as a table"),
    "ragged rows": ("train ragged.csv --target b", 1, "line 3 has 3 fields, and the header has 2"),
    "an open quote": ("train open.csv --target b", 1, "line 2"),
    "one name twice": ("train twice.csv --target a", 1, '"a" stands twice'),
    "infinity": (
        "train infinite.csv --target b",
        1,
        'infinite.csv, column "a", row 4 (line 5 of the file): expected a finite number',
    ),
    "an unknown target": ("train constant.csv --target c", 1, 'no column "c" among "a", "b"'),
    "no target": ("train constant.csv", 2, "say which column to predict"),
    "no value in the target": (
        "train no-truth.csv --target b",
        1,
        'no-truth.csv, column "b": there are no values in it',
    ),
    "infinity after a text of two lines": (
        "train infinite-later.csv --target b",
        1,
        'column "a", row 3 (line 5 of the file): expected a finite number',
    ),
    "a fraction as a class, below a gap": (
        "train gaps.csv --target b --task classification",
        1,
        'column "b", row 1 (line 2 of the file): expected a class; received 2.5',
    ),
    "one number": ("train constant.csv --target b", 1, "different numbers; received 2.5 in all"),
    "one class": ("train one-class.csv --target b", 1, "at least two classes"),
    "one row": ("train one.csv --target b", 1, "at least 2 different rows"),
    "rows alike": ("train alike.csv --target b --task regression", 1, "different numbers"),
    "nothing to learn from": ("train useless.csv --target b", 1, "no column to learn from"),
    "dates as the target": ("train days.csv --target b", 1, "numbers or classes to predict"),
    "texts for regression": (
        "train one-class.csv --target b --task regression",
        1,
        "numbers, for regression; received texts",
    ),
    "fractions as classes": (
        "train homes.csv --target price --task classification",
        1,
        'column "price", row 1 (line 2 of the file): expected a class',
    ),
    "an unknown task": ("train homes.csv --target price --task ranking", 2, "ranking"),
    "an unknown engine": ("train homes.csv --target price --engine torch", 2, "torch"),
    "an unknown option": ("train homes.csv --tagret price", 2, "tagret"),
    "an unknown command": ("trian homes.csv", 2, "trian"),
    "no epochs": ("train --epochs 0", 2, "epochs"),
    "half an epoch": ("train --epochs 0.5", 2, "epochs"),
    "no networks": ("train --ensemble 0", 2, "ensemble"),
    "a seed below 0": ("train --seed -1", 2, "seed"),
    "layers of words": ("train --layers wide", 2, "numbers of neurons such as 128,64"),
    "a layer of nothing": ("train --layers 8,0", 2, "numbers of neurons"),
    "a layer below 0": ("train --layers 8,-3", 2, "numbers of neurons"),
    "a share above 1": ("train --valid 1.5", 2, "a share between 0 and 1"),
    "a share of nothing": ("train --valid 0", 2, "a share between 0 and 1"),
    "a share that is no number": ("train --valid nan", 2, "a share between 0 and 1"),
    "too small a share": ("train homes.csv --target price --valid 0.001", 1, "too few of 60 rows"),
    "no file to validate": ("train homes.csv --target price --valid no.csv", 1, "no such file"),
    "no target to validate": (
        "train homes.csv --target price --valid ab.csv",
        1,
        'ab.csv: there is no column "price"',
    ),
    "a model is there": ("train --out there.safetensors", 1, "there.safetensors is there already"),
    "a folder as the model": ("train --out folder.csv", 1, "is a folder"),
    "no folder for the model": ("train --out no/model.safetensors", 1, "there is no folder no"),
    "too long a model": (f"train --out {'n' * 300}", 1, "cannot write"),
    "a report as text": ("train --report page.txt", 2, "use one of .html"),
    "a report without ending": ("train --report page", 2, "has no ending"),
    "a report is there": ("train --report there.html", 1, "there.html is there already"),
    "model and report in one": ("train --out a.html --report a.html", 2, "both would be a.html"),
    "a file as checkpoints": ("train --checkpoint there.csv", 1, "no folder can be made"),
    "no model": ("predict no.safetensors homes.csv", 1, "cannot read no.safetensors"),
    "a table as the model": ("predict homes.csv homes.csv", 1, "homes.csv is damaged, or not"),
    "a damaged model": ("predict damaged.safetensors homes.csv", 1, "is damaged"),
    "a network": ("predict net.safetensors ab.csv", 1, "holds a network, which takes an array"),
    "no data": ("predict price.safetensors", 2, "DATA"),
    "a column is missing": ("predict price.safetensors no-size.csv", 1, '"size" not among'),
    "text among numbers": (
        "predict price.safetensors text.csv",
        1,
        'text.csv, column "size", row 4 (line 5 of the file): expected a number, as in training; '
        "received 'big'",
    ),
    "text among Parquet's numbers": (
        "predict price.safetensors text.parquet",
        1,
        'column "size", row 4 (the first is row 1): expected a number',
    ),
    "an interval of all": ("predict price.safetensors homes.csv --interval 1", 2, "a share such"),
    "an interval of words": ("predict price.safetensors homes.csv --interval x", 2, "interval"),
    "too few rows for it": (
        "predict price.safetensors homes.csv --interval 0.999",
        1,
        "expected at least 999 different rows",
    ),
    "an interval of classes": (
        f"predict species.safetensors {PENGUINS} --interval 0.9",
        1,
        "made for regression; received TabularClassifier",
    ),
    "probabilities of numbers": (
        "predict price.safetensors homes.csv --proba",
        1,
        "a model that predicts classes",
    ),
    "a spread of one network": (
        "predict price.safetensors homes.csv --spread",
        1,
        "expected a model of several networks",
    ),
    "predictions are there": (
        "predict price.safetensors homes.csv --out there.csv",
        1,
        "there already",
    ),
    "predictions as a picture": ("predict price.safetensors homes.csv --out a.png", 2, ".parquet"),
    "no folder for them": (
        "predict price.safetensors homes.csv --out no/p.csv",
        1,
        "there is no folder no",
    ),
    "a name that is taken": (
        "predict price.safetensors predicted.csv --with-data",
        1,
        '"prediction" would stand twice',
    ),
    "too many columns": ("predict mlp.safetensors plain.csv", 1, "expected 2 columns"),
    "no truth": ("evaluate species.safetensors unnamed.csv", 1, 'no column "species"'),
    "an unknown class": (
        "evaluate species.safetensors other-kind.csv",
        1,
        'column "species", row 1 (line 2 of the file): expected one of the classes of training',
    ),
    "no known target": ("evaluate mlp.safetensors plain.csv", 2, "add --target COLUMN"),
    "a truth of texts": (
        f"evaluate price.safetensors {PENGUINS} --target species",
        1,
        "expected a number, as in training; received 'Adelie'",
    ),
    "a network to evaluate": ("evaluate net.safetensors ab.csv", 1, "holds a network"),
}


@pytest.mark.parametrize(("typed", "status", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_done_is_told(files, run, monkeypatch, typed, status, words):
    monkeypatch.chdir(files)
    before = {path.name for path in files.iterdir()}
    found, out, err = run(*typed.split(), *(FAST if "alike" in typed else ()))
    told = " ".join(re.sub("[│╭╮╰╯─]", " ", err).split())
    assert words in told
    assert "Traceback" not in err
    assert "should not have happened" not in err
    assert found == status, err
    assert out == ""
    assert {path.name for path in files.iterdir()} == before
    assert (files / "there.csv").read_text() == "mine"


def test_there_are_enough_bad_inputs():
    assert len(BAD) >= 40


def test_training_without_data_is_on_boston(run):
    status, out, err = run("train", *FAST)
    assert (status, err) == (0, "")
    assert "the Boston data: 506 rows, 13 columns to predict from (13 numbers)" in out
    assert 'regression: "MEDV" is a number' in out
    assert "On 506 rows" not in out  # with one network, a fifth
    assert "On 102 rows, each predicted by a network that has not seen it" in out
    assert "not saved; to keep it, add --out" in out
    assert "not to learn about houses or people" in " ".join(out.split())


WITHOUT_POLARS = """
import sys
class Missing:
    def find_spec(self, name, *_):
        if name == "polars":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from glassbrick.cli import main
main()
"""


def test_boston_needs_no_table_library(files):
    def without_polars(*arguments):
        command = [sys.executable, "-c", WITHOUT_POLARS, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    run = without_polars("train", *FAST, "--valid", "0.3")
    assert (run.returncode, run.stderr) == (0, "")
    assert "On 152 rows kept for --valid 0.3" in run.stdout
    run = without_polars("train", files / "homes.csv", "--target", "price")
    assert run.returncode == 1
    assert "reading a file needs polars" in run.stderr
    assert "pip install 'glassbrick[data]'" in run.stderr


def test_the_summary_tells_all(files, run, tmp_path):
    model = tmp_path / "a model.safetensors"
    status, out, err = run("train", files / "homes.csv", "--target", "price", "--out", model, *FAST)
    assert (status, err) == (0, "")
    flat = " ".join(out.split())
    assert "60 rows, 5 columns to predict from (2 numbers, 2 categories, 1 date)" in flat
    assert '"name" has another text in each row' in out
    assert '"same" has the same value in all rows' in out
    assert "regression:" in out
    assert "found from the column" in out
    for who in ("network", "linear", "mean"):
        assert re.search(rf"^{who} +-?\d", out, re.MULTILINE)
    assert "The network does not beat" in out  # after two epochs
    assert "Use that, or look for more rows" in flat
    assert "engine numpy, seed 0" in flat
    assert f"glassbrick predict '{model}' NEW.csv --out predictions.csv" in out
    assert model.exists()


def test_lines_fit_a_terminal(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, out, _ = run("train", PENGUINS, "--target", "species", "--valid", "0.2", *FAST)
    paths = [line for line in out.splitlines() if str(PENGUINS) in line]
    assert max(len(line) for line in out.splitlines() if line not in paths) <= 80


def test_rows_without_the_target_are_left_out_and_told(run, tmp_path):
    model = tmp_path / "mass.safetensors"
    page = tmp_path / "mass.html"
    told = ("--target", "body_mass_g", "--out", model, "--report", page)
    status, out, _ = run("train", PENGUINS, *told, *FAST)
    assert status == 0
    assert "Left out: 2 rows without &quot;body_mass_g&quot;." in page.read_text()
    assert "342 rows, 7 columns" in out
    assert 'Left out   2 rows without "body_mass_g"' in out
    _, out, _ = run("evaluate", model, PENGUINS)
    assert "342 rows, 2 more without the truth" in " ".join(out.split())
    _, out, _ = run("evaluate", model, PENGUINS, "--json")
    told = json.loads(out)
    assert (told["rows"], told["rows_without_target"]) == (342, 2)


def test_an_export_that_is_there_is_kept_unless_forced(files, run, tmp_path):
    onnx = tmp_path / "price.onnx"
    onnx.write_bytes(b"mine")
    model = tmp_path / "price.safetensors"
    assert run("train", files / "homes.csv", "--target", "price", "--out", model, *FAST)[0] == 0
    status, _, err = run("export", model, "--onnx", onnx)
    assert status == 1
    assert "is there already. Give another name, or --force." in " ".join(err.split())
    assert onnx.read_bytes() == b"mine"
    assert run("export", model, "--onnx", onnx, "--force")[0] == 0
    assert onnx.read_bytes() != b"mine"


def test_a_table_model_is_not_exported_to_python_without_its_columns(files, run, tmp_path):
    model = tmp_path / "price.safetensors"
    assert run("train", files / "homes.csv", "--target", "price", "--out", model, *FAST)[0] == 0
    status, _, err = run("export", model, "--python", tmp_path / "price.py")
    assert status == 1
    assert "prepares its columns besides" in " ".join(err.split())
    assert not (tmp_path / "price.py").exists()


def test_rows_are_called_as_in_the_file_where_some_are_left_out(run, tmp_path):
    table = tmp_path / "t.csv"
    rows = [f"{number},{number % 7}.5" for number in range(20)]
    table.write_text("\n".join(["a,b", *rows]) + "\n")
    model = tmp_path / "b.safetensors"
    assert run("train", table, "--target", "b", "--out", model, *FAST)[0] == 0
    table.write_text("a,b\n1,2.5\n2,\n3,1.5\nold,0.5\n")
    status, _, err = run("evaluate", model, table)
    assert status == 1
    assert 'column "a", row 4 (line 5 of the file): expected a number' in " ".join(err.split())


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_the_task_can_be_said(run, task):
    _, out, _ = run("train", PENGUINS, "--target", "year", "--task", task, "--json", *FAST)
    told = json.loads(out)
    assert (told["task"], told["task_was_given"]) == (task, True)
    assert told["classes"] == (["2007", "2008", "2009"] if task == "classification" else None)


def test_json_is_all_that_is_printed(files, run):
    status, out, err = run("train", files / "homes.csv", "--target", "price", "--json", *FAST)
    told = json.loads(out)
    assert (status, err) == (0, "")
    columns = {column["name"]: column for column in told["columns"]}
    assert columns["size"] == {
        "name": "size",
        "kind": "number",
        "missing": 1,
        "categories": None,
        "left_out": "",
    }
    assert columns["town"]["categories"] == 3
    assert columns["same"]["left_out"] == "has the same value in all rows"
    assert told["settings"]["hidden"] == [8]
    assert told["network_is_best"] is False
    assert set(told["scores"]) == {"network", "linear", "mean"}
    assert told["model"] is None


def test_the_same_seed_gives_the_same_model(files, run, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        path = tmp_path / f"{name}.safetensors"
        run("train", files / "homes.csv", "--target", "price", "--out", path, "--seed", seed, *FAST)
    table = str(files / "homes.csv")
    a, b, c = (gb.load(tmp_path / f"{name}.safetensors").predict(table) for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_model_is_replaced_if_forced(files, run, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_text("mine")
    assert run("train", "--out", path, "--force", *FAST)[0] == 0
    assert gb.load(path).targets_[0].name == "MEDV"
    assert gb.load(path).get_params()["callbacks"] == ()


@pytest.mark.parametrize(("text", "sizes"), [("", ()), ("0", ()), ("7", (7,)), ("8, 4", (8, 4))])
def test_layers_are_numbers(text, sizes):
    assert hidden_of(text) == sizes


def test_without_hidden_layers(run):
    status, out, _ = run("train", "--epochs", 1, "--ensemble", 1, "--layers", "0")
    assert status == 0
    assert "1 network with no hidden layer" in out


def test_rows_kept_are_not_trained_on(run, tmp_path):
    path = tmp_path / "model.safetensors"
    arguments = (PENGUINS, "--target", "species", "--valid", 0.25, "--out", path, "--json", *FAST)
    _, out, _ = run("train", *arguments)
    told = json.loads(out)
    assert told["rows"] + told["valid"]["rows"] == 344
    assert told["valid"]["rows"] == 86
    counts = np.array(told["valid"]["confusion"]["counts"])
    assert counts.sum(axis=1).tolist() == [38, 17, 31]  # a quarter of each class
    share = np.trace(counts) / counts.sum()
    assert told["valid"]["scores"]["accuracy"] == pytest.approx(share)


def test_a_class_of_one_row_is_not_kept(run, tmp_path):
    path = tmp_path / "rare.csv"
    rows = [f"{n},{'rare' if n == 0 else 'ab'[n % 2]}" for n in range(40)]
    path.write_text("\n".join(["a,b", *rows]) + "\n")
    for seed in range(3):
        status, _, err = run("train", path, "--target", "b", "--valid", 0.5, "--seed", seed, *FAST)
        assert status == 0, err


def test_rows_of_a_file_are_scored(files, run):
    table = files / "homes.csv"
    _, out, _ = run("train", table, "--target", "price", "--valid", table, "--json", *FAST)
    told = json.loads(out)["valid"]
    assert (told["data"], told["rows"]) == (str(table), 60)
    assert set(told["scores"]) == {"r2", "rmse", "mae", "coverage"}


def test_predictions_are_those_of_the_model(files, run, tmp_path):
    table, model = files / "homes.csv", files / "price.safetensors"
    _, printed, err = run("predict", model, table, "--interval", 0.8)
    assert err == ""
    found = pl.read_csv(printed.encode())
    loaded = gb.load(model)
    assert found.columns == ["prediction", "lower", "upper"]
    assert np.array_equal(found["prediction"].to_numpy(), loaded.predict(table))
    interval = loaded.predict_interval(table, coverage=0.8)
    assert np.array_equal(found.select("lower", "upper").to_numpy(), interval)
    for ending, read in (("csv", pl.read_csv), ("parquet", pl.read_parquet)):
        out = tmp_path / f"p.{ending}"
        status, said, _ = run("predict", model, table, "--interval", 0.8, "--out", out)
        assert (status, said) == (0, f"60 predictions written to {out}\n")
        assert read(out).equals(found)
    tabbed = tmp_path / "p.tsv"
    run("predict", model, table, "--interval", 0.8, "--out", tabbed)
    assert pl.read_csv(tabbed, separator="\t").equals(found)
    (tmp_path / "p.csv").write_text("old")
    assert run("predict", model, table, "--out", tmp_path / "p.csv", "--force")[0] == 0
    assert pl.read_csv(tmp_path / "p.csv").columns == ["prediction"]


def test_the_spread_of_networks_stands_beside_predictions(files, run, tmp_path):
    table, model = files / "homes.csv", tmp_path / "model"
    how = ("--epochs", 2, "--ensemble", 2, "--layers", 4)
    assert run("train", table, "--target", "price", *how, "--out", model)[0] == 0
    _, printed, err = run("predict", model, table, "--spread")
    assert err == ""
    found, (mean, spread) = pl.read_csv(printed.encode()), gb.load(model).predict(table, True)
    assert found.columns == ["prediction", "spread"]
    assert np.array_equal(found.to_numpy(), np.column_stack([mean, spread]))
    assert run("train", PENGUINS, "--target", "species", *how, "--out", model, "--force")[0] == 0
    _, printed, _ = run("predict", model, PENGUINS, "--spread")
    found = pl.read_csv(printed.encode())
    names = ["spread_Adelie", "spread_Chinstrap", "spread_Gentoo"]
    assert found.columns == ["prediction", *names]
    spread = gb.load(model).predict_proba(str(PENGUINS), return_std=True)[1]
    np.testing.assert_array_equal(found.select(names).to_numpy(), spread)


def test_classes_and_their_probabilities(files, run):
    model = files / "species.safetensors"
    _, out, _ = run("predict", model, PENGUINS, "--proba", "--with-data")
    found = pl.read_csv(out.encode(), null_values=["", "NA"])
    loaded = gb.load(model)
    names = [f"probability_{name}" for name in loaded.classes_]
    assert found.columns[:2] == ["species", "island"]
    assert found.columns[-4:] == ["prediction", *names]
    assert found["prediction"].to_list() == loaded.predict(PENGUINS).tolist()
    assert np.array_equal(found.select(names).to_numpy(), loaded.predict_proba(PENGUINS))


def test_other_estimators_predict_and_are_evaluated(files, run):
    _, out, _ = run("predict", files / "mlp.safetensors", files / "ab.csv")
    matrix = pl.read_csv(files / "ab.csv").to_numpy()
    expected = gb.load(files / "mlp.safetensors").predict(matrix)
    assert np.array_equal(pl.read_csv(out.encode())["prediction"].to_numpy(), expected)
    pl.read_csv(files / "plain.csv").drop("kind").write_csv(files / "aby.csv")
    pl.read_csv(files / "plain.csv").drop("y").write_csv(files / "abkind.csv")
    _, out, _ = run(
        "evaluate", files / "mlp.safetensors", files / "aby.csv", "--target", "y", "--json"
    )
    told = json.loads(out)
    model = gb.load(files / "mlp.safetensors")
    truth = pl.read_csv(files / "aby.csv")["y"].to_numpy()
    assert told["scores"]["r2"] == pytest.approx(model.score(matrix, truth))
    assert told["at_training"] is None
    _, out, _ = run("evaluate", files / "kinds.safetensors", files / "abkind.csv", "--target=kind")
    assert re.search(r"^here +[01]", out, re.MULTILINE)
    assert "down" in out


def test_scores_stand_next_to_what_was_promised(files, run):
    model, table = files / "price.safetensors", files / "homes.csv"
    _, out, err = run("evaluate", model, table)
    assert err == ""
    loaded = gb.load(model)
    found = re.search(r"^here +(\S+)", out, re.MULTILINE)
    promised = re.search(r"^promised +(\S+)", out, re.MULTILINE)
    assert float(found[1]) == pytest.approx(loaded.score(str(table)), rel=1e-3)
    expected = loaded.comparison_.scores["network"]["r2"]
    assert float(promised[1]) == pytest.approx(expected, rel=1e-3)
    _, out, _ = run("evaluate", model, table, "--json")
    told = json.loads(out)
    ends = loaded.predict_interval(str(table))
    truth = pl.read_csv(table)["price"].to_numpy()
    inside = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    assert told["scores"]["coverage"] == pytest.approx(inside)
    assert told["at_training"]["scores"]["network"]["r2"] == expected


def test_evaluation_counts_classes(files, run):
    _, out, _ = run("evaluate", files / "species.safetensors", PENGUINS, "--json")
    told = json.loads(out)
    assert np.array(told["confusion"]["counts"]).sum(axis=1).tolist() == [152, 68, 124]
    assert told["rows"] == 344


def test_another_column_can_be_the_truth(files, run, tmp_path):
    renamed = tmp_path / "renamed.csv"
    pl.read_csv(files / "homes.csv").rename({"price": "paid"}).write_csv(renamed)
    arguments = ("evaluate", files / "price.safetensors")
    _, expected, _ = run(*arguments, files / "homes.csv", "--json")
    _, out, _ = run(*arguments, renamed, "--target", "paid", "--json")
    assert json.loads(out)["scores"] == json.loads(expected)["scores"]


class Page(HTMLParser):
    """Finds open tags, and what would be loaded."""

    VOID = ("meta",)

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.text = [], set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [v for n, v in attrs if n in ("src", "href", "xlink:href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [v for n, v in attrs if n in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_report_is_one_page(run, tmp_path):
    path = tmp_path / "page.html"
    status, out, err = run("train", "--report", path, *FAST)
    assert (status, err) == (0, "")
    assert f"Report     {path}" in out
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in re.sub(r"url\(#", "", text)
    assert "prefers-color-scheme: dark" in text
    assert text.count("<svg") == 5
    for heading in ("Scores", "Predicted and actual", "Which columns matter", "Learning"):
        assert heading in page.text
    assert "$\\math" not in text
    assert all(f">{name}<" in text for name in ("CRIM", "LSTAT"))


def test_the_report_escapes_everything(run, tmp_path):
    evil, path = "<script>alert(1)</script>", tmp_path / "page.html"
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            evil: random.normal(size=40),
            "$x$ & <i>": random.choice(["<b>a</b>", "b"], 40),
            "<u>same</u>": ["<s>"] * 40,
            "</svg><h1>": random.choice(["</td><h1>yes", "no"], 40),
        }
    )
    frame.write_csv(tmp_path / "evil.csv")
    target = "</svg><h1>"
    status, _, err = run(
        "train", tmp_path / "evil.csv", "--target", target, "--report", path, *FAST
    )
    assert (status, err) == (0, "")
    page = Page(path.read_text(encoding="utf-8"))
    assert not {"script", "b", "i", "u", "s"} & page.tags
    assert evil in page.text
    assert "<u>same</u>" in page.text
    assert "</td><h1>yes" in page.text
    assert path.read_text(encoding="utf-8").count("<h1>") == 1


def test_the_report_of_a_number_shows_the_figures(run, tmp_path):
    path = tmp_path / "page.html"
    _, out, _ = run("train", "--valid", "0.2", "--report", path, "--json", *FAST)
    told = json.loads(out)
    text = path.read_text(encoding="utf-8")
    for scores in (*told["scores"].values(), told["valid"]["scores"]):
        for value in scores.values():
            assert f">{figure(value)}<" in text
    assert told["report"] == str(path)
    assert "90 % interval" in text


def test_what_matters_comes_first():
    from glassbrick.cli.report.importance import importances
    from glassbrick.cli.train_plan import Prepared, TrainPlan
    from glassbrick.cli.trained import Trained
    from glassbrick.tables import read_table

    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 200))
    table = {"noise": b.tolist(), "signal": a.tolist(), "y": (2.0 * a).tolist()}
    data = TableFile("table", None, table, read_table(table, "test"))
    model = gb.sklearn.TabularRegressor(hidden=(), epochs=30, ensemble=1, lr=0.05, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(table, "y")
    plan = TrainPlan(None, "y", None, "0", "numpy", 30, 0, 1, None, None, None, None, False, False)
    prepared = Prepared(data, None, "y", "regression", (), 0)
    found = importances(Trained(plan, prepared, model, 1.0, 0, None, []))
    assert [name for name, _ in found] == ["signal", "noise"]
    assert found[0][1] > 1.0  # R² of shuffled rows is about -1
    assert abs(found[1][1]) < 0.1


def test_the_report_needs_matplotlib_before_training(monkeypatch, run, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, out, err = run("train", "--report", tmp_path / "page.html")
    assert (status, out) == (1, "")
    assert "pip install 'glassbrick[plot]'" in err


def test_a_checkpoint_of_another_training_is_refused(files, run, tmp_path):
    folder = tmp_path / "checkpoints"
    table = files / "homes.csv"
    arguments = ("train", table, "--target", "price", "--checkpoint", folder)
    assert run(*arguments, *FAST)[0] == 0
    status, out, err = run(*arguments, "--seed", 1, *FAST)
    assert (status, out) == (1, "")
    assert "Checkpoint" in err
    assert "Traceback" not in err
    status, out, _ = run(*arguments, *FAST)
    assert status == 0
    assert "2 of all 2 were done before" in " ".join(out.split())


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_read_only_folders_are_told_of(run, tmp_path):
    tmp_path.chmod(0o555)
    for option in ("--out", "--report", "--checkpoint"):
        name = "page.html" if option == "--report" else "model"
        status, _, err = run("train", option, tmp_path / name, *FAST)
        assert status == 1
        assert "cannot write" in err or "no folder can be made" in err


def test_a_full_disk_is_told_of(files, run, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    out = tmp_path / "p.csv"
    status, _, err = run("predict", files / "price.safetensors", files / "homes.csv", "--out", out)
    assert status == 1
    assert f"--out: cannot write {out}: No space left on device" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_printed_is_told_of(files):
    with Path("/dev/full").open("w") as full:
        arguments = ["predict", str(files / "price.safetensors"), str(files / "homes.csv")]
        run = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert run.returncode == 1
    assert run.stderr == "glassbrick: cannot print: No space left on device\n"


def test_errors_of_ours_are_one_line(monkeypatch, run):
    def wrong(*_):
        raise ZeroDivisionError("a mistake\nof ours")

    monkeypatch.setattr("glassbrick.cli.train.run", wrong)
    status, out, err = run("train")
    assert (status, out) == (1, "")
    assert err == "glassbrick: this should not have happened: ZeroDivisionError: a mistake\n"


def test_what_is_piped_is_plain(files):
    run = in_process_of_its_own("train", files / "homes.csv", "--target", "price", *FAST)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Network 1 of 1: 2 epochs, loss ")
    assert "\x1b" not in run.stdout
    assert "BaselineWarning" not in run.stdout
    assert "The network does not beat" in run.stdout


def on_a_terminal(*arguments):
    """Run on a pseudo-terminal; return exit status and all that was shown."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**ENVIRONMENT, "TERM": "xterm"},
    )
    os.close(inside)
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            found = os.read(terminal, 4096)
        except OSError:  # of Linux, when nobody writes any more
            break
        if not found:
            break
        shown += found
    os.close(terminal)
    return process.wait(), shown.decode()


def test_a_terminal_shows_one_bar_over_all_networks():
    status, shown = on_a_terminal("train", "--ensemble", 2, "--epochs", 12)
    assert status == 0
    assert "2 networks at once: 0 % of the epochs" in shown
    assert "of the epochs, loss" in shown
    assert "The network" in shown
    last = shown[shown.rindex("\x1b[") :]
    assert "%" not in last.split("mae")[0]  # nothing of the bar stays


def test_a_terminal_shows_networks_in_turn_if_there_are_checkpoints(tmp_path):
    more = ("--epochs", 12, "--checkpoint", tmp_path / "kept")
    status, shown = on_a_terminal("train", "--ensemble", 2, *more)
    assert status == 0
    assert "Network 1 of 2, epoch" in shown
    assert "Network 2 of 2, epoch" in shown


SLOW = ("--ensemble", "3", "--epochs", "60", "--engine", "numpy")


def start(*arguments):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def wait_for(path, seconds=60):
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"no {path.name} came"
        time.sleep(0.005)


def test_interrupted_and_killed_it_goes_on_bit_for_bit(run, tmp_path):
    whole, resumed, folder = (tmp_path / name for name in ("whole", "resumed", "checkpoints"))
    assert run("train", *SLOW, "--out", whole)[0] == 0
    arguments = ("train", *SLOW, "--out", resumed, "--checkpoint", folder)

    killed = start(*arguments)
    wait_for(folder / "network-1" / "epoch-000020.safetensors")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL

    interrupted = start(*arguments, "--json")
    wait_for(folder / "network-2" / "epoch-000020.safetensors")
    interrupted.send_signal(signal.SIGINT)
    out, err = interrupted.communicate()
    assert (interrupted.returncode, out) == (130, "")
    assert err.startswith("glassbrick: interrupted in network 2 of 3; what was trained is in ")
    assert str(folder) in err
    assert not resumed.exists()

    assert run(*arguments)[0] == 0
    one, other = gb.load(whole), gb.load(resumed)
    for mine, its in zip(one.networks_, other.networks_, strict=True):
        for a, b in zip(mine.params(), its.params(), strict=True):
            assert np.array_equal(a, b)
    assert [h.val_loss for h in one.histories_] == [h.val_loss for h in other.histories_]


def test_an_interrupt_without_checkpoints_keeps_nothing(tmp_path):
    model = tmp_path / "model"
    process = start("train", *SLOW, "--out", model)
    assert process.stdout.readline().startswith("3 networks at once: 20 % of")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert re.search(r"interrupted after \d+ % of the epochs; nothing was kept\.", err)
    assert "With --checkpoint DIR it could go on." in err
    assert "Traceback" not in err
    assert "Interrupted in epoch" not in out
    assert not model.exists()


def test_the_demo_runs_what_it_says():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    (demo,) = re.findall(r"^demo:.*\n((?:\t.*\n)+)", makefile, flags=re.MULTILINE)
    assert [line.split("/", 1)[1] for line in demo.splitlines()] == [
        "glassbrick chapter",
        "glassbrick train",
    ]
