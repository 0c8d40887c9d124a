"""The doctor: what is wrong with a network and its data, found before or while it trains."""

from glassbrick.doctor.diagnose import diagnose
from glassbrick.doctor.remark import Remark
from glassbrick.doctor.report import HealthReport

__all__ = ["HealthReport", "Remark", "diagnose"]
