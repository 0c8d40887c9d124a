"""The view inside: proof that gradients are right, and that engines agree."""

from glassbrick.glass.engine_comparison import compare_engines
from glassbrick.glass.engine_report import EngineReport, EngineResult
from glassbrick.glass.gradient_check import check_gradients
from glassbrick.numeric.gradient_report import GradientReport, GradientResult

__all__ = [
    "EngineReport",
    "EngineResult",
    "GradientReport",
    "GradientResult",
    "check_gradients",
    "compare_engines",
]
