"""The formulas of blocks, taken from their docstrings and written as plain text."""

from __future__ import annotations

import inspect
import re

__all__ = ["formula_of", "input_rule_of", "param_rule_of", "plain"]

_MATH = re.compile(r":math:`([^`]*)`")
# Where what is said of one gradient, or of the output, ends.
_END = r"(?=\.\s|\.$|;|,?\s+and\s+:math:|,\s+with\s|,\s+whose\s|\Z)"
_END_OF_FORMULA = r"(?=\.\s|\.$|;|,\s+:math:`y' =|\Z)"
_OUTPUT_GRAD = re.compile(r":math:`([A-Z]) = \\partial L/\\partial [Yy]`")

_SYMBOLS = {
    "partial": "∂",
    "odot": "⊙",
    "sum": "Σ",
    "mu": "μ",
    "sigma": "\N{GREEK SMALL LETTER SIGMA}",
    "epsilon": "ε",
    "alpha": "\N{GREEK SMALL LETTER ALPHA}",
    "lambda": "λ",
    "delta": "δ",
    "tau": "τ",
    "Phi": "Φ",
    "pi": "π",
    "pm": "±",
    "dots": "…",
    "quad": " ",
}

_GROUPS = (
    (r"\\sqrt\{([^{}]*)\}", r"√(\1)"),
    (r"\\overline\{([^{}]*)\}", r"mean(\1)"),
    (r"\\(?:mathrm|operatorname)\{([^{}]*)\}", r"\1"),
    (r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2"),
    (r"_\{(\w*)\}", r"_\1"),
    (r"\^\{(\w)\}", r"^\1"),
    (r"([_^])\{([^{}]*)\}", r"\1(\2)"),
)


def formula_of(block: object) -> str:
    """Return the formula in a block's docstring, or its class name if there is none.

    It stands in the first paragraph; that of a loss may stand further down.

    >>> from glassbrick import Sigmoid
    >>> formula_of(Sigmoid())
    'y = 1/(1+e^(-x))'
    """
    text = _docstring(block)
    first = text.split("\n\n")[0]
    return _said(first, r"[^`]*?=", _END_OF_FORMULA) or _said(text, "L(?:_i)? =") or _name(block)


def input_rule_of(block: object) -> str:
    """Return what a block's docstring says of the gradient of its input, or nothing."""
    text = _docstring(block)
    said = _said(text, r"\\partial L/\\partial [XxPpZzm](?:_|\b)")
    if said:
        return said
    slope = _said(text, r"y' = ")
    return f"∂L/∂x = G ⊙ y', {slope}" if slope else ""


def param_rule_of(block: object) -> str:
    """Return what a block's docstring says of the gradient of its parameter, or nothing."""
    return _said(_docstring(block), r"\\partial L/\\partial (?![XxYyPpZzm](?:_|\b))")


def plain(formula: str) -> str:
    r"""Write a formula of LaTeX as one line of text.

    >>> plain(r"\\partial L/\\partial X = G W^T"), plain(r"Y_{ij} = W_{x_{ij}}")
    ('∂L/∂X = G Wᵀ', 'Y_ij = W_(x_ij)')
    """
    before = ""
    while formula != before:  # from the inside out
        before = formula
        for pattern, text in _GROUPS:
            formula = re.sub(pattern, text, formula)
    formula = re.sub(r"\\t?frac(\d)(\d)", r"\1/\2", formula).replace("^T", "ᵀ")
    formula = re.sub(r"\\[,;!: ]", " ", formula)
    formula = re.sub(r"(?<=[\w)])(?=\\sum)|(?<=\d/n)(?=\()", " ", formula)
    formula = re.sub(r"\\([A-Za-z]+)", lambda found: _SYMBOLS.get(found[1], found[1]), formula)
    return re.sub(r"\s+", " ", formula.replace("∂ ", "∂").replace("\\", "")).strip()


def _said(text: str, start: str, end: str = _END) -> str:
    """Return the clause that begins with such a formula, as plain text."""
    found = re.search(rf":math:`{start}.*?{end}", text, re.DOTALL)
    if not found:
        return ""
    clause = _MATH.sub(lambda math: plain(math[1]), found[0])
    letter = _OUTPUT_GRAD.search(text)
    if letter:
        clause = re.sub(rf"\b{letter[1]}(?=_|\b)", "G", clause)
    return " ".join(clause.split())


def _docstring(block: object) -> str:
    return inspect.cleandoc(type(block).__doc__ or "")


def _name(block: object) -> str:
    return type(block).__name__
