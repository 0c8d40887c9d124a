"""`glassbrick train` on more than fits: what it streams, tells, keeps and refuses."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.exceptions import NotFittedError

import glassbrick as gb
from glassbrick.cli import stream_choice
from glassbrick.cli.data_files import DataFiles
from glassbrick.errors import FileError
from glassbrick.sklearn import TabularClassifier, TabularRegressor
from glassbrick.streams import TableStream

FAST = ("--epochs", "2", "--layers", "8", "--engine", "numpy", "--no-doctor")


@pytest.fixture(autouse=True)
def usual_floating_point():
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def run(type_command):
    return type_command


def houses(rows, seed):
    rng = np.random.default_rng(seed)
    size, town = rng.standard_normal(rows), rng.choice(["Bern", "Genf", "Basel"], rows)
    price = 2.0 * np.sin(2.0 * size) + (town == "Bern") + 0.1 * rng.standard_normal(rows)
    return pa.table(
        {
            "size": pa.array(size, mask=rng.random(rows) < 0.05),
            "town": town,
            "is_old": rng.random(rows) < 0.5,
            "empty": pa.nulls(rows, pa.float64()),
            "price": pa.array(price, mask=np.arange(rows) == 7),
            "kind": np.where(price > 0.5, "dear", "cheap"),
            "floors": rng.integers(1, 4, rows),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for number in range(3):
        pq.write_table(houses(700, number), f"data/part-{number}.parquet", row_group_size=200)
    return tmp_path / "data"


def test_a_stream_is_trained_saved_used_and_told_of(run, folder):
    code, out, err = run(
        "train", "data/*.parquet", "--target", "price", "--stream", *FAST, "--out", "m.safetensors"
    )
    assert (code, err) == (0, "")
    assert out.startswith("Rows are streamed, as --stream says.\nEpoch 1 of 2: loss ")
    assert "data/*.parquet: 2097 rows, 6 columns to predict from" in out
    assert '3 rows without "price"' in out
    assert '"empty" has no values' in out
    assert re.search(r"On \d+ rows, each predicted by a network that has not seen it", out)
    assert all(len(line) < 80 for line in out.splitlines())
    assert not (folder.parent / "m.safetensors.checkpoint").exists()
    model = gb.load("m.safetensors")
    assert isinstance(model, TabularRegressor)
    code, out, _ = run("predict", "m.safetensors", "data/part-0.parquet", "--out", "p.csv")
    assert code == 0
    assert len(pl.read_csv("p.csv")) == 700
    code, out, _ = run("evaluate", "m.safetensors", "data/part-1.parquet", "--json")
    told = json.loads(out)
    assert told["rows_without_target"] == 1
    assert told["scores"]["r2"] > told["at_training"]["scores"]["mean"]["r2"]
    assert 0.8 < told["scores"]["coverage"] <= 1.0
    code, out, _ = run("evaluate", "m.safetensors", "data", "--json")
    assert json.loads(out)["rows"] == 2097
    code, out, _ = run("predict", "m.safetensors", "data/*.parquet")
    assert (code, len(out.splitlines())) == (0, 2101)
    for command in ("show", "explain"):
        more = ("data/part-0.parquet", "--row", "1") if command == "explain" else ()
        assert run(command, "m.safetensors", *more)[0] == 0
    code, _, _ = run("export", "m.safetensors", "--onnx", "m.onnx")
    assert code == 0


def test_the_same_again_and_for_machines(run, folder):
    command = ("train", folder, "--target", "kind", "--stream", *FAST, "--json", "--valid", "0.3")
    code, first, err = run(*command)
    assert code == 0
    assert "Epoch 2 of 2" in err  # and not among what is for machines
    told, again = json.loads(first), json.loads(run(*command)[1])
    assert told["streamed"] == "Rows are streamed, as --stream says."
    assert told["classes"] == ["cheap", "dear"]
    assert 500 < told["rows_not_seen"] < 760
    assert told["scores"] == again["scores"]
    assert {c["name"]: c["missing"] for c in told["columns"]}["empty"] > 1300
    assert [c["categories"] for c in told["columns"] if c["name"] == "town"] == [3]


@pytest.mark.filterwarnings("ignore::glassbrick.sklearn.BaselineWarning")
def test_classes_are_what_they_are_in_the_files(folder):
    for target, classes in (("kind", ["cheap", "dear"]), ("floors", [1, 2, 3]), ("is_old", [0, 1])):
        stream = TableStream(folder, target, held_out=0.2)
        model = TabularClassifier(ensemble=1, epochs=1, hidden=(4,), random_state=0).fit(stream)
        assert model.classes_.tolist() == classes
        memory = TabularClassifier(ensemble=1, epochs=1, hidden=(4,), random_state=0)
        memory.fit(str(folder / "part-0.parquet"), target)
        assert model.classes_.dtype == memory.classes_.dtype
        said = model.predict(str(folder / "part-1.parquet"))
        assert set(said) <= set(classes)


def test_an_estimator_learns_from_a_stream(folder, tmp_path):
    stream = TableStream(folder, "price", held_out=0.2, seed=1)
    model = TabularRegressor(hidden=(16, 16), ensemble=1, epochs=6, lr=0.02, random_state=0).fit(
        stream
    )
    assert model.comparison_.network_is_best
    assert list(model.feature_names_in_) == ["size", "town", "is_old", "empty", "kind", "floors"]
    model.save(tmp_path / "m.safetensors")
    loaded = gb.load(tmp_path / "m.safetensors")
    table = pq.read_table(folder / "part-0.parquet")
    assert np.array_equal(loaded.predict(table), model.predict(table))
    assert loaded.predict_interval(table, 0.9).shape == (700, 2)


@pytest.mark.parametrize(
    ("settings", "y", "told"),
    [
        ({"ensemble": 5}, None, "one network is trained"),
        ({"ensemble": 1}, "town", '"price", the target of the stream'),
    ],
)
def test_what_an_estimator_refuses(folder, settings, y, told):
    stream = TableStream(folder, "price", held_out=0.2)
    with pytest.raises(gb.GlassbrickError, match=told):
        TabularRegressor(**settings).fit(stream, y)
    with pytest.raises(gb.DataError, match="a target for classification"):
        TabularClassifier(ensemble=1).fit(stream)
    with pytest.raises(gb.DataError, match="no rows are held out"):
        TabularRegressor(ensemble=1).fit(TableStream(folder, "price"))


def test_rows_are_streamed_by_themselves_where_they_would_not_fit(run, folder, monkeypatch):
    command = ("train", "data/part-*.parquet", "--target", "price", *FAST)
    monkeypatch.setattr(stream_choice, "available_memory", lambda: 1 << 30)
    assert "streamed" not in run(*command, "--ensemble", "1")[1]
    monkeypatch.setattr(stream_choice, "available_memory", lambda: 1 << 20)
    code, out, _ = run(*command)
    assert code == 0
    assert re.match(
        r"Rows are streamed: [\d.]+ MB in 3 files would take about [\d.]+ MB as a table, and\s"
        r"1 MB of memory are free. \(--no-stream reads them all the same.\)",
        out,
    )
    assert "streamed" not in run(*command, "--ensemble", "1", "--no-stream")[1]


def test_what_memory_is_free_is_found_out():
    free = stream_choice.available_memory()
    assert 1 << 20 < free < 1 << 50


def test_several_files_that_fit_are_one_table(run, folder):
    pieces = [pl.read_parquet(path) for path in sorted(folder.iterdir())]
    pl.concat(pieces).write_parquet("whole.parquet")
    for year, piece in zip((2022, 2023, 2024), pieces, strict=True):
        (folder.parent / f"csv/year={year}").mkdir(parents=True)
        piece.drop("empty").write_csv(f"csv/year={year}/a.csv")
    command = ("--target", "price", *FAST, "--ensemble", "1", "--json")
    expected = json.loads(run("train", "whole.parquet", *command)[1])
    for data in (["data"], ["data/*"], sorted(folder.iterdir()), [folder.as_uri()]):
        told = json.loads(run("train", *data, *command)[1])
        assert told["scores"] == expected["scores"], data
        assert told["rows"] == 2097
    told = json.loads(run("train", "csv", *command)[1])
    kinds = {column["name"]: column["kind"] for column in told["columns"]}
    assert kinds["year"] == "number"
    assert told["rows"] == 2097


BAD = {
    "a report": ("data --target price --stream --report r.html", 2, "needs all rows in memory"),
    "an ensemble": ("data --target price --stream --ensemble 3", 2, "one network is trained"),
    "no target": ("data --stream", 2, 'say which column to predict.*"size", "town"'),
    "another target": ("data --target x --stream", 1, 'there is no column "x" among "size"'),
    "another task": ("data --target town --task regression --stream", 1, "numbers, for regression"),
    "nothing": ("no/*.parquet --target x --stream", 1, "there is no folder"),
    "few rows": ("few.csv --target y --stream", 1, "too few"),
    "no data": ("--stream", 2, "--stream needs DATA"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_refused(run, folder, case):
    (folder.parent / "few.csv").write_text("x,y\n1,2\n2,3.5\n")
    arguments, expected, told = BAD[case]
    code, _, err = run("train", *arguments.split())
    assert code == expected
    assert re.search(told, err, re.DOTALL)
    assert "Traceback" not in err


def test_a_file_that_cannot_be_read_half_way_costs_nothing(run, folder, monkeypatch):
    """Training stops with an error that says where; the same command then goes on from there."""
    command = ("train", "data", "--target", "price", "--stream", *FAST, "--out", "m.safetensors")
    path = folder / "part-1.parquet"
    whole, moved = path.read_bytes(), folder / "hidden"
    begun = TableStream.batches

    def vanishing(self, epoch, *more):
        if epoch == 1 and path.exists():
            path.rename(folder.parent / moved.name)
        yield from begun(self, epoch, *more)

    monkeypatch.setattr(TableStream, "batches", vanishing)
    code, out, err = run(*command)
    assert code == 1
    assert "part-1.parquet: the file is not there any more" in err
    assert "Training stopped in epoch 2" in err
    assert "m.safetensors.checkpoint" in err
    monkeypatch.undo()
    monkeypatch.chdir(folder.parent)
    (folder.parent / moved.name).rename(path)
    assert path.read_bytes() == whole
    code, out, err = run(*command)
    assert code == 0, err
    assert "Epoch 1 of 2" not in out
    assert "of which 1 of all 2 were done before" in " ".join(out.split())
    assert not (folder.parent / "m.safetensors.checkpoint").exists()
    model = gb.load("m.safetensors")
    run(*command[:-1], "other.safetensors")
    table = pq.read_table(path)
    assert np.array_equal(gb.load("other.safetensors").predict(table), model.predict(table))


def test_it_can_be_interrupted(folder):
    command = [sys.executable, "-m", "glassbrick", "train", "data", "--target", "price", "--stream"]
    more = ["--epochs", "100000", "--layers", "8", "--engine", "numpy", "--checkpoint", "kept"]
    with subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("Epoch 3 "):
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"interrupted in epoch \d+ of 100000; what was trained is in kept", err)
    assert any((folder.parent / "kept").rglob("*.safetensors"))


def test_names_of_data():
    assert DataFiles(("a.csv",)).name == "a.csv"
    assert DataFiles(("a.csv", "b.csv", "c.csv")).name == "a.csv and 2 more"
    assert DataFiles(("s3://bucket/a.csv",)).path is None
    assert DataFiles(("data/*.csv",)).path is None
    with pytest.raises(FileError, match="no such file or folder"):
        DataFiles(("no.csv",)).find("train")


@pytest.mark.filterwarnings("ignore::glassbrick.sklearn.BaselineWarning")
def test_a_fit_that_fails_leaves_no_networks_of_other_columns(folder):
    model = TabularRegressor(ensemble=1, epochs=1, hidden=(4,), random_state=0)
    model.fit(TableStream(folder, "price", held_out=0.2))
    other = TableStream(folder, "price", held_out=0.2, leave_out=["town"])
    with pytest.raises(gb.ArgumentError, match="activation"):
        model.set_params(activation="none").fit(other)
    before = model.predict(folder / "part-1.parquet")  # what is refused at once changes nothing
    path = folder / "part-1.parquet"
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(FileError, match="not there any more"):
        model.set_params(activation="relu").fit(other)
    path.write_bytes(whole)
    assert np.isfinite(before).all()
    with pytest.raises(NotFittedError):
        model.predict(path)


def test_other_rows_are_read_before_all_that_are_streamed(run, folder, monkeypatch):
    def read(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("glassbrick.streams.fitting.Pass.run", read)
    for valid, told in (("none.csv", "none.csv: "), ("few.csv", 'there is no column "price"')):
        (folder.parent / "few.csv").write_text("x,y\n1,2\n")
        code, _, err = run("train", "data", "--target", "price", "--stream", "--valid", valid)
        assert code == 1
        assert told in err
