"""The view inside: proof that gradients are right."""

from glassbrick.glass.gradient_check import check_gradients
from glassbrick.glass.gradient_report import GradientReport, GradientResult

__all__ = ["GradientReport", "GradientResult", "check_gradients"]
