"""The report of a training: its figures are those of the model, and it can be read everywhere."""

from __future__ import annotations

import copy
import re
import warnings
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

import glassbrick as gb
from glassbrick.cli.data_files import DataFiles
from glassbrick.cli.report import page_of
from glassbrick.cli.report.intervals import _class_scores, _number_scores, sureness_of, truth_of
from glassbrick.cli.report.remarks import health_of, remarks
from glassbrick.cli.report.style import STYLE
from glassbrick.cli.report.use import command_of
from glassbrick.cli.train_plan import TrainPlan, prepare
from glassbrick.cli.trained import Trained
from glassbrick.sklearn import TabularClassifier, TabularRegressor

PENGUINS = Path(__file__).parents[1] / "examples" / "penguins.csv"


@pytest.fixture(autouse=True)
def usual_floating_point():
    with np.errstate(all="ignore"):  # what scikit-learn, which is compared with, needs
        yield


def train(target, kind, **settings):
    told = dict.fromkeys(("task", "valid", "out", "checkpoint", "report"))
    plan = TrainPlan(
        **told,
        data=DataFiles((str(PENGUINS),)),
        target=target,
        layers="8",
        engine="numpy",
        epochs=4,
        seed=0,
        ensemble=3,
        as_json=False,
        force=False,
    )
    prepared = prepare(plan)
    model = kind(hidden=(8,), epochs=4, ensemble=3, random_state=0, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(prepared.training.table, target)
    return Trained(plan, prepared, model, 1.0, 0, None, [])


@pytest.fixture(scope="module")
def mass():
    return train("body_mass_g", TabularRegressor)


@pytest.fixture(scope="module")
def species():
    return train("species", TabularClassifier)


@pytest.fixture(scope="module")
def pages(mass, species):
    with np.errstate(all="ignore"):
        return {"mass": page_of(mass), "species": page_of(species)}


def cells_of(page, caption):
    """The text of each cell of a table, line by line."""
    table = page.split(f"<caption>{caption}</caption>")[1].split("</table>")[0]
    return [
        [unescape(re.sub("<.*?>", "", cell)) for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", row)]
        for row in re.findall("<tr>(.*?)</tr>", table, re.DOTALL)
    ]


def test_scores_of_drawn_rows_are_scikit_learns(mass, species):
    random = np.random.default_rng(0)
    for trained in (mass, species):
        judged = trained.model.judged_
        truth, counts = truth_of(trained), random.integers(0, 4, len(judged.rows)).astype(float)
        told = {"sample_weight": counts}
        for said in (judged.said, *judged.simple.values()):
            if trained is mass:
                (found,) = _number_scores(truth, [said], counts)
                rmse = metrics.root_mean_squared_error(truth, said, **told)
                mae = metrics.mean_absolute_error(truth, said, **told)
                expected = [metrics.r2_score(truth, said, **told), rmse, mae]
            else:
                (found,) = _class_scores(truth, [said], counts)
                accuracy = metrics.accuracy_score(truth, said.argmax(axis=1), **told)
                expected = [accuracy, metrics.log_loss(truth, said, labels=range(3), **told)]
            assert np.allclose(found, expected)


def test_what_was_judged_gives_the_scores_of_the_comparison(mass, species):
    for trained, measure in ((mass, "mae"), (species, "accuracy")):
        judged, truth = trained.model.judged_, truth_of(trained)
        assert set(judged.simple) == set(trained.comparison.scores) - {"network"}
        for who, said in {"network": judged.said, **judged.simple}.items():
            if trained is mass:
                score = np.average(np.abs(said[:, 0] - truth), weights=judged.weights)
            else:
                score = np.average(said.argmax(axis=1) == truth, weights=judged.weights)
            assert score == pytest.approx(trained.comparison.scores[who][measure])


def test_intervals_are_as_wide_as_those_of_a_mean(mass, species):
    sure = sureness_of(mass)
    errors = np.abs(mass.model.judged_.said[:, 0] - truth_of(mass))
    reach = 1.96 * errors.std() / len(errors) ** 0.5
    low, high = sure.ends["network"]["mae"]
    assert low == pytest.approx(errors.mean() - reach, rel=0.02)
    assert high == pytest.approx(errors.mean() + reach, rel=0.02)
    # The same rows for both: so much surer is the difference of two models.
    judged, truth = species.model.judged_, truth_of(species)
    rows = np.arange(len(truth))
    loss = {
        who: -np.log(said[rows, truth])
        for who, said in {"network": judged.said, **judged.simple}.items()
    }
    ahead = loss["linear"] - loss["network"]
    reach = 1.96 * ahead.std() / len(ahead) ** 0.5
    low, high = sureness_of(species).ahead["linear"]
    assert low == pytest.approx(ahead.mean() - reach, abs=0.15 * reach)
    assert high == pytest.approx(ahead.mean() + reach, abs=0.15 * reach)


def test_of_a_few_rows_nothing_is_said(mass):
    judged = mass.model.judged_
    few = judged._replace(rows=judged.rows[:19])
    model = TabularRegressor()
    model.judged_ = few
    assert sureness_of(replace(mass, model=model)) is None


def test_the_page_names_the_worst_rows(pages, mass, species):
    cells = cells_of(pages["mass"], "Largest errors")
    judged, truth = mass.model.judged_, truth_of(mass)
    errors = truth - judged.said[:, 0]
    worst = np.argsort(-np.abs(errors))[:10]
    in_file = mass.prepared.training.rows[judged.rows[worst]]  # two rows without the mass are out
    assert cells[0][:4] == ["row", "actual", "predicted", "error"]
    assert [line[0] for line in cells[1:]] == [str(row + 1) for row in in_file]
    assert [line[3] for line in cells[1:]] == [f"{error:.4g}" for error in errors[worst]]
    lines = PENGUINS.read_text().splitlines()
    names = lines[0].split(",")
    for line in cells[1:]:
        values = lines[int(line[0])].split(",")  # below the header
        assert float(line[1]) == float(values[names.index("body_mass_g")])
        for name, cell in zip(cells[0][4:], line[4:], strict=True):
            value = values[names.index(name)]
            told = value not in ("", "NA")
            assert cell == (value if told else "missing") or float(cell) == float(value)
    cells = cells_of(pages["species"], "Largest errors")
    judged, truth = species.model.judged_, truth_of(species)
    wrong = judged.said.argmax(axis=1) != truth
    assert f"{wrong.sum()} of {len(truth)} rows were predicted wrong" in pages["species"]
    likely = judged.said[np.arange(len(truth)), truth][wrong]
    assert cells[1][3] == f"{likely.min():.4g}"


def test_the_page_tells_what_the_doctor_says(mass):
    model = copy.deepcopy(mass.model)
    for operation in model.networks_[0].operations():
        if isinstance(operation, gb.BiasAdd) and operation.param.shape == (1, 8):
            operation.param[...] = -1000.0  # a mish that never answers
    report = health_of(replace(mass, model=model))
    assert "dead_units" in {remark.kind for remark in report.remarks}
    page = remarks(replace(mass, model=model))
    places = [page.index(escape(remark.what)) for remark in report.remarks]
    assert places == sorted(places)
    assert all(escape(remark.remedy) in page for remark in report.remarks)
    assert "dead_units" not in {remark.kind for remark in health_of(mass).remarks}


def test_the_page_shows_both_kinds_of_figures(pages, species):
    assert pages["mass"].count("<svg") == 5
    assert pages["species"].count("<svg") == 4
    labels = [
        re.findall(r'aria-label="([^"]+)" style=', page)
        for page in (pages["mass"], pages["species"])
    ]
    assert labels[0][0].startswith("Each row by predicted and actual body_mass_g: R² ")
    assert "Brier score" in labels[1][0]
    judged, truth = species.model.judged_, truth_of(species)
    counts = metrics.confusion_matrix(truth, judged.said.argmax(axis=1))
    table = pages["species"].split('<table class="matrix">')[1].split("</table>")[0]
    cells = re.findall(r'<td class="number \w+" style="--share:(\d+)%">(\d*)', table)
    assert [int(count or 0) for _, count in cells] == counts.ravel().tolist()
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert [int(share) for share, _ in cells] == [round(100.0 * s) for s in shares.ravel().tolist()]


def test_the_command_trains_the_same(mass, tmp_path, pages):
    plan = replace(mass.plan, target="body mass", valid="0.2")
    words = command_of(plan)
    assert words.startswith(f"glassbrick train {PENGUINS} --target 'body mass' --layers 8 ")
    assert "--valid 0.2" in words
    assert "was not saved" in pages["mass"]
    saved = replace(mass, plan=replace(mass.plan, out=tmp_path / "it's.safetensors"))
    page = unescape(page_of(saved))
    assert 'model = gb.load("it\'s.safetensors")' in page
    assert "glassbrick predict 'it'\"'\"'s.safetensors' NEW.csv" in page


def test_the_page_draws_the_network(pages, mass):
    drawn = mass.model.networks_[0].diagram("blocks").svg
    named = re.findall("<text.*?>(.*?)</text>", drawn)
    assert len(named) > 10
    picture = pages["mass"].split("<h2>The network</h2>")[1].split("</svg>")[0]
    assert re.findall("<text.*?>(.*?)</text>", picture) == named


def test_the_page_can_be_read_on_a_phone(pages, open_page):
    for page in pages.values():
        opened = open_page(page, viewport={"width": 360, "height": 700})
        assert opened.evaluate("document.documentElement.scrollWidth") == 360
        sizes = opened.evaluate(
            "[...document.querySelectorAll('svg.figure text')].map(t => t.getBoundingClientRect()"
            ".height).filter(h => h > 0)"
        )
        assert min(sizes) >= 8.0
        nameless = "svg:not([aria-label]):not(:has(> title)), th:not([scope])"
        assert opened.locator(nameless).count() == 0


def test_colours_stand_out_from_the_page():
    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = np.array([int(digits[place : place + 2], 16) for place in (0, 2, 4)]) / 255.0
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    themes = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(themes) == 3  # light, dark, paper
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w+)", theme))
        for ground in ("page", "code"):
            for name in ("ink", "soft", "blue", "red", "good", "bad", "warn"):
                pair = sorted((luminance(colours[ground]), luminance(colours[name])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (name, ground)
