"""`glassbrick predict` and `evaluate` part by part: the same numbers, in little memory."""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import warnings
import weakref

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

import glassbrick as gb
from glassbrick.cli import frame_writer, slow_work, table_parts
from glassbrick.cli.model_file import ModelFile
from glassbrick.cli.running_scores import ClassSums, NumberSums
from glassbrick.cli.table_file import TableFile
from glassbrick.files import whole_file
from glassbrick.sklearn import BaselineWarning, TabularClassifier, TabularRegressor
from glassbrick.sklearn.tabular.baselines import class_scores, number_scores
from glassbrick.streams import blocks
from glassbrick.tables import csv_parts, open_table

ROWS = 1000
PART = 64
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"]


@pytest.fixture(autouse=True)
def usual_floating_point():
    with np.errstate(all="ignore"):
        yield


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 64 rows, of slices and batches that fit neither to them nor to each other."""
    monkeypatch.setattr(table_parts, "_ROWS", PART)
    monkeypatch.setattr(csv_parts, "_SLICE", 3000)
    monkeypatch.setattr(blocks, "_MOST_ROWS", 50)
    monkeypatch.setattr(frame_writer, "_GROUP_ROWS", 150)


def rides(rows, seed=0):
    """Rows in which a part alone would be misunderstood.

    "code" is a number in the first 600 rows and a text later, "level" whole in the first half;
    "day" begins with gaps, and "note" has a value in one row only.
    """
    rng = np.random.default_rng(seed)
    number = np.arange(rows)
    x, level = rng.standard_normal(rows), rng.integers(0, 4, rows)
    town = rng.choice(["Bern", "Genf", "Basel"], rows)
    code = np.where(number < 600, rng.integers(1, 4, rows).astype(str), "A")
    y = 2.0 * x + (town == "Bern") + (code == "2") + 0.1 * rng.standard_normal(rows)
    day = np.datetime64("2024-01-01") + rng.integers(0, 300, rows)
    frame = pl.DataFrame(
        {"x": x, "town": town, "code": code, "level": level.astype(float), "day": day, "y": y}
    )
    return frame.with_columns(
        pl.when(pl.Series(rng.random(rows) < 0.05)).then(None).otherwise("x").alias("x"),
        pl.when(pl.Series(number < 70)).then(None).otherwise("day").alias("day"),
        pl.when(pl.Series(number == 900)).then(pl.lit("here")).alias("note"),
        pl.when(pl.Series(number % 97 == 5)).then(None).otherwise("y").alias("y"),
        kind=pl.when(pl.col("y") > 0.5).then(pl.lit("dear")).otherwise(pl.lit("cheap")),
        town=pl.when(pl.Series(number % 50 == 3)).then(pl.lit("Chur")).otherwise("town"),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Models, and the same rows in files of all kinds."""
    folder = tmp_path_factory.mktemp("made")
    frame = rides(ROWS)
    learnt = rides(400, seed=1).with_columns(
        town=pl.when(pl.col("town") == "Chur").then(pl.lit("Bern")).otherwise("town"),
        code=pl.Series(np.random.default_rng(2).choice(["1", "2", "3", "A"], 400)),
    )
    how = {"epochs": 3, "hidden": (8,), "random_state": 0, "engine": "numpy"}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", BaselineWarning)
        known = learnt.filter(pl.col("y").is_not_null())
        price = TabularRegressor(ensemble=2, **how).fit(known.drop("kind"), "y")
        price.save(folder / "price.safetensors")
        kind = TabularClassifier(ensemble=2, **how).fit(learnt.drop("y"), "kind")
        kind.save(folder / "kind.safetensors")
    # Whole numbers in the first half, as programs write them that go row by row.
    level = [str(int(v)) if n < 500 else str(v) for n, v in enumerate(frame["level"].to_list())]
    text = frame.with_columns(level=pl.Series(level))
    text.write_csv(folder / "rides.csv")
    text.write_csv(folder / "rides.tsv", separator="\t", null_value="NA")
    pq.write_table(frame.to_arrow(), folder / "rides.parquet", row_group_size=130)
    frame.write_ipc(folder / "rides.arrow", record_batch_size=130, compression="uncompressed")
    pieces = [frame[:300], frame[300:310], frame[310:]]
    for number, piece in enumerate(pieces):
        year = folder / f"years/year={2020 + number}"
        year.mkdir(parents=True)
        piece.write_parquet(year / "a.parquet")
        (folder / "texts").mkdir(exist_ok=True)
        text[[0, 300, 310][number] : [300, 310, ROWS][number]].write_csv(
            folder / f"texts/{number}.csv"
        )
    return folder


def whole(made):
    """All rows at once, as polars reads them."""
    read = pl.read_csv(
        made / "rides.csv", infer_schema_length=None, null_values=MISSING, try_parse_dates=True
    )
    assert read["code"].dtype == pl.String
    assert read["day"].dtype == pl.Date
    return read


DATA = {
    "csv": ["rides.csv"],
    "tsv": ["rides.tsv"],
    "parquet": ["rides.parquet"],
    "several csv": ["texts/*.csv"],
    "folders": ["years"],
    "arrow": ["rides.arrow"],
}


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_predictions_are_those_of_all_rows_at_once(made, small_parts, type_command, data, tmp_path):
    paths = [made / path for path in data]
    table = whole(made)
    for model, options in (
        ("price", ("--interval", "0.8", "--spread")),
        ("kind", ("--proba", "--spread")),
    ):
        loaded = gb.load(made / f"{model}.safetensors")
        out = tmp_path / f"{model}.parquet"
        code, said, err = type_command(
            "predict", made / f"{model}.safetensors", *paths, *options, "--with-data", "--out", out
        )
        assert (code, err, said) == (0, "", f"{ROWS} predictions written to {out}\n")
        found = pl.read_parquet(out)
        assert found.columns[:3] == ["x", "town", "code"]
        assert found["town"].to_list() == table["town"].to_list()
        assert found["code"].to_list() == table["code"].to_list()
        assert found["level"].cast(pl.Float64).to_list() == table["level"].to_list()
        assert found["day"].to_list() == table["day"].to_list()
        if model == "price":
            said, spread = loaded.predict(table, return_std=True)
            lower, upper = loaded.predict_interval(table, 0.8).T
            assert np.allclose(found["prediction"], said, rtol=1e-12)
            assert np.allclose(found["spread"], spread, rtol=1e-9, atol=1e-15)
            assert np.allclose(found["lower"], lower, rtol=1e-12)
            assert np.allclose(found["upper"], upper, rtol=1e-12)
        else:
            assert found["prediction"].to_list() == loaded.predict(table).tolist()
            probable, spread = loaded.predict_proba(table, return_std=True)
            for k, name in enumerate(("cheap", "dear")):
                assert np.allclose(found[f"probability_{name}"], probable[:, k], rtol=1e-12)
                assert np.allclose(found[f"spread_{name}"], spread[:, k], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_scores_are_those_of_all_rows_at_once(made, small_parts, type_command, data):
    paths = [made / path for path in data]
    table = whole(made)
    known = table.filter(pl.col("y").is_not_null())
    price, kind = (gb.load(made / f"{name}.safetensors") for name in ("price", "kind"))
    code, out, _ = type_command("evaluate", made / "price.safetensors", *paths, "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["rows_without_target"]) == (0, len(known), 11)
    said, truth = price.predict(known), known["y"].to_numpy()
    lower, upper = price.predict_interval(known).T
    assert told["scores"]["r2"] == pytest.approx(r2_score(truth, said), rel=1e-10)
    rmse = root_mean_squared_error(truth, said)
    assert told["scores"]["rmse"] == pytest.approx(rmse, rel=1e-10)
    assert told["scores"]["mae"] == pytest.approx(np.abs(truth - said).mean(), rel=1e-10)
    assert told["scores"]["coverage"] == ((lower <= truth) & (truth <= upper)).mean()
    code, out, _ = type_command("evaluate", made / "kind.safetensors", *paths, "--json")
    told = json.loads(out)
    said = kind.predict(table)
    truth = table["kind"].to_numpy()
    probable = kind.predict_proba(table)
    assert told["scores"]["accuracy"] == pytest.approx(accuracy_score(truth, said), rel=1e-12)
    assert told["scores"]["log_loss"] == pytest.approx(log_loss(truth, probable), rel=1e-9)
    classes = ["cheap", "dear"]
    counts = [[int(((truth == a) & (said == b)).sum()) for b in classes] for a in classes]
    assert told["confusion"] == {"classes": classes, "counts": counts}


def test_what_is_printed_does_not_depend_on_the_parts(made, type_command, request):
    arguments = ("predict", made / "price.safetensors", made / "rides.csv", "--with-data")
    at_once = type_command(*arguments)[1]
    request.getfixturevalue("small_parts")
    in_parts = type_command(*arguments)[1]
    assert at_once.count("\n") == in_parts.count("\n") == ROWS + 1
    assert at_once.splitlines()[0] == "x,town,code,level,day,y,note,kind,prediction"
    one, other = (
        pl.read_csv(io.BytesIO(t.encode()), infer_schema_length=None) for t in (at_once, in_parts)
    )
    assert one.drop("prediction").equals(other.drop("prediction"))
    assert np.allclose(one["prediction"], other["prediction"], rtol=1e-12)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "pq"])
def test_files_of_all_kinds_are_written(made, small_parts, type_command, tmp_path, ending):
    out = tmp_path / f"p.{ending}"
    out.write_text("old")
    type_command("predict", made / "kind.safetensors", made / "rides.csv", "--out", out, "--force")
    if ending in ("csv", "tsv"):
        found = pl.read_csv(out, separator="\t" if ending == "tsv" else ",")
    else:
        found = pl.read_parquet(out)
        assert pq.ParquetFile(out).metadata.num_row_groups == 7  # of 150 rows
    assert found.columns == ["prediction"]
    assert (
        found["prediction"].to_list()
        == gb.load(made / "kind.safetensors").predict(whole(made)).tolist()
    )
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize("data", ["rides.csv", "rides.parquet", "years"])
def test_no_more_than_two_parts_are_held(
    made, small_parts, type_command, monkeypatch, tmp_path, command, data
):
    alive, most, parts = [], [], []
    begun = TableFile.part.__func__

    def part(cls, *arguments):
        found = begun(cls, *arguments)
        alive.append(weakref.ref(found))
        parts.append(len(found))
        most.append(sum(len(there) for one in alive if (there := one()) is not None))
        return found

    monkeypatch.setattr(TableFile, "part", classmethod(part))
    out = ("--out", tmp_path / "p.parquet") if command == "predict" else ()
    assert type_command(command, made / "price.safetensors", made / data, *out)[0] == 0
    assert sum(parts) == ROWS
    assert max(parts) == PART
    assert max(most) <= 2 * PART


def test_wide_tables_come_in_fewer_rows(made, type_command, monkeypatch):
    monkeypatch.setattr(table_parts, "_NUMBERS", 100)
    sizes = []
    begun = TableFile.part.__func__

    def part(cls, *arguments):
        found = begun(cls, *arguments)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(TableFile, "part", classmethod(part))
    assert type_command("evaluate", made / "price.safetensors", made / "rides.parquet")[0] == 0
    assert set(sizes) == {100 // 8, ROWS % (100 // 8)}


def damaged(made, folder):
    """Write a Parquet file whose 6th row group cannot be read, though its footer can."""
    path = folder / "damaged.parquet"
    pq.write_table(
        pq.read_table(made / "rides.parquet"),
        path,
        row_group_size=130,
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    told = pq.ParquetFile(path).metadata.row_group(5).column(0)
    data = bytearray(path.read_bytes())
    place = told.data_page_offset + told.total_compressed_size - 20
    data[place] ^= 0xFF
    path.write_bytes(data)
    return path


def text_late(made, folder):
    path = folder / "late.csv"
    lines = (made / "rides.csv").read_text().splitlines()
    lines[900] = "big," + lines[900].split(",", 1)[1]
    path.write_text("\n".join(lines))
    return path


def ragged(made, folder):
    path = folder / "ragged.csv"
    lines = (made / "rides.csv").read_text().splitlines()
    lines[900] += ",more"
    path.write_text("\n".join(lines))
    return path


def late_in_several(made, folder):
    (folder / "several").mkdir()
    for number in range(2):
        pl.read_csv(made / "rides.csv", infer_schema_length=None)[: 400 + number].write_csv(
            folder / f"several/{number}.csv"
        )
    path = folder / "several/1.csv"
    lines = path.read_text().splitlines()
    lines[210] = "big," + lines[210].split(",", 1)[1]
    path.write_text("\n".join(lines))
    return folder / "several"


FAILING = {
    damaged: r'damaged\.parquet, row group 6, column "x": cannot be read',
    text_late: r"late\.csv, column \"x\", row 900 \(line 901 of the file\): expected a number, "
    r"as in training; received 'big'",
    ragged: r"ragged\.csv: cannot be read as a table: line 901 has 9 fields, and the header has 8",
    late_in_several: r"several/1\.csv, column \"x\", row 210 \(line 211 of the file\): ",
}


@pytest.mark.parametrize("make", FAILING, ids=lambda make: make.__name__)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_fails_half_way_leaves_nothing(
    made, small_parts, type_command, tmp_path, make, ending
):
    data = make(made, tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    arguments = ("predict", made / "price.safetensors", data, "--out")
    code, said, err = type_command(*arguments, tmp_path / f"p.{ending}")
    assert (code, said) == (1, "")
    assert re.search(FAILING[make], err), err
    assert {path.name for path in tmp_path.iterdir()} == before
    there = tmp_path / f"there.{ending}"
    there.write_text("mine")
    assert type_command(*arguments, there, "--force")[0] == 1
    assert there.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == before | {there.name}
    code, said, err = type_command("evaluate", made / "price.safetensors", data)
    assert (code, said) == (1, "")
    assert re.search(FAILING[make], err), err


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_interrupt_leaves_nothing(
    made, small_parts, type_command, monkeypatch, tmp_path, ending
):
    calls = []
    begun = ModelFile.numbers

    def numbers(self, *arguments):
        calls.append(arguments)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return begun(self, *arguments)

    monkeypatch.setattr(ModelFile, "numbers", numbers)
    out = tmp_path / f"p.{ending}"
    code, said, err = type_command(
        "predict", made / "price.safetensors", made / "rides.csv", "--out", out
    )
    assert (code, said) == (130, "")
    assert err == f"glassbrick: interrupted; {out} was not written\n"
    assert list(tmp_path.iterdir()) == []
    calls.clear()
    code, said, err = type_command("evaluate", made / "price.safetensors", made / "rides.csv")
    assert (code, said, err) == (130, "", "glassbrick: interrupted\n")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_disk_that_fills_up_is_told_of(made, small_parts, type_command, tmp_path, ending):
    out = tmp_path / f"p.{ending}"
    out.write_text("mine")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # as a disk with 2000 bytes left
    try:
        code, said, err = type_command(
            "predict", made / "price.safetensors", made / "rides.csv", "--with-data", "--force",
            "--out", out,
        )  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, said) == (1, "")
    assert err == f"glassbrick: --out: cannot write {out}: File too large.\n"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text() == "mine"


def test_a_file_that_changes_meanwhile_is_told_of(
    made, small_parts, type_command, monkeypatch, tmp_path
):
    path = tmp_path / "rides.csv"
    path.write_bytes((made / "rides.csv").read_bytes())
    begun, calls = ModelFile.numbers, []

    def numbers(self, *arguments):
        calls.append(arguments)
        if len(calls) == 3:
            with path.open("a") as file:
                file.write("1,Bern,1,1,2024-01-01,1,,dear\n")
        return begun(self, *arguments)

    monkeypatch.setattr(ModelFile, "numbers", numbers)
    code, _, err = type_command(
        "predict", made / "price.safetensors", path, "--out", tmp_path / "p.csv"
    )
    assert code == 1
    assert f"predict, {path}: the file was changed since it was first read" in err
    assert [one.name for one in tmp_path.iterdir()] == ["rides.csv"]


def test_a_file_can_be_written_over_itself(made, small_parts, type_command, tmp_path):
    path = tmp_path / "rides.csv"
    path.write_bytes((made / "rides.csv").read_bytes())
    arguments = ("predict", made / "price.safetensors", path, "--with-data", "--out", path)
    assert type_command(*arguments, "--force")[0] == 0
    assert len(pl.read_csv(path, infer_schema_length=None)) == ROWS


def test_without_pyarrow_one_file_is_read_all_the_same(
    made, small_parts, type_command, monkeypatch, tmp_path
):
    arguments = ("predict", made / "price.safetensors", made / "rides.parquet", "--out")
    assert type_command(*arguments, tmp_path / "with.parquet")[0] == 0
    for name in ("pyarrow", "pyarrow.fs", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    for data in ("rides.parquet", "rides.csv"):
        out = tmp_path / f"without-{data}.parquet"
        assert type_command(*arguments[:2], made / data, "--out", out)[0] == 0
        found = pl.read_parquet(out)["prediction"]
        assert np.allclose(found, pl.read_parquet(tmp_path / "with.parquet")["prediction"])
    code, _, err = type_command("predict", made / "price.safetensors", made / "years")
    assert (code, "pip install 'glassbrick[stream]'" in err) == (1, True)


def test_types_that_only_polars_knows_are_written(type_command, made, small_parts, tmp_path):
    table = whole(made).with_columns(huge=pl.lit(10**20).cast(pl.String))
    table.write_csv(tmp_path / "huge.csv")
    out = tmp_path / "p.parquet"
    arguments = ("predict", made / "price.safetensors", tmp_path / "huge.csv", "--with-data")
    assert type_command(*arguments, "--out", out)[0] == 0
    assert pl.read_parquet(out)["huge"].to_list() == [10**20] * ROWS


def test_files_whose_types_differ_are_one_table(made, small_parts, type_command, tmp_path):
    """A category is a number in one file and a text in another; an empty file has no say."""
    table = whole(made)
    (tmp_path / "mixed").mkdir()
    table[:500].write_csv(tmp_path / "mixed/a.csv")
    table[500:].write_csv(tmp_path / "mixed/b.csv")
    table[:0].write_csv(tmp_path / "mixed/c.csv")
    assert open_table(tmp_path / "mixed/a.csv", "test")["code"].dtype == pl.Int64
    code, out, err = type_command("predict", made / "price.safetensors", tmp_path / "mixed")
    assert (code, err) == (0, "")
    found = pl.read_csv(out.encode())["prediction"]
    expected = gb.load(made / "price.safetensors").predict(table)
    assert np.allclose(found, expected, rtol=1e-12)
    (tmp_path / "parts").mkdir()
    floats = pa.Table.from_batches(table[500:].to_arrow().to_batches())
    place = floats.schema.get_field_index("level")
    pq.write_table(table[:500].to_arrow(), tmp_path / "parts/a.parquet")
    pq.write_table(
        floats.set_column(place, "level", floats["level"].cast(pa.int32())),
        tmp_path / "parts/b.parquet",
    )
    out = tmp_path / "p.parquet"
    arguments = ("predict", made / "price.safetensors", tmp_path / "parts", "--with-data")
    assert type_command(*arguments, "--out", out)[0] == 0
    found = pl.read_parquet(out)
    assert found["level"].to_list() == table["level"].to_list()
    assert np.allclose(found["prediction"], expected, rtol=1e-12)


def test_rows_without_truth_anywhere_are_refused(made, small_parts, type_command, tmp_path):
    path = tmp_path / "no-truth.csv"
    whole(made).with_columns(y=pl.lit(None)).write_csv(path)
    code, _, err = type_command("evaluate", made / "price.safetensors", path)
    assert code == 1
    assert err == f'glassbrick: evaluate, {path}, column "y": there are no values in it.\n'


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rubbish.parquet", "rubbish.parquet: cannot be read as a table"),
        ("rubbish.arrow", "expected a file in Arrow's file format"),
        ("rubbish.xyz", "expected files that end in .parquet"),
        ("none.csv", "none.csv: there is no such file"),
        ("none.parquet", "none.parquet: there is no such file"),
    ],
)
def test_what_is_no_table_is_refused(made, type_command, tmp_path, name, told):
    if "rubbish" in name:
        (tmp_path / name).write_bytes(bytes(range(256)))
    code, out, err = type_command("evaluate", made / "price.safetensors", tmp_path / name)
    assert (code, out) == (1, "")
    assert told in err


@pytest.mark.parametrize("folder", [False, True])
def test_no_rows_are_refused(made, type_command, tmp_path, folder):
    (tmp_path / "d").mkdir()
    path = tmp_path / "d/none.csv"
    whole(made)[:0].write_csv(path)
    data = path.parent if folder else path
    for command in ("predict", "evaluate"):
        code, out, err = type_command(command, made / "price.safetensors", data)
        assert (code, out) == (1, "")
        assert "expected a table with at least one row and one column" in err


def test_a_bar_is_drawn_if_it_takes_a_while(made, small_parts, type_command, monkeypatch, tmp_path):
    shown, started = [], []
    monkeypatch.setattr(slow_work.Bar, "start", lambda self, text, total: started.append(text))
    monkeypatch.setattr(slow_work.Bar, "show", lambda self, done, text: shown.append((done, text)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    arguments = ("predict", made / "price.safetensors", made / "rides.csv", "--out")
    type_command(*arguments, tmp_path / "a.csv")
    assert not started
    monkeypatch.setattr(slow_work, "_WHILE", -1.0)
    shown.clear()
    type_command(*arguments, tmp_path / "b.csv")
    assert started[0] == "Looking at rides.csv"
    assert shown[-1] == (1.0, "1,000 of 1,000 rows")
    assert (640 / ROWS, "640 of 1,000 rows") in shown


# Scores that are added up


@pytest.mark.parametrize("size", [1.0, 1e200, 1e-200, 1e8])
def test_sums_give_the_scores_of_all_rows(size):
    rng = np.random.default_rng(0)
    truth = size * (5.0 + rng.standard_normal(500))
    said = truth + size * 0.3 * rng.standard_normal(500)
    expected = number_scores(truth, said, None)
    for cuts in ([], [1], [100, 101, 400], range(1, 500)):
        sums = NumberSums()
        pairs = zip(np.split(truth, cuts), np.split(said, cuts), strict=True)
        for one, other in pairs:
            sums.add(one, other)
        assert sums.scores() == pytest.approx(expected, rel=1e-11)
        assert sums.rows == 500


def test_sums_of_numbers_that_grow_do_not_overflow():
    truth = np.array([0.0, 0.0, 1e-300, 1.0, -1e10, 1e160, 3e160, 1e300])
    said = truth[::-1]
    sums = NumberSums()
    for one, other in zip(truth, said, strict=True):
        sums.add(np.array([one]), np.array([other]))
    assert sums.scores() == pytest.approx(number_scores(truth, said, None), rel=1e-12)


@pytest.mark.parametrize(("error", "r2"), [(0.0, 1.0), (1.0, 0.0)])
def test_r2_of_the_same_truth_in_all_rows(error, r2):
    sums = NumberSums()
    for rows in (3, 1, 7):
        sums.add(np.full(rows, 0.1), np.full(rows, 0.1 + error))
    assert sums.scores()["r2"] == r2
    assert r2_score(np.full(4, 3.0), np.full(4, 3.0 + error)) == r2


def test_r2_of_one_row_is_not_known():
    sums = NumberSums()
    sums.add(np.array([1.0]), np.array([2.0]))
    assert np.isnan(sums.scores()["r2"])
    assert sums.scores()["mae"] == 1.0


def test_sums_of_classes():
    rng = np.random.default_rng(0)
    probable = rng.dirichlet(np.ones(3), 200)
    probable[7] = [0.0, 1.0, 0.0]
    truth = rng.integers(0, 3, 200)
    truth[7] = 0  # of a probability of 0
    sums = ClassSums()
    for rows in np.split(np.arange(200), [1, 50, 130]):
        sums.add(truth[rows], probable[rows])
    assert sums.scores() == pytest.approx(class_scores(truth, probable, None), rel=1e-12)


# CSV files in parts


TEXTS = {
    "texts after numbers": "a\n" + "1\n" * 50 + "x\n" + "2.0\n" * 9,
    "fractions after whole numbers": "a,b\n" + "1,2\n" * 50 + "0.5,7\n",
    "huge whole numbers": "a\n" + "1\n" * 50 + "99999999999999999999\n",
    "truths, then numbers": "a\n" + "true\n" * 30 + "1\n" * 30,
    "dates after gaps": "a,b\n" + ",1\n" * 40 + "2024-01-03,2\n" * 20,
    "dates, then a text": "a,b\n" + "2024-01-03,2\n" * 40 + "soon,1\n",
    "moments, then some of a zone": (
        "a,b\n" + "2024-01-03T10:00:00,2\n" * 40 + "2024-01-04T10:00:00Z,1\n" * 20
    ),
    "dates with times": "a\n" + "2024-01-03T10:00:00\n?\n" * 30,
    "lines within quotes": 'a,b\n' + '"x\ny, ""z""",1\n' * 40,
    "empty lines": "a\n" + "1\n\n\n" * 40 + "2",
    "no end of the last line": "a,b\n" + "1,2\n" * 40 + "3,4",
    "Windows": "\ufeffa,b\r\n" + "1,x\r\n" * 60,
    "empty lines before": "\n\r\na,b\n" + "1,x\n" * 60,
    "short lines": "a,b\n" + "1\n2,3\n" * 40,
    "no values": "a,b\n" + "NA,1\n" * 60,
    "names of two lines": '"a\nb",c\n' + "1,2\n" * 60,
    "no rows": "a,b\n",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("size", [7, 64, 1 << 20])
def test_a_csv_file_in_parts_is_what_polars_reads_at_once(tmp_path, monkeypatch, text, size):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    monkeypatch.setattr(csv_parts, "_SLICE", size)
    expected = pl.read_csv(
        path, infer_schema_length=None, null_values=MISSING, try_parse_dates="2024" in text
    )
    parts = csv_parts.CSVParts(path, "test")
    frames = list(parts.frames())
    assert len(frames) > 3 or size > 7 or not len(expected)
    found = pl.concat(frames)
    assert found.equals(expected)
    assert found.schema == expected.schema == pl.Schema(parts.types)
    assert parts.rows == len(expected)
    assert open_table(path, "test").equals(expected)


def test_a_quote_that_is_never_closed_is_not_read_to_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_parts, "_SLICE", 100)
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 100_000)
    with pytest.raises(gb.GlassbrickError, match=r"a\.csv: cannot be read as a table: "):
        csv_parts.CSVParts(path, f"test, {path}")


# Files, whole or not at all


def test_a_file_is_there_when_all_of_it_is(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o640)
    with whole_file(path, "test", overwrite=True) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    with (
        pytest.raises(ZeroDivisionError),
        whole_file(path, "test", overwrite=True) as file,
    ):
        file.write(b"newer")
        raise ZeroDivisionError
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(gb.errors.FileError, match="there already"), whole_file(path, "test"):
        raise AssertionError
