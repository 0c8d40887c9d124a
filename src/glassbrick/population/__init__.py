"""Many networks at once: seeds, folds and settings, trained side by side and compared."""

from glassbrick.population.group import PopulationGroup, PopulationMember
from glassbrick.population.population import Population
from glassbrick.population.result import PopulationResult

__all__ = ["Population", "PopulationGroup", "PopulationMember", "PopulationResult"]
