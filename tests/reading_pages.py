"""How tests of the page of a training step read it, and round and compute by themselves."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import numpy as np

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"

# Functions for the browser: unfold, scene, chosen, choose, readable.
SCRIPT = (Path(__file__).parent / "files" / "read_explain_page.js").read_text(encoding="utf-8")


def figure(value, digits=4, whole=True):
    """Return a number as pages show it, found by exact decimal arithmetic."""
    value = float(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else f"{MINUS}inf"
    if value == 0:
        return "0"
    if whole and value.is_integer() and abs(value) < 1e6:
        return f"{int(value)}".replace("-", MINUS)
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(value))
    exponent = rounded.adjusted()
    if -4 < exponent < digits:
        text = f"{rounded.normalize():f}"
    else:
        number = f"{rounded.scaleb(-exponent).normalize():f}"
        text = f"{number}e{exponent}"
    return text.replace("-", MINUS)


def in_full(value):
    """Return all digits of a float64, as pages write them."""
    text = re.sub(r"e([-+])0?", r"e\1", repr(float(value)))
    return re.sub(r"\.0(?=$|e)", "", text).replace("e+", "e").replace("-", MINUS)


NAMES = {
    "exp": np.exp,
    "tanh": np.tanh,
    "ln": np.log,
    "log": np.log,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "abs": abs,
    "min": min,
    "max": max,
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "normal": lambda x: 0.5 * (1.0 + math.erf(x / math.sqrt(2.0))),
    "density": lambda x: math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),
}


def computed(text):
    """Compute what a page wrote: an expression of numbers, and "for" a condition, which holds."""
    text, _, condition = text.partition(", for ")
    assert not condition or eval(as_python(condition), {"__builtins__": {}}, NAMES), condition
    return float(eval(as_python(text), {"__builtins__": {}}, NAMES))


def as_python(text):
    signs = {
        MINUS: "-",
        "·": "*",
        "√": "sqrt",
        "\N{GREEK SMALL LETTER SIGMA}": "sigmoid",
        "Φ'": "density",
        "Φ": "normal",
    }
    for sign, name in signs.items():
        text = text.replace(sign, name)
    text = (
        re.sub(r"\be\^", "exp", text)
        .replace("^", "**")
        .replace("²", "**2")
        .replace("≤", "<=")
        .replace("≥", ">=")
    )
    return re.sub(r"\|([^|]*)\|", r"abs(\1)", text)


def numbers_in(text):
    found = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text.replace(MINUS, "-"))
    return [abs(float(number)) for number in found]
