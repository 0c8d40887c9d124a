"""The part of the page with the doctor's remarks on the data and a network."""

from __future__ import annotations

from html import escape

import numpy as np

from glassbrick.cli.trained import Trained
from glassbrick.doctor import HealthReport, diagnose
from glassbrick.tables import Kind, as_kind

__all__ = ["health_of", "remarks"]

_MOST_ROWS = 5000


def health_of(trained: Trained) -> HealthReport:
    """Let the doctor look at the rows of training as the first network gets them."""
    model, data = trained.model, trained.prepared.training
    rows = np.random.default_rng(trained.plan.seed).permutation(len(data))[:_MOST_ROWS]
    data = data.at(np.sort(rows))
    kind: Kind = "number" if trained.prepared.task == "regression" else "category"
    column = as_kind(data.column(trained.prepared.target, "--report"), kind, "--report")
    matrix = model.features_.encode(data.columns, "--report")
    targets = model.targets_[0].encode(column, "--report")
    return diagnose(model.networks_[0], matrix, targets, names=model.features_.names)


def remarks(trained: Trained) -> str:
    """Return the remarks, worst first, each with what helps."""
    found = [*health_of(trained).remarks, *(some.remark for some in trained.said or ())]
    note = (
        "<p>What the doctor (<code>glassbrick.diagnose</code>) says of the first network, and of "
        "the rows of training as it gets them, and of how the networks were trained.</p>"
    )
    if not found:
        return f"{note}<p>It has nothing to remark.</p>"
    told = "".join(
        f'<li><p><strong class="{remark.severity}">{remark.severity}</strong> '
        f"<b>{escape(remark.where)}</b>: {escape(remark.what)}</p>"
        f'<p class="remedy">{escape(remark.remedy)}</p></li>'
        for remark in found
    )
    return f'{note}<ul class="remarks">{told}</ul>'
